"""Takes out of a model's answer what is no text: thinking, channels, the end of its turn.

Ollama takes most of it out by itself. What is left comes from old servers, from other servers that
speak its language, and from models whose template does not fit.
"""

import re
from collections.abc import Callable, Iterable

# How a thought opens and closes, in every notation met; all in small letters here.
_THOUGHTS = {
    **{
        f"<{name}>": f"</{name}>"
        for name in (
            *("think", "thinking", "thought", "thoughts", "reasoning", "reason", "reflection"),
            *("scratchpad", "analysis", "seed:think", "antthinking", "internal_monologue"),
        )
    },
    "[think]": "[/think]",
    "[thinking]": "[/thinking]",
    "<|channel|>analysis<|message|>": "<|end|>",
    "<|channel|>commentary<|message|>": "<|end|>",
    "<|start_thinking|>": "<|end_thinking|>",
    "<|begin_of_thought|>": "<|end_of_thought|>",
    "◁think▷": "◁/think▷",
}
_TURN_ENDS = (
    "<|im_end|>",
    "<|im_start|>",
    "<|eot_id|>",
    "<|eom_id|>",
    "<|eot|>",
    "<|end_of_text|>",
    "<|start_header_id|>",
    "<|endoftext|>",
    "<|end|>",
    "<|return|>",
    "<|start|>",
    "<|user|>",
    "<|assistant|>",
    "<|system|>",
    "<|end_of_turn|>",
    "<|end_of_turn_token|>",
    "<|end_response|>",
    "<|end_of_solution|>",
    "<|start_of_role|>",
    "<end_of_turn>",
    "<start_of_turn>",
    "<eos>",
    "<｜end▁of▁sentence｜>",
    "<｜user｜>",
    "<｜assistant｜>",
    "[inst]",
    "[/inst]",
    "</s>",
)
# What opens a turn or a channel and says nothing.
_OPENINGS = (
    "<|start|>assistant",
    "<|channel|>final<|message|>",
    "<|im_start|>assistant\n",
    "<|start_header_id|>assistant<|end_header_id|>",
    "<|start_of_role|>assistant<|end_of_role|>",
    "<start_of_turn>model\n",
    "<|start_response|>",
    "<|begin_of_solution|>",
    "<|begin_of_text|>",
    "<bos>",
    *_TURN_ENDS,
)
# How harmony's last channel begins where a server has left out the marks: in letters of the text.
_LAST_CHANNEL = "assistantfinal"
_CLOSINGS = {close: open_ for open_, close in _THOUGHTS.items() if close not in _TURN_ENDS}
_IN_TEXT = (*_TURN_ENDS, *_CLOSINGS)
# Longest first: one mark may begin as another does.
_IN_FRONT = sorted((*_THOUGHTS, *_OPENINGS), key=len, reverse=True)
_LONGEST = len(_IN_FRONT[0])


def _any_of(marks: Iterable[str]) -> re.Pattern[str]:
    return re.compile("|".join(map(re.escape, marks)), re.IGNORECASE | re.ASCII)


_MARK_IN_TEXT = _any_of(_IN_TEXT)
_MARK_IN_FRONT = _any_of(_IN_FRONT)
# Harmony's thoughts may end without a word, where the next channel begins.
_NEXT_CHANNEL = r"(?=<\|start\|>|<\|channel\|>final)"
_ENDS_OF_THOUGHTS = {
    open_: re.compile(
        re.escape(close) + (f"|{_NEXT_CHANNEL}" if "channel" in open_ else ""),
        re.IGNORECASE | re.ASCII,
    )
    for open_, close in _THOUGHTS.items()
}
_BLANKS = re.compile(r"\s*")
_BLANKS_HELD = 64
_REPEATS, _REPEATED_LONGEST = 10, 40
_TAKEN_KEPT = 20_000  # characters of what was taken out that are kept


