"""The parts of a form with a file: what stands over them is bounded.

Werkzeug bounds how many parts there are and how long each is, and not the headers of one. It takes
these apart sign by sign, a microsecond each, in which nobody else is served.
"""

from typing import Any

from flask import Flask
from werkzeug import formparser
from werkzeug.exceptions import BadRequest
from werkzeug.sansio.multipart import BLANK_LINE_RE, Event, Field, File, MultipartDecoder, State

# Of all parts of a form: thirty have 3 KB, and a file's name up to 3 KB as some write it.
HEADERS_BYTES = 16 * 1024


def init_app(_app: Flask) -> None:
    # Whatever looks for a form finds it by this name alone.
    formparser.MultipartDecoder = BoundedDecoder  # type: ignore[misc]


class BoundedDecoder(MultipartDecoder):
    """Werkzeug's, which does not begin with headers that are too long, or that do not end."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self._left = HEADERS_BYTES

    def next_event(self) -> Event:
        """Raises BadRequest where the headers of all parts so far are too long."""
        if self.state is State.PART:
            self._look_at_headers()
        event = super().next_event()
        if isinstance(event, Field | File) and event.name is None:
            raise BadRequest  # no field of ours, and an error for whoever sorts them by their names
        return event

    def _look_at_headers(self) -> None:
        end = BLANK_LINE_RE.search(self.buffer, 0, self._left)
        if end:
            self._left -= end.end()
        elif len(self.buffer) >= self._left:
            raise BadRequest
