"""All that is one's own as one ZIP: given out while it is made, and taken in again."""

from collections.abc import Iterator
from functools import partial

from flask import (
    Blueprint,
    Response,
    flash,
    redirect,
    render_template,
    request,
    stream_with_context,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_login import current_user, login_required
from werkzeug.datastructures import FileStorage

from smartcontent.contents.archives import export, taking_in
from smartcontent.contents.archives.taking_in import Taken
from smartcontent.contents.archives.unpacking import ArchiveError
from smartcontent.exports.file_names import content_disposition
from smartcontent.exports.packing import File, Packing
from smartcontent.models import now
from smartcontent.web.bodies import ARCHIVE_LARGEST
from smartcontent.web.threads import (
    few_files_at_once,
    slowly,
    turn_for_a_file,
    turn_for_an_archive,
)
from smartcontent.web.turns import kept_for

bp = Blueprint("archives", __name__, url_prefix="/account/data")

MEDIA_TYPE = "application/zip"


@bp.get("")
@login_required
def index() -> str:
    """What can be taken away, and taken in."""
    return _page()


@bp.get("/archive.zip")
@login_required
def download() -> ResponseReturnValue:
    """All that is the user's."""
    return as_archive(current_user.id)


@bp.post("")
@login_required
def take_in() -> ResponseReturnValue:
    """Store what is in an archive and not here."""
    try:
        taken = taken_from(current_user.id, request.files.get("file"))
    except ArchiveError as error:
        return _page(str(error)), 422
    flash(_said(taken))
    return redirect(url_for(".index"), 303)


def as_archive(user_id: int) -> Response:
    """The archive of a user, made step by step as fast as it is taken."""
    return as_zip(export.steps(user_id), f"Smart Content {now():%Y-%m-%d}")


def as_zip(steps: Iterator[list[File]], name: str) -> Response:
    """Files as a ZIP, made step by step as fast as it is taken."""
    headers = {"Content-Disposition": content_disposition(f"{name}.zip")}
    pieces = kept_for(stream_with_context(_pieces(steps)))
    return Response(pieces, content_type=MEDIA_TYPE, headers=headers)


def _pieces(steps: Iterator[list[File]]) -> Iterator[bytes]:
    packing, is_over = Packing(), False
    while not is_over:
        with turn_for_a_file(is_begun=True):
            piece, is_over = _next_piece(packing, steps)
        yield piece


def _next_piece(packing: Packing, steps: Iterator[list[File]]) -> tuple[bytes, bool]:
    """And whether it is the last. The step it is made of is not held while the client takes it."""
    step = next(steps, None)
    return (slowly(packing.end), True) if step is None else (slowly(packing.add, step), False)


def taken_from(user_id: int, file: FileStorage | None) -> Taken:
    """What came of a file that was sent.

    Raises:
        ArchiveError: it cannot be taken in, and nothing is stored.
    """
    if file is None or not file.filename:
        raise ArchiveError("Choose the ZIP, or the Markdown, that you have downloaded here.")
    with turn_for_an_archive():
        beside = partial(few_files_at_once, is_begun=True)
        return taking_in.take_in(user_id, file.stream, beside)


def _said(taken: Taken) -> str:
    kinds = {
        "text": taken.contents, "voice": taken.voices, "template": taken.templates,
        "series": taken.series, "saved view": taken.views,
    }  # fmt: skip
    new = [_number(each, name) for name, each in kinds.items() if each]
    there = f" {taken.already_there:,} were here already, and stay as they are."
    came = f"Taken in: {', '.join(new)}." if new else "Nothing in it was new."
    paused = " The series are paused: resume what is to go on." if taken.series else ""
    return came + (there if taken.already_there else "") + paused


def _number(number: int, name: str) -> str:
    many = "" if number == 1 or name == "series" else "s"
    return f"{number:,} {name}{many}"


def _page(refusal: str = "") -> str:
    megabytes = ARCHIVE_LARGEST // 1024**2
    return render_template("account/data.html", refusal=refusal, megabytes=megabytes)
