"""The tags there are, with how much has each: renamed, merged, taken off."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user, login_required
from markupsafe import Markup
from werkzeug.exceptions import NotFound

from smartcontent.contents import tags
from smartcontent.contents.tagging import TAG
from smartcontent.fields import Refused
from smartcontent.models import Tag
from smartcontent.stores.sql import only_read_from_here

PAGE = 200
bp = Blueprint("tags", __name__)


@bp.get("/tags")
@login_required
def index() -> str:
    """The tags of the user, page by page."""
    after = request.args.get("after", "").replace("\0", "")
    found = Tag.counted(current_user.id, after, PAGE + 1)
    next_after = found[PAGE - 1][0].name if len(found) > PAGE else None
    return render_template("tags.html", tags=found[:PAGE], after=after, next_after=next_after)


@bp.post("/tags/<int:tag_id>")
@login_required
def rename(tag_id: int) -> ResponseReturnValue:
    """Rename a tag; where another has the name, ask first whether both are to be one."""
    tag = _own(tag_id)
    try:
        name = TAG.read(request.form.get("name", ""))
        renamed = tags.rename(tag, name, request.form.get("merge") == "1")
    except Refused as refused:
        only_read_from_here()
        wrong = {"id": tag.id, "typed": request.form.get("name", ""), "why": str(refused)}
        return render_template("tags.html", tags=[tag.with_number()], refused=wrong), 422
    except tags.AlreadyThere as found:
        only_read_from_here()
        both = [tag.with_number(), found.other.with_number()]
        return render_template("tags.html", tags=both, merging=tag, into=found.other), 409
    flash(Markup("The tag is called <bdi>{}</bdi> now.").format(renamed.name))
    return redirect(url_for(".index"), 303)


@bp.post("/tags/<int:tag_id>/delete")
@login_required
def delete(tag_id: int) -> ResponseReturnValue:
    """Take a tag off all contents."""
    tag = _own(tag_id)
    name = tag.name
    tags.remove(tag)
    flash(Markup("No content has the tag <bdi>{}</bdi> any more.").format(name))
    return redirect(url_for(".index"), 303)


def _own(tag_id: int) -> Tag:
    tag = Tag.find(current_user.id, tag_id)
    if tag is None:
        raise NotFound
    return tag
