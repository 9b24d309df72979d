"""The list's parameters, checked."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from flask import request

from smartcontent.briefs.catalogue import CONTENT_TYPES
from smartcontent.models import Status
from smartcontent.models.listing import Q_LONGEST, Filters, Page, list_contents
from smartcontent.web.problems import Problem


@dataclass(frozen=True)
class Parameter:
    """One parameter: its default, what it may be, and the sentence about anything else."""

    name: str
    default: str
    is_right: Callable[[str], bool]
    sentence: str


PARAMETERS = (
    Parameter(
        "status",
        "",
        lambda value: value in ("", *Status),
        f"status must be one of {', '.join(Status)}.",
    ),
    Parameter(
        "content_type",
        "",
        lambda value: value in ("", *CONTENT_TYPES),
        f"content_type must be one of {', '.join(CONTENT_TYPES)}.",
    ),
    Parameter(
        "q",
        "",
        lambda value: len(value) <= Q_LONGEST and "\0" not in value,
        f"q must be at most {Q_LONGEST} characters, none of them NUL.",
    ),
    Parameter(
        "limit",
        "20",
        lambda value: re.fullmatch("[1-9][0-9]?|100", value) is not None,
        "limit must be a whole number from 1 to 100.",
    ),
)


def list_asked_for(user_id: int) -> Page:
    """The page of the user's contents that the request's parameters describe.

    Raises:
        Problem: a parameter is wrong (422).
    """
    values = {item.name: request.args.get(item.name, item.default) for item in PARAMETERS}
    errors = {
        item.name: [item.sentence] for item in PARAMETERS if not item.is_right(values[item.name])
    }
    if errors:
        raise Problem(422, " ".join(sentence for [sentence] in errors.values()), errors)
    limit = int(values.pop("limit"))
    try:
        return list_contents(user_id, Filters(**values), request.args.get("cursor", ""), limit)
    except ValueError as error:
        sentence = "cursor must be the next_cursor of the page before."
        raise Problem(422, sentence, {"cursor": [sentence]}) from error
