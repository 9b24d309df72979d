"""What a search found: the passages around it, and its words marked, there and in titles."""

from collections.abc import Sequence
from typing import NamedTuple

from markupsafe import Markup, escape

from smartcontent.models import FINAL, Content
from smartcontent.texts.markdown import to_text
from smartcontent.texts.search.query import Query
from smartcontent.texts.search.query import query as parsed
from smartcontent.texts.search.snippets import Hit, Part, best_part, hits, merged, snippet
from smartcontent.web.threads import slowly

AROUND = 140  # characters shown on each side of the first hit


class Found(NamedTuple):
    """Where a content has what was looked for, and what stands around it."""

    where: str  # "text" or "brief"
    passage: Markup


def found_in(content: Content, q: str) -> Found | None:
    """The passage with most of the search; None where its title alone has some of it."""
    asked = parsed(q)
    return slowly(_first_found, asked, *_said_by(content)) if asked.wanted else None


def snippets_of(content: Content, q: str) -> list[str]:
    """What was found in title, text and brief, between [[ and ]]; none where nothing is sought."""
    asked = parsed(q)
    return slowly(_snippets, asked, content.title, *_said_by(content)) if asked.wanted else []


def marked(text: str, q: str) -> Markup:
    """A title with the words of the search marked."""
    return _marked(text, hits(text, parsed(q)))


def _said_by(content: Content) -> tuple[str, ...]:
    """The text, if it is finished, and the parts of the brief."""
    draft = content.current
    text = draft.text if draft.status in FINAL else ""
    return text, content.topic, content.audience, ", ".join(content.keywords), content.instructions


def _first_found(asked: Query, text: str, *brief: str) -> Found | None:
    for where, said in (("text", text), *(("brief", said) for said in brief)):
        if part := best_part(said, asked):
            return Found(where, _passage(asked, part))
    return None


def _snippets(asked: Query, *said: str) -> list[str]:
    return [snippet(part) for each in said if (part := best_part(each, asked))]


def _passage(asked: Query, part: Part) -> Markup:
    first = part.hits[0].start
    start = _blank_before(part.text, first - AROUND)
    window = part.text[start : first + AROUND]
    shown = " ".join(to_text(window).splitlines())
    found = hits(shown, asked)
    # Markdown hides addresses and marks: what was found there is shown as it was written.
    shown, found = (shown, found) if found else (window, hits(window, asked))
    return Markup("{}{}…").format("…" if start else "", _marked(shown, found))


def _blank_before(text: str, at: int) -> int:
    return text.rfind(" ", 0, at) + 1 if at > 0 else 0


def _marked(text: str, found: Sequence[Hit]) -> Markup:
    shown, done = Markup(""), 0
    for start, end in merged(found):
        shown += escape(text[done:start]) + Markup("<mark>{}</mark>").format(text[start:end])
        done = end
    return shown + escape(text[done:])
