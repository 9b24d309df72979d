"""What may be sent about drafts."""

import re
from dataclasses import replace
from typing import Any

from smartcontent.briefs.catalogue import LANGUAGES
from smartcontent.briefs.task import INSTRUCTION_LONGEST, REFINEMENTS
from smartcontent.briefs.wishes import WISHES
from smartcontent.fields import Fields, Value, matching, one_of, with_plain_line_ends
from smartcontent.texts.quality.finding import KEY_LENGTH

TEXT_LONGEST = 100_000
NUMBER_LARGEST = 2**31 - 1


def _is_whole(value: object, least: int = 1) -> bool:
    return type(value) is int and least <= value <= NUMBER_LARGEST


_UNKEPT = re.compile("[\0\ud800-\udfff]")  # no database takes them


def _number(label: str, sentence: str, about: str, is_needed: bool = False) -> Value:
    return Value(
        label=label,
        is_right=_is_whole,
        says=sentence,
        holds={"type": "integer", "minimum": 1, "maximum": NUMBER_LARGEST},
        about=about,
        is_needed=is_needed,
        example=1 if is_needed else None,
    )


class _Lines(Value):
    """A text, kept with the line ends in which pages count its characters."""

    def read(self, value: Any) -> str:
        return with_plain_line_ends(super().read(value))


def _text(label: str, longest: int, sentence: str, about: str) -> Value:
    return _Lines(
        label=label,
        is_right=lambda value: (
            isinstance(value, str)
            and len(value) <= longest
            and not _UNKEPT.search(value)
            and any(sign.isprintable() and not sign.isspace() for sign in value)
        ),
        says=sentence,
        holds={"type": "string", "minLength": 1, "maxLength": longest},
        about=about,
    )


def _is_span(value: object) -> bool:
    return isinstance(value, dict) and all(
        _is_whole(value.get(name), 0) for name in ("start", "end")
    )


_PLACE = {"type": "integer", "minimum": 0, "maximum": NUMBER_LARGEST}

NEW_DRAFTS: Fields = {
    "variants": replace(
        WISHES["variants"],
        about="How many to write of the brief, or a list with the `model`, `temperature` or "
        "`seed` of each.",
        usual=None,
    ),
    "refine": one_of(
        "Refine", REFINEMENTS, about="How a text is to be rewritten.", example="shorter"
    ),
    "language": Value(
        label="Language",
        is_right=lambda value: value in tuple(LANGUAGES),
        says=f"Language comes with refine translate, and must be one of {', '.join(LANGUAGES)}.",
        holds={"type": "string", "enum": [*LANGUAGES]},
        about="With `translate`.",
    ),
    "instruction": _text(
        "Instruction",
        INSTRUCTION_LONGEST,
        "Instruction comes with refine custom: a text of at most "
        f"{INSTRUCTION_LONGEST:,} characters.",
        "With `custom`.",
    ),
    "from": _number(
        "From",
        "From must be the number of one of the drafts.",
        "The number of the draft to be rewritten or continued; without it the current one.",
    ),
    "continue": Value(
        label="Continue",
        must="be true",
        is_right=lambda value: value is True,
        holds={"type": "boolean", "enum": [True]},
        about="Write the rest of a text that was stopped, failed or was cut at its length.",
    ),
    "passage": Value(
        label="Passage",
        must="have start and end, whole numbers of characters",
        is_right=_is_span,
        holds={
            "type": "object",
            "properties": {"start": _PLACE, "end": _PLACE},
            "required": ["start", "end"],
        },
        about="With `refine`, the part to be rewritten: from `start` to before `end`, in "
        "characters (Unicode code points).",
    ),
    "text": _text(
        "Text",
        TEXT_LONGEST,
        f"Text must be a text of 1 to {TEXT_LONGEST:,} characters, without NUL or half characters.",
        "Your own text; its lines are kept with a newline at the end, whatever ended them.",
    ),
    "base": _number(
        "Base",
        "Base must be the number of the draft that was edited.",
        "With `text`, the draft you edited: 409 where another is current by now.",
    ),
    "delay_seconds": replace(
        WISHES["delay_seconds"], about="After how many seconds; without it at once.", example=None
    ),
}

CURRENT: Fields = {
    "number": _number(
        "Number",
        "Number must be that of one of the drafts.",
        "The draft that is to be the current one.",
        is_needed=True,
    )
}


def _compared(name: str) -> Value:
    return Value(
        label=name.capitalize(),
        must="be the number of one of the drafts",
        is_right=lambda value: (
            re.fullmatch("[1-9][0-9]{0,9}", value) is not None and int(value) <= NUMBER_LARGEST
        ),
        holds={"type": "integer", "minimum": 1, "maximum": NUMBER_LARGEST},
        is_needed=True,
    )


COMPARED: Fields = {"from": _compared("from"), "to": _compared("to")}
SENTENCES: Fields = {
    "sentences": matching(
        "Sentences",
        r"[1-9][0-9]{0,4}(,[1-9][0-9]{0,4}){0,999}",
        "be numbers of sentences with commas between them",
        about="Only these of its sentences; without it the whole suggestion.",
        example="1,3",
    )
}
DISMISSED: Fields = {
    "key": matching(
        "Key",
        f"[0-9a-f]{{{KEY_LENGTH}}}",
        "be the key of a finding",
        is_needed=True,
        example="0123456789abcdef0123456789abcdef",
    )
}
