"""Every error is a problem document, and no input breaks the API."""

import io
import json

import pytest
import requests
from conftest import both_databases, wait_until
from patience import PATIENCE
from sqlalchemy import text

from smartcontent.app import create_app
from smartcontent.stores.sql import db

from .conftest import BRIEF, Script, script_of

JSON = {"Content-Type": "application/json"}
MALFORMED = {
    "nothing": b"",
    "half an object": b'{"topic": ',
    "single quotes": b"{'topic': 'tea'}",
    "a form": b"topic=tea",
    "not UTF-8": b'{"topic": "\xff"}',
    "not a number": b'{"temperature": NaN}',
    "infinite": b'{"temperature": -Infinity}',
    "a number too long": b'{"seed": ' + b"9" * 5000 + b"}",
    "deep lists": b"[" * 10_000 + b"]" * 10_000,
    "deep objects": b'{"topic":' * 10_000 + b"1" + b"}" * 10_000,
}
WRONG = {
    "topic": [1, True, ["tea"], {"a": 1}, "", "   ", "tea\0pot", "\ud800", "x" * 2001],
    "audience": [1, "x" * 201, "\udfff"],
    "tone": ["angry", 3, [], "\0"],
    "length": ["endless", 0.5],
    "language": ["xx", {}],
    "keywords": [7, [7], ["a\0b"], ["\ud800"], {"a": "b"}, ["x" * 61]],
    "instructions": [False, "x" * 4001, "\x1b[31m"],
    "title": [[], "x" * 201],
    "content_type": ["poem", None, 1, "\ud800"],
    "model": [1, "", "../../etc/passwd bad", "\ud800", "x" * 101],
    "temperature": ["hot", -1, 2.1, True, [], 1e308, 10**400],
    "seed": [-1, 1.5, "7", True, 2**31],
    "delay_seconds": [-1, "60", True, 10**9, 10**400],
}


def is_problem(answer, status: int) -> bool:
    document = answer.json
    return (
        answer.status_code == document["status"] == status
        and answer.content_type == "application/problem+json"
        and document["type"] == "about:blank"
        and bool(document["title"])
        and document["detail"].endswith((".", ")"))
    )


def send(script: Script, body: bytes, path: str = "/contents", method: str = "POST"):
    return script.call(method, path, headers=JSON, data=body)


@pytest.mark.parametrize("kind", MALFORMED)
def test_body_that_is_not_json_is_a_bad_request(script, content, kind):
    assert is_problem(send(script, MALFORMED[kind]), 400)
    assert is_problem(send(script, MALFORMED[kind], f"/contents/{content.id}", "PATCH"), 400)


def test_bad_json_says_where(script):
    assert "line 2, column 3" in send(script, b'{"topic": "tea",\n  topic}').json["detail"]


@pytest.mark.parametrize("body", [b"[]", b"null", b"7", b'"topic"', b"[" * 500 + b"]" * 500])
def test_json_that_is_no_object_is_not_accepted(script, body):
    assert is_problem(send(script, body), 422)


@both_databases
def test_each_wrong_field_is_named_with_a_sentence(script, content):
    for name, values in WRONG.items():
        for value in values:
            body = json.dumps({**BRIEF, name: value}).encode()
            for answer in (
                send(script, body),
                send(script, body, f"/contents/{content.id}", "PATCH"),
            ):
                assert is_problem(answer, 422), (name, value, answer.text)
                assert list(answer.json["errors"]) == [name]
                assert all(answer.json["errors"][name])


def test_all_wrong_fields_are_named_at_once(script):
    answer = script.post("/contents", {"tone": "angry", "seed": "x", "audience": 1})

    assert set(answer.json["errors"]) == {"content_type", "topic", "tone", "seed", "audience"}


def test_nested_nonsense_in_a_field_is_refused_by_name(script):
    body = b'{"content_type": "ad_copy", "topic": "tea", "keywords": ' + b"[" * 900 + b"]" * 900

    assert list(send(script, body + b"}").json["errors"]) == ["keywords"]


def test_body_that_is_not_said_to_be_json_is_refused(script):
    for options in ({"data": BRIEF}, {"data": b"{}", "content_type": "text/plain"}, {}):
        assert is_problem(script.call("POST", "/contents", **options), 415)


