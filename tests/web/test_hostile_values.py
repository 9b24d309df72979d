"""Whatever an address, a form, a body or an argument says, it is no error of ours."""

import contextvars
import json
from uuid import UUID

import pytest
from api.conftest import BRIEF, SERIES, TEMPLATE, VOICE, belongings, script_of
from conftest import Visitor, both_databases
from flask import Flask

from smartcontent.contents import sharing
from smartcontent.contents.batches import rows, submitting, uploads
from smartcontent.models import ApiToken, Batch, Status
from smartcontent.tables.table import Row, Table

TOO_LARGE = ["99999999999999999999", "9223372036854775808", "2147483648"]
HOSTILE = [
    *(*TOO_LARGE, "-1", "-9223372036854775809", "9" * 5000, "1e9", "nan", "inf", "٣", "²"),
    *("%00", "%FF", "%ED%A0%80", "0001-01-01T00:00:00%2B23:59", "9999-12-31T23:59:59-23:59"),
    *("a/" * 999 + "b", "0001-01-01T00:00", "2026-12-01T00:00"),
    *("MDAwMS0wMS0wMVQwMDowMDowMA==", "00000000-0000-0000-0000-000000000000"),
]
PAGES = ["/", "/list", "/admin/users/", "/admin/scheduled", "/sign-in", "/calendar/"]
QUERY = [
    *("after", "again", "content_type", "cursor", "example", "next", "page", "q", "status"),
    *("zone", "day"),
]
FIELDS = [
    *("minutes", "at", "at_utc", "name", "title", "text", "topic", "email", "keywords"),
    *("how", "language", "instruction", "number", "start", "end", "variants", "favourite"),
    "models",
    *("add", "remove", "ids", "do", "tag", "moment", "every_seconds", "column-topic", "pasted"),
    *("due", "often", "days", "day", "zone", "samples", "never", "blank:a", "number", "dismiss"),
    *("again", "when"),
]
NEVER_ENDING = {"stream.events", "api_stream.events"}
ENDS_THE_SESSION = {"auth.sign_out"}
JSON = [10**400, -1, 2**63, 1e308, "\ud800", "\0", [], {}, None, True, [["\ud800"]], "9" * 5000]
JSON += [{"\ud800": "x"}, {"x": "\ud800"}, {"x": "\0"}, ["\ud800"], "a\ud800", "a/" * 999 + "b"]
DRAFT_FIELDS = [
    *("variants", "refine", "language", "instruction", "from", "continue", "passage", "text"),
    *("base", "delay_seconds"),
]
BATCH_FIELDS = ["rows", "name", "every_seconds", "delay_seconds"]
JSON_FIELDS = [
    *("topic", "title", "audience", "tone", "length", "language", "keywords", "instructions"),
    *("model", "temperature", "seed", "delay_seconds", "scheduled_for"),
]


def rules(app: Flask) -> list:
    """Every address with its parameters, but for those that never end or end the session."""
    skipped = NEVER_ENDING | ENDS_THE_SESSION
    return [rule for rule in app.url_map.iter_rules() if rule.endpoint not in skipped]


def addresses(rule) -> list[str]:
    """The rule's address with each hostile value in the place of each of its parameters."""
    if not rule.arguments:
        return [rule.rule]
    parts = "".join(text if is_static else "\0" for is_static, text in rule._trace if text != "|")
    return [parts.replace("\0", value) for value in HOSTILE]


def submitted_batch(user) -> UUID:
    batch = Batch(user_id=user.id, name="Pots", headings=[], mapping={})
    found = rows.of_json([BRIEF])[1]
    submitting.submit(batch, submitting.prepared(user.id, found), submitting.Timing())
    return batch.id


@pytest.mark.timeout(600)
@both_databases
def test_no_address_and_no_query_is_an_error_of_ours(app, founder):
    visitor = Visitor(app)
    visitor.sign_in(founder)
    headers = {"Authorization": f"Bearer {ApiToken.issue(founder, 'x')[1]}"}
    everything = [address for rule in rules(app) for address in addresses(rule)]
    queries = [
        f"{page}?{'&'.join(f'{name}={value}' for name in QUERY)}"
        for page in PAGES
        for value in HOSTILE
    ]
    queries += [
        f"/api/v1/contents?{name}={value}" for name in ("cursor", "limit", "q") for value in HOSTILE
    ]

    batch = submitted_batch(founder)
    queries += [f"/batches/{batch}?after={value}" for value in HOSTILE]

    assert len(everything) > 250
    for address in everything + queries:
        answer = visitor.get(address, headers=headers)
        assert answer.status_code < 500 or answer.status_code == 503, address


