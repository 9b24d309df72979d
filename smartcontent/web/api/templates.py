"""/api/v1/templates: briefs with blanks, to be filled by `template_id` and `values`."""

from typing import Any
from uuid import UUID

from flask import url_for
from flask.typing import ResponseReturnValue

from smartcontent.briefs.built_in import BUILT_IN
from smartcontent.briefs.template import SHARED_TEMPLATE, Template, read_brief
from smartcontent.contents import templates, voices_and_templates
from smartcontent.models import KeptTemplate
from smartcontent.models.moments import iso
from smartcontent.web.api import schemas
from smartcontent.web.api.access import check_own, protected, user_id
from smartcontent.web.api.call import call, not_accepted
from smartcontent.web.problems import Problem

bp = protected("templates")

_NOT_YOURS = {403: "It is built in, or shared by somebody else, who alone changes it."}


@bp.get("/templates")
@call(schemas.TEMPLATES)
def index() -> ResponseReturnValue:
    """List the templates: one's own, those that others share, and the built-in ones."""
    kept = [_shown(each.template, each) for each in KeptTemplate.listed(user_id())]
    return {"items": [*kept, *map(_shown, BUILT_IN.values())]}


@bp.post("/templates")
@call(
    schemas.TEMPLATE,
    201,
    body=SHARED_TEMPLATE,
    answered_headers={"Location": "The template's address."},
    refusals={409: "You have as many templates as one may."},
)
def create(sent: dict[str, Any]) -> ResponseReturnValue:
    """Keep a template."""
    kept = KeptTemplate(user_id=user_id(), **_as_stored(sent))
    try:
        kept = voices_and_templates.add(kept)
    except voices_and_templates.TooMany as error:
        raise Problem(409, str(error)) from error
    return _shown(kept.template, kept), 201, {"Location": url_for(".show", template_id=kept.id)}


@bp.get("/templates/<uuid:template_id>")
@call(schemas.TEMPLATE)
def show(template: UUID) -> ResponseReturnValue:
    """Read one template, with the names of its blanks."""
    found = templates.seen_by(user_id(), template)
    assert found
    return _shown(found, KeptTemplate.find(user_id(), template))


@bp.patch("/templates/<uuid:template_id>")
@call(schemas.TEMPLATE, body=SHARED_TEMPLATE, is_change=True, refusals=_NOT_YOURS)
def change(template: UUID, sent: dict[str, Any]) -> ResponseReturnValue:
    """Change what is sent; the brief as a whole. What was made with it stays as it is."""
    kept = _own(template)
    voices_and_templates.change(kept, _as_stored(sent))
    return _shown(kept.template, kept)


@bp.delete("/templates/<uuid:template_id>")
@call(None, 204, refusals=_NOT_YOURS)
def delete(template: UUID) -> ResponseReturnValue:
    """Delete a template for good; what was made with it stays as it is."""
    voices_and_templates.remove(_own(template))
    return "", 204


def _own(its_id: UUID) -> KeptTemplate:
    kept = KeptTemplate.find(user_id(), its_id)
    if kept is None:
        raise Problem(403, "It is built in: make a template of your own from its brief.")
    check_own(kept)
    return kept


def _as_stored(sent: dict[str, Any]) -> dict[str, Any]:
    usual: dict[str, Any] = {"defaults": {}, "shared": False}
    values = {n: usual[n] if value is None else value for n, value in sent.items()}
    if "brief" in values:
        values["brief"], errors = read_brief(values["brief"])
        if errors:
            raise not_accepted({f"brief.{name}": said for name, said in errors.items()})
    return values


def _shown(template: Template, kept: KeptTemplate | None = None) -> dict[str, Any]:
    return {
        "id": template.id,
        "name": template.name,
        "brief": dict(template.brief),
        "blanks": template.blanks,
        "defaults": dict(template.defaults),
        "shared": kept.shared if kept else True,
        "own": kept is not None and kept.user_id == user_id(),
        "built_in": kept is None,
        "created_at": iso(kept.created_at) if kept else None,
    }
