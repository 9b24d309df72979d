"""Kept in order on the pages: favourites, tags, and one act on all that are ticked."""

from collections.abc import Sequence
from uuid import UUID

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user, login_required
from werkzeug.exceptions import BadRequest, NotFound

from smartcontent.contents import tagging
from smartcontent.contents.bulk import acts as bulk_acts
from smartcontent.contents.bulk import export
from smartcontent.contents.bulk.acts import OPPOSITE, TooMany
from smartcontent.contents.bulk.deeds import IDS_MOST, OF_TAGS, Deed, Why
from smartcontent.contents.filters import filters_in
from smartcontent.contents.tagging import TAG
from smartcontent.fields import Refused
from smartcontent.models import BulkAct
from smartcontent.web import errors
from smartcontent.web.archives import as_zip
from smartcontent.web.contents import asked, back, list_address, own_content, refuse
from smartcontent.web.once import key_sent

bp = Blueprint("keeping", __name__)

# What is being done, and of those by which it was, what has become.
WORDS = {
    Deed.TRASH: ("Moving to the trash", "in the trash"),
    Deed.RESTORE: ("Taking out of the trash", "out of the trash"),
    Deed.TAG: ("Tagging", "tagged"),
    Deed.UNTAG: ("Taking the tag off", "without the tag"),
    Deed.CANCEL: ("Stopping", "stopped"),
    Deed.RETRY: ("Asking for another draft", "written anew"),
}


@bp.app_context_processor
def _of_bulk_acts() -> dict[str, object]:
    return {"bulk_acts": _shown, "bulk_words": WORDS, "Why": Why, "OPPOSITE": OPPOSITE}


def _shown() -> Sequence[BulkAct]:
    return BulkAct.shown(current_user.id)


@bp.post("/contents/<uuid:content_id>/favourite")
@login_required
def favourite(content_id: UUID) -> ResponseReturnValue:
    """Mark a content as one to come back to, or no longer."""
    content, is_one = own_content(content_id), request.form.get("favourite") == "1"
    tagging.keep(content, {"favourite": is_one})
    return back(content, "is a favourite." if is_one else "is no favourite any more.")


@bp.post("/contents/<uuid:content_id>/tags")
@login_required
def tags(content_id: UUID) -> ResponseReturnValue:
    """Add what was typed to the tags of a content, or take one off."""
    content = own_content(content_id)
    if removed := request.form.get("remove"):
        tagging.remove_tag(content, removed)
        return back(content, "has one tag less.")
    try:
        tagging.add_tags(content, request.form.get("add", ""))
    except Refused as refused:
        return refuse(content, "add", str(refused), request.form.get("add", ""))
    return back(content, "has its tags.")


@bp.post("/contents/bulk")
@login_required
def do() -> ResponseReturnValue:
    """Do one thing to all that are ticked, or to all that match; most of it can be undone."""
    if request.form.get("do") == "export":
        return _exported()
    try:
        ids, deed = [UUID(each) for each in request.form.getlist("ids")], Deed(request.form["do"])
        tag = TAG.read(request.form.get("tag", "")) if deed in OF_TAGS else ""
        is_all = request.form.get("all") == "1"
        act = _begun(None if is_all else ids, deed, tag)
    except (Refused, TooMany) as refused:
        return errors.answer(422, str(refused))
    except ValueError as error:
        raise BadRequest from error
    if not is_all:  # few: what was pressed is done
        bulk_acts.finish(act)
    return _to(act)


def _exported() -> ResponseReturnValue:
    """The texts of all that are ticked, or of all that match, as one ZIP."""
    try:
        if request.form.get("all") == "1":
            ids = bulk_acts.those_that_match(current_user.id, filters_in(asked()))
        else:
            ids = [UUID(each) for each in request.form.getlist("ids")]
    except TooMany as refused:
        return errors.answer(422, str(refused))
    except ValueError as error:
        raise BadRequest from error
    if not ids:
        return errors.answer(422, "Tick something first.")
    return as_zip(export.steps(current_user.id, ids), "Texts")


@bp.get("/contents/bulk")
@login_required
def acts() -> str:
    """How far the acts on many are, alone: pages draw it anew."""
    return render_template("contents/_bulk_acts.html", asked=asked())


@bp.post("/contents/bulk/<uuid:act_id>/undo")
@login_required
def undo(act_id: UUID) -> ResponseReturnValue:
    """Stop an act on many, and undo what it has changed."""
    undoing = bulk_acts.undo(_own(act_id))
    if undoing is None:
        return errors.answer(409, "It is undone already, or cannot be: reload the page to see.")
    if undoing.total <= IDS_MOST:
        bulk_acts.finish(undoing)
    return _to(undoing)


@bp.post("/contents/bulk/<uuid:act_id>/stop")
@login_required
def stop(act_id: UUID) -> ResponseReturnValue:
    """Leave the rest of an act on many undone."""
    act = _own(act_id)
    bulk_acts.stop(act)
    return _to(act)


def _own(act_id: UUID) -> BulkAct:
    act = BulkAct.find(current_user.id, act_id)
    if act is None:
        raise NotFound
    return act


def _to(act: BulkAct) -> ResponseReturnValue:
    """Back to the list as it was, where the act is told."""
    return redirect(list_address(_anchor=f"act-{act.id}", **asked()), 303)


def _begun(ids: list[UUID] | None, deed: Deed, tag: str) -> BulkAct:
    """The act on some or, without any, on all that the page's filters find.

    Raises:
        Refused, TooMany: it is too much or too little for one act; the message is for people.
    """
    if ids is None:
        return bulk_acts.begin(current_user.id, filters_in(asked()), deed, tag, key_sent())
    if not 0 < len(ids) <= IDS_MOST:
        raise Refused(f"Tick 1 to {IDS_MOST} contents first.")
    return bulk_acts.begin(current_user.id, ids, deed, tag, key_sent())
