"""Answers that are kept for when the same is asked again, in a bounded part of the memory."""

from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Callable, Hashable
from functools import lru_cache, wraps
from threading import Lock
from typing import Concatenate, Generic, ParamSpec, TypeVar

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


class Kept(Generic[_Answer]):
    """The answers that were asked for last, as many as are together no larger than `most`.

    For what is large or small with what comes out, which `functools.lru_cache` does not look at.
    """

    def __init__(self, most: int) -> None:
        self._most, self._size = most, 0
        self._answers: OrderedDict[Hashable, tuple[_Answer, int]] = OrderedDict()
        self._changing = Lock()  # never held while an answer is made

    def of(
        self, asked: Hashable, make: Callable[[], _Answer], size: Callable[[_Answer], int]
    ) -> _Answer:
        """What is kept, or is made now: its `size` is in the unit that `most` has."""
        with self._changing:
            if asked in self._answers:
                self._answers.move_to_end(asked)
                return self._answers[asked][0]
        answer = make()
        with self._changing:
            _, before = self._answers.pop(asked, (None, 0))  # another thread's
            self._answers[asked] = answer, size(answer)
            self._size += self._answers[asked][1] - before
            while self._size > self._most:
                self._size -= self._answers.popitem(last=False)[1][1]
        return answer


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
