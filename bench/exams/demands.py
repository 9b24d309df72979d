"""What can be demanded of a text without a judge, by the checks of the product's quality card."""

from collections.abc import Iterator
from typing import NamedTuple

from exams.briefs import Paper
from exams.writing import Text

from smartcontent.prompts import messages_for
from smartcontent.texts.counting import is_about, size_of, wanted_size
from smartcontent.texts.looping import loops
from smartcontent.texts.quality import Asked
from smartcontent.texts.quality.facts import compared
from smartcontent.texts.quality.form import form_of
from smartcontent.texts.quality.haystack import Haystack
from smartcontent.texts.quality.keywords import keywords_in
from smartcontent.texts.quality.language import language_of
from smartcontent.texts.quality.limits import limits_of
from smartcontent.texts.quality.parts import WORD
from smartcontent.texts.quality.phrases import banned, gaps, marks, remarks

ECHO = 6  # words of the prompt in a row, which the brief does not have
# Where a text is posted is not asked for; these the prompt names.
_LIMITS = {
    "seo_title_description": ("SEO title", "SEO description"),
    "email_newsletter": ("Email subject", "Email preview"),
}


class Met(NamedTuple):
    """One demand: its kind, which of that kind, and whether it was met."""

    kind: str
    name: str
    is_met: bool


def demands_on(text: Text, paper: Paper) -> Iterator[Met]:
    """Every demand that the paper makes, in the order of its kinds."""
    said, brief = text.text, paper.brief
    wanted = wanted_size(brief.content_type, brief.length, brief.language)
    yield Met("finished", "", text.ended == "stop" and not loops(said))
    yield Met("length", str(wanted), is_about(size_of(said), wanted))
    for name, is_there in form_of(said, brief.content_type, brief.length):
        yield Met("structure", f"{brief.content_type}: {name}", is_there)
    for keyword, times in keywords_in(said, brief.keywords, brief.language).items():
        yield Met("keyword", keyword, times > 0)
    for word in paper.never:
        yield Met("forbidden word", word, not banned(Haystack(said), [word]))
    yield Met("language", brief.language, language_of(said) == brief.language)
    yield from _not_for_readers(text, paper)
    yield Met("number of the brief", "", not _invented(said, paper))
    for name, is_kept in _limits(said, paper):
        yield Met("limit", name, is_kept)


def _not_for_readers(text: Text, paper: Paper) -> Iterator[Met]:
    said = text.text
    yield Met("no preamble", "", not text.around and not any(remarks(said)))
    if paper.brief.content_type != "press_release":  # which is asked to leave gaps
        yield Met("no placeholder", "", not any(gaps(said)))
    yield Met("no chat mark", "", not text.taken_out and not any(marks(said)))
    yield Met("no echo", "", not _echoes(said, paper))


def _invented(said: str, paper: Paper) -> list[str]:
    brief = paper.brief
    asked = Asked(brief.topic, brief.language, also=(brief.audience, brief.instructions))
    found, _ = compared(said, asked.texts, asked.topic, asked.languages)
    return [each.text for each in found if each.kind != "name"]


def _limits(said: str, paper: Paper) -> Iterator[tuple[str, bool]]:
    """A limit of a part that is not there is not kept: else to leave it out would pay."""
    content_type = paper.brief.content_type
    kept = {limit.name: limit.ok for limit in limits_of(said, content_type)}
    for name in _LIMITS.get(content_type, ()):
        yield name, kept.get(name, False)


def _echoes(said: str, paper: Paper) -> set[tuple[str, ...]]:
    """Rows of words that the prompt has, and the brief has not."""
    brief = paper.brief
    own = " ".join((brief.topic, brief.audience, brief.instructions, *brief.keywords))
    prompt = "\n".join(message["content"] for message in messages_for(brief))
    return _rows(said) & (_rows(prompt) - _rows(own))


def _rows(text: str) -> set[tuple[str, ...]]:
    words = [word.casefold() for word in WORD.findall(text)]
    return set(zip(*(words[n:] for n in range(ECHO)), strict=False))
