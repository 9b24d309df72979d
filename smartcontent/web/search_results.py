"""What a search found: the passages around it, and its words marked, there and in titles."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple, TypeVar
from uuid import UUID

from markupsafe import Markup, escape

from smartcontent.models import FINAL, Content
from smartcontent.portions import portions
from smartcontent.texts.markdown import to_text
from smartcontent.texts.search.query import Query
from smartcontent.texts.search.query import query as parsed
from smartcontent.texts.search.snippets import Hit, Part, best_part, hits, merged, snippet
from smartcontent.web.threads import in_portions

AROUND = 140  # characters shown on each side of the first hit
AT_ONCE = 100_000  # characters that are looked through while others wait
T = TypeVar("T")


class Found(NamedTuple):
    """Where a content has what was looked for, and what stands around it."""

    where: str  # "text" or "brief"
    passage: Markup


class _Said(NamedTuple):
    """What is looked through: the text only if it is finished."""

    title: str
    text: str
    brief: tuple[str, ...]


def passages_of(contents: Sequence[Content], q: str) -> dict[UUID, Found | None]:
    """The passage of each with most of the search; None where its title alone has some of it."""
    return _sought(_first_found, contents, q)


def snippets_of(contents: Sequence[Content], q: str) -> dict[UUID, list[str]]:
    """What was found in each, in title, text and brief, between [[ and ]]."""
    return _sought(_snippets, contents, q)


def marked(text: str, q: str) -> Markup:
    """A title with the words of the search marked."""
    return _marked(text, hits(text, parsed(q)))


def _sought(
    look: Callable[[Query, _Said], T], contents: Sequence[Content], q: str
) -> dict[UUID, T]:
    """What is found in each, looked for beside the loop; nothing where nothing is sought."""
    asked = parsed(q)
    if not asked.wanted:
        return {}
    said = portions(map(_said_by, contents), _length, AT_ONCE)
    found = in_portions(partial(_in_each, look), asked, list(said))
    return dict(zip((content.id for content in contents), found, strict=True))


def _length(said: _Said) -> int:
    return sum(map(len, (said.text, *said.brief)))


def _in_each(look: Callable[[Query, _Said], T], asked: Query, said: Sequence[_Said]) -> list[T]:
    return [look(asked, each) for each in said]


def _said_by(content: Content) -> _Said:
    draft = content.current
    brief = content.topic, content.audience, ", ".join(content.keywords), content.instructions
    return _Said(content.title, draft.text if draft.status in FINAL else "", brief)


def _first_found(asked: Query, said: _Said) -> Found | None:
    for where, part in (("text", said.text), *(("brief", part) for part in said.brief)):
        if best := best_part(part, asked):
            return Found(where, _passage(asked, best))
    return None


def _snippets(asked: Query, said: _Said) -> list[str]:
    parts = (best_part(each, asked) for each in (said.title, said.text, *said.brief))
    return [snippet(part) for part in parts if part]


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
