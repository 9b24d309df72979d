"""A finished text as a file, in whatever form somebody takes it away."""

from collections.abc import Callable
from typing import NamedTuple

from smartcontent.texts.export.document import Document
from smartcontent.texts.export.docx import to_docx
from smartcontent.texts.export.front_matter import to_markdown
from smartcontent.texts.export.html import to_page
from smartcontent.texts.export.plain import to_plain


class Format(NamedTuple):
    """A kind of file. A long text takes as long to write as to draw: seconds, for the worst."""

    media_type: str
    suffix: str
    write: Callable[[Document], bytes]


FORMATS = {
    "md": Format("text/markdown; charset=utf-8", ".md", to_markdown),
    "html": Format("text/html; charset=utf-8", ".html", to_page),
    "txt": Format("text/plain; charset=utf-8", ".txt", to_plain),
    "docx": Format(
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        ".docx",
        to_docx,
    ),
}
