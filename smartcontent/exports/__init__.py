"""A finished text as a file, in whatever form somebody takes it away."""

import logging
from collections.abc import Callable
from importlib import import_module
from typing import NamedTuple

from smartcontent.exports.document import Document, NotInThisFormat
from smartcontent.exports.front_matter import to_markdown
from smartcontent.exports.html import to_page
from smartcontent.exports.plain import to_plain

log = logging.getLogger(__name__)


class Format(NamedTuple):
    """A kind of file. The longest texts take seconds to write.

    PDF and Word documents are not made of every text: NotInThisFormat is raised then.
    """

    media_type: str
    suffix: str
    write: Callable[[Document], bytes]


def _written_by(module: str, function: str) -> Callable[[Document], bytes]:
    """A function whose module is loaded when it is first asked for.

    Its libraries take a quarter of the time in which a web process or a command starts.
    """

    def write(document: Document) -> bytes:
        found = import_module(f"smartcontent.exports.{module}")
        try:
            content: bytes = getattr(found, function)(document)
        except NotInThisFormat:
            raise
        except Exception as error:  # its message may have words of the text
            log.error("A text could not be made a file by %s: %s", function, type(error).__name__)
            raise NotInThisFormat(
                "No such file could be made of this text: open the print view instead, and print "
                "it or save it as PDF there."
            ) from None
        return content

    return write


FORMATS = {
    "md": Format("text/markdown; charset=utf-8", ".md", to_markdown),
    "html": Format("text/html; charset=utf-8", ".html", to_page),
    "txt": Format("text/plain; charset=utf-8", ".txt", to_plain),
    "docx": Format(
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        ".docx",
        _written_by("docx", "to_docx"),
    ),
    "pdf": Format("application/pdf", ".pdf", _written_by("pdf", "to_pdf")),
}
