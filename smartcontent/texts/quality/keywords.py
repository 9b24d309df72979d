"""How often a brief's keywords stand in a text, in whatever form they are bent to."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from itertools import chain, islice

import snowballstemmer

from smartcontent.texts.quality.parts import LETTERS
from smartcontent.texts.remembering import LONGEST, remembered

_ALGORITHMS = {
    "en": "english", "es": "spanish", "fr": "french", "de": "german", "it": "italian",
    "pt": "portuguese", "nl": "dutch", "pl": "polish", "tr": "turkish", "ar": "arabic",
    "hi": "hindi", "id": "indonesian",
}  # fmt: skip
_DENSE = frozenset({"ja", "zh-Hans", "ko"})  # without blanks, or with endings that stick to nouns
_PIECE = re.compile(rf"{LETTERS}(?:['‘]{LETTERS})*|\d+(?:[.,]\d+)*")
_ALIKE = 2  # letters that a form shares with its word, at least
FORMS_MOST = 5_000  # that begin alike; no text of the longest that are looked at has so many


@remembered(20_000)
def _stem(word: str, language: str) -> str:
    # A stemmer of its own: it holds the word that it works on, and long texts have threads.
    return str(snowballstemmer.stemmer(_ALGORITHMS[language]).stemWord(word))


def keywords_in(text: str, keywords: Sequence[str], language: str) -> dict[str, int]:
    """Each keyword with how often it is in the text; a longer one does not hide a shorter."""
    if not keywords:
        return {}
    folded = text.casefold()
    if language in _DENSE:
        return {keyword: folded.count(keyword.casefold().strip()) for keyword in keywords}
    words = {keyword: _words(keyword) for keyword in keywords}
    forms = _Forms({word for each in words.values() for word in each}, language)
    wanted = {keyword: tuple(forms.of(each)) for keyword, each in words.items()}
    times = _counted(forms.of(_words(folded)), frozenset(wanted.values()))
    # Of signs alone, such as an emoji, there are no words.
    return {
        keyword: times[row] if row else folded.count(keyword.casefold().strip())
        for keyword, row in wanted.items()
    }


def _words(text: str) -> list[str]:
    """Words and numbers; what a hyphen joins is several, as people write it either way."""
    words = _PIECE.findall(text.casefold().replace("’", "'"))
    return [word[:-2] if word.endswith("'s") and len(word) > 3 else word for word in words]


def _counted(stems: Sequence[str], wanted: Collection[tuple[str, ...]]) -> Counter[tuple[str, ...]]:
    """How often these rows of words are among them: all rows would fill a process's memory."""
    rows = chain.from_iterable(
        zip(*(islice(stems, n, None) for n in range(length)), strict=False)
        for length in {len(row) for row in wanted}
    )
    return Counter(row for row in rows if row in wanted)


class _Forms:
    """Stems, made only of words that begin like one of those that are looked for."""

    def __init__(self, wanted: Iterable[str], language: str) -> None:
        self._language = language
        self._beginnings = {word[:_ALIKE] for word in wanted}

    def of(self, words: Sequence[str]) -> list[str]:
        if self._language not in _ALGORITHMS:
            return [_without_ending(word) for word in words]
        alike = (word for word in dict.fromkeys(words) if self._may_be_a_form(word))
        known = {word: _stem(word, self._language) for word in islice(alike, FORMS_MOST)}
        return [known.get(word, word) for word in words]

    def _may_be_a_form(self, word: str) -> bool:
        # A stemmer copies the word for each letter that it changes.
        return word[:_ALIKE] in self._beginnings and len(word) <= LONGEST


def _without_ending(word: str) -> str:
    """Where there is no stemmer, for Ukrainian: its words are bent at their ends."""
    if word[0].isdecimal():
        return word
    return word[: 3 if len(word) <= 5 else 5]
