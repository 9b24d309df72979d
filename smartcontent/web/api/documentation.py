"""The API's description: /api/v1/openapi.json for programs, /api/v1/docs for people."""

import json
from functools import cache
from typing import Any

from flask import Blueprint, Flask, current_app, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from markupsafe import Markup, escape

from smartcontent.web.api import schemas
from smartcontent.web.api.call import call
from smartcontent.web.api.openapi import ALWAYS, document
from smartcontent.web.api.schemas import Schema

bp = Blueprint("api_documentation", __name__)

# The description changes with a new version only.
KEPT_SECONDS = 300


def init_app(app: Flask) -> None:
    """Give templates what the page needs."""
    app.add_template_filter(in_words)
    app.add_template_filter(pretty)


@bp.get("/openapi.json")
@call(
    {"type": "object", "description": "This description."},
    empty={304: "It is as it was, by its `ETag`."},
    needs_token=False,
)
def openapi() -> ResponseReturnValue:
    """Read this description of the API."""
    described = description()
    if request.script_root:
        described = described | {"servers": [{"url": request.script_root}]}
    response = jsonify(described)
    response.cache_control.public = True
    response.cache_control.max_age = KEPT_SECONDS
    response.add_etag()
    return response.make_conditional(request)


@bp.get("/docs")
@call(schemas.text("A page for people."), media=["text/html"], needs_token=False)
def docs() -> ResponseReturnValue:
    """Read this description as a page."""
    return render_template("api/docs.html", api=description(), calls=_calls())


@cache
def description() -> dict[str, Any]:
    """The description of the routes there are, made when it is first asked for."""
    return document(current_app)


@cache
def _calls() -> Markup:
    """What is the same for everybody: drawn once, for it is long."""
    page = render_template("api/_calls.html", api=description(), always=ALWAYS)
    return Markup(page)  # noqa: S704  # drawn by our own template


def pretty(value: Any) -> str:
    """A value as JSON to be read."""
    return json.dumps(value, indent=2, ensure_ascii=False)


def in_words(schema: Schema) -> Markup:
    """What a value may be, for people."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return Markup('<a href="#{0}">{0}</a>').format(name)
    if "anyOf" in schema:
        return Markup(" or ").join(in_words(each) for each in schema["anyOf"])
    if "enum" in schema:
        return Markup("one of ") + Markup(", ").join(
            Markup("<code>{}</code>").format(value if isinstance(value, str) else pretty(value))
            for value in schema["enum"]
        )
    if schema["type"] == "array":
        most = f" of at most {schema['maxItems']}" if "maxItems" in schema else ""
        return Markup("list{}: ").format(most) + in_words(schema["items"])
    return escape(_TYPES.get(schema.get("format", ""), _TYPES[schema["type"]])) + _limits(schema)


_TYPES = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
    "object": "object",
    "null": "null",
    "uuid": "UUID",
    "date-time": "time",
}


def _limits(schema: Schema) -> str:
    if "maximum" in schema:
        return f" from {schema['minimum']} to {schema['maximum']}"
    return f" of at most {schema['maxLength']:,} characters" if "maxLength" in schema else ""
