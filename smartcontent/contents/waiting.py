"""The time between submission and start: what the owner can still do with a draft that waits.

Each change is one conditional UPDATE: it takes effect, or the draft has just started.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import ColumnElement, and_, update

from smartcontent import events
from smartcontent.briefs.brief import Brief
from smartcontent.briefs.wishes import LONGEST_DELAY
from smartcontent.contents import tagging
from smartcontent.contents.ending import cancel_all
from smartcontent.contents.locking import held_there
from smartcontent.contents.submitting import write_brief
from smartcontent.models import Content, Draft, Status, What, history, now
from smartcontent.models.moments import due_after, iso, rounded_up
from smartcontent.models.search_index import findable_by, make_findable
from smartcontent.models.status import CHANGEABLE, UNSTARTED
from smartcontent.scheduling import schedule_draft, unschedule_draft, unschedule_drafts
from smartcontent.stores.sql import db


def _still_waits() -> tuple[ColumnElement[bool], ...]:
    return (
        Draft.status.in_(CHANGEABLE),
        (Draft.due_at > now()) | Draft.due_at.is_(None),
    )


def change_brief(
    content: Content,
    brief: Brief,
    title: str,
    settings: dict[str, Any],
    due_at: datetime | None = None,
    kept: Mapping[str, Any] = MappingProxyType({}),
) -> bool:
    """Change the brief and how it is to be written, and the due time if one is given.

    With it those of `tagging.KEPT` that are given. False, and nothing changed, if the draft has
    started.

    Raises:
        ValueError: the due time is past, or more than a year ahead; the message is for people.
    """
    check_due_time(due_at)
    held_there([content.id], to_change=True)  # before its user, as who asks for a draft does
    if content.current.status not in CHANGEABLE:
        db.session.rollback()
        return False
    tagging.note(content, {**kept, "title": title} if "title" in kept else kept)
    _note_brief(content, brief, title, settings)
    if due_at is not None:
        history.note(content.id, What.PUT_OFF, due_at=iso(due_at))
    content.title, content.settings = title, settings
    write_brief(content, brief)
    make_findable(content, "")
    status = Status(content.current.status)
    # Of this very status: an edit may not bring back the due time of a draft just put on hold.
    same = (Draft.status == status, *_still_waits())
    _note_change(content)
    if due_at is None:
        return content.current.move(status, *same, read_ahead_ms=None)
    variants = _variants_of(content.current)
    when = rounded_up(due_at)
    if not content.current.move(Status.PENDING, *same, due_at=when, read_ahead_ms=None):
        return False
    schedule_draft(content.current)
    for variant in variants:
        _move_to(variant, due_at)
    return True


def _note_brief(content: Content, brief: Brief, title: str, settings: dict[str, Any]) -> None:
    before = vars(content.brief) | {"title": content.title} | content.settings
    after = vars(brief) | {"title": title} | settings
    names = [name for name in before | after if before.get(name) != after.get(name)]
    if names:
        history.note(content.id, What.BRIEF_CHANGED, fields=names)


def _note_change(content: Content) -> None:
    """Have those who are about to write a variant of it see that its brief is another now."""
    db.session.execute(
        update(Draft)
        .where(Draft.content_id == content.id, Draft.status.in_(UNSTARTED))
        .where(Draft.id != content.current.id)
        .values(revision=Draft.revision + 1, read_ahead_ms=None),
        execution_options={"synchronize_session": False},
    )


def _with_variants(draft: Draft, change: Callable[[Draft], bool]) -> bool:
    """Change a draft, and those that were asked for with it; whether its own change took effect."""
    variants = _variants_of(draft)  # before: what is read after a commit would hold up writers
    if not change(draft):
        return False
    for variant in variants:
        change(variant)
    return True


def _variants_of(draft: Draft) -> list[Draft]:
    beside = draft.content.unfinished()
    return [each for each in beside if each.id != draft.id and each.created_at == draft.created_at]


def start_now(draft: Draft) -> bool:
    """Make the draft due at this moment; False if its time has come already."""
    history.note(draft.content_id, What.STARTED)
    return _with_variants(draft, _start_now)


def _start_now(draft: Draft) -> bool:
    waits = Draft.status.in_(CHANGEABLE)
    if not draft.move(Status.PENDING, waits, due_at=rounded_up(now())):
        return False
    schedule_draft(draft)
    return True


def hold(draft: Draft) -> bool:
    """Put a draft on hold: it has no due time until it is released. False if it has started."""
    history.note(draft.content_id, What.HELD)
    return _with_variants(draft, _hold)


def _hold(draft: Draft) -> bool:
    job_id = draft.job_id
    if not draft.move(Status.HELD, Draft.due_at > now(), due_at=None, is_paused=False):
        return False
    unschedule_draft(job_id)
    return True


def release(draft: Draft) -> bool:
    """Let a held draft go on, with a whole delay of its own again; False if it is not on hold."""
    due_at = due_after(now())

    def let_go(draft: Draft) -> bool:
        if not draft.move(Status.PENDING, Draft.status == Status.HELD, due_at=due_at):
            return False
        schedule_draft(draft)
        return True

    history.note(draft.content_id, What.RELEASED)
    return _with_variants(draft, let_go)


def put_off(draft: Draft, due_at: datetime) -> bool:
    """Give a waiting draft another due time; False if it has started.

    Raises:
        ValueError: the time is past, or more than a year ahead; the message is for people.
    """
    check_due_time(due_at)
    history.note(draft.content_id, What.PUT_OFF, due_at=iso(due_at))
    return _with_variants(draft, lambda each: _move_to(each, due_at))


def _move_to(draft: Draft, due_at: datetime) -> bool:
    if not draft.move(Status.PENDING, *_still_waits(), due_at=rounded_up(due_at)):
        return False
    schedule_draft(draft)
    return True


def check_due_time(due_at: datetime | None) -> None:
    """Refuse a time at which nothing can start any more, or that nobody can foresee.

    Raises:
        ValueError: the time is past, or more than a year ahead; the message is for people.
    """
    moment = now()
    if due_at is None:  # the usual delay
        return
    if due_at < moment:
        raise ValueError("This time is past: choose one from now to a year ahead.")
    if due_at > moment + LONGEST_DELAY:
        raise ValueError("This is too far off: choose a time from now to a year ahead.")


def undo(content: Content) -> bool:
    """Take a submission back as if it had not been made; False if its draft has started.

    The content goes to the trash with its brief, from which the form is filled again.
    """
    draft = content.current
    db.session.commit()  # no transaction meanwhile: it holds up other writers
    if words := findable_by(draft.text):  # of an attempt that went wrong
        Content.take_in(draft, words)
    content.deleted_at = now()
    history.note(content.id, What.TAKEN_BACK)
    # In one transaction with its variants: who is killed leaves none that is written in the trash.
    same, still_waits = Draft.content_id == content.id, and_(*_still_waits())
    here = (same, Draft.status.in_(UNSTARTED), (Draft.id != draft.id) | still_waits)
    stopped = Draft.move_all_in_session(Status.CANCELLED, *here, finished_at=now())
    if draft.number != 1 or draft not in stopped:
        db.session.rollback()
        return False
    db.session.commit()
    unschedule_drafts([each.job_id for each in stopped])
    events.publish_all(content.user_id, "status", [each.as_event() for each in stopped])
    cancel_all(content)  # what of it has started already
    return True
