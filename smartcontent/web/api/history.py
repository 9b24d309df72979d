"""/api/v1/contents/ID/history: who did what to a content, when, by which door."""

from typing import Any

from flask.typing import ResponseReturnValue

from smartcontent.contents.filters import LISTING
from smartcontent.contents.history.reading import page_of
from smartcontent.contents.history.words import as_json
from smartcontent.fields import Fields
from smartcontent.models import Content
from smartcontent.web.api import schemas
from smartcontent.web.api.access import protected
from smartcontent.web.api.call import call
from smartcontent.web.problems import Problem

bp = protected("history")

_PAGE: Fields = {name: LISTING[name] for name in ("limit", "cursor")}


@bp.get("/contents/<uuid:content_id>/history")
@call(schemas.HISTORY, query=_PAGE, is_of_trash=True)
def index(content: Content, asked: dict[str, Any]) -> ResponseReturnValue:
    """List what was done to a content, the last first; also to one in the trash.

    Of what drafts and links do not say by themselves the last 500 acts are kept.
    """
    try:
        lines, cursor = page_of(content, asked.get("cursor", ""), int(asked.get("limit", "20")))
    except ValueError as error:
        sentence = "cursor must be the next_cursor of the page before."
        raise Problem(422, sentence, {"cursor": [sentence]}) from error
    return {"items": [as_json(line) for line in lines], "next_cursor": cursor}
