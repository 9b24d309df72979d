"""The API's description, OpenAPI 3.1, made of its routes and of what `@call` left on views."""

import re
from collections.abc import Iterator
from inspect import getdoc
from typing import Any

from flask import Flask
from werkzeug.routing import Rule

from smartcontent.fields import Field, Fields
from smartcontent.web.api import schemas
from smartcontent.web.api.call import FORM_WITH_FILE, Call
from smartcontent.web.api.schemas import Schema

JSON, PROBLEM = "application/json", "application/problem+json"
# What any call may answer, whatever it is asked.
ALWAYS = {
    400: "The request cannot be read.",
    401: "There is no token, or none that works; `WWW-Authenticate` says which.",
    408: "The request did not arrive within a minute (`REQUEST_SECONDS`).",
    413: "The body is larger than 256 KB; one with a text edited by hand, than 1.2 MB;"
    " a batch's, than 2 MB; an archive, than 64 MB.",
    429: "Too often or too much: `detail` says of what, `Retry-After` for how many seconds.",
    500: "A fault of ours; it is in the server's log.",
    503: "The database does not answer; `Retry-After` says when to try again.",
}
WITH_PATH = {404: "Nothing of yours is at this address."}
WITH_FIELDS = {422: "Fields or parameters are wrong: `errors` names each."}
WITH_BODY = {
    400: "The body is not JSON, or is nested too deeply.",
    415: "The header `Content-Type: application/json` is missing.",
}
ABOUT = (
    "Have texts written: submit a brief, follow its draft, read the text. Calls take and give JSON "
    "in UTF-8 and need a token. Times are ISO 8601 in UTC; `null` counts as not sent; names that "
    "are not known are ignored. Every answer has a number in `X-Request-ID`: tell it to whoever "
    "runs the server."
)
_PATH_ARGUMENT = re.compile(r"<(\w+)(?:\([^)]*\))?:(\w+)>")
_CONVERTED = {
    "uuid": schemas.text("The id of what the path names.", format="uuid"),
    "int": {"type": "integer", "minimum": 0, "description": "A draft's number, or a link's id."},
}


def document(app: Flask) -> dict[str, Any]:
    """The description of all calls under /api/v1."""
    paths: dict[str, dict[str, Any]] = {}
    for rule, method, view in _views(app):
        paths.setdefault(path_of(rule), {})[method.lower()] = _operation(rule, view)
    named: dict[str, Schema] = {}
    referring = _with_references(paths, named)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Smart Content", "version": "1", "description": ABOUT},
        "paths": referring,
        "components": {
            "schemas": dict(sorted(named.items())),
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"token": []}],
    }


def path_of(rule: Rule) -> str:
    """The path of a route as the description has it: /api/v1/contents/{content_id}."""
    return _PATH_ARGUMENT.sub(r"{\2}", rule.rule)


def _views(app: Flask) -> Iterator[tuple[Rule, str, Any]]:
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        if hasattr(view, "call"):
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                yield rule, method, view


def _operation(rule: Rule, view: Any) -> dict[str, Any]:
    known: Call = view.call
    summary, _, more = (getdoc(view) or "").partition("\n\n")
    operation: dict[str, Any] = {
        "operationId": rule.endpoint.removeprefix("api_").replace(".", "_"),
        "summary": " ".join(summary.split()),
        "description": " ".join(more.split()),
        "parameters": [*_parameters(rule, known)],
        "responses": _responses(rule, known),
    }
    if content := dict(_bodies(known)):
        operation["requestBody"] = {"required": True, "content": content}
    if not known.needs_token:
        operation["security"] = []
    return {name: value for name, value in operation.items() if value or name == "security"}


def _bodies(known: Call) -> Iterator[tuple[str, Schema]]:
    if known.body:
        body = body_schema(known.body, known.is_change, known.instead)
        yield JSON, {"schema": body, "example": example_of(body)}
    if known.form:
        yield FORM_WITH_FILE, {"schema": known.form}


