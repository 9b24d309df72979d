"""Templates are compiled beside the event loop, each when it is first shown.

All of them take a second of CPU, up to 50 ms each: too long for a process to begin with, and too
long for the loop of one that was just restarted, while everybody comes back to it.
"""

from functools import partial
from threading import Lock
from typing import Any

from flask import Flask
from flask.templating import Environment

from smartcontent.web.threads import slowly


class CompilingBeside(Environment):
    """Compiles one template after the other: who waits for the same one finds it made."""

    def __init__(self, app: Flask, **options: Any) -> None:
        super().__init__(app, **options)
        self._turn = Lock()
        self._made: dict[str | None, tuple[str, Any]] = {}

    def compile(self, source: Any, name: str | None = None, *args: Any, **options: Any) -> Any:
        with self._turn:
            known, code = self._made.get(name, (None, None))
            if name is None or known != source:
                code = slowly(partial(super().compile, source, name, *args, **options))
                self._made[name] = source, code
            return code


def init_app(app: Flask) -> None:
    """Call it before anything is added to what templates use."""
    app.jinja_environment = CompilingBeside  # type: ignore[assignment]
