"""Links to read a version by, made and revoked by its owner, opened by whoever has them."""

from uuid import UUID

from flask import (
    Blueprint,
    Flask,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_login import login_required
from wtforms import Form, StringField, ValidationError
from wtforms.fields import Field

from smartcontent.briefs.form import form_field
from smartcontent.contents import sharing
from smartcontent.contents.sharing import NotShared
from smartcontent.fields import Text
from smartcontent.models import Content, Share, Verdict
from smartcontent.models.accounts import LARGEST_ID
from smartcontent.models.share import NAME_LONGEST, REASON_LONGEST
from smartcontent.web import errors, limiter
from smartcontent.web.addresses import public_url
from smartcontent.web.contents import back, own_content
from smartcontent.web.once import secret_sent

bp = Blueprint("sharing", __name__)

LIFETIMES = {7: "In a week", 30: "In 30 days", sharing.DAYS_MOST: "In 90 days"}
OPENED = limiter.Limit("shared-opened", most=120, seconds=60)
REVIEWED = limiter.Limit("shared-reviewed", most=10, seconds=60)
TOO_OFTEN = "That was too often from your network: wait a minute, then try again."
GONE = "This link has expired or was revoked: ask whoever sent it for another one."
# Not to be found, not to be passed on with the address.
PRIVATE = {"X-Robots-Tag": "noindex, nofollow", "Referrer-Policy": "no-referrer"}


class ReviewForm(Form):
    """What a reader says."""

    verdict = StringField()
    name = form_field(Text(label="Your name", most=NAME_LONGEST))
    reason = form_field(Text(label="What to change", most=REASON_LONGEST, has_lines=True))

    def validate_verdict(self, field: Field) -> None:
        """Look at what is chosen.

        Raises:
            ValidationError: nothing is.
        """
        if field.data not in [*Verdict]:
            raise ValidationError("Choose one: approve it, or ask for changes.")

    def validate_reason(self, field: Field) -> None:
        """Look at the two together.

        Raises:
            ValidationError: changes are asked for that nobody can know.
        """
        if self.verdict.data == Verdict.CHANGES and not field.data:
            raise ValidationError("Say what is to be changed.")


def init_app(app: Flask) -> None:
    app.add_template_global(Share.of, "shares_of")
    app.add_template_global(Verdict, "Verdict")
    app.add_template_global(lambda: LIFETIMES, "share_lifetimes")


@bp.post("/contents/<uuid:content_id>/shares")
@login_required
def share(content_id: UUID) -> ResponseReturnValue:
    """Make a link, whose address is shown this once."""
    content = own_content(content_id)
    number, days = (request.form.get(name, 0, type=int) for name in ("number", "days"))
    if days not in LIFETIMES:
        return errors.answer(422, "Choose when the link ends: in a week, in 30 days or in 90.")
    try:
        _, secret = sharing.share(content, number, days, secret_sent())
    except NotShared as error:
        return errors.answer(409, str(error))
    address = public_url(".read", secret=secret)
    return render_template("contents/show.html", content=content, shared=address)


@bp.post(f"/contents/<uuid:content_id>/shares/<int(max={LARGEST_ID}):share_id>/revoke")
@login_required
def revoke(content_id: UUID, share_id: int) -> ResponseReturnValue:
    """Make a link useless."""
    content = own_content(content_id)
    if not sharing.revoke(content, share_id):
        return errors.answer(409, "This link was revoked before.")
    return back(content, "can no longer be read by that link.")


@bp.get("/shared/<string(maxlength=60):secret>")
def read(secret: str) -> ResponseReturnValue:
    """One version, for whoever has the link."""
    found = _opened(secret)
    return _page(found, secret, ReviewForm()) if found else _gone()


@bp.post("/shared/<string(maxlength=60):secret>")
def review(secret: str) -> ResponseReturnValue:
    """Take what the reader says of it."""
    limiter.check(REVIEWED, TOO_OFTEN, limiter.network())
    found, form = _opened(secret), ReviewForm(request.form)
    if found is None:
        return _gone()
    if not form.validate():
        return _page(found, secret, form, 422)
    verdict = Verdict(form.verdict.data)
    if not sharing.review(found, verdict, form.reason.data, form.name.data):
        return errors.answer(409, "Enough has been said here: tell whoever sent you the link.")
    flash("Thank you: whoever sent you the link can read what you said.")
    return redirect(url_for(".read", secret=secret, sent=request.form.get("key")), 303)


def _opened(secret: str) -> Share | None:
    limiter.check(OPENED, TOO_OFTEN, limiter.network())
    return Share.with_secret(secret)


def _gone() -> ResponseReturnValue:
    return errors.answer(404, GONE, PRIVATE.items())


def _page(found: Share, secret: str, form: ReviewForm, status: int = 200) -> ResponseReturnValue:
    content: Content = found.content
    page = render_template(
        "contents/shared.html",
        share=found,
        content=content,
        draft=found.draft,
        form=form,
        secret=secret,
    )
    return make_response(page, status, PRIVATE)
