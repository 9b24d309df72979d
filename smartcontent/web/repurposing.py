"""Other texts made from a finished one, as asked for on its page."""

from uuid import UUID

from flask import Blueprint, Flask, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required

from smartcontent.briefs.catalogue import CONTENT_TYPES, LANGUAGES
from smartcontent.contents import repurposing
from smartcontent.prompts.request import language_of
from smartcontent.web import errors
from smartcontent.web.contents import own_content, refuse, said_of
from smartcontent.web.once import key_sent

bp = Blueprint("repurposing", __name__)


def init_app(app: Flask) -> None:
    """Give templates what was made from what."""
    app.add_template_global(repurposing.made_from)
    app.add_template_global(repurposing.source_of)


@bp.post("/contents/<uuid:content_id>/repurpose")
@login_required
def create(content_id: UUID) -> ResponseReturnValue:
    """Have other types made from the text, in its language or another."""
    content = own_content(content_id)
    types = list(dict.fromkeys(request.form.getlist("content_types")))
    language = request.form.get("language", language_of(content.current))
    if not set(types) <= CONTENT_TYPES.keys() or language not in LANGUAGES:
        return errors.answer(422, "Choose what is to be made of the text, and its language.")
    if not types:
        return refuse(content, "content_types", "Tick what is to be made of the text.")
    try:
        made = repurposing.repurpose(content, types, [language], key=key_sent())
    except repurposing.NothingToMakeItFrom as error:
        return errors.answer(409, str(error))
    texts = "another text is" if len(made) == 1 else f"{len(made)} other texts are"
    flash(said_of(content, f": {texts} made from it, listed on this page."), "said")
    return redirect(url_for("contents.show", content_id=content_id), 303)
