"""Takes out of a model's answer what is no text: thinking, channels, the end of its turn.

Ollama takes most of it out by itself. What is left comes from old servers, from other servers that
speak its language, and from models whose template does not fit. Every family of models has names
of its own for the same few marks, so they are known by their shape and the words in them.
"""

from collections.abc import Callable
from functools import lru_cache

import regex  # unlike re, it knows what may yet become a mark

_FLAGS = regex.IGNORECASE | regex.VERSION1
# What a model calls its thoughts, alone or as a part of a name: <thinking>, <inner_monologue>.
_THOUGHT = (
    r"(?:think(?:ing)?|thoughts?|reason(?:ing|s)?|reflections?|scratch_?pad|monologue|analysis"
    r"|plan(?:ning)?|cot|rationale|deliberation|brainstorm(?:ing)?|思考|생각)"
)
_NAME = rf"(?:\w{{1,20}}[_:-])*(?:ant|self)?(?P<thought>{_THOUGHT})(?:[_:-]\w{{1,20}})*"
_IN_BRACKETS = "(?:think(?:ing)?|thought|reasoning)"
# Names as no copy has them: <|im_end|>, <｜User｜>, [|endofturn|], <turn|>.
_SPECIAL = (
    r"<[|｜](?P<special>/?\w[\w▁~:. -]{0,40})[|｜]?>|<(?P<special>[a-z]\w{0,29})[|｜]>"
    r"|\[\|(?P<special>\w{1,40})\|\]"
)
_NO_TEXT = (
    r"<(?:pad|unk|bos|sop|seed:\w{1,30}|0x[\da-f]{2}|unused\d{1,3}|ctrl\d{1,3}|extra_id_\d{1,3})>"
    r"|\[gMASK\]"
)
_TURN_END = (
    r"</s>|</?eo[sdt]>|<(?:start|end)_of_\w{1,20}>|<seed:eos>|\[/?INST\]|<</?SYS>>"
    r"|\[END FINAL RESPONSE\]|\[end of text\]"
)
_LONE_CLOSING = (
    rf"(?P<closing><\s?/\s?{_NAME}\s?>|\[/{_IN_BRACKETS}\]|◁/{_NAME}▷|\[BEGIN FINAL RESPONSE\])"
)
_CHANNEL = (
    r"<\|channel\|>(?P<channel>[^<]{1,80})(?:<\|constrain\|>[^<]{0,40})?<\|message\|>"
    r"|<\|channel>(?P<channel>\w{1,20})(?=\W)"
)
# What opens a thought that another mark than its own name closes.
_CLOSED_BY = {
    "comment": (r"<!--", "-->"),
    "folded": (
        rf"<details(?:\s[^<>]{{0,80}})?>\s{{0,4}}<summary>\s?{_THOUGHT}[^<]{{0,60}}</summary>",
        "</details>",
    ),
    "fence": (r"```(?:think(?:ing)?|thoughts?|reasoning)\n", r"\n```"),
    "call": ("<tool_call>", "</tool_call>"),
    "unused": (r"<(?:unused|ctrl)94>", "<(?:unused|ctrl)95>"),
}
_OPENING = (
    rf"<\s?(?P<opening>{_NAME})(?:\s[^<>]{{0,80}})?\s?>|\[(?P<opening>{_IN_BRACKETS})\]"
    rf"|◁(?P<opening>{_NAME})▷|"
    + "|".join(f"(?P<{kind}>{opening})" for kind, (opening, _) in _CLOSED_BY.items())
)
_HEADING = r"###\s?(?:response|assistant):\s?\n|assistant\n"
_SAYS_NOTHING = rf"{_TURN_END}|{_NO_TEXT}|{_HEADING}"
_IN_FRONT = regex.compile(
    rf"{_CHANNEL}|{_OPENING}|(?!<\|channel\|?>)(?:{_SPECIAL})|{_SAYS_NOTHING}", _FLAGS
)
_INSTRUCTION = r"###\s?(?:instruction|human|user):"  # at the beginning of a line
_IN_TEXT = regex.compile(
    rf"{_LONE_CLOSING}|(?P<end>{_TURN_END}|{_INSTRUCTION})|{_NO_TEXT}|{_SPECIAL}", _FLAGS
)
# Who speaks, behind a mark that opens a turn.
_ROLE = regex.compile(r"\s?(?:assistant|model|chatbot|bot)(?=\s?[\n<])", _FLAGS)
# Among special names: a thought's, the end of one, the end of a turn or the beginning of another.
_OF_THOUGHT = regex.compile(_THOUGHT, _FLAGS)
_ENDING = regex.compile(r"/|end|stop|close", _FLAGS)
_TURN = regex.compile(
    r"end(?!.*box)|eo[a-z](?:_id)?$|^im_|^/?(?:user|assistant|system|human|model|bot|e)$|turn|header|role"
    r"|return|start|stop|message|channel|call|tool|observation|file",
    _FLAGS,
)
# Harmony's thoughts may end without a word, where the next channel begins.
_END_OF_CHANNEL = r"<\|end\|>|<channel\|>|(?=<\|start\|>|<\|channel\|>\s?final)"
# How harmony's last channel begins where a server has left out the marks: in letters of the text.
_LAST_CHANNEL = "assistantfinal"
_LONGEST = 240  # characters of a mark
_BLANKS = regex.compile(r"\s*")
_BLANKS_HELD = 64
_REPEATS, _REPEATED_LONGEST = 10, 40
_TAKEN_KEPT = 20_000  # characters of what was taken out that are kept
_LOOKED_FOR = 500  # openings of one text; nobody's copy has so many


