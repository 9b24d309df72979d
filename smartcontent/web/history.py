"""The history of a content on a page of its own: who did what, when."""

from uuid import UUID

from flask import Blueprint, render_template, request
from flask_login import login_required
from werkzeug.exceptions import BadRequest

from smartcontent.contents.history import words
from smartcontent.contents.history.reading import page_of
from smartcontent.models.history import LINES_KEPT
from smartcontent.web.contents import own_content

bp = Blueprint("history", __name__)


@bp.get("/contents/<uuid:content_id>/history")
@login_required
def show(content_id: UUID) -> str:
    """The acts of a content, the last first, some at a time."""
    content = own_content(content_id)
    try:
        lines, cursor = page_of(content, request.args.get("cursor", ""))
    except ValueError as error:
        raise BadRequest from error
    return render_template(
        "contents/history.html",
        content=content,
        lines=[(line, words.sentence(line), words.by(line)) for line in lines],
        cursor=cursor,
        lines_kept=LINES_KEPT,
    )
