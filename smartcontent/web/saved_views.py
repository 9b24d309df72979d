"""Saved views on pages: what the list shows kept under a name, a link beside the search."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from flask import Blueprint, flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_login import current_user, login_required
from markupsafe import Markup
from werkzeug.exceptions import NotFound

from smartcontent.contents import saved_views
from smartcontent.contents.filters import making_sense
from smartcontent.contents.saved_views import VIEW, CannotBeKept, Lost
from smartcontent.fields import Refused
from smartcontent.models import SavedView
from smartcontent.web import errors
from smartcontent.web.contents import asked, list_address

bp = Blueprint("saved_views", __name__, url_prefix="/views")

_GONE = {
    "tag": "No content has the tag “{}” any more.",
    "voice": "Its voice is deleted, or shared no more: what was submitted with it is still found.",
    "batch": "Its batch is gone.",
    "series": "Its series is deleted: nothing says any more which texts it has made.",
}
_SHOWN_OF_A_VALUE = 80


class Shown(NamedTuple):
    """A view as a link, and whether it is what the list shows."""

    view: SavedView
    address: str
    is_here: bool


@bp.app_template_global("saved_views")
def _shown() -> Sequence[Shown]:
    """The user's views, beside the list as it is asked for."""
    here, number = making_sense(asked()), request.args.get("view", "")
    views = [(view, saved_views.opened(view)) for view in SavedView.of(current_user.id)]
    return [
        Shown(view, _address(view, known), number == str(view.id) or here == known)
        for view, known in views
    ]


@bp.app_template_global()
def lost_of(view: SavedView) -> list[str]:
    """What of a view is gone or unknown, in sentences."""
    return [sentence(lost) for lost in saved_views.lost(view)]


def sentence(lost: Lost) -> str:
    """What became of one filter of a view."""
    if lost.is_gone:
        return _GONE[lost.name].format(lost.value)
    asked_for = f"{lost.name}: {lost.value}"[:_SHOWN_OF_A_VALUE]
    return f"It also asks for “{asked_for}”, which is unknown here and left out."


@bp.post("")
@login_required
def create() -> ResponseReturnValue:
    """Keep what the list shows under a name."""
    try:
        name = VIEW["name"].read(request.form.get("name", ""))
        view = saved_views.keep(current_user.id, name, making_sense(asked()))
    except (Refused, CannotBeKept) as refused:
        return _refused(refused)
    return _to(view, "“<bdi>{}</bdi>” stands beside the search from now on.")


@bp.post("/<uuid:view_id>")
@login_required
def rename(view_id: UUID) -> ResponseReturnValue:
    """Give a view another name."""
    view = _own(view_id)
    try:
        saved_views.change(view, {"name": VIEW["name"].read(request.form.get("name", ""))})
    except (Refused, CannotBeKept) as refused:
        return _refused(refused)
    return _to(view, "The view is called “<bdi>{}</bdi>” now.")


@bp.post("/<uuid:view_id>/delete")
@login_required
def delete(view_id: UUID) -> ResponseReturnValue:
    """Let a view go; the list stays as it is asked for."""
    view = _own(view_id)
    name, known = view.name, saved_views.opened(view)
    saved_views.remove(view)
    flash(Markup("The view “<bdi>{}</bdi>” is deleted; its texts are not.").format(name))
    return redirect(list_address(**known), 303)


def _own(view_id: UUID) -> SavedView:
    view = SavedView.find(current_user.id, view_id)
    if view is None:
        raise NotFound
    return view


def _refused(why: Exception) -> ResponseReturnValue:
    return errors.answer(409 if isinstance(why, CannotBeKept) else 422, str(why))


def _to(view: SavedView, said: str) -> ResponseReturnValue:
    flash(Markup(said).format(view.name))  # noqa: S704 - ours, but for the name
    return redirect(_address(view, saved_views.opened(view)), 303)


def _address(view: SavedView, known: dict[str, str]) -> str:
    return list_address(view=view.id, **known)
