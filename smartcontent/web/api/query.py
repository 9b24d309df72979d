"""The parameters of the list."""

import re
from collections.abc import Collection

from smartcontent.briefs.catalogue import CONTENT_TYPES
from smartcontent.fields import Fields, Value
from smartcontent.models import Status
from smartcontent.models.listing import Q_LONGEST


def _only(name: str, values: Collection[str], about: str) -> Value:
    return Value(
        label=name,
        must=f"be one of {', '.join(values)}",
        is_right=lambda value: value in ("", *values),  # an empty one is any
        holds={"type": "string", "enum": [*values]},
        about=about,
    )


LISTING: Fields = {
    "status": _only("status", [*Status], "Only contents whose current draft has this status."),
    "content_type": _only("content_type", CONTENT_TYPES, "Only this content type."),
    "q": Value(
        label="q",
        must=f"be at most {Q_LONGEST} characters, none of them NUL",
        is_right=lambda value: len(value) <= Q_LONGEST and "\0" not in value,
        holds={"type": "string", "maxLength": Q_LONGEST},
        about="Words that must all occur in title, brief or text, in any case of letters; the "
        "first ten count.",
        example="teapot",
    ),
    "limit": Value(
        label="limit",
        must="be a whole number from 1 to 100",
        is_right=lambda value: re.fullmatch("[1-9][0-9]?|100", value) is not None,
        holds={"type": "integer", "minimum": 1, "maximum": 100},
        about="How many at most; fewer are answered where their texts are very long.",
        usual=20,
    ),
    "cursor": Value(
        label="cursor",
        must="be the next_cursor of the page before",
        is_right=lambda value: True,  # the list itself knows
        holds={"type": "string"},
        about="The `next_cursor` of the page before.",
    ),
}
