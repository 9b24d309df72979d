"""The API's description: complete, true, and kept to whatever is sent."""

import json
import re
from collections import Counter
from datetime import datetime
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from smartcontent.web.api.openapi import path_of

from .conftest import BRIEF, validator
from .test_access import api_rules

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=4,
)


@pytest.fixture
def described(stranger):
    """What anybody reads."""
    return stranger.get("/openapi.json").json


def test_every_call_is_described_and_nothing_else(app, described):
    there = {
        (path_of(rule), method.lower())
        for rule in api_rules(app)
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }

    assert {(path, method) for path, calls in described["paths"].items() for method in calls} == (
        there
    )
    assert described["openapi"].startswith("3.1")
    assert all(
        call["summary"] and call["responses"]
        for calls in described["paths"].values()
        for call in calls.values()
    )


def schemas_in(part):
    if isinstance(part, dict):
        yield from ([part["schema"], part.get("example")] for _ in [0] if "schema" in part)
        for value in part.values():
            yield from schemas_in(value)


def test_schemas_are_schemas_and_examples_are_examples_of_them(described):
    for schema, example in schemas_in(described["paths"]):
        Draft202012Validator.check_schema(schema)
        if example is not None:
            validator(described, schema).validate(example)


def test_every_reference_leads_somewhere(described):
    names = set(re.findall(r'"#/components/schemas/(\w+)"', json.dumps(described)))

    assert names == set(described["components"]["schemas"])
    assert {"Content", "Draft", "Problem"} <= names
    assert described["components"]["securitySchemes"]["token"]["scheme"] == "bearer"


def test_description_is_kept_by_those_who_asked(stranger):
    first = stranger.get("/openapi.json")
    again = stranger.get("/openapi.json", headers={"If-None-Match": first.headers["ETag"]})

    assert first.cache_control.public
    assert first.cache_control.max_age
    assert (again.status_code, again.data) == (304, b"")


def test_description_below_a_path_says_so(app):
    answer = app.test_client().get("/api/v1/openapi.json", base_url="http://localhost/texts")

    assert answer.json["servers"] == [{"url": "/texts"}]


def test_page_shows_every_call_with_its_fields(stranger, described):
    page = stranger.get("/docs").text

    for path, calls in described["paths"].items():
        for method, call in calls.items():
            assert f'id="{call["operationId"]}"' in page
            assert f"{method.upper()}</b> {path}" in page
    for name, schema in described["components"]["schemas"].items():
        assert f'id="{name}"' in page
        assert all(f"<code>{field}</code>" in page for field in schema["properties"])
    assert set(re.findall(r'href="#(\w+)"', page)) <= set(re.findall(r'id="(\w+)"', page))
    assert "<script>" not in page


def allowed_by(schema: dict) -> st.SearchStrategy:
    """Values that a schema of a body or a parameter allows."""
    if "anyOf" in schema and "properties" in schema:
        ways = ({**schema, **way} for way in schema["anyOf"])
        return st.one_of([allowed_by({n: way[n] for n in way if n != "anyOf"}) for way in ways])
    if "anyOf" in schema:
        return st.one_of(map(allowed_by, schema["anyOf"]))
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if "additionalProperties" in schema:
        return st.dictionaries(st.text(), allowed_by(schema["additionalProperties"]), max_size=3)
    if schema["type"] == "object":
        needed = {
            name: allowed_by(schema["properties"][name]) for name in schema.get("required", ())
        }
        parts = {n: allowed_by(p) for n, p in schema["properties"].items() if n not in needed}
        return st.fixed_dictionaries(needed, optional=parts)
    least, most = schema.get("minimum"), schema.get("maximum")
    return {
        "null": st.none,
        "boolean": st.booleans,
        "integer": lambda: st.integers(least, most),
        "number": lambda: st.floats(least, most) | st.integers(least, most),
        "array": lambda: st.lists(
            allowed_by(schema["items"]),
            min_size=schema.get("minItems", 0),
            max_size=schema.get("maxItems"),
        ),
        "string": lambda: texts_allowed_by(schema),
    }[schema["type"]]()


def texts_allowed_by(schema: dict) -> st.SearchStrategy[str]:
    if schema.get("format") == "date-time":
        return st.datetimes(timezones=st.timezones()).map(datetime.isoformat)
    if "pattern" in schema:
        return st.from_regex(schema["pattern"], fullmatch=True)
    return st.text(max_size=min(schema.get("maxLength", 50), 250))


