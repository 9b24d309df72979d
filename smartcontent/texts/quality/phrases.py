"""Words to look at twice: fillers, claims that the brief does not make, leftovers, banned words."""

import json
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path

from smartcontent.texts.counting import DENSE
from smartcontent.texts.quality.haystack import PART, Haystack
from smartcontent.texts.quality.parts import WORD, Span
from smartcontent.texts.quality.starts import Starts, first_words
from smartcontent.texts.remembering import LONGEST
from smartcontent.texts.scanning import scan

FILLERS_A_HUNDRED = 1.0  # words, from which on they are worth a word: density is what one notices
FILLERS_LEAST = 2

_GAPS = re.compile(
    r"""
    \[(?![xX ]?\]|\^|\d+\])(?=[^\[\]\n]*\w)[^\[\]\n]{2,80}\](?!\(|\[|:)   # [Your Name], no link
    | \{\{[^{}\n]{1,60}\}\} | \{(?=[a-z_ ]{2,40}\})[a-z_ ]+\}             # {{name}}
    | <(?:insert|your|name|company|product|link|date|add)\b[^<>\n]{0,60}>
    | ____+ | \((?:word|character)\ count:[^()\n]{0,40}\)
    """,
    re.VERBOSE | re.IGNORECASE,
)
_GAPS_IN_WORDS = re.compile(
    r"\blorem ipsum\b|\b(?-i:TODO|TBD|TBC)\b|\b(?-i:X{3,})\b|^[ *_(]*word count:.{0,40}",
    re.IGNORECASE | re.MULTILINE,
)
_MARKS = re.compile(r"<\|[^|<>\n]{1,40}\|>|\[/?INST\]|</?(?:think|s)>", re.IGNORECASE)
# What a model says to the one who asked; at the beginning of a line.
_REMARKS = re.compile(
    r"^[>*_ ]{0,8}(?:"
    r"(?:sure|certainly|of course|absolutely|great)[,!.:]+"
    r" (?:here|i(?:['’]| can| have| will)|below|let)\b"
    r"|here(?:'s|’s| is| are) (?:a|an|the|your|some|my)\b[^\n]{0,120}:[ *_]*$"
    r"|as an ai\b|i['’]m sorry, but|i can(?:not|['’]t) (?:assist|comply|create|fulfil|generate"
    r"|help (?:with|you)|provide|write)|(?:i )?hope (?:this|that|it) helps\b"
    r"|let me know if|feel free to (?:adjust|change|edit|customi[sz]e|modify|ask)\b"
    r"|would you like me to|please note that this"
    r"|(?:gerne|natürlich|klar)[,!.:]+ hier\b|hier ist (?:ein|der|die|das|ihr"
    r"|dein)\b[^\n]{0,120}:[ *_]*$"
    r"|(?:bien sûr|avec plaisir)[ ,!.:]+voici\b|voici (?:un|une|le|la|votre"
    r"|les)\b[^\n]{0,120}:[ *_]*$"
    r"|(?:claro|por supuesto)[,!.:]+ aquí\b|aquí (?:tienes|está|tiene)\b[^\n]{0,120}:[ *_]*$"
    r"|(?:certo|certamente)[,!.:]+ ecco\b|ecco (?:un|una|il|la|lo|i)\b[^\n]{0,120}:[ *_]*$"
    r"|spero che (?:questo|ti) (?:(?:ti|vi) )?(?:aiuti|piaccia|serva|sia utile)\b"
    r"|espero que (?:esto|te) (?:(?:te|le|os) )?(?:ayude|guste|sirva|sea útil)\b"
    r"|j['’]espère que (?:cela|ça|ce texte) (?:vous|te|t['’]|est|sera|répond|convient)"
    r"|ich hoffe, (?:das|dies|dieser text) (?:entspricht|gefällt|hilft|passt)\b"
    r")[^\n]{0,120}",
    re.IGNORECASE | re.MULTILINE,
)
_ARTICLES = {
    "the", "a", "for", "in", "of", "as", "on", "der", "die", "das", "den", "und", "für", "nur",
    "le", "la", "les", "l", "de", "du", "el", "los", "las", "un", "una", "il", "lo", "i", "gli",
}  # fmt: skip
# Korean has blanks, but endings stick to its nouns.
_WITHOUT_EDGES = re.compile(rf"{DENSE.pattern}|[\uac00-\ud7af]").match
_ENDING = 3  # letters by which two forms of a word may differ


