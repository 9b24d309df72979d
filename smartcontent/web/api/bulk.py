"""One act on many contents, and back out of the trash."""

from typing import Any
from uuid import UUID

from flask.typing import ResponseReturnValue

from smartcontent.contents import bulk, ending
from smartcontent.contents.bulk import IDS_MOST, OF_TAGS, Deed
from smartcontent.contents.tagging import TAG
from smartcontent.fields import Fields, Value, one_of
from smartcontent.models import Content
from smartcontent.web.api import representation, schemas
from smartcontent.web.api.access import protected, user_id
from smartcontent.web.api.call import call, not_accepted

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
        is_needed=True,
        example=["0b9c9e52-6a3e-4f0e-9b57-0e6f7d0f6a52"],
    ),
    "do": one_of("Do", [*Deed], is_needed=True, example=Deed.TRASH.value),
    "tag": TAG,
}


@bp.post("/contents/bulk")
@call(schemas.RESULTS, body=BULK)
def do(sent: dict[str, Any]) -> ResponseReturnValue:
    """Do one thing to many contents, each for itself, and tell what became of each.

    What is somebody else's is as what is not there. `tag` and `untag` come with `tag`.
    """
    deed, tag = Deed(sent["do"]), sent.get("tag", "")
    if (deed in OF_TAGS) != bool(tag):
        raise not_accepted({"tag": [f"Tag comes with do {' or '.join(sorted(OF_TAGS))}."]})
    results = bulk.do(user_id(), map(UUID, sent["ids"]), deed, tag)
    return {"results": [_told(*result) for result in results]}


def _told(content_id: UUID, detail: str) -> dict[str, Any]:
    return {"id": str(content_id), "ok": not detail} | ({"detail": detail} if detail else {})


@bp.post("/contents/<uuid:content_id>/restore")
@call(schemas.CONTENT, is_of_trash=True)
def restore(content: Content) -> ResponseReturnValue:
    """Take a content out of the trash; one that is not there stays as it is."""
    ending.restore(user_id(), content.id)
    return representation.whole(content)
