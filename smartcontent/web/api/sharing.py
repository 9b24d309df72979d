"""/api/v1/contents/ID/shares: links by which a version is read without an account."""

from typing import Any

from flask import url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from smartcontent.contents import sharing
from smartcontent.contents.sharing import DAYS_MOST, NotShared
from smartcontent.fields import Fields, whole
from smartcontent.models import Content, Share
from smartcontent.models.accounts import LARGEST_ID
from smartcontent.models.moments import iso
from smartcontent.web.addresses import public_url
from smartcontent.web.api import schemas
from smartcontent.web.api.access import protected
from smartcontent.web.api.call import call
from smartcontent.web.problems import Problem

bp = protected("sharing")

SHARE: Fields = {
    "number": whole(
        "Number", 1, LARGEST_ID, about="Of the draft; without it the current one.", example=2
    ),
    "days": whole("Days", 1, DAYS_MOST, about="For how long it can be read.", usual=7, example=30),
}


@bp.get("/contents/<uuid:content_id>/shares")
@call(schemas.SHARES)
def index(content: Content) -> ResponseReturnValue:
    """List the last links of a content, the newest first, with what their readers said."""
    return {"items": [_shown(share) for share in Share.of(content)]}


@bp.post("/contents/<uuid:content_id>/shares")
@call(
    schemas.SHARED,
    201,
    body=SHARE,
    answered_headers={"Location": "Where its links are listed."},
    refusals={409: "The draft has no text, or the content has too many links that work."},
)
def create(content: Content, sent: dict[str, Any]) -> ResponseReturnValue:
    """Make a link to a draft; its `url` is answered this once, for only its hash is kept."""
    number = sent.get("number", content.current_number)
    try:
        share, secret = sharing.share(content, number, sent.get("days", SHARE["days"].usual))
    except NotShared as error:
        raise Problem(409, str(error)) from error
    shown = _shown(share) | {"url": public_url("sharing.read", secret=secret)}
    return shown, 201, {"Location": url_for(".index", content_id=content.id)}


@bp.delete(f"/contents/<uuid:content_id>/shares/<int(max={LARGEST_ID}):share_id>")
@call(None, 204)
def revoke(content: Content, share_id: int) -> ResponseReturnValue:
    """Make a link useless; what was said by it stays, and once more does no harm."""
    if not any(share.id == share_id for share in Share.of(content)):
        raise NotFound
    sharing.revoke(content, share_id)
    return "", 204


def _shown(share: Share) -> dict[str, Any]:
    return {
        "id": share.id,
        "number": share.draft.number,
        "is_open": share.is_open,
        "created_at": iso(share.created_at),
        "expires_at": iso(share.expires_at),
        "revoked_at": iso(share.revoked_at),
        "reviews": [
            {
                "verdict": review.verdict,
                "reason": review.reason,
                "name": review.name,
                "at": iso(review.at),
            }
            for review in share.reviews
        ],
    }
