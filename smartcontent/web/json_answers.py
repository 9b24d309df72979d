"""Answers in JSON, with letters as they are.

Each that is not ASCII would be six or twelve signs: of a long text in Chinese or of emoji tens of
megabytes, which take the loop that serves everybody twice as long, and as much memory.
"""

from typing import Any

from flask import Flask, Response
from flask.json.provider import DefaultJSONProvider


class _AsWritten(DefaultJSONProvider):
    def response(self, *args: Any, **kwargs: Any) -> Response:
        """In UTF-8, which has no half of a surrogate pair: a request that is quoted may."""
        answer = self._prepare_response_obj(args, kwargs)
        written = self.dumps(answer, ensure_ascii=False, separators=(",", ":"))
        return Response(f"{written}\n".encode(errors="replace"), mimetype=self.mimetype)


def init_app(app: Flask) -> None:
    """Answer so from now on."""
    app.json = _AsWritten(app)