def test_json_with_a_suffix_or_a_charset_is_taken(script):
    for kind in ("application/json; charset=utf-8", "application/brief+json"):
        answer = script.call(
            "POST", "/contents", data=json.dumps(BRIEF).encode(), content_type=kind
        )

        assert answer.status_code == 202


def test_what_is_not_there_is_not_found(script, stranger):
    for path in ("/", "", "/nothing", "/contents/", "/contents/1", "/contents/%00/status"):
        assert is_problem(script.get(path), 404)
        assert is_problem(stranger.get(path), 404)


def test_wrong_method_says_which_are_right(script, content):
    answer = script.call("PUT", "/contents")
    assert is_problem(answer, 405)
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS", "POST"}

    answer = script.get(f"/contents/{content.id}/cancel")
    assert is_problem(answer, 405)
    assert "POST" in answer.json["detail"]


@pytest.mark.parametrize("path", ["/contents", "/contents/{}/cancel"])
def test_ten_megabytes_are_too_much(script, content, path):
    answer = send(script, b'{"topic": "' + b"x" * 10_000_000 + b'"}', path.format(content.id))

    assert is_problem(answer, 413)


def test_ten_megabytes_are_refused_over_a_real_socket(web, script):
    headers = {**JSON, "Authorization": f"Bearer {script.token}"}
    session = requests.Session()
    for length in ("announced", "in chunks"):
        body = b"x" * 10_000_000
        answer = session.post(
            f"{web.url}/api/v1/contents",
            data=body if length == "announced" else iter([body]),
            headers=headers,
            timeout=PATIENCE,
        )

        assert (answer.status_code, answer.json()["status"]) == (413, 413)
    assert (
        session.get(f"{web.url}/api/v1/contents", headers=headers, timeout=PATIENCE).status_code
        == 200
    )


@pytest.mark.own_app
def test_bug_of_ours_is_a_problem_too_and_tells_nothing(app):
    app.add_url_rule("/api/v1/broken", view_func=lambda: 1 / 0)

    answer = Script(app).get("/broken")

    assert is_problem(answer, 500)
    assert "ZeroDivision" not in answer.text


def test_database_that_is_away_is_unavailable(app, ada, settings):
    token = script_of(app, ada).token
    away = {**settings, "DATABASE_URL": "postgresql+psycopg://nobody@127.0.0.1:1/nothing"}

    answer = Script(create_app(**away), token).get("/contents")

    assert is_problem(answer, 503)
    assert answer.headers["Retry-After"] == "5"


def test_pages_keep_their_own_errors(as_ada):
    answer = as_ada.get("/nothing")

    assert (answer.status_code, answer.mimetype) == (404, "text/html")
    assert as_ada.client.get("/contents").status_code == 405


def is_alive(backend: int) -> bool:
    """Whether the server still has this connection; a transaction sees one state of that."""
    with db.engine.connect() as another:
        return another.scalar(
            text("SELECT pid FROM pg_stat_activity WHERE pid = :pid"), {"pid": backend}
        )


@pytest.mark.own_app
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_request_whose_connection_the_server_ended_may_be_tried_again(app, script):
    def fall_asleep_in_a_transaction() -> None:
        mine = db.session.scalar(text("SELECT pg_backend_pid()"))
        db.session.execute(text("SET idle_in_transaction_session_timeout = 50"))
        wait_until(lambda: not is_alive(mine))

    app.before_request_funcs.setdefault(None, []).insert(0, fall_asleep_in_a_transaction)

    answer = script.get("/contents")

    assert is_problem(answer, 503)
    assert int(answer.headers["Retry-After"]) > 0


def test_answers_have_letters_as_they_are_and_a_mark_for_half_of_one(script):
    for heading, shown in (("茶 🍵", "茶 🍵"), ("\ud83c", "?")):
        table = {"file": (io.BytesIO(b"Topic\nTea"), "teas.csv")}
        form = {**table, "mapping": json.dumps({heading: "topic"})}

        answer = script.call("POST", "/batches", data=form)

        assert is_problem(answer, 422)
        assert f"There is no column “{shown}”" in answer.text
