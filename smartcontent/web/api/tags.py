"""/api/v1/tags: the tags there are, with how much has each; renamed and merged."""

from dataclasses import replace
from typing import Any

from flask.typing import ResponseReturnValue

from smartcontent.contents import tags
from smartcontent.contents.tagging import TAG, TAG_LONGEST
from smartcontent.fields import Fields, Text, yes_or_no
from smartcontent.models import Tag
from smartcontent.stores.sql import only_read_from_here
from smartcontent.web.api import schemas
from smartcontent.web.api.access import protected, user_id
from smartcontent.web.api.call import call
from smartcontent.web.problems import Problem

bp = protected("tags")

RENAMING: Fields = {
    "tag": replace(TAG, is_needed=True),
    "name": replace(TAG, label="Name", is_needed=True, example="summer"),
    "merge": yes_or_no("Merge", about="Whether it becomes the tag that has this name, if one has."),
}


LISTING: Fields = {
    "after": Text(
        label="After",
        most=TAG_LONGEST,
        about="A tag's name: those that come after it, a thousand at most.",
        example="spring",
    )
}
PAGE = 1_000


@bp.get("/tags")
@call(schemas.TAGS, query=LISTING)
def index(asked: dict[str, Any]) -> ResponseReturnValue:
    """List the tags, by name, with the number of contents outside the trash that have each."""
    found = Tag.counted(user_id(), asked.get("after") or "", PAGE + 1)
    items = [{"name": tag.name, "contents": number} for tag, number in found[:PAGE]]
    return {"items": items, "next_after": items[-1]["name"] if len(found) > PAGE else None}


@bp.patch("/tags")
@call(
    schemas.TAG,
    body=RENAMING,
    refusals={404: "There is no such tag.", 409: "Another tag has the name."},
)
def rename(sent: dict[str, Any]) -> ResponseReturnValue:
    """Give a tag another name; with `merge`, have it become the one that has that name."""
    tag = Tag.named(user_id(), sent["tag"])
    if tag is None:
        raise Problem(404, "You have no such tag.")
    try:
        renamed = tags.rename(tag, sent["name"], sent.get("merge", False))
    except tags.AlreadyThere as found:
        raise Problem(409, f"{found} Send merge if that is meant.") from found
    only_read_from_here()
    _, number = renamed.with_number()
    return {"name": renamed.name, "contents": number}
