"""One act on many contents, and back out of the trash."""

from typing import Any
from uuid import UUID

from flask import url_for
from flask.typing import ResponseReturnValue

from smartcontent.contents import ending
from smartcontent.contents.bulk import acts, deeds, export
from smartcontent.contents.bulk.acts import MATCH_MOST, TooMany
from smartcontent.contents.bulk.deeds import IDS_MOST, OF_TAGS, Asked, Deed
from smartcontent.contents.filters import FILTERS, Narrowing, filters_in, filters_of
from smartcontent.contents.tagging import TAG
from smartcontent.fields import Fields, Value, one_of
from smartcontent.models import BulkAct, Content
from smartcontent.models.listing import Filters
from smartcontent.web.api import representation, schemas
from smartcontent.web.api.access import protected, user_id
from smartcontent.web.api.call import call, not_accepted
from smartcontent.web.archives import MEDIA_TYPE, as_zip
from smartcontent.web.problems import Problem

bp = protected("bulk")


def _is_id(value: object) -> bool:
    try:
        return isinstance(value, str) and str(UUID(value)) == value.lower()
    except ValueError:
        return False


BULK: Fields = {
    "ids": Value(
        label="Ids",
        must=f"be a list of 1 to {IDS_MOST} ids of contents",
        is_right=lambda value: (
            isinstance(value, list) and 0 < len(value) <= IDS_MOST and all(map(_is_id, value))
        ),
        holds={
            "type": "array",
            "items": {"type": "string", "format": "uuid"},
            "minItems": 1,
            "maxItems": IDS_MOST,
        },
        about="Which; or else `matching`.",
        example=["0b9c9e52-6a3e-4f0e-9b57-0e6f7d0f6a52"],
    ),
    "matching": Narrowing(
        label="Matching",
        about=f"In the place of `ids`: all that these filters find at this moment, up to "
        f"{MATCH_MOST:,}; of none, all contents that are not in the trash.",
    ),
    "do": one_of("Do", [*Deed], is_needed=True, example=Deed.TRASH.value),
    "tag": TAG,
}


@bp.post("/contents/bulk")
@call(schemas.RESULTS, body=BULK, also={202: schemas.BULK_ACT})
def do(sent: dict[str, Any]) -> ResponseReturnValue:
    """Do one thing to many contents, each for itself.

    With `ids` it is done at once, and told what became of each. With `matching` it is put on
    record, and done step by step. What is somebody else's is as what is not there. `tag` and
    `untag` come with `tag`.
    """
    deed, tag = Deed(sent["do"]), sent.get("tag", "")
    if (deed in OF_TAGS) != bool(tag):
        raise not_accepted({"tag": [f"Tag comes with do {' or '.join(sorted(OF_TAGS))}."]})
    if ("ids" in sent) == ("matching" in sent):
        raise not_accepted({"ids": ["Ids or else matching must be there, not both."]})
    if "matching" in sent:
        return _accepted(_begun(filters_in(sent["matching"]), deed, tag))
    results = deeds.do(Asked(user_id(), deed, tag), map(UUID, sent["ids"]))
    return {"results": [_told(*result) for result in results]}


def _begun(filters: Filters, deed: Deed, tag: str) -> BulkAct:
    try:
        return acts.begin(user_id(), filters, deed, tag)
    except TooMany as error:
        raise not_accepted({"matching": [str(error)]}) from error


def _accepted(act: BulkAct) -> ResponseReturnValue:
    address = url_for("api_bulk.show", act_id=act.id)
    return representation.bulk_act(act), 202, {"Location": address}


def _told(content_id: UUID, detail: str) -> dict[str, Any]:
    return {"id": str(content_id), "ok": not detail} | ({"detail": detail} if detail else {})


@bp.get("/contents/export")
@call(schemas.text("The ZIP; it is made while it is sent."), query=FILTERS, media=[MEDIA_TYPE])
def download(asked: dict[str, Any]) -> ResponseReturnValue:
    """Take away the current texts of all that match, as Markdown with front matter."""
    try:
        ids = acts.those_that_match(user_id(), filters_of(asked))
    except TooMany as error:
        raise Problem(422, str(error)) from error
    return as_zip(export.steps(user_id(), ids), "Texts")


@bp.get("/contents/bulk/<uuid:act_id>")
@call(schemas.BULK_ACT)
def show(act: BulkAct) -> ResponseReturnValue:
    """Say how far an act on all that matched is; it is known for a day."""
    return representation.bulk_act(act)


@bp.post("/contents/bulk/<uuid:act_id>/stop")
@call(schemas.BULK_ACT)
def stop(act: BulkAct) -> ResponseReturnValue:
    """Leave the rest of an act undone."""
    acts.stop(act)
    return representation.bulk_act(act)


@bp.post("/contents/bulk/<uuid:act_id>/undo")
@call(schemas.BULK_ACT, 202, refusals={409: "It is undone already, or cannot be."})
def undo(act: BulkAct) -> ResponseReturnValue:
    """Stop an act and undo what it has changed, once; answers the act that does so.

    What was cancelled or asked for anew stays so.
    """
    undoing = acts.undo(act)
    if undoing is None:
        raise Problem(409, "It is undone already, or is none that can be undone.")
    return _accepted(undoing)


@bp.post("/contents/<uuid:content_id>/restore")
@call(schemas.CONTENT, is_of_trash=True)
def restore(content: Content) -> ResponseReturnValue:
    """Take a content out of the trash; one that is not there stays as it is."""
    ending.restore(user_id(), content.id)
    return representation.whole(content)
