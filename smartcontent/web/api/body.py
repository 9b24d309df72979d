"""A request's JSON body, or the reason why there is none."""

import json
from typing import Any, NoReturn

from flask import request
from werkzeug.exceptions import UnsupportedMediaType

from smartcontent.web.problems import Problem


def json_object() -> dict[str, Any]:
    """The JSON object the request carries.

    Raises:
        Problem: the body is not JSON (400), or is JSON but no object (422).
        UnsupportedMediaType: its header does not say that it is JSON.
    """
    if not request.is_json:
        raise UnsupportedMediaType
    try:
        payload = json.loads(request.get_data(), parse_constant=_refuse)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise Problem(400, f"The body is not JSON: {error.msg} ({where}).") from error
    except RecursionError as error:
        raise Problem(400, "The body is nested too deeply.") from error
    except ValueError as error:
        raise Problem(400, "The body is not JSON in UTF-8, or has a number too long.") from error
    if not isinstance(payload, dict):
        raise Problem(422, "The body must be a JSON object, in curly brackets.")
    return payload


def _refuse(constant: str) -> NoReturn:
    raise json.JSONDecodeError(f"{constant} is not a JSON value", constant, 0)
