"""What comes of a form before it is sent: the prompt of a brief, a text drawn and measured."""

from flask import Blueprint, Flask, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user, login_required
from markupsafe import Markup

from smartcontent.contents.submitting import write_brief
from smartcontent.fields import with_plain_line_ends
from smartcontent.models import Content
from smartcontent.prompts.request import request_for
from smartcontent.texts.counting import READ_IN_A_MINUTE
from smartcontent.texts.quality.card import LONGEST
from smartcontent.texts.quality.limits import limits_for, limits_of
from smartcontent.web import limiter
from smartcontent.web.brief_forms import BriefForms
from smartcontent.web.rendering import AT_ONCE, rendered
from smartcontent.web.threads import few_at_once

bp = Blueprint("preview", __name__)

PREVIEWS = limiter.Limit("previews", most=120, seconds=60)
MEASURED = limiter.Limit("measured", most=180, seconds=60)  # at each pause of somebody who types


def init_app(app: Flask) -> None:
    """Give templates what they measure a text by."""
    app.add_template_global(limits_for)
    app.jinja_env.globals["read_in_a_minute"] = READ_IN_A_MINUTE


@bp.post("/contents/preview")
@login_required
def show() -> ResponseReturnValue:
    """Make the prompt of what is in the form, or say what the form still needs."""
    limiter.check(PREVIEWS, "Too many previews: wait a moment.", current_user.id)
    forms = BriefForms.sent()
    if not forms.validate():
        said = [str(error) for errors in forms.errors for error in errors]
        return render_template("contents/_no_prompt.html", said=said)
    content = Content(user_id=current_user.id, title="", settings=forms.model.changed({}))
    write_brief(content, forms.brief)
    return render_template("contents/_prompt.html", sent=request_for(content))


@bp.post("/contents/preview/text")
@login_required
def text() -> Markup:
    """The text that stands in an editor, as its page would show it."""
    limiter.check(PREVIEWS, "Too many previews: wait a moment.", current_user.id)
    return rendered(_typed())


@bp.post("/contents/preview/limits")
@login_required
def limits() -> str:
    """How the text that stands in an editor keeps to the limits of its type of content."""
    limiter.check(MEASURED, "Too often: it is measured in a moment.", current_user.id)
    typed = _typed()
    asked = typed, request.args.get("content_type", "")
    found = limits_of(*asked) if len(typed) <= AT_ONCE else few_at_once(limits_of, *asked)
    return render_template("contents/_limits.html", limits=found)


def _typed() -> str:
    """No more of it than can be saved."""
    return with_plain_line_ends(request.form.get("text", ""))[:LONGEST]
