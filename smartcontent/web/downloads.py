"""A content's text as a file, and as a page to be printed."""

from uuid import UUID

from flask import Blueprint, Response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required
from werkzeug.exceptions import NotFound

from smartcontent.contents.as_document import document_of
from smartcontent.contents.batches import export as results
from smartcontent.exports import FORMATS
from smartcontent.exports.document import Document, NotInThisFormat
from smartcontent.exports.file_names import content_disposition, file_name
from smartcontent.models import Batch, Content, Status
from smartcontent.stores.sql import db
from smartcontent.web import errors
from smartcontent.web.contents import own_content
from smartcontent.web.threads import few_files_at_once, slowly, turn_for_a_file

bp = Blueprint("downloads", __name__)


@bp.get("/contents/<uuid:content_id>/export")
@login_required
def export(content_id: UUID) -> ResponseReturnValue:
    """The current text as a file; where no PDF can be made of it, the page to be printed."""
    name = request.args.get("format", "")
    if name not in FORMATS:
        raise NotFound
    content = own_content(content_id)
    document = document_of(content.current)
    if document is None:
        return errors.answer(409, no_text_yet(content))
    try:
        return as_file(document, name)
    except NotInThisFormat as error:
        return _to_print(content_id, document, str(error))


@bp.get("/contents/<uuid:content_id>/print")
@login_required
def to_print(content_id: UUID) -> ResponseReturnValue:
    """The current text alone, as it looks on paper."""
    content = own_content(content_id)
    document = document_of(content.current)
    if document is None:
        return errors.answer(409, no_text_yet(content))
    return _to_print(content_id, document)


def results_as_file(batch: Batch, name: str) -> Response:
    """What came of a batch in one of its formats, under a name made from the batch's.

    Raises:
        NotInThisFormat: it is more than a file is made of.
    """
    kind = results.FORMATS[name]
    with turn_for_a_file():
        found = results.results_of(batch)
        db.session.commit()  # a large batch takes seconds, in which no transaction stands open
        body = slowly(kind.write, found)
    headers = {"Content-Disposition": content_disposition(results.name_of(batch, name))}
    return Response(body, content_type=kind.media_type, headers=headers)


def as_file(document: Document, name: str) -> Response:
    """The document in one of FORMATS, under a name made from its title.

    Raises:
        NotInThisFormat: it cannot be had in this one; the message says why, and what to do.
    """
    kind = FORMATS[name]
    body = few_files_at_once(kind.write, document)
    disposition = content_disposition(file_name(document.title, kind.suffix))
    headers = {"Content-Disposition": disposition}
    return Response(body, content_type=kind.media_type, headers=headers)


def no_text_yet(content: Content) -> str:
    """Why there is nothing to take away, and what to do."""
    status = Status(content.current.status)
    if content.current.is_final:
        return f"The current draft has no text ({status.label}): write another, or edit it by hand."
    return f"There is no text yet ({status.label}): come again when it is completed."


def _to_print(content_id: UUID, document: Document, why: str = "") -> str:
    back = url_for("contents.show", content_id=content_id)
    return render_template("contents/print.html", document=document, why=why, back=back)