def asked_by(operation: dict, place: str) -> st.SearchStrategy[dict]:
    """What may stand in an address or among the headers, right or not."""
    parameters = [each for each in operation.get("parameters", ()) if each["in"] == place]
    no_line_ends = st.text(st.characters(codec="ascii", categories=("L", "N", "P", "Zs")))
    return st.fixed_dictionaries(
        {},
        optional={each["name"]: allowed_by(each["schema"]) | no_line_ends for each in parameters},
    )


def sent_by(operation: dict) -> st.SearchStrategy:
    """What may be sent: what the description allows, that with something wrong in it, anything."""
    if "requestBody" not in operation:
        return st.none()
    sent = operation["requestBody"]["content"].get("application/json")
    if sent is None:  # a form with a file
        return ANYTHING
    schema = sent["schema"]
    right = allowed_by(schema)
    wrong = st.dictionaries(st.sampled_from([*schema["properties"]]), ANYTHING, max_size=2)
    return right | st.tuples(right, wrong).map(lambda both: both[0] | both[1]) | ANYTHING


def test_whatever_is_sent_is_answered_as_described(app, script, described):
    """Each call gets what it allows and what it does not; `Script` looks at the answers."""
    app.config["SUBMISSIONS_PER_MINUTE"] = app.config["UNFINISHED_PER_USER"] = 10_000
    ids = [script.submit()["id"] for _ in range(3)] + [str(uuid4())]
    batch = script.post("/batches", {"rows": [BRIEF]}).json["id"]
    series = script.post("/series", {"brief": BRIEF, "rule": "0 7 * * 1"}).json["id"]
    voice = script.post("/voices", {"name": "Northwind"}).json["id"]
    brief = BRIEF | {"topic": "{product}"}
    template = script.post("/templates", {"name": "Offer", "brief": brief}).json["id"]
    view = script.post("/views", {"name": "Tea", "filters": {"q": "tea"}}).json["id"]
    act = script.post("/contents/bulk", {"matching": {"q": "none"}, "do": "trash"}).json["id"]
    calls = [
        (path, method, operation)
        for path, methods in described["paths"].items()
        for method, operation in methods.items()
        if path != "/api/v1/events"  # which does not end
    ]
    answered = Counter()

    def send(data, path, method, operation):
        path = path.removeprefix("/api/v1").format(
            content_id=data.draw(st.sampled_from(ids)),
            act_id=data.draw(st.sampled_from([act, str(uuid4())])),
            batch_id=data.draw(st.sampled_from([batch, str(uuid4())])),
            series_id=data.draw(st.sampled_from([series, str(uuid4())])),
            template_id=data.draw(st.sampled_from([template, str(uuid4())])),
            view_id=data.draw(st.sampled_from([view, str(uuid4())])),
            voice_id=data.draw(st.sampled_from([voice, str(uuid4())])),
            number=data.draw(st.integers(0, 3)),
            share_id=data.draw(st.integers(0, 3)),
        )
        body = data.draw(sent_by(operation))
        answer = script.call(
            method.upper(),
            path,
            query_string=data.draw(asked_by(operation, "query")),
            headers=data.draw(asked_by(operation, "header")),
            **(
                {}
                if body is None
                else {"data": json.dumps(body), "content_type": "application/json"}
            ),
        )
        assert answer.status_code < 500, answer.text
        answered[answer.status_code // 100] += 1

    for call in calls:

        @settings(max_examples=4)
        @given(st.data(), st.just(call))
        def send_some(data, call):
            send(data, *call)

        send_some()
    assert set(answered) == {2, 4}


def test_what_the_description_allows_is_taken(app, script, described):
    """But for what no schema says: that a text is more than blanks, that there is that voice."""
    app.config["SUBMISSIONS_PER_MINUTE"] = app.config["UNFINISHED_PER_USER"] = 10_000
    submission = described["paths"]["/api/v1/contents"]["post"]["requestBody"]["content"]
    schema = submission["application/json"]["schema"]
    texts = {
        "voice_id",
        "template_id",
        "topic",
        "audience",
        "instructions",
        "keywords",
        "title",
        "tags",
    }

    @settings(max_examples=30)
    @given(allowed_by(schema))
    def submit(body):
        answer = script.post("/contents", body)
        assert answer.status_code == 202 or set(answer.json["errors"]) <= texts

    submit()
