"""Errors as scripts read them: RFC 9457 problem documents, for every status under /api/."""

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from flask import Response, jsonify, request
from werkzeug.exceptions import (
    HTTPException,
    MethodNotAllowed,
    RequestEntityTooLarge,
    TooManyRequests,
)

Errors = dict[str, list[str]]

_DETAILS = {
    400: "The request could not be read.",
    404: "There is nothing of yours at this address.",
    408: "The request did not arrive in time: check your connection and send it again.",
    414: "The address is too long: what follows the ? may have 8 KB.",
    415: "Send JSON, with the header Content-Type: application/json.",
    500: "Something broke on our side and has been logged. What was stored is safe.",
    503: "The database does not answer. Try again in a few seconds.",
}


class Problem(HTTPException):
    """An error of the API with its sentence; `errors` says what is wrong with each field.

    `more` are further members of the document, for scripts that go on from there.
    """

    def __init__(
        self,
        status: int,
        detail: str,
        errors: Errors | None = None,
        headers: dict[str, str] | None = None,
        more: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(detail)
        self.code = status
        self.errors = errors
        self.more = more or {}
        self._headers = headers or {}

    def get_headers(self, *args: Any, **kwargs: Any) -> list[tuple[str, str]]:
        return [*super().get_headers(*args, **kwargs), *self._headers.items()]


def wants_problem() -> bool:
    """Whether the one who asks is a script."""
    return request.path.startswith(("/api/", "/metrics"))


def answer(error: HTTPException) -> Response:
    """The error as a problem document, with the headers that belong to its status."""
    status = error.code or 500
    errors = error.errors if isinstance(error, Problem) else None
    document = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": _detail(error, status),
    }
    more = error.more if isinstance(error, Problem) else {}
    response = jsonify(document | ({"errors": errors} if errors else {}) | more)
    response.status_code = status
    response.headers.extend(_without_content_type(error.get_headers()))
    response.content_type = "application/problem+json"
    return response


def _detail(error: HTTPException, status: int) -> str:
    if isinstance(error, Problem | TooManyRequests):
        return str(error.description)
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        return f"The methods of this address are {', '.join(sorted(error.valid_methods))}."
    if isinstance(error, RequestEntityTooLarge):
        return f"The body is too large: send at most {most_taken()}."
    return _DETAILS.get(status) or f"{HTTPStatus(status).phrase}."


def most_taken() -> str:
    """How much of a body the address takes."""
    kilobytes = (request.max_content_length or 0) // 1024
    return f"{kilobytes} KB" if kilobytes < 1024 else f"{kilobytes // 1024} MB"


def _without_content_type(headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(name, value) for name, value in headers if name != "Content-Type"]