def _parameters(rule: Rule, known: Call) -> Iterator[dict[str, Any]]:
    for kind, name in _PATH_ARGUMENT.findall(rule.rule):
        yield {"name": name, "in": "path", "required": True, **_described(_CONVERTED[kind])}
    for place, fields in (("query", known.query), ("header", known.headers)):
        for name, field in fields.items():
            needed = {"required": True} if field.is_needed else {}
            yield {"name": name, "in": place, **needed, **_described(field.schema())}


def _described(schema: Schema) -> dict[str, Any]:
    inner = {name: value for name, value in schema.items() if name != "description"}
    return {"description": schema.get("description", ""), "schema": inner}


def _responses(rule: Rule, known: Call) -> dict[str, Any]:
    problem = {PROBLEM: {"schema": schemas.PROBLEM}}
    answers = {
        status: {"description": about, "content": problem}
        for status, about in _refusals(rule, known).items()
    }
    answers |= {status: {"description": about} for status, about in known.empty.items()}
    for status, schema in {known.status: known.answer, **known.also}.items():
        answers[status] = _answer(known, schema)
    return {str(status): answer for status, answer in sorted(answers.items())}


def _refusals(rule: Rule, known: Call) -> dict[int, str]:
    refusals = ALWAYS | (WITH_PATH if rule.arguments else {})
    refusals |= WITH_FIELDS if known.body or known.query or known.headers else {}
    refusals |= (WITH_BODY if known.body or known.form else {}) | dict(known.refusals)
    return {
        status: about for status, about in refusals.items() if status != 401 or known.needs_token
    }


def _answer(known: Call, schema: Schema | None) -> dict[str, Any]:
    headers = {
        name: {"description": about, "schema": {"type": "string"}}
        for name, about in known.answered_headers.items()
    }
    answer: dict[str, Any] = {"description": "Without a body."}
    if schema is not None:
        example = {"example": example_of(schema)} if JSON in known.media else {}
        shown = {"schema": schema, **example}
        about = schema.get("description", "")
        answer = {"description": about, "content": dict.fromkeys(known.media, shown)}
    return answer | ({"headers": headers} if headers else {})


def body_schema(fields: Fields, is_change: bool = False, instead: str = "") -> Schema:
    """A body with these fields, null counting as not sent; what is needed, or one `instead`."""
    needed = [name for name, field in fields.items() if field.is_needed]
    properties = {name: _sendable(field) for name, field in fields.items()}
    required: Schema = {"required": needed} if needed and not is_change else {}
    if instead:
        required = {"anyOf": [required, {"required": [instead]}]}
        properties[instead] = fields[instead].schema()  # null would stand for nothing
    return {"type": "object", "properties": properties, **required}


def _sendable(field: Field) -> Schema:
    return field.schema() if field.is_needed else schemas.or_null(field.schema())


def example_of(schema: Schema) -> Any:
    """A value that the schema allows, put together of the examples in it."""
    for name in ("examples", "enum"):
        if name in schema:
            return schema[name][0]
    if "default" in schema or ("anyOf" in schema and "properties" not in schema):
        return schema.get("default")
    if schema["type"] == "array":
        return [example_of(schema["items"])]
    plain = {"string": "", "integer": 1, "number": 1, "boolean": True}
    return _example_object(schema) if schema["type"] == "object" else plain[schema["type"]]


def _example_object(schema: Schema) -> dict[str, Any]:
    shown = {name: example_of(part) for name, part in schema.get("properties", {}).items()}
    needed = schema.get("required", ())
    return {name: value for name, value in shown.items() if value is not None or name in needed}


def _with_references(part: Any, named: dict[str, Schema]) -> Any:
    """The same with each schema that has a title in its place by name, collected in `named`."""
    if isinstance(part, list):
        return [_with_references(item, named) for item in part]
    if not isinstance(part, dict):
        return part
    inner = {name: _with_references(value, named) for name, value in part.items()}
    title = part.get("title")
    if not (isinstance(title, str) and part.get("type") == "object"):
        return inner
    named[title] = inner
    return {"$ref": f"#/components/schemas/{title}"}
