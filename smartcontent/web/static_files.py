"""Static files, which a browser asks for once: their addresses say what they hold.

`url_for` puts a hash of the folder's content in front of a file's name, so what an address leads to
never changes and may be kept for good; scripts import each other by relative addresses, and so by
the same hash. Other addresses of a file (without a hash, or with the one of another version, which
an open page still has) lead to the file as it is now, to be asked for again.

All is read when the process starts: what was hashed is what is sent, whatever is deployed over it.
"""

import gzip
import hashlib
import mimetypes
import re
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from flask import Flask, Response, request
from werkzeug.exceptions import NotFound

KEPT_FOR_GOOD = "public, max-age=31536000, immutable"
ASKED_AGAIN = "no-cache"
_DIGITS = 16
_WITH_HASH = re.compile(rf"(?:([0-9a-f]{{{_DIGITS}}})/)?(.+)")


def init_app(app: Flask) -> None:
    """Serve the files of the app and of every blueprint; after the blueprints are registered."""
    owners = {"static": app} | {f"{name}.static": each for name, each in app.blueprints.items()}
    folders = {
        endpoint: _folder(Path(owner.static_folder))
        for endpoint, owner in owners.items()
        if owner.static_folder
    }
    app.view_functions |= {endpoint: folder.serve for endpoint, folder in folders.items()}

    @app.url_defaults
    def name_by_content(endpoint: str, values: dict[str, Any]) -> None:
        if endpoint in folders:
            values["filename"] = f"{folders[endpoint].hash}/{values['filename']}"


@cache
def _folder(path: Path) -> "StaticFolder":
    """The folder as it was when it was first looked at, for all apps of this process."""
    return StaticFolder(path)


class StaticFolder:
    """A folder's files in memory, and the hash of them all."""

    def __init__(self, folder: Path) -> None:
        paths = sorted(path for path in folder.rglob("*") if path.is_file())
        self._files = {path.relative_to(folder).as_posix(): StaticFile(path) for path in paths}
        whole = repr([(name, file.hash) for name, file in self._files.items()])
        self.hash = _hash(whole.encode())

    def serve(self, filename: str) -> Response:
        """Raises NotFound where there is no such file."""
        asked = _WITH_HASH.fullmatch(filename)
        if asked is None or asked[2] not in self._files:
            raise NotFound
        answer = self._files[asked[2]].answer()
        # Beside a process of another version, its hash must not come to stand for our content.
        is_named_by_content = asked[1] == self.hash
        answer.headers["Cache-Control"] = KEPT_FOR_GOOD if is_named_by_content else ASKED_AGAIN
        return answer


class StaticFile:
    """A file in memory, compressed once it has been asked for."""

    def __init__(self, path: Path) -> None:
        self._content = path.read_bytes()
        self._kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        self.hash = _hash(self._content)

    @cached_property
    def _compressed(self) -> bytes | None:
        """Nothing where that makes it no smaller."""
        compressed = gzip.compress(self._content, mtime=0)
        return compressed if len(compressed) < len(self._content) else None

    def answer(self) -> Response:
        """The file as the browser takes it; 304 where it has it already."""
        compressed = self._compressed if request.accept_encodings["gzip"] else None
        answer = Response(compressed or self._content, mimetype=self._kind)
        if compressed:
            answer.content_encoding = "gzip"
        answer.vary.add("Accept-Encoding")
        answer.set_etag(f"{self.hash}-gzip" if compressed else self.hash)
        answer.make_conditional(request)
        return answer


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:_DIGITS]