@lru_cache
def _end_of(stem: str) -> regex.Pattern[str]:
    """What closes a thought whose name begins so: models do not always close what they opened."""
    name = rf"[\w:-]{{0,40}}?{stem}[\w:-]{{0,40}}"
    return regex.compile(
        rf"<\s?/\s?{name}\s?>|\[/{name}\]|◁/{name}▷|\[BEGIN FINAL RESPONSE\]"
        rf"|<[|｜](?:/{name}|[\w▁]{{0,30}}end[\w▁]{{0,30}}{stem}\w{{0,20}}|{name}[_▁]end)[|｜]>"
        r"|(?=<\|(?:im_)?start\|>assistant)",
        _FLAGS,
    )


def _opens(mark: regex.Match[str]) -> regex.Pattern[str] | None:
    """What closes the thought that this mark opens, if it opens one."""
    named = mark.groupdict()
    for kind, (_, closing) in _CLOSED_BY.items():
        if named[kind]:
            return regex.compile(closing, _FLAGS)
    if named["channel"]:
        is_last = named["channel"].strip().lower().startswith("final")
        return None if is_last else regex.compile(_END_OF_CHANNEL, _FLAGS)
    thought = _OF_THOUGHT.search(named["opening"] or named["special"] or "")
    is_closing = named["special"] and _ENDING.search(named["special"].removesuffix("start"))
    return _end_of(thought[0][:5].lower()) if thought and not is_closing else None


class _Openings:
    """Which marks a text has opened itself: for each of them all of it is read once."""

    def __init__(self) -> None:
        self._text = ""  # in lower case
        self._pieces = 0
        self._read_until: dict[str, int] = {}
        self._found: set[str] = set()

    def have(self, opening: str, pieces: list[str]) -> bool:
        """Whether the text, which has grown at its end alone, has it."""
        self._text += "".join(pieces[self._pieces :]).lower()
        self._pieces = len(pieces)
        is_looked_for = opening in self._read_until or len(self._read_until) < _LOOKED_FOR
        if opening not in self._found and is_looked_for:
            if self._text.find(opening, self._read_until.get(opening, 0)) >= 0:
                self._found.add(opening)
            self._read_until[opening] = max(0, len(self._text) - len(opening))
        return opening in self._found


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
        self._openings = _Openings()
        self._end_of_thought = _IN_TEXT
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
        if self._step not in (self._front, self._role, self._in_text):
            return piece
        held = self._held.lstrip() if self.has_thought and not self._text else self._held
        self._say(held)
        self._held = ""
        return piece + held

    def _front(self) -> bool:
        """Move over one mark in front of the text; False while it cannot be told what comes."""
        start = _end_of_blanks(self._held, self._at)
        found = _IN_FRONT.match(self._held, start, partial=True)
        if found and found.partial and self._is_early():
            return False
        if found is None or found.partial:
            # The blank lines after a thought belong to the thought.
            self._at = start if self.has_thought else self._at
            return self._go_on(self._in_text)
        self._at = found.end()
        end = _opens(found)
        if end is None:
            return self._go_on(self._role if found["special"] else self._front)
        self.has_thought = True
        self._end_of_thought = end
        return self._go_on(self._in_thought)

    def _role(self) -> bool:
        found = _ROLE.match(self._held, self._at, partial=True)
        if found and found.partial and self._is_early():
            return False
        if found and not found.partial:
            self._at = found.end()
        return self._go_on(self._front)

    def _is_early(self) -> bool:
        return len(self._held) - self._at <= _BLANKS_HELD + _LONGEST

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
        mark = _IN_TEXT.search(self._held, self._at, partial=True)
        sure = mark.start() if mark else len(self._held)
        self._say(self._held[self._at : sure])
        if mark is None or mark.partial:
            self._at = sure
            return False
        self._at = mark.end()
        return self._pass(mark)

    def _pass(self, mark: regex.Match[str]) -> bool:
        """Move over a mark in the text."""
        if self._is_copy(mark[0]):
            self._say(mark[0])
            return True
        special = mark["special"] or ""
        if mark["closing"] or (_OF_THOUGHT.search(special) and _ENDING.search(special)):
            return self._was_a_thought()
        if mark["end"] or _TURN.search(special):
            return self._go_on(self._after_the_end)
        return True

    def _was_a_thought(self) -> bool:
        self._note("".join(self._text))
        self._say_instead("")
        self.has_thought = self.begins_again = True
        return self._go_on(self._front)

    def _after_the_end(self) -> bool:
        self._take(len(self._held))
        return False

    def _is_copy(self, mark: str) -> bool:
        """Whether a mark in the text is part of it: as `code`, or closing what the text opened."""
        last = self._text[-1][-1:] if self._text else ""
        if last == "`" or (mark.startswith("#") and last != "\n"):
            return True
        opening = mark.lower().replace("/", "", 1)
        return opening != mark.lower() and self._openings.have(opening, self._text)

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
        self._say_instead(text)
        self.has_thought = self.begins_again = True

    def _say_instead(self, text: str) -> None:
        self._text[:] = filter(None, [text])
        self._openings = _Openings()

    def _take(self, end: int) -> None:
        self._note(self._held[self._at : end])
        self._at = end

    def _note(self, taken: str) -> None:
        self._taken.append(taken[: self._room])
        self._room -= len(self._taken[-1])


def _end_of_blanks(text: str, start: int) -> int:
    blanks = _BLANKS.match(text, start)
    return blanks.end() if blanks else start
