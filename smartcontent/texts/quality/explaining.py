"""Each kind of finding in words: what it is, why it matters, and what to do."""

from collections.abc import Iterator, Sequence
from itertools import islice

from smartcontent.briefs.catalogue import LANGUAGES
from smartcontent.texts.counting import Band, Size
from smartcontent.texts.quality.facts import Unsupported
from smartcontent.texts.quality.finding import Finding
from smartcontent.texts.quality.limits import Limit
from smartcontent.texts.quality.parts import Parts, Span
from smartcontent.texts.quality.repetition import Repeated

_KINDS = {
    "number": "This number", "price": "This price", "percent": "This per cent",
    "date": "This date", "time": "This time", "phone": "This telephone number",
    "email": "This e-mail address", "address": "This web address", "handle": "This handle",
    "name": "This name",
}  # fmt: skip
# Words in a sentence that is long; some languages say the same in fewer.
_LONG_SENTENCE = {"it": 25, "es": 25, "pt": 25, "tr": 15, "uk": 15, "pl": 18}
_LONG_SENTENCE_ELSEWHERE = 20
_TOO_LONG = 1.5  # times as long is worth a finding of its own
LONG_PARAGRAPH = 150  # words
LENGTHS_MOST = 10  # findings; a text of long sentences need not hear it of each


def unsupported(found: Unsupported) -> Finding:
    near = f"The brief says {found.nearest}." if found.nearest else "The brief has nothing like it."
    return Finding(
        "unsupported",
        found.start,
        found.end,
        f"{_KINDS[found.kind]} is not in your brief: {found.text}",
        f"{near} A model may have made it up, or worked it out.",
        f"Write {found.nearest}, or check it." if found.nearest else "Check it, or take it out.",
    )


def left_out(fact: str) -> Finding:
    return Finding(
        "left_out", None, None,
        f"The brief says {fact}, the text does not.",
        "Readers may need it.",
        f"Say {fact}, where it matters.",
    )  # fmt: skip


def limit(over: Limit) -> Finding:
    is_short = over.value < over.least
    bound = f"at least {over.least:,}" if is_short else f"at most {over.limit:,}"
    return Finding(
        "limit", None, None,
        f"{over.name}: {over.value:,} {over.unit_said}, {bound}.",
        f"{over.note} As of {over.as_of}.".strip(),
        f"Make it {over.least - over.value:,} longer." if is_short
        else f"Take away {over.value - over.limit:,}.",
    )  # fmt: skip


def length(size: Size, wanted: Band) -> Finding:
    is_short = size.number < wanted.least
    by = wanted.least - size.number if is_short else size.number - wanted.most
    return Finding(
        "length", None, None,
        f"{size}; the brief asks for {wanted}.",
        "It was to be a text of this length.",
        f"Make it about {Size(by, size.unit)} {'longer' if is_short else 'shorter'}.",
    )  # fmt: skip


def form(lacks: str) -> Finding:
    return Finding(
        "form", None, None,
        f"The text does not have {lacks}.",
        "Texts of this type do.",
        f"Give it {lacks}.",
    )  # fmt: skip


def keyword(word: str) -> Finding:
    return Finding(
        "keyword", None, None,
        f"The keyword “{word}” is not in the text.",
        "The brief asks for it.",
        f"Use “{word}” once, where it is natural.",
    )  # fmt: skip


def repeated(again: Repeated) -> Finding:
    return Finding(
        "repetition", again.start, again.end,
        f"{again.count} times: “{_short(again.text)}”",
        "Readers notice when they read the same again.",
        "Say it once, or in other words.",
    )  # fmt: skip


def beginning_alike(first: str, times: int, span: Span) -> Finding:
    return Finding(
        "repetition", *span,
        f"{times} sentences in a row begin with “{first}”.",
        "It sounds like a list.",
        "Begin one of them in another way, or join two.",
    )  # fmt: skip


def other_language(other: str, asked: str, span: Span) -> Finding:
    is_in, wanted = LANGUAGES[other].name, LANGUAGES[asked].name
    return Finding(
        "language", *span,
        f"This is in {is_in}.",
        f"The brief asks for {wanted}.",
        f"Write it in {wanted}.",
    )  # fmt: skip


def leftover(text: str, start: int, end: int) -> Finding:
    return Finding(
        "leftover", start, end,
        f"Left over: {_short(text)}",
        "It is a gap that nobody has filled, or a model's word to you and not to readers.",
        "Fill it, or take it out.",
    )  # fmt: skip


def banned(text: str, start: int, end: int) -> Finding:
    return Finding(
        "banned", start, end,
        f"Your brand never says “{text}”.",
        "It is on the voice's list.",
        f"Use another word instead of “{text}”.",
    )  # fmt: skip


def other_word(word: str, text: str, start: int, end: int) -> Finding:
    return Finding(
        "preferred", start, end,
        f"Your brand says “{word}” instead of “{text}”.",
        "It is on the voice's list.",
        f"Write “{word}” instead of “{text}”.",
    )  # fmt: skip


def none_preferred(words: Sequence[str]) -> Finding:
    return Finding(
        "preferred", None, None,
        f"None of the words that your brand likes is in the text: {_short(', '.join(words))}",
        "They are on the voice's list.",
        f"Use one of them, where it is natural: {_short(', '.join(words))}",
    )  # fmt: skip


def claim(text: str, start: int, end: int) -> Finding:
    return Finding(
        "claim", start, end,
        f"A claim that the brief does not make: “{text}”",
        "Who advertises with it must be able to prove it.",
        "Say what makes it so, or take it out.",
    )  # fmt: skip


def filler(text: str, start: int, end: int) -> Finding:
    return Finding(
        "filler", start, end,
        f"Says little: “{text}”",
        "There are many such words for a text of this length; readers skip them.",
        "Take it out, or say something that only you can say.",
    )  # fmt: skip


def lengths(parts: Parts, language: str) -> Iterator[Finding]:
    """Sentences and paragraphs that are far too long, the first few of them."""
    most = _LONG_SENTENCE.get(language, _LONG_SENTENCE_ELSEWHERE)
    for words, span in _longer(parts, parts.sentences, round(_TOO_LONG * most)):
        yield Finding(
            "sentence", *span,
            f"{words} words in one sentence.",
            f"Above {most} words, readers lose the thread.",
            "Make two sentences of it.",
        )  # fmt: skip
    for words, span in _longer(parts, parts.paragraphs, LONG_PARAGRAPH):
        yield Finding(
            "paragraph", *span,
            f"{words} words in one paragraph.",
            f"Above {LONG_PARAGRAPH} words it looks like a wall.",
            "Divide it where the thought changes.",
        )  # fmt: skip


def _longer(parts: Parts, spans: Sequence[Span], most: int) -> Iterator[tuple[int, Span]]:
    long = (span for span in spans if span[1] - span[0] > 2 * most)  # a letter and a blank each
    sizes = ((len(parts.words[parts.words_in(span)]), span) for span in long)
    return islice(((words, span) for words, span in sizes if words > most), LENGTHS_MOST)


def _short(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:79].rstrip()}…"
