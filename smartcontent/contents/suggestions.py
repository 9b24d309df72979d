"""Which versions stand beside the current text, until they are used: what is new, and what may
still be taken over.

What is newer than the text stands beside it in any case; what is older, until it is used.
"""

from collections.abc import Sequence

from smartcontent.contents import refining
from smartcontent.models import Content, Draft, Origin, Status, history

_MADE_OF_A_TEXT = (Origin.REFINED, Origin.CONTINUED)


def suggestions(content: Content, versions: Sequence[Draft]) -> list[Draft]:
    """Those of all its versions, in their order, that may stand beside its text.

    No text is read for it, nor any passage: whether that is still there, `is_of_use` tells.
    """
    shown = content.current
    may_stand = [each for each in versions if _may_stand(each, shown)]
    if all(_is_new(each, shown) for each in may_stand):
        return may_stand
    used, unknown_before = history.used_before(content.id)
    last = _last_from_brief(shown, versions, used)
    return [
        each
        for each in may_stand
        if _is_new(each, shown)
        or (
            each.number not in used
            and (unknown_before is None or each.created_at > unknown_before)
            and (_has_come_since(each, shown) or _may_be_used(each, last))
        )
    ]


def is_of_use(draft: Draft, shown: Draft) -> bool:
    """Whether one of these has not been overtaken: what is new is to be seen in any case."""
    is_to_be_seen = _is_new(draft, shown) or _has_come_since(draft, shown)
    return is_to_be_seen or refining.can_be_used(draft, shown)


def is_suggestion(content: Content, draft: Draft) -> bool:
    """Whether a version is among them."""
    shown = content.current
    if not _may_stand(draft, shown):
        return False
    if _is_new(draft, shown):
        return True
    return draft in suggestions(content, content.versions()) and is_of_use(draft, shown)


def _may_stand(draft: Draft, shown: Draft) -> bool:
    is_other = draft.number != shown.number and draft.origin != Origin.EDITED
    return is_other and draft.status != Status.CANCELLED


def _is_new(draft: Draft, shown: Draft) -> bool:
    """Whether it was asked for after the text, or with it, or is still to come."""
    is_later = draft.number > shown.number or draft.created_at == shown.created_at
    return is_later or not draft.is_final


def _has_come_since(draft: Draft, shown: Draft) -> bool:
    """Whether it ended after the text did."""
    since = shown.finished_at or shown.created_at
    return draft.finished_at is not None and draft.finished_at > since


def _may_be_used(draft: Draft, last_from_brief: int) -> bool:
    is_made_of_it = draft.origin in _MADE_OF_A_TEXT and draft.number > last_from_brief
    return is_made_of_it and draft.status == Status.COMPLETED


def _last_from_brief(shown: Draft, versions: Sequence[Draft], used: set[int]) -> int:
    """The number of the last version from the brief that the text may have come from.

    Variants, which alone have wishes, stood beside another unless they were used.
    """
    return max(
        (
            each.number
            for each in versions
            if each.number <= shown.number
            and each.origin == Origin.GENERATED
            and (each.beginning or not each.is_final)
            and each.made["do"] is None
            and (not each.wishes or each.number in used | {shown.number})
        ),
        default=0,
    )
