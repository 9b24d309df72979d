"""What a draft is asked for beyond its brief: another text made into it, or the same once more."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any

PASSAGE_LONGEST = 20_000  # characters; of more the whole text is rewritten
CONTEXT = 32  # characters on each side of a passage, by which it is found again
INSTRUCTION_LONGEST = 1_000
MEND_LONGEST = 10_000


class Deed(StrEnum):
    """What is made of the text of an earlier draft."""

    REFINE = "refine"
    CONTINUE = "continue"
    REPRODUCE = "reproduce"


# What people press, and what a model is told.
REFINEMENTS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "shorter": ("Shorter", "Make it about half as long. Keep what matters most."),
        "longer": ("Longer", "Say more of what it says already, without new facts."),
        "plainer": ("Plainer", "Use plain, everyday words and short sentences."),
        "warmer": ("Warmer", "Make it warmer: kind and personal."),
        "more_formal": ("More formal", "Make it more formal: complete sentences, polite distance."),
        "call_to_action": ("Call to action", "End it with one clear call to action."),
        "translate": ("Translate", "Translate it into {language}."),
        "custom": ("Own words", "Change it as the customer wishes:"),
    }
)


@dataclass(frozen=True)
class Passage:
    """A part of a text, in characters (Unicode code points), and what stands around it."""

    start: int
    end: int
    text: str
    before: str
    after: str
    rest: int  # characters behind it

    @classmethod
    def of(cls, text: str, start: int, end: int) -> "Passage":
        """The passage of a text.

        Raises:
            ValueError: the text has no such passage, or there is nothing in it.
        """
        if not 0 <= start < end <= len(text) or not text[start:end].strip():
            raise ValueError("no passage of the text")
        around = text[max(0, start - CONTEXT) : start], text[end : end + CONTEXT]
        return cls(start, end, text[start:end], *around, rest=len(text) - end)

    @classmethod
    def to_rewrite(cls, text: str, start: int, end: int) -> "Passage":
        """The same, of what a draft is to be made of: each draft keeps its own.

        Raises:
            ValueError: the text has no such passage, it is too long, or there is nothing in it.
        """
        if end - start > PASSAGE_LONGEST:
            raise ValueError("too long a passage")
        return cls.of(text, start, end)

    def place_in(self, text: str) -> int | None:
        """Where the passage begins in a text that was changed meanwhile; None where it is gone.

        With what stood around it, or else where it stands but once: never a guess.
        """
        if text[self.start : self.end] == self.text and self._fits(text, self.start):
            return self.start
        around = self.before + self.text + self.after
        if around not in text:
            return _only_place(text, self.text)
        place = _only_place(text, around)
        return None if place is None else place + len(self.before)

    def _fits(self, text: str, start: int) -> bool:
        end = start + len(self.text)
        is_after = text[max(0, start - len(self.before)) : start] == self.before
        return is_after and text[end : end + len(self.after)] == self.after


def _only_place(text: str, part: str) -> int | None:
    """Where it stands; None where it does not, or more than once."""
    first = text.find(part)
    return first if first >= 0 and text.find(part, first + 1) < 0 else None


@dataclass(frozen=True)
class Task:
    """The draft that another is made of, and how.

    `mend` are the findings that were chosen. What they quote, unlike an instruction, is no fact.
    """

    do: Deed
    number: int
    how: str = ""
    language: str = ""
    instruction: str = ""
    mend: str = ""
    passage: Passage | None = None

    def as_json(self) -> dict[str, Any]:
        """The task as a row keeps it."""
        return {name: value for name, value in asdict(self).items() if value}

    @classmethod
    def read(cls, kept: Mapping[str, Any] | None) -> "Task | None":
        """The task of a row; None where it is written from the brief alone."""
        if not kept:
            return None
        passage = kept.get("passage")
        return cls(**{**kept, "do": Deed(kept["do"]), "passage": passage and Passage(**passage)})

    @property
    def sentence(self) -> str:
        """What a model is told to do."""
        return REFINEMENTS[self.how][1]
