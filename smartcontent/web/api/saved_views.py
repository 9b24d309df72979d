"""/api/v1/views: filters of the list that are kept under a name."""

from typing import Any

from flask import url_for
from flask.typing import ResponseReturnValue

from smartcontent.contents import saved_views
from smartcontent.contents.saved_views import VIEW, CannotBeKept
from smartcontent.models import SavedView
from smartcontent.models.moments import iso
from smartcontent.web.api import schemas
from smartcontent.web.api.access import protected, user_id
from smartcontent.web.api.call import call
from smartcontent.web.problems import Problem
from smartcontent.web.saved_views import sentence

bp = protected("saved_views")

_REFUSALS = {409: "Another view has the name, there are too many, or it would show everything."}


@bp.get("/views")
@call(schemas.VIEWS)
def index() -> ResponseReturnValue:
    """List the saved views, by name."""
    return {"items": [_shown(view) for view in SavedView.of(user_id())]}


@bp.post("/views")
@call(
    schemas.VIEW,
    201,
    body=VIEW,
    answered_headers={"Location": "The view's address."},
    refusals=_REFUSALS,
)
def create(sent: dict[str, Any]) -> ResponseReturnValue:
    """Keep filters under a name; they stand as a link beside the search of their owner."""
    try:
        view = saved_views.keep(user_id(), sent["name"], sent["filters"])
    except CannotBeKept as error:
        raise Problem(409, str(error)) from error
    return _shown(view), 201, {"Location": url_for(".show", view_id=view.id)}


@bp.get("/views/<uuid:view_id>")
@call(schemas.VIEW)
def show(view: SavedView) -> ResponseReturnValue:
    """Read one saved view. `filters` are what the list's parameters are to be."""
    return _shown(view)


@bp.patch("/views/<uuid:view_id>")
@call(schemas.VIEW, body=VIEW, is_change=True, refusals=_REFUSALS)
def change(view: SavedView, sent: dict[str, Any]) -> ResponseReturnValue:
    """Give a view another name, or other filters."""
    try:
        saved_views.change(view, sent)
    except CannotBeKept as error:
        raise Problem(409, str(error)) from error
    return _shown(view)


@bp.delete("/views/<uuid:view_id>")
@call(None, 204)
def delete(view: SavedView) -> ResponseReturnValue:
    """Delete a view; the contents that it shows stay."""
    saved_views.remove(view)
    return "", 204


def _shown(view: SavedView) -> dict[str, Any]:
    return {
        "id": str(view.id),
        "name": view.name,
        "filters": saved_views.opened(view),
        "lost": [sentence(each) for each in saved_views.lost(view)],
        "created_at": iso(view.created_at),
    }
