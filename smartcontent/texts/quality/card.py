"""The quality card: all that is computed of a text without a model, held against its brief."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from itertools import islice
from typing import Any

from smartcontent.briefs.voice import Preferred
from smartcontent.texts.counting import READ_IN_A_MINUTE, is_about, size_of, wanted_size
from smartcontent.texts.quality import explaining, form, phrases, repetition
from smartcontent.texts.quality.facts import Unsupported, compared
from smartcontent.texts.quality.facts.fact import plain
from smartcontent.texts.quality.finding import Finding
from smartcontent.texts.quality.haystack import Haystack
from smartcontent.texts.quality.keywords import keywords_in
from smartcontent.texts.quality.language import in_other_language, language_of
from smartcontent.texts.quality.limits import Limit, limits_of
from smartcontent.texts.quality.parts import Parts, Span
from smartcontent.texts.quality.readability import Grade, grade
from smartcontent.texts.quality.repetition import Repeated
from smartcontent.texts.quality.starts import starts_in
from smartcontent.texts.sentiment import Sentiment, sentiment_of

LONGEST = 100_000  # characters; what comes after them is not looked at
FOUND_MOST = 100  # of one kind


_language_of_brief = lru_cache(maxsize=64)(language_of)  # one has many drafts held against it


@dataclass(frozen=True)
class Asked:
    """What a text is held against: its brief, and all else that was given to its writer.

    `also` is what may be said, but need not be: audience, instructions, the voice's description,
    a template's values. `banned` are words that the voice never uses, `preferred` those it likes.
    Without a length, neither that nor the type's form is looked at.
    """

    topic: str
    language: str = "en"
    content_type: str = ""
    length: str = ""
    keywords: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    banned: tuple[str, ...] = ()
    preferred: tuple[Preferred, ...] = ()

    @property
    def texts(self) -> tuple[str, ...]:
        """Everything that was given, for what may be in a text."""
        return tuple(part for part in (self.topic, *self.also, *self.keywords) if part)

    @property
    def languages(self) -> tuple[str, ...]:
        """The text's, and the one that the brief seems to be in."""
        other = _language_of_brief("\n".join((self.topic, *self.also))) or "en"
        return tuple(dict.fromkeys((self.language, other)))


@dataclass(frozen=True)
class Card:
    """The figures and findings of one text; `as_json` is what the API shows."""

    words: int
    characters: int
    reading_seconds: int
    sentences: int
    words_a_sentence: float
    paragraphs: int
    grade: Grade | None
    limits: list[Limit]
    keywords: dict[str, int]
    unsupported: list[Unsupported]
    left_out: list[str]
    banned: list[str]
    preferred: dict[str, int]
    repetition: list[Repeated]
    sentiment: Sentiment | None
    findings: list[Finding] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """As plain values."""
        sentiment = self.sentiment._asdict() if self.sentiment else None
        return asdict(self) | {"sentiment": sentiment}


def card(text: str, asked: Asked) -> Card:
    """The card of a text that was asked for so."""
    text = text[:LONGEST]
    parts = Parts(text)
    haystack = Haystack(text)
    never = phrases.banned(haystack, asked.banned)
    liked = [each.word for each in asked.preferred]
    times = keywords_in(text, [*asked.keywords, *liked], asked.language)
    unsupported, left_out = compared(text, asked.texts, asked.topic, asked.languages)
    made = Card(
        words=len(text.split()),
        characters=len(text),
        reading_seconds=_reading_seconds(text),
        sentences=len(parts.sentences),
        words_a_sentence=round(len(parts.words) / max(1, len(parts.sentences)), 1),
        paragraphs=len(parts.paragraphs),
        grade=grade(parts.words, len(parts.sentences), asked.language),
        limits=limits_of(text, asked.content_type),
        keywords={word: times[word] for word in asked.keywords},
        unsupported=unsupported,
        left_out=left_out,
        banned=[text[start:end] for start, end in never],
        preferred={word: times[word] for word in liked},
        repetition=repetition.repeated(text, parts),
        sentiment=sentiment_of(text, asked.language),
    )
    of_voice = _of_voice(text, asked, haystack, never)
    made.findings.extend(sorted(_findings(text, asked, parts, made, of_voice), key=_place))
    return made


def _reading_seconds(text: str) -> int:
    size = size_of(text)
    return round(60 * size.number / READ_IN_A_MINUTE[size.unit])


def _place(finding: Finding) -> tuple[int, int]:
    """What concerns the whole text stands first."""
    return (-1, 0) if finding.start is None else (finding.start, finding.end or 0)


def _findings(
    text: str, asked: Asked, parts: Parts, made: Card, of_voice: Iterable[Finding]
) -> Iterator[Finding]:
    yield from map(explaining.unsupported, made.unsupported)
    yield from map(explaining.left_out, made.left_out)
    yield from (explaining.limit(limit) for limit in made.limits if not limit.ok)
    if asked.length:
        yield from _of_form(text, asked)
    yield from (explaining.keyword(word) for word, times in made.keywords.items() if not times)
    liked = [each.word for each in asked.preferred if not each.instead_of]
    if liked and not any(made.preferred[word] for word in liked):
        yield explaining.none_preferred(liked)
    yield from map(explaining.repeated, made.repetition)
    for first, times, span in islice(repetition.beginning_alike(text, parts), FOUND_MOST):
        yield explaining.beginning_alike(first, times, span)
    for other, span in in_other_language(text, parts.paragraphs, asked.language)[:FOUND_MOST]:
        yield explaining.other_language(other, asked.language, span)
    yield from _of_phrases(text, asked, len(parts.words), of_voice)
    yield from explaining.lengths(parts, asked.language)


def _of_form(text: str, asked: Asked) -> Iterator[Finding]:
    size, wanted = size_of(text), wanted_size(asked.content_type, asked.length, asked.language)
    if size.unit == wanted.unit and not is_about(size, wanted):
        yield explaining.length(size, wanted)
    yield from map(explaining.form, form.missing(text, asked.content_type, asked.length))


def _of_voice(
    text: str, asked: Asked, haystack: Haystack, never: Sequence[Span]
) -> Iterator[Finding]:
    for start, end in never[:FOUND_MOST]:
        yield explaining.banned(text[start:end], start, end)
    others = (
        (each.word, span)
        for each in asked.preferred
        for span in phrases.banned(haystack, [each.instead_of])
    )
    for word, (start, end) in islice(others, FOUND_MOST):
        yield explaining.other_word(word, text[start:end], start, end)


def _of_phrases(
    text: str, asked: Asked, words: int, of_voice: Iterable[Finding]
) -> Iterator[Finding]:
    starts = starts_in(plain(text).lower())
    for start, end in islice(phrases.leftovers(text), FOUND_MOST):
        yield explaining.leftover(text[start:end], start, end)
    yield from of_voice
    claims = phrases.claims(text, starts, asked.texts, asked.language)
    for start, end in islice(claims, FOUND_MOST):
        yield explaining.claim(text[start:end], start, end)
    for start, end in phrases.fillers(text, starts, words, asked.language)[:FOUND_MOST]:
        yield explaining.filler(text[start:end], start, end)
