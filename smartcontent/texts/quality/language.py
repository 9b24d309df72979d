"""Whether a text is in the language that was asked for: by its script, then by its small words."""

import json
import re
from collections import Counter
from collections.abc import Iterable
from functools import cache
from itertools import chain
from pathlib import Path

from smartcontent.texts.quality.parts import WORD, Span

WORDS_LEAST = 8  # of a paragraph; a product's name is not a language
SURE = 0.15  # of a paragraph's words; in any language of ours about a third are small words
_READ = 2_000  # words; what comes after them is in the same language

_SCRIPTS = {
    "uk": re.compile(r"[\u0400-\u04ff]"),
    "ar": re.compile(r"[\u0600-\u06ff]"),
    "hi": re.compile(r"[\u0900-\u097f]"),
    "ja": re.compile(r"[\u3040-\u30ff]"),
    "ko": re.compile(r"[\uac00-\ud7af]"),
    "zh-Hans": re.compile(r"[\u3400-\u9fff]"),
}
_OTHER = re.compile("[^\0-\u03ff]")  # may be one of those
_LATIN = re.compile(r"[A-Za-zÀ-ɏ]")


@cache
def small_words() -> dict[str, frozenset[str]]:
    """By language: the words that stand in nearly every sentence of it."""
    path = Path(__file__).with_name("small_words.json")
    words = json.loads(path.read_text(encoding="utf-8"))
    return {language: frozenset(said.split()) for language, said in words.items()}


@cache
def _languages_with() -> dict[str, list[str]]:
    languages: dict[str, list[str]] = {}
    for language, words in small_words().items():
        for word in words:
            languages.setdefault(word, []).append(language)
    return languages


def language_of(text: str) -> str | None:
    """The language of ours that the text is in; None where it cannot be told."""
    script = _script_of(text[:20_000])
    if script != "latin":
        return script
    words = WORD.findall(text[:20_000].casefold())[:_READ]
    if len(words) < WORDS_LEAST:
        return None
    spoken = _languages_with()
    times = Counter(chain.from_iterable(spoken[word] for word in words if word in spoken))
    [(first, most), (_, second)] = [*times.most_common(2), ("", 0), ("", 0)][:2]
    return first if most >= SURE * len(words) and most > 1.3 * second else None


def _script_of(text: str) -> str | None:
    """The language that a script tells; "latin" for those that share theirs."""
    if not _OTHER.search(text):
        return "latin" if _LATIN.search(text) else None
    letters = {language: len(script.findall(text)) for language, script in _SCRIPTS.items()}
    latin = len(_LATIN.findall(text)) / 4  # letters of a word, where the others have one or two
    if letters["ja"] and letters["ja"] * 8 > letters["zh-Hans"]:
        letters["ja"] += letters.pop("zh-Hans")
    most = max(letters, key=lambda language: letters[language])
    if letters[most] > latin:
        return most
    return "latin" if latin else None


def in_other_language(
    text: str, paragraphs: Iterable[Span], language: str
) -> list[tuple[str, Span]]:
    """The paragraphs that are surely in another language than this, with which; joined."""
    found: list[tuple[str, Span]] = []
    for start, end in paragraphs:
        other = language_of(text[start:end])
        if other in (None, language):
            continue
        if found and found[-1][0] == other and not text[found[-1][1][1] : start].strip():
            start = found.pop()[1][0]
        found.append((str(other), (start, end)))
    return found
