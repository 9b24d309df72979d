"""The prompt that a brief's form would make, word for word, before anything is submitted."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from flask_login import current_user, login_required

from smartcontent.contents.submitting import write_brief
from smartcontent.models import Content
from smartcontent.prompts.request import request_for
from smartcontent.web import limiter
from smartcontent.web.brief_forms import BriefForms

bp = Blueprint("preview", __name__)

PREVIEWS = limiter.Limit("previews", most=120, seconds=60)


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