@pytest.mark.timeout(600)
def test_no_form_is_an_error_of_ours(app, ada, as_ada, content):
    content.current.move(Status.CANCELLED, text="Tea.")
    token = as_ada.token()
    rows = uploads.packed(Table(("Topic",), (Row(2, ("A pot",)),)))
    table = uploads.keep(ada.id, "teapots.csv", ("Topic",), rows)
    known = {"content_id": content.id, "batch_id": table.id, "number": 1}
    known |= {"token_id": 1, "user_id": 1, "share_id": 1, "secret": sharing.share(content, 1, 7)[1]}
    known |= belongings(script_of(app, ada))
    forms = [
        rule.build(known)[1]
        for rule in rules(app)
        if "POST" in rule.methods
        and rule.arguments <= known.keys()
        and not rule.rule.startswith("/api/")
    ]

    assert len(forms) > 30
    for value in HOSTILE:
        body = "&".join([f"csrf_token={token}", *(f"{name}={value}" for name in FIELDS)])
        for form in forms:
            answer = as_ada.client.post(
                form, data=body, content_type="application/x-www-form-urlencoded"
            )
            assert answer.status_code < 500 or answer.status_code == 503, (form, value)


@both_databases
@pytest.mark.parametrize("number", TOO_LARGE)
def test_token_whose_number_no_database_can_hold_is_not_there(as_ada, number: str):
    assert as_ada.post(f"/account/tokens/{number}/revoke").status_code == 404


@pytest.mark.timeout(600)
@both_databases
def test_no_body_is_an_error_of_ours(app, as_ada, ada, content):
    headers = {"Authorization": f"Bearer {ApiToken.issue(ada, 'x')[1]}"}

    def send(method, path, body):
        return as_ada.client.open(
            f"/api/v1{path}",
            method=method,
            data=json.dumps(body),
            content_type="application/json",
            headers=headers,
        )

    ids = belongings(script_of(app, ada))
    many = {"ids": [str(content.id)], "do": "tag", "tag": "x"}
    calls = [
        ("POST", "/contents", BRIEF, JSON_FIELDS),
        ("PATCH", f"/contents/{content.id}", BRIEF, [*JSON_FIELDS, "tags", "favourite"]),
        ("POST", f"/contents/{content.id}/drafts", {}, DRAFT_FIELDS),
        ("PUT", f"/contents/{content.id}/current", {}, ["number"]),
        ("POST", "/contents/bulk", many, [*many]),
        ("POST", "/batches", {"rows": [BRIEF]}, BATCH_FIELDS),
        ("POST", "/series", SERIES, [*SERIES, "template_id", "values"]),
        ("PATCH", f"/series/{ids['series_id']}", SERIES, [*SERIES]),
        ("POST", f"/series/{ids['series_id']}/skip", {}, ["due"]),
        ("PATCH", f"/voices/{ids['voice_id']}", VOICE, [*VOICE]),
        ("PATCH", f"/templates/{ids['template_id']}", TEMPLATE, [*TEMPLATE]),
        ("POST", f"/contents/{content.id}/repurpose", {}, ["content_types", "languages"]),
        ("POST", f"/contents/{content.id}/dismissed", {}, ["key"]),
    ]
    for method, path, body, names in calls:
        for name in names:
            for value in [*JSON, "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"]:
                answer = send(method, path, body | {name: value})
                assert answer.status_code < 500, (method, path, name, value)
    for name in JSON_FIELDS:
        for value in JSON:
            answer = send("POST", "/batches", {"rows": [BRIEF | {name: value}]})
            assert answer.status_code < 500, (name, value)


COMMANDS = [
    ("tokens", "revoke", "{}"),
    ("tokens", "create", "{}"),
    ("tokens", "list", "{}"),
    ("users", "disable", "{}"),
    ("users", "invite", "{}"),
    ("contents", "show", "{}"),
    ("contents", "cancel", "{}"),
    ("contents", "list", "ada@example.org", "--q", "{}"),
    ("contents", "list", "ada@example.org", "--limit", "{}"),
    ("contents", "create", "ada@example.org", "--type", "blog_post_outline", "--topic", "{}"),
    ("contents", "create", "ada@example.org", "--topic", "x", "--seed", "{}"),
    ("contents", "create", "ada@example.org", "--topic", "x", "--delay", "{}"),
    ("queue", "verify-delay", "--seconds", "{}"),
]


@both_databases
def test_no_argument_is_a_stack_trace(app, ada):
    for command in COMMANDS:
        for value in [
            "99999999999999999999",
            "-1",
            "nan",
            "inf",
            "1e300",
            "٣",
            "\udcff",
            "x" * 9999,
        ]:
            arguments = [each.format(value) for each in command]
            done = contextvars.Context().run(
                app.test_cli_runner().invoke, args=[*arguments[:2], *_marked(arguments[2:], value)]
            )
            assert done.exception is None or isinstance(done.exception, SystemExit), arguments


def _marked(arguments: list[str], value: str) -> list[str]:
    """The arguments, so that one that begins with a dash is not read as an option."""
    if arguments == [value]:
        return ["--", value]
    return arguments


@pytest.mark.parametrize("path", ["/batches", "/account/data", "/api/v1/batches"])
def test_part_of_no_name_is_refused(app, ada, as_ada, path):
    part = "--x\r\nContent-Disposition: form-data{}\r\n\r\n{}\r\n"
    token = part.format('; name="csrf_token"', as_ada.token())
    body = part.format("", "tea") + token + part.format('; name="pasted"', "Topic") + "--x--\r\n"
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    client = as_ada.client
    if path.startswith("/api/"):
        client = app.test_client()
        headers |= script_of(app, ada)._headers | {"Idempotency-Key": "tea"}

    assert client.post(path, data=body, headers=headers).status_code == 400
