"""Versions of a content: another one asked for, edited by hand, shown again, let go."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, case, delete, func, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import aliased, lazyload

from smartcontent.beside import beside
from smartcontent.contents import quotas
from smartcontent.contents.ending import cancel
from smartcontent.contents.keys import KeyUsed
from smartcontent.contents.locking import held_there
from smartcontent.models import (
    FINAL,
    UNFINISHED,
    Content,
    Draft,
    HistoryLine,
    Origin,
    Share,
    Status,
    What,
    history,
    now,
)
from smartcontent.models.moments import rounded_up
from smartcontent.models.search_index import findable_by, make_findable
from smartcontent.prompts.request import language_of
from smartcontent.scheduling import schedule_draft
from smartcontent.stores.sql import db
from smartcontent.texts.counting import size_of
from smartcontent.texts.sentiment import sentiment_of

VERSIONS_KEPT = 200  # of one content
_any_of = aliased(Draft)


def retry(content: Content, key: str | None = None) -> Draft | None:
    """Ask for another draft, at once, or find what was asked for with the key of a form.

    None while one is unfinished.

    Raises:
        smartcontent.contents.quotas.OverQuota: the user has asked for more than one may.
    """
    if content.current.status in UNFINISHED or made_with(content, key):
        db.session.rollback()
        return made_with(content, key)
    make_findable(content, "")  # its text is no longer the current one
    drafts = add(content, [{"idempotency_key": key}], shown=True)
    return drafts[0] if drafts else made_with(content, key)


def save_edit(
    content: Content,
    title: str,
    text: str,
    key: str | None = None,
    base: int | None = None,
    accepted: Draft | None = None,
    language: str | None = None,
) -> Draft | None:
    """Keep a text edited by hand as the next version, once for each key of a form.

    It may be what came of a suggestion that was `accepted`, and in another `language` than the
    current draft. None while that is unfinished, or where it is not the one numbered `base`.

    Raises:
        KeyUsed: another text, or another draft, was asked for with the key.
    """
    language = language or language_of(content.current)
    db.session.commit()  # a transaction holds up other writers, a long text the transaction
    feeling, words = beside(sentiment_of, text, language), findable_by(text)
    db.session.expire(content)  # of before that
    shown = content.current
    known = _edited_with(content, key, text)
    if shown.status in UNFINISHED or known or base not in (None, shown.number):
        db.session.rollback()
        return _edited_with(content, key, text)
    content.title = title
    make_findable(content, words)
    if accepted:
        history.note(content.id, What.ACCEPTED, number=accepted.number)
    edited = {
        "status": Status.COMPLETED,
        "origin": Origin.EDITED,
        "text": text,
        "words": size_of(text).number,
        "idempotency_key": key,
        "finished_at": now(),
        "sentiment_score": feeling and feeling.score,
        "sentiment_label": feeling and feeling.label,
    }
    if language != content.language:
        edited["brief"] = asdict(replace(content.brief, language=language))
    drafts = add(content, [edited], shown=True)
    return drafts[0] if drafts else _edited_with(content, key, text)


def _edited_with(content: Content, key: str | None, text: str) -> Draft | None:
    known = made_with(content, key)
    if known and (known.origin != Origin.EDITED or known.text != text):
        raise KeyUsed
    return known


def add(content: Content, wanted: Sequence[dict[str, Any]], shown: bool) -> list[Draft]:
    """Make the next versions of a content, pending and due at once unless they say otherwise.

    The first becomes the current one if it is to be `shown`, or if the current one has ended
    without a text.
    Empty where somebody else has added one, or shown another, at the same moment.

    Raises:
        smartcontent.contents.quotas.OverQuota: the user has asked for more than one may.
    """
    before = content.current_number
    drafts = _numbered(content, wanted)
    sources = [draft.task["number"] for draft in drafts if draft.task]
    going, lacking = _to_go(content, len(drafts), sources)
    db.session.add_all(drafts)
    try:
        if shown or not _stays_shown(content):
            _show(content, before, drafts[0].number)
        if any(draft.status == Status.PENDING for draft in drafts):
            quotas.check(content.user_id)
            _check_room(lacking)
        # Last: what is refused costs no more than a look.
        _let_go(content, going, newer=drafts[0].number)
        db.session.commit()
    except IntegrityError:  # two tabs asked at once: the other's draft has this number
        db.session.rollback()
        return []
    db.session.expire(content)
    for draft in drafts:
        if draft.status == Status.PENDING:
            schedule_draft(draft)
        draft.announce()
    return drafts


def _stays_shown(content: Content) -> bool:
    """Whether what is shown has a text, or is to have one: it may have ended since it was read."""
    if content.current.text:
        return True
    held_there([content.id], to_change=True)
    is_worth_it = or_(Draft.text != "", Draft.status.in_(UNFINISHED))
    its = select(is_worth_it).where(Draft.content_id == content.id, _is_shown(content))
    return bool(db.session.scalar(its))


def _numbered(content: Content, wanted: Sequence[dict[str, Any]]) -> list[Draft]:
    last = db.session.scalar(select(last_number()).where(Content.id == content.id)) or 0
    usual = {"status": Status.PENDING, "due_at": rounded_up(now()), "created_at": now()}
    ids = {"user_id": content.user_id, "content_id": content.id}
    numbered = enumerate(wanted, last + 1)
    return [Draft(**ids, number=number, **usual | values) for number, values in numbered]


def last_number() -> ColumnElement[int]:
    """In a query of contents: the highest number that a version of each has, or had."""
    of_content = select(func.coalesce(func.max(_any_of.number), 0))
    there = of_content.where(_any_of.content_id == Content.id).scalar_subquery()
    return case((Content.removed_number > there, Content.removed_number), else_=there)


def _show(content: Content, before: int, number: int) -> None:
    """Make it the current one in place of that which was when it was asked for.

    Raises:
        IntegrityError: another is shown by now, or it was deleted meanwhile.
    """
    db.session.flush()
    changed = db.session.execute(
        update(Content)
        .where(Content.id == content.id, Content.current_number == before)
        .values(current_number=number)
        .returning(Content.id)
    ).all()
    # Looked for with the content's row in hand: who deletes a version has it in hand, too.
    if not changed or content.version(number) is None:
        raise IntegrityError("another version is shown", None, ValueError(before))


def made_with(content: Content, key: str | None) -> Draft | None:
    """The draft that was asked for with this key of a form or a request."""
    if key is None:
        return None
    with db.session.no_autoflush:
        return db.session.scalar(
            select(Draft).filter_by(content_id=content.id, idempotency_key=key)
        )


def can_be_current(version: Draft, shown: Draft) -> bool:
    """Whether it has ended with a text, and the one that is shown has ended, with or without one.

    Of variants one may be chosen while others are still written.
    """
    is_free = shown.is_final or shown.created_at == version.created_at
    return is_free and version.is_final and bool(version.text)


def make_current(content: Content, number: int, what: What = What.CHOSEN) -> bool:
    """Show another version, chosen or accepted; False if it cannot be, or is too late."""
    shown = content.current
    version = content.version(number)
    if version is None or not can_be_current(version, shown):
        return False
    db.session.commit()  # no transaction meanwhile: it holds up other writers
    words = findable_by(version.text)
    make_findable(content, words)
    try:
        # Of the very version that was looked at: one asked for meanwhile stays the current one.
        _show(content, shown.number, number)
    except IntegrityError:
        db.session.rollback()
        return False
    history.note(content.id, what, number=number)
    db.session.commit()
    db.session.expire(content)
    content.announce()
    return True


def stop(content: Content, number: int) -> bool:
    """Stop a version; what had come of its text is kept, and without any it goes.

    False if it had ended, or is gone.
    """
    version = content.version(number)
    if version is None or not cancel(version):
        return False
    if not version.text:
        remove(content, number)
    return True


def remove(content: Content, number: int) -> bool:
    """Delete a version for good, stopped first if it is unfinished; False for the current one."""
    version = content.version(number)
    if version is None or number == content.current_number:
        return False
    cancel(version)
    held_there([content.id], to_change=True)  # or somebody could show what is being deleted
    here = (Draft.content_id == content.id, Draft.number == number)  # its row may be gone by now
    it = (*here, Draft.status.in_(FINAL), ~_is_shown(content))
    quotas.count_still(content.user_id, *it)
    gone = db.session.execute(
        delete(Draft).where(*it).returning(Draft.id),
        execution_options={"synchronize_session": False},
    ).all()
    if gone:
        _note_removed(content, number)
        history.note(content.id, What.REMOVED, number=number)
    db.session.commit()
    db.session.expire_all()
    content.announce()
    return bool(gone)


def _note_removed(content: Content, number: int) -> None:
    """So that what was asked of it is never asked of another draft."""
    is_higher = func.coalesce(Content.removed_number, 0) < number
    db.session.execute(
        update(Content).where(Content.id == content.id, is_higher).values(removed_number=number),
        execution_options={"synchronize_session": False},
    )


def _is_shown(content: Content) -> Any:
    """That it is the current one at this moment, whatever was read before."""
    return Draft.number == (
        select(Content.current_number).where(Content.id == content.id).scalar_subquery()
    )


def version_to_go(content: Content) -> int | None:
    """The number of the version that a text edited by hand takes the place of, if any has to."""
    if content.version_count() < VERSIONS_KEPT:
        return None
    return db.session.scalar(_first_to_go(content).with_only_columns(Draft.number).limit(1))


def made_room_for(draft: Draft) -> list[int]:
    """The numbers of the versions that went for a draft, and for those asked for together with it.

    As they were noted then: also where it was asked for once more with its key.
    """
    lines = select(HistoryLine.details).filter_by(content_id=draft.content_id, what=What.MADE_ROOM)
    noted = db.session.scalars(lines.order_by(HistoryLine.id)).all()
    return [each["number"] for each in noted if each.get("newer") == draft.number]


def make_room_in_each(ids: Sequence[UUID]) -> None:
    """Have one more version fit into each of some contents, in the session.

    Raises:
        smartcontent.contents.quotas.OverQuota: all versions of one are on their way.
    """
    counted = select(Draft.content_id).where(Draft.content_id.in_(ids)).group_by(Draft.content_id)
    full = counted.having(func.count() >= VERSIONS_KEPT)
    query = select(Content).where(Content.id.in_(full)).options(lazyload(Content.current))
    for content in db.session.scalars(query).all():
        going, lacking = _to_go(content, 1)
        _check_room(lacking)
        _let_go(content, going)


def _to_go(
    content: Content, to_come: int, sources: Sequence[int] = ()
) -> tuple[Sequence[int], int]:
    """The ids of the versions that make room for so many others, and how many more would have to.

    Those with the numbers of `sources` stay, of which the others are to be made. Where there are
    any the content is held from then on.
    """
    surplus = content.version_count() - VERSIONS_KEPT + to_come
    if surplus <= 0:
        return [], 0
    held_there([content.id], to_change=True)
    first = _first_to_go(content, sources).with_only_columns(Draft.id).limit(surplus)
    ids = db.session.scalars(first).all()
    return ids, surplus - len(ids)


def _let_go(content: Content, ids: Sequence[int], **newer: int) -> None:
    """Delete them; the `newer` one, the first of those they make room for, is noted with each."""
    if not ids:
        return
    going = Draft.id.in_(ids)
    quotas.count_still(content.user_id, going)
    gone = db.session.scalars(
        delete(Draft).where(going).returning(Draft.number),
        execution_options={"synchronize_session": False},
    ).all()
    for each in sorted(gone):
        history.note(content.id, What.MADE_ROOM, number=each, **newer)


def _check_room(lacking: int) -> None:
    """Refuse what there is no room for, as all versions of its content are on their way.

    Raises:
        OverQuota: it is so; nothing of the session is saved.
    """
    if lacking:
        db.session.rollback()
        raise quotas.OverQuota(
            f"One text may have {VERSIONS_KEPT} versions, and so many of this one are on their way:"
            " wait until some are done, or stop some.",
            retry_after=quotas.LOOK_AGAIN_SECONDS,
        )


def _first_to_go(content: Content, sources: Sequence[int] = ()) -> Select[Draft]:
    """What is let go first: versions without a text, then the oldest; never the current one.

    Nor one that another is being made of, or is to be. What was shared goes last: somebody may have
    approved it.
    """
    made_of = aliased(Draft)
    is_under_way = (made_of.content_id == content.id, made_of.status.in_(UNFINISHED))
    number = made_of.task["number"].as_integer()
    in_use = select(number).where(*is_under_way, number.is_not(None))
    may_go = (
        ~_is_shown(content),
        Draft.status.in_(FINAL),
        Draft.number.not_in([*sources]),
        Draft.number.not_in(in_use),
    )
    return (
        select(Draft)
        .where(Draft.content_id == content.id, *may_go)
        .order_by(Draft.id.in_(select(Share.draft_id)), Draft.has_text(), Draft.number)
    )
