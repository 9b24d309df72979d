"""How often a brief's keywords stand in a text, in whatever form they are bent to."""

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache

import snowballstemmer

from smartcontent.texts.quality.parts import WORD

_ALGORITHMS = {
    "en": "english", "es": "spanish", "fr": "french", "de": "german", "it": "italian",
    "pt": "portuguese", "nl": "dutch", "pl": "polish", "tr": "turkish", "ar": "arabic",
    "hi": "hindi", "id": "indonesian",
}  # fmt: skip
_DENSE = frozenset({"ja", "zh-Hans", "ko"})  # without blanks, or with endings that stick to nouns
_ALIKE = 2  # letters that a form shares with its word, at least


@cache
def _stemmer(language: str) -> snowballstemmer.stemmer:
    return snowballstemmer.stemmer(_ALGORITHMS[language])


def keywords_in(text: str, keywords: Sequence[str], language: str) -> dict[str, int]:
    """Each keyword with how often it is in the text; a longer one does not hide a shorter."""
    folded = text.casefold()
    if language in _DENSE:
        return {keyword: folded.count(keyword.casefold().strip()) for keyword in keywords}
    wanted = {keyword: _words(keyword) for keyword in keywords}
    forms = _Forms({word for words in wanted.values() for word in words}, language)
    stems = forms.of(_words(folded))
    rows = Counter(_rows(stems, {len(words) for words in wanted.values()}))
    return {keyword: rows[tuple(forms.of(words))] for keyword, words in wanted.items()}


def _words(text: str) -> list[str]:
    """Words; what a hyphen joins is several, as people write it either way."""
    pieces = (word[0].casefold().replace("’", "'").split("-") for word in WORD.finditer(text))
    return [_without_possessive(piece) for parts in pieces for piece in parts]


def _without_possessive(word: str) -> str:
    return word.removesuffix("'s") if len(word) > 3 else word


def _rows(stems: Sequence[str], lengths: Iterable[int]) -> Iterable[tuple[str, ...]]:
    for length in lengths:
        if length:
            yield from zip(*(stems[n:] for n in range(length)), strict=False)


class _Forms:
    """Stems, made only of words that begin like one of those that are looked for."""

    def __init__(self, wanted: Iterable[str], language: str) -> None:
        self._language = language
        self._beginnings = {word[:_ALIKE] for word in wanted}

    def of(self, words: Sequence[str]) -> list[str]:
        if self._language not in _ALGORITHMS:
            return [_without_ending(word) for word in words]
        stem = _stemmer(self._language).stemWord
        known: dict[str, str] = {}
        for word in words:
            if word not in known:
                known[word] = stem(word) if word[:_ALIKE] in self._beginnings else word
        return [known[word] for word in words]


def _without_ending(word: str) -> str:
    """Where there is no stemmer, for Ukrainian: its words are bent at their ends."""
    return word[: 3 if len(word) <= 5 else 5]
