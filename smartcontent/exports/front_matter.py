"""Markdown with front matter: the one form that everything can be read back from.

What stands between the two lines of dashes is YAML, of which each value is JSON on one line. So
other programs read it, and so do we, without a parser of all of YAML; values that people have
written by hand, without quotation marks or as a list with dashes, are taken as they mean them.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import fields
from datetime import datetime
from typing import Any

from smartcontent.exports.document import Document

_FENCE = "---"
# Several times as long as a brief can be, all of it escaped: what takes more is none of ours.
_LONGEST = 300_000  # characters
_HEAD = re.compile(
    rf"\ufeff?---[ \t]*\r?\n(.{{0,{_LONGEST}}}?)(?<=\n)---[ \t]*(?:\r?\n(?:\r?\n)?|\Z)", re.DOTALL
)
_LINE = re.compile(r"([A-Za-z_]+)[ \t]*:(.*)")
_ITEM = re.compile(r"[ \t]*-[ \t]+(.*)")
# What YAML does not allow, or takes for the end of a line.
_ESCAPED = re.compile(r"[\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")
_NAMES = [field.name for field in fields(Document) if field.name != "text"]
_MOMENTS = {"created_at", "finished_at"}


def to_markdown(document: Document) -> bytes:
    """The document with all that is known of it in front."""
    values = {name: getattr(document, name) for name in _NAMES}
    lines = [
        f"{name}: {_written(value)}" for name, value in values.items() if value or name == "title"
    ]
    return "\n".join([_FENCE, *lines, _FENCE, "", document.text]).encode("utf-8", "replace")


def _written(value: Any) -> str:
    plain = value.isoformat() if isinstance(value, datetime) else value
    written = json.dumps(plain, ensure_ascii=False)
    return _ESCAPED.sub(lambda sign: f"\\u{ord(sign[0]):04x}", written)


def from_markdown(data: bytes) -> Document:
    """The document in such a file; what the file does not say is empty.

    Raises:
        ValueError: It is no text in UTF-8, or a moment in it is none.
    """
    whole = data.decode()
    head = _HEAD.match(whole)
    if not head:
        return Document("", whole.removeprefix("\ufeff"))
    known: dict[str, Any] = _values(head[1].split("\n"))
    for name in _MOMENTS & known.keys():
        known[name] = datetime.fromisoformat(known[name])
    return Document(**{"title": "", "text": whole[head.end() :]} | known)


def _values(lines: Iterable[str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    name = ""
    for line in lines:
        if found := _LINE.fullmatch(line):
            name = found[1]
            values[name] = _read(found[2])
        elif name == "keywords" and (item := _ITEM.fullmatch(line)):
            if not isinstance(values[name], list):
                values[name] = []
            values[name].append(_read(item[1]))
    return {name: _of_its_kind(name, values[name]) for name in _NAMES if name in values}


def _read(written: str) -> Any:
    written = written.strip(" \t\r")
    try:
        return json.loads(written)
    except (ValueError, RecursionError):
        is_quoted = len(written) > 1 and written[0] == written[-1] == "'"
        return written[1:-1].replace("''", "'") if is_quoted else written


def _of_its_kind(name: str, value: Any) -> Any:
    if name == "keywords":
        if not isinstance(value, list):
            value = [keyword.strip() for keyword in str(value).strip("[] ").split(",")]
        return tuple(str(keyword) for keyword in value if keyword != "")
    return value if isinstance(value, str) else str(value)
