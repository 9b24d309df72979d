"""A text as HTML to be put into a page, a newsletter or a blog: WordPress, Ghost, Mailchimp."""

from html import escape
from html.parser import HTMLParser

from smartcontent.exports.document import Document
from smartcontent.texts.markdown import AS_TYPED, to_html

_WITHOUT_END = {"br", "hr"}
_KEPT = {"href", "title", "start"}
_RIGHT_TO_LEFT = {"ar", "fa", "he", "ur", "yi"}


def to_page(document: Document) -> bytes:
    """The document as a page by itself, without any style."""
    language = document.language or "en"
    page = (
        "<!DOCTYPE html>\n"
        f'<html lang="{escape(language)}" dir="{direction(language)}">\n<head>\n'
        f'<meta charset="utf-8">\n<title>{escape(document.title, quote=False)}</title>\n'
        f"</head>\n<body>\n<article>\n{fragment(document.text)}</article>\n</body>\n</html>\n"
    )
    return page.encode("utf-8", "replace")


def direction(language: str) -> str:
    """The way that the language is written: "ltr" or "rtl"."""
    return "rtl" if language.partition("-")[0] in _RIGHT_TO_LEFT else "ltr"


def fragment(text: str) -> str:
    """The HTML of a text in Markdown: what stands for itself wherever it is put.

    Its links are its owner's own, so they do not say `nofollow`, as those on our pages do.
    """
    html = to_html(text)
    if html.startswith(AS_TYPED):  # to read a million line ends takes half a minute
        return html.replace(AS_TYPED, "<div>", 1) + "\n"
    writer = _Writer()
    writer.feed(html)
    writer.close()
    return "".join(writer.parts).strip("\n") + "\n"


class _Writer(HTMLParser):
    """Writes what it reads, without what only our own pages need."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        kept = "".join(f' {name}="{escape(value or "")}"' for name, value in attrs if name in _KEPT)
        align = dict(attrs).get("align")
        style = f' style="text-align: {escape(align)}"' if align else ""
        self.parts.append(f"<{tag}{kept}{style}>")

    def handle_endtag(self, tag: str) -> None:
        if tag not in _WITHOUT_END:
            self.parts.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        self.parts.append(escape(data, quote=False))
