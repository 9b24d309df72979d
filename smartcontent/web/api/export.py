"""GET /api/v1/contents/ID/export: a content's text as a file."""

from flask import url_for
from flask.typing import ResponseReturnValue

from smartcontent.contents.as_document import document_of
from smartcontent.exports import FORMATS
from smartcontent.exports.document import NotInThisFormat
from smartcontent.fields import Fields, one_of
from smartcontent.models import Content
from smartcontent.web.api import schemas
from smartcontent.web.api.access import protected
from smartcontent.web.api.call import call
from smartcontent.web.downloads import as_file, no_text_yet
from smartcontent.web.problems import Problem

bp = protected("export")

FILE: Fields = {"format": one_of("format", FORMATS, is_needed=True)}


@bp.get("/contents/<uuid:content_id>/export")
@call(
    schemas.text("The file; its name stands in `Content-Disposition`."),
    media=[kind.media_type.partition(";")[0] for kind in FORMATS.values()],
    query=FILE,
    refusals={409: "There is no text yet, or no such file of it: then `print` is its page."},
)
def export(content: Content, asked: dict[str, str]) -> ResponseReturnValue:
    """Take the current text away as a file."""
    document = document_of(content.current)
    if document is None:
        raise Problem(409, no_text_yet(content))
    try:
        return as_file(document, asked["format"])
    except NotInThisFormat as error:
        page = url_for("downloads.to_print", content_id=content.id)
        raise Problem(409, str(error), more={"print": page}) from error
