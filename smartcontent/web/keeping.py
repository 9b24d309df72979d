"""Kept in order on the pages: favourites, tags, and one act on all that are ticked."""

from datetime import UTC, datetime
from uuid import UUID

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user, login_required
from werkzeug.exceptions import BadRequest

from smartcontent.contents import bulk, ending, tagging
from smartcontent.contents.bulk import IDS_MOST, OF_TAGS, Deed, Result
from smartcontent.contents.tagging import TAG, TAGS
from smartcontent.fields import Refused
from smartcontent.models import now
from smartcontent.web import errors
from smartcontent.web.contents import asked, back, own_content

bp = Blueprint("keeping", __name__)

_DONE = {
    Deed.TRASH: "in the trash",
    Deed.RESTORE: "out of the trash",
    Deed.TAG: "tagged",
    Deed.UNTAG: "without the tag",
    Deed.CANCEL: "stopped",
    Deed.RETRY: "written anew",
}


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
        before = [tag.name for tag in content.tags]
        tagging.keep(content, {"tags": TAGS.read([*before, request.form.get("add", "")])})
    except Refused as refused:
        return errors.answer(422, str(refused))
    return back(content, "has its tags.")


@bp.post("/contents/bulk")
@login_required
def do() -> ResponseReturnValue:
    """Do one thing to all that are ticked; what went to the trash can be taken back at once."""
    try:
        ids, deed = [UUID(each) for each in request.form.getlist("ids")], Deed(request.form["do"])
        tag = TAG.read(request.form.get("tag", "")) if deed in OF_TAGS else ""
    except Refused as refused:
        return errors.answer(422, str(refused))
    except ValueError as error:
        raise BadRequest from error
    if not 0 < len(ids) <= IDS_MOST:
        return errors.answer(422, f"Tick 1 to {IDS_MOST} contents first.")
    moment = now()
    results = bulk.do(current_user.id, ids, deed, tag, moment)
    undo = f"undo-all:{moment.isoformat()}" if deed == Deed.TRASH else "message"
    flash(_told(results, deed), undo)
    return redirect(url_for("contents.index", **asked()), 303)  # type: ignore[arg-type]


@bp.post("/contents/bulk/undo")
@login_required
def undo() -> ResponseReturnValue:
    """Take out of the trash what went there at one moment."""
    try:
        moment = datetime.fromisoformat(request.form["moment"]).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise BadRequest from error
    flash(f"Out of the trash: {ending.restore_all(current_user.id, moment)}.")
    return redirect(url_for("contents.index"), 303)


def _told(results: list[Result], deed: Deed) -> str:
    left = [result.detail for result in results if result.detail]
    said = [f"{len(results) - len(left)} {_DONE[deed]}."]
    said += [f"{left.count(why)} left as it was: {why}" for why in dict.fromkeys(left)]
    return " ".join(said)
