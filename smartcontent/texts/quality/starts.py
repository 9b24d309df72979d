"""Where words and numbers begin: a pattern that is tried there alone finds the same far sooner."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from functools import lru_cache

_NUMBER = re.compile(r"\d+|[½¼¾]")
_WORD = re.compile(r"[^\W\d_]+|#")


def first_words(*alternatives: str) -> frozenset[str]:
    """With what each of them begins, given as the alternatives of a pattern: "a las?|entro le"."""
    return frozenset(
        form
        for each in "|".join(alternatives).split("|")
        if (word := _WORD.match(each))
        for form in ((word[0][:-1], word[0]) if each[word.end() :][:1] == "?" else (word[0],))
    )


class Starts:
    """The beginnings of one text, in small letters, for as many patterns as are looked for."""

    def __init__(self, words: Mapping[str, list[int]], numbers: list[int]) -> None:
        self._words, self._numbers = words, numbers

    def with_numbers_of(self, text: str) -> "Starts":
        """The same words, beside the numbers of a text in which some of them have become one."""
        return Starts(self._words, _numbers(text))

    def find(
        self, pattern: re.Pattern[str], text: str, words: Collection[str] = (), numbers: bool = True
    ) -> Iterator[re.Match[str]]:
        """What `pattern.finditer` finds, where it begins with one of the words, or a number.

        The text may have lost some of its signs to others since it was looked through.
        """
        places = [place for word in words for place in self._words.get(word, ())]
        if numbers:
            places += self._numbers
        end = 0
        for place in sorted(places):
            if place >= end and (found := pattern.match(text, place)):
                yield found
                end = found.end()


@lru_cache(maxsize=2)  # a text's facts and its phrases are looked for one after the other
def starts_in(text: str) -> Starts:
    """Of a text in small letters."""
    words: dict[str, list[int]] = defaultdict(list)
    for found in _WORD.finditer(text):
        words[found[0]].append(found.start())
    return Starts(dict(words), _numbers(text))


def _numbers(text: str) -> list[int]:
    return [found.start() for found in _NUMBER.finditer(text)]
