"""/api/v1/account/archive: all that is the user's as one ZIP, to be taken away and in."""

from flask import request
from flask.typing import ResponseReturnValue

from smartcontent.contents.archives.unpacking import ArchiveError
from smartcontent.web.api import schemas
from smartcontent.web.api.access import protected, user_id
from smartcontent.web.api.call import call
from smartcontent.web.archives import MEDIA_TYPE, as_archive, taken_from
from smartcontent.web.bodies import ARCHIVE_LARGEST
from smartcontent.web.problems import Problem

bp = protected("archives")

_FORM = {
    "type": "object",
    "properties": {
        "file": schemas.text(
            f"The ZIP, or one text as Markdown, of at most {ARCHIVE_LARGEST // 1024**2} MB.",
            format="binary",
        )
    },
    "required": ["file"],
}
_REFUSALS = {
    411: "The request does not say how long its body is.",
    429: "Too many within an hour.",
    422: "It is no archive, or has a mistake: nothing is taken in.",
}


@bp.get("/account/archive")
@call(schemas.text("The ZIP; it is made while it is sent."), media=[MEDIA_TYPE])
def download() -> ResponseReturnValue:
    """Take away all contents with every version, and voices, templates, series, views."""
    return as_archive(user_id())


@bp.post("/account/archive")
@call(schemas.TAKEN_IN, form=_FORM, refusals=_REFUSALS)
def take_in() -> ResponseReturnValue:
    """Store what is in an archive and not here; all of it, or nothing where it has a mistake.

    A text that was downloaded as Markdown is taken in likewise. What is here already stays as it
    is. What was not finished comes as cancelled, series come paused, and voices and templates are
    not shared.
    """
    try:
        return taken_from(user_id(), request.files.get("file")).as_json()
    except ArchiveError as error:
        sentence = f"Nothing is taken in. {error}"
        raise Problem(422, sentence, {"file": [str(error)]}) from error
