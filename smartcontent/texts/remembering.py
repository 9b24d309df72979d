"""Answers that are kept for when the same is asked again, in a bounded part of the memory."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Concatenate, ParamSpec, TypeVar

LONGEST = 64  # characters; hardly a word has more
BRIEF_LONGEST = 2_000  # characters; what is known of a table in a longer one takes megabytes
BRIEFS = 16  # one brief has many drafts held against it
LETTERS_MOST = 50_000  # Chinese and Korean together have fewer, in a language's everyday use

_Others = ParamSpec("_Others")
_Answer = TypeVar("_Answer")
_Function = Callable[Concatenate[str, _Others], _Answer]


def remembered(
    most: int, longest: int = LONGEST
) -> Callable[[_Function[_Others, _Answer]], _Function[_Others, _Answer]]:
    """As `functools.lru_cache`, which counts its entries and not how long they are.

    A word of a text may be as long as the text: so many of them would fill a process's memory.
    Of a text of more than `longest` characters nothing is kept.
    """

    def decorate(function: _Function[_Others, _Answer]) -> _Function[_Others, _Answer]:
        kept = lru_cache(most)(function)

        @wraps(function)
        def answer(text: str, *others: _Others.args, **named: _Others.kwargs) -> _Answer:
            asked = kept if len(text) <= longest else function
            return asked(text, *others, **named)

        return answer

    return decorate


class Letters(dict[int, str], ABC):
    """What becomes of each character, for `str.translate`: looked up once, then known."""

    @abstractmethod
    def of(self, code: int) -> str:
        """What becomes of this one."""

    def __missing__(self, code: int) -> str:
        if len(self) >= LETTERS_MOST:
            self.clear()  # no language has so many: somebody goes through all of Unicode
        self[code] = letter = self.of(code)
        return letter
