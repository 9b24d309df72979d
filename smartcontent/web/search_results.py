"""What a search found: the passages around it, and its words marked, there and in titles."""

from collections.abc import Iterator
from typing import NamedTuple

from markupsafe import Markup, escape

from smartcontent.models import FINAL, Content
from smartcontent.texts.folding import composed
from smartcontent.texts.markdown import to_text
from smartcontent.texts.search.query import Query
from smartcontent.texts.search.query import query as parsed
from smartcontent.texts.search.snippets import PART, best_part, hits, merged, snippet
from smartcontent.web.threads import slowly

AROUND = 140  # characters shown on each side of the first hit
_AT_ONCE = 3 * PART


class Found(NamedTuple):
    """Where a content has what was looked for, and what stands around it."""

    where: str  # "text" or "brief"
    passage: Markup


def found_in(content: Content, q: str) -> Found | None:
    """The passage with most of the search; None where its title alone has some of it."""
    asked = parsed(q)
    for where, part in _parts_with(content, asked):
        return Found(where, _passage(asked, composed(part)))
    return None


def snippets_of(content: Content, q: str) -> list[str]:
    """What was found in title, text and brief, between [[ and ]]; none where nothing is sought."""
    asked = parsed(q)
    parts = [part for _, part in _parts_with(content, asked)]
    titles = [content.title] if hits(content.title, asked) else []
    return [snippet(part, asked) for part in (*titles, *parts)]


def marked(text: str, q: str) -> Markup:
    """A short text with the words of the search marked."""
    return _marked(parsed(q), composed(text))


def _parts_with(content: Content, asked: Query) -> Iterator[tuple[str, str]]:
    """The parts of text and brief that have some of it, and which they are of."""
    draft = content.current
    if draft.status in FINAL and (part := _part_with(asked, draft.text)):
        yield "text", part
    brief = (content.topic, content.audience, ", ".join(content.keywords), content.instructions)
    for typed in brief:
        if part := _part_with(asked, typed):
            yield "brief", part


def _part_with(asked: Query, text: str) -> str | None:
    if not asked.wanted:
        return None
    return best_part(text, asked) if len(text) <= _AT_ONCE else slowly(best_part, text, asked)


def _passage(asked: Query, part: str) -> Markup:
    first = min((hit.start for hit in hits(part, asked)), default=0)
    start = _blank_before(part, first - AROUND)
    window = part[start : first + AROUND]
    shown = " ".join(to_text(window).splitlines())
    # Markdown hides addresses and marks: what was found there is shown as it was written.
    shown = shown if hits(shown, asked) else window
    return Markup("{}{}…").format("…" if start else "", _marked(asked, shown))


def _blank_before(text: str, at: int) -> int:
    return text.rfind(" ", 0, at) + 1 if at > 0 else 0


def _marked(asked: Query, text: str) -> Markup:
    shown, done = Markup(""), 0
    for start, end in merged(hits(text, asked)):
        shown += escape(text[done:start]) + Markup("<mark>{}</mark>").format(text[start:end])
        done = end
    return shown + escape(text[done:])
