"""/api/v1/contents/ID/repurpose: other texts made from a finished one."""

from dataclasses import replace
from typing import Any

from flask.typing import ResponseReturnValue

from smartcontent.briefs.catalogue import CONTENT_TYPES, LANGUAGES
from smartcontent.briefs.wishes import WISHES
from smartcontent.contents import repurposing
from smartcontent.fields import Fields, some_of
from smartcontent.models import Content
from smartcontent.web.api import representation, schemas
from smartcontent.web.api.access import protected
from smartcontent.web.api.call import call, not_accepted
from smartcontent.web.api.idempotency import HEADER, KEY, key_of_request
from smartcontent.web.problems import Problem

bp = protected("repurposing")

REPURPOSE: Fields = {
    "content_types": some_of(
        "Content_types",
        CONTENT_TYPES,
        about="A content of each is made; without them, one of the type it is.",
        example=["social_media_caption", "ad_copy"],
    ),
    "languages": some_of(
        "Languages", LANGUAGES, about="Each in each of these; without them, in the language it is."
    ),
    "delay_seconds": replace(WISHES["delay_seconds"], example=None),
}


@bp.post("/contents/<uuid:content_id>/repurpose")
@call(
    schemas.REPURPOSED,
    202,
    body=REPURPOSE,
    headers={HEADER: KEY},
    refusals={
        409: "There is no finished text.",
        429: "Too many texts within a minute, or too many unfinished drafts.",
    },
)
def create(content: Content, sent: dict[str, Any]) -> ResponseReturnValue:
    """Have other types, or other languages, made from the current text, each a content of its own.

    They keep topic, audience, keywords, tone and voice; what was wished of the one text stays
    behind. `source` of each says what it was made from, and whether that has another text by now.
    """
    types, languages = sent.get("content_types") or [], sent.get("languages") or []
    _check(len(types), len(languages))
    try:
        made = repurposing.repurpose(
            content, types, languages, sent.get("delay_seconds"), key_of_request()
        )
    except repurposing.NothingToMakeItFrom as error:
        raise Problem(409, str(error)) from error
    return {"contents": [representation.accepted(each) for each in made]}, 202


def _check(types: int, languages: int) -> None:
    if not types + languages:
        sentence = "Content_types or languages must be given: nothing else says what to make."
        raise not_accepted({"content_types": [sentence]})
    if max(1, types) * max(1, languages) > repurposing.MOST:
        sentence = f"Content_types in languages make too many: at most {repurposing.MOST} at once."
        raise not_accepted({"content_types": [sentence]})
