"""Scripts that call the API: Ada's, Bob's, and one with nothing to show.

Whatever a script is answered has to be what the API's description says.
"""

from functools import cache

import pytest
from flask import Flask
from jsonschema import Draft202012Validator
from werkzeug.exceptions import HTTPException
from werkzeug.test import TestResponse

from smartcontent.models import ApiToken, User
from smartcontent.stores.sql import db
from smartcontent.web.api.documentation import description
from smartcontent.web.api.openapi import path_of

BRIEF = {"content_type": "product_description", "topic": "A teapot of blue glass"}
SERIES = {"brief": BRIEF, "rule": "0 7 * * 1", "timezone": "UTC", "name": "x", "paused": False}
VOICE = {"name": "x", "description": "x", "always": [], "never": [], "prefer": [], "samples": []}
VIEW = {"name": "x", "filters": {"q": "tea"}}
TEMPLATE = {"name": "x", "brief": BRIEF, "defaults": {}, "shared": False}


def assert_described(app: Flask, answer: TestResponse) -> None:
    """Whether the description tells of this answer to this call."""
    with app.app_context():
        described = description()
    try:
        rule, _ = app.create_url_adapter(answer.request).match(return_rule=True)
    except HTTPException:
        return  # no call
    operation = described["paths"].get(path_of(rule), {}).get(answer.request.method.lower())
    if operation is None:  # HEAD and OPTIONS, which Flask answers, and routes of tests
        return
    assert str(answer.status_code) in operation["responses"], (operation["operationId"], answer)
    content = operation["responses"][str(answer.status_code)].get("content")
    if content is None:
        assert answer.data == b""
        return
    assert answer.mimetype in content, answer.mimetype
    if answer.is_json:
        call = path_of(rule), answer.request.method.lower(), str(answer.status_code)
        kept_validator(*call, answer.mimetype).validate(answer.json)


@cache
def kept_validator(path: str, method: str, status: str, media: str) -> Draft202012Validator:
    """The validator of one answer of one call, made once: the whole description is in it."""
    answers = description()["paths"][path][method]["responses"]
    return validator(description(), answers[status]["content"][media]["schema"])


def validator(described: dict, schema: dict) -> Draft202012Validator:
    """Holds values against a schema that refers to others in the description."""
    return Draft202012Validator(
        closed(schema | {"components": {"schemas": described["components"]["schemas"]}}),
        format_checker=Draft202012Validator.FORMAT_CHECKER,
    )


def closed(schema):
    """The same where no name may be answered that is not described."""
    if isinstance(schema, list):
        return [closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    inner = {name: closed(part) for name, part in schema.items()}
    is_shape = isinstance(schema.get("properties"), dict) and schema.get("type") == "object"
    return inner | ({"additionalProperties": False} if is_shape else {})


class Script:
    """A program with a token, or without one."""

    def __init__(self, app: Flask, token: str | None = None) -> None:
        self.app, self.token = app, token
        self._client = app.test_client()
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    def call(self, method: str, path: str, headers: dict | None = None, **options) -> TestResponse:
        """The answer to a request to /api/v1 and the path."""
        db.session.rollback()  # so that the test reads its rows anew afterwards
        options["headers"] = {**self._headers, **(headers or {})}
        answer = self._client.open(f"/api/v1{path}", method=method, **options)
        assert_described(self.app, answer)
        return answer

    def get(self, path: str, **options) -> TestResponse:
        return self.call("GET", path, **options)

    def post(self, path: str, json: object = None, **options) -> TestResponse:
        return self.call("POST", path, json=json, **options)

    def patch(self, path: str, json: object) -> TestResponse:
        return self.call("PATCH", path, json=json)

    def delete(self, path: str) -> TestResponse:
        return self.call("DELETE", path)

    def submit(self, **fields) -> dict:
        """Submit a brief; answers what the API answers."""
        answer = self.post("/contents", {**BRIEF, **fields})
        assert answer.status_code == 202, answer.text
        return answer.json


def script_of(app: Flask, user: User) -> Script:
    return Script(app, ApiToken.issue(user, "a script")[1])


def belongings(script: Script) -> dict[str, str]:
    """A series, a voice, a template and a view, by the names that addresses have for their ids."""
    made = {"series": SERIES, "voices": VOICE, "templates": TEMPLATE, "views": VIEW}
    ids = [script.post(f"/{name}", body).json["id"] for name, body in made.items()]
    return dict(zip(("series_id", "voice_id", "template_id", "view_id"), ids, strict=True))


@pytest.fixture
def script(app: Flask, ada: User) -> Script:
    """Ada's."""
    return script_of(app, ada)


@pytest.fixture
def bobs_script(app: Flask, bob: User) -> Script:
    return script_of(app, bob)


@pytest.fixture
def stranger(app: Flask) -> Script:
    """No token."""
    return Script(app)