class Marks:
    """Divides an answer into its text and the rest, however the pieces are cut.

    Thoughts are looked for in front of the text only, as Ollama itself does: an opening in the
    middle is copy about tags, and dropping all after it would lose the text in silence. A closing
    that nothing opened says that all before it was a thought: then `begins_again` is set with the
    piece that is to replace the text so far. The end of the turn ends the text; a model that goes
    on after it plays both sides of a conversation.
    """

    def __init__(self) -> None:
        self.has_thought = False
        self.begins_again = False
        self._held = ""
        self._at = 0  # so far it is read: to cut it off at every mark would copy the rest as often
        self._text: list[str] = []
        self._taken: list[str] = []
        self._room = _TAKEN_KEPT
        self._opened: set[str] = set()  # by the text itself
        self._end_of_thought = _MARK_IN_TEXT
        self._step: Callable[[], bool] = self._front

    @property
    def taken(self) -> str:
        """What was taken out, at most 20,000 characters of it."""
        return "".join(self._taken).strip()

    @property
    def is_repeating(self) -> bool:
        """Whether the text ends in the same few characters, ten times and more."""
        end = "".join(self._text)[-_REPEATS * _REPEATED_LONGEST :]
        return any(
            end.endswith(end[-length:] * _REPEATS) for length in range(1, _REPEATED_LONGEST + 1)
        )

    def without(self, piece: str) -> str:
        """What of the piece, and of pieces held back before, is surely text."""
        self._held += piece
        known = len(self._text)
        self.begins_again = False
        while self._step():
            pass
        self._held, self._at = self._held[self._at :], 0
        return "".join(self._text if self.begins_again else self._text[known:])

    def with_rest(self, piece: str) -> str:
        """The last piece, with what is still held back: text, unless it was thinking."""
        if self._step not in (self._front, self._in_text):
            return piece
        held = self._held.lstrip() if self.has_thought and not self._text else self._held
        self._say(held)
        self._held = ""
        return piece + held

    def _front(self) -> bool:
        """Move over one mark in front of the text; False while it cannot be told what comes."""
        start = _end_of_blanks(self._held, self._at)
        is_early = len(self._held) - self._at <= _BLANKS_HELD + _LONGEST
        if is_early and _may_go_on(self._held[start:]):
            return False
        found = _MARK_IN_FRONT.match(self._held, start)
        if found is None:
            # The blank lines after a thought belong to the thought.
            self._at = start if self.has_thought else self._at
            return self._go_on(self._in_text)
        self._at = found.end()
        mark = found[0].lower()
        if mark not in _THOUGHTS:
            return self._go_on(self._front)
        self.has_thought = True
        self._end_of_thought = _ENDS_OF_THOUGHTS[mark]
        return self._go_on(self._in_thought)

    def _in_thought(self) -> bool:
        end = self._end_of_thought.search(self._held, self._at)
        if end is None:
            # It may have come in part.
            self._take(max(self._at, len(self._held) - _LONGEST))
            return False
        self._take(end.start())
        self._at = end.end()
        return self._go_on(self._front)

    def _in_text(self) -> bool:
        mark = _MARK_IN_TEXT.search(self._held, self._at)
        sure = mark.start() if mark else max(self._at, len(self._held) - _undecided(self._held))
        self._say(self._held[self._at : sure])
        self._at = mark.end() if mark else sure
        return mark is not None and self._pass(mark[0])

    def _pass(self, mark: str) -> bool:
        """Move over a mark in the text."""
        if self._is_copy(mark):
            self._say(mark)
            return True
        if mark.lower() in _TURN_ENDS:
            return self._go_on(self._after_the_end)
        self._note("".join(self._text))
        self._text.clear()
        self.has_thought = self.begins_again = True
        return self._go_on(self._front)

    def _after_the_end(self) -> bool:
        self._take(len(self._held))
        return False

    def _is_copy(self, mark: str) -> bool:
        """Whether a mark in the text is part of it: as `code`, or closing what the text opened."""
        if self._text and self._text[-1].endswith("`"):
            return True
        opening = "<s>" if mark == "</s>" else _CLOSINGS.get(mark.lower())
        if opening and opening not in self._opened and opening in "".join(self._text).lower():
            self._opened.add(opening)
        return opening in self._opened

    def _go_on(self, step: Callable[[], bool]) -> bool:
        self._step = step
        return True

    def _say(self, text: str) -> None:
        if text:
            self._text.append(text)
            self._look_for_the_last_channel()

    def _look_for_the_last_channel(self) -> None:
        end = "".join(self._text[-len(_LAST_CHANNEL) :])
        thought, found, text = end.rpartition(_LAST_CHANNEL)
        if not found:
            return
        self._note("".join(self._text[: -len(_LAST_CHANNEL)]) + thought)
        self._text[:] = [text]
        self.has_thought = self.begins_again = True

    def _take(self, end: int) -> None:
        self._note(self._held[self._at : end])
        self._at = end

    def _note(self, taken: str) -> None:
        self._taken.append(taken[: self._room])
        self._room -= len(self._taken[-1])


def _end_of_blanks(text: str, start: int) -> int:
    blanks = _BLANKS.match(text, start)
    return blanks.end() if blanks else start


def _may_go_on(start: str) -> bool:
    """Whether this may be the beginning of a mark, or of a longer one than it is."""
    small = start.lower()
    return any(mark.startswith(small) and mark != small for mark in _IN_FRONT)


def _undecided(text: str) -> int:
    """How many of the last characters may be the beginning of a mark."""
    tail = text[1 - _LONGEST :].lower()
    for position, sign in enumerate(tail):
        if sign in "<[◁" and any(mark.startswith(tail[position:]) for mark in _IN_TEXT):
            return len(tail) - position
    return 0