@cache
def _phrases(kind: str, language: str) -> Sequence[str]:
    path = Path(__file__).with_name("phrases.json")
    return json.loads(path.read_text(encoding="utf-8"))[kind].get(language, ())


@cache
def _pattern(kind: str, language: str) -> re.Pattern[str]:
    return any_of(_phrases(kind, language))


@cache
def _first_words(kind: str, language: str) -> Collection[str]:
    return first_words(*_phrases(kind, language))


@cache
def _has_numbers(kind: str, language: str) -> bool:
    return any(phrase[0].isdigit() for phrase in _phrases(kind, language))


def _found(kind: str, language: str, text: str, starts: Starts) -> Iterator[re.Match[str]]:
    pattern, words = _pattern(kind, language), _first_words(kind, language)
    return starts.find(pattern, text, words, numbers=_has_numbers(kind, language))


def any_of(phrases: Iterable[str]) -> re.Pattern[str]:
    """Any of the phrases as whole words, in large or small letters, the longest first."""
    longest = sorted(phrases, key=len, reverse=True)
    ways = "|".join(re.escape(phrase).replace(r"\ ", r"\s{1,3}") for phrase in longest) or "(?!)"
    ways = re.sub("['’]", "['’]", ways)
    return re.compile(rf"(?<!{PART})(?:{ways})(?!{PART})", re.I)


def leftovers(text: str) -> Iterator[Span]:
    """All that is no text for readers: gaps, marks of a chat, remarks to the one who asked."""
    # [INST] looks like a gap, too.
    yield from dict.fromkeys((*gaps(text), *marks(text), *remarks(text)))


def gaps(text: str) -> Iterator[Span]:
    """Gaps that nobody has filled."""
    return (found.span() for way in (_GAPS, _GAPS_IN_WORDS) for found in scan(way, text))


def marks(text: str) -> Iterator[Span]:
    """Marks by which a chat is divided."""
    return (found.span() for found in scan(_MARKS, text))


def remarks(text: str) -> Iterator[Span]:
    """What a model said to the one who asked."""
    return (found.span() for found in scan(_REMARKS, text))


def fillers(text: str, starts: Starts, words: int, language: str) -> list[Span]:
    """Words that say nothing, where there are many of them for the text's length."""
    found = [match.span() for match in _found("fillers", language, text, starts)]
    is_dense = len(found) >= FILLERS_LEAST and 100 * len(found) >= FILLERS_A_HUNDRED * words
    return found if is_dense else []


def claims(text: str, starts: Starts, brief: Sequence[str], language: str) -> Iterator[Span]:
    """Superlatives, guarantees and the like that no part of the brief makes."""
    said = _beginnings(brief)
    for match in _found("claims", language, text, starts):
        words = [w for w in _words(match[0]) if w not in _ARTICLES]
        if not words or not all(_beginning(word) in said for word in words):
            yield match.span()


def _words(text: str) -> list[str]:
    return [word.casefold() for word in WORD.findall(text)]


def _beginning(word: str) -> str:
    return word[: max(4, len(word) - _ENDING)]


def _beginnings(brief: Sequence[str]) -> Collection[str]:
    """Every beginning that a form of the brief's words may have."""
    words = {word[:LONGEST] for part in brief for word in _words(part.replace("-", " "))}
    return {word[:n] for word in words for n in range(min(4, len(word)), len(word) + 1)}


def banned(text: Haystack, words: Sequence[str]) -> list[Span]:
    """Words that the brand never uses: signs, and words of scripts without blanks, anywhere."""
    spaced = [word for word in words if _has_edges(word.strip())]
    others = [word for word in words if not _has_edges(word.strip())]
    return sorted([*text.whole(spaced), *text.anywhere(others)])


def _has_edges(word: str) -> bool:
    """Whether it begins and ends as words do that have blanks around them."""
    return all(re.match(PART, sign) and not _WITHOUT_EDGES(sign) for sign in (word[:1], word[-1:]))
