"""One act on many contents: each is done for itself, and what became of each is told."""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from smartcontent.contents import ending, tagging, versions
from smartcontent.contents.quotas import OverQuota
from smartcontent.models import Content, now

IDS_MOST = 200
NOT_THERE = "There is nothing of yours with this id."


class Deed(StrEnum):
    """What can be done to many at once."""

    TRASH = "trash"
    RESTORE = "restore"
    TAG = "tag"
    UNTAG = "untag"
    CANCEL = "cancel"
    RETRY = "retry"


OF_TAGS = {Deed.TAG, Deed.UNTAG}


class Result(NamedTuple):
    """What became of one; `detail` says why nothing did."""

    id: UUID
    detail: str = ""


def do(
    user_id: int, ids: Iterable[UUID], deed: Deed, tag: str = "", moment: datetime | None = None
) -> list[Result]:
    """Do it to each of the user's contents with these ids, in their order.

    `moment` is when those that go to the trash went there.
    """
    at = moment or now()
    return [Result(each, _do(user_id, each, deed, tag, at)) for each in dict.fromkeys(ids)]


def _do(user_id: int, content_id: UUID, deed: Deed, tag: str, moment: datetime) -> str:
    """Why it could not be done; empty where it is, now or before: an answer may have got lost."""
    if deed == Deed.RESTORE:
        return "" if ending.restore(user_id, content_id) else NOT_THERE
    content = Content.find(user_id, content_id)
    if content is None:
        is_gone = deed == Deed.TRASH and Content.find_deleted(user_id, content_id)
        return "" if is_gone else NOT_THERE
    if deed == Deed.TRASH:
        ending.discard(content, moment)
    elif deed == Deed.UNTAG:
        tagging.remove_tag(content, tag)
    elif deed == Deed.TAG and not tagging.add_tag(content, tag):
        return f"It has {tagging.TAGS_MOST} tags: take one off first."
    elif deed == Deed.CANCEL and not ending.cancel_all(content):
        return "Nothing of it was on its way."
    elif deed == Deed.RETRY:
        return _retry(content)
    return ""


def _retry(content: Content) -> str:
    try:
        return "" if versions.retry(content) else "A draft of it is on its way already."
    except OverQuota as error:
        return str(error.description)
