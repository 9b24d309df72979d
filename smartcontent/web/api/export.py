"""GET /api/v1/contents/ID/export: a content's text as a file."""

from uuid import UUID

from flask import request, url_for
from flask.typing import ResponseReturnValue

from smartcontent.contents.exporting import document_of
from smartcontent.texts.export import FORMATS
from smartcontent.texts.export.pdf import NotInThisFormat
from smartcontent.web.api.access import own_content, protected
from smartcontent.web.downloads import as_file, no_text_yet
from smartcontent.web.problems import Problem

bp = protected("export")


@bp.get("/contents/<uuid:content_id>/export")
def export(content_id: UUID) -> ResponseReturnValue:
    """The current text in one of the formats."""
    content, name = own_content(content_id), request.args.get("format", "")
    if name not in FORMATS:
        sentence = f"format must be one of {', '.join(FORMATS)}."
        raise Problem(422, sentence, {"format": [sentence]})
    document = document_of(content.current)
    if document is None:
        raise Problem(409, no_text_yet(content))
    try:
        return as_file(document, name)
    except NotInThisFormat as error:
        page = url_for("downloads.to_print", content_id=content_id)
        raise Problem(409, str(error), more={"print": page}) from error
