"""Series on the pages: what comes again and again, when, and what came of it."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user, login_required
from markupsafe import Markup
from sqlalchemy import select
from sqlalchemy.orm import joinedload
from werkzeug.exceptions import BadRequest, NotFound

from smartcontent.contents.quotas import OverQuota
from smartcontent.contents.series import acting
from smartcontent.contents.series.acting import Plan, TooManySeries
from smartcontent.models import Content, Draft, Series
from smartcontent.models.draft import FAILURE
from smartcontent.recurrence.rules import in_words
from smartcontent.stores.sql import db
from smartcontent.web.base import Base
from smartcontent.web.brief_forms import BriefForms
from smartcontent.web.contents import say_source_stays, to_be_used_again
from smartcontent.web.once import key_sent
from smartcontent.web.rule_form import DAYS, OFTEN, RuleForm, zone_names

bp = Blueprint("series", __name__)

SHOWN = 30  # contents that a series made


@bp.get("/series")
@login_required
def index() -> str:
    """All series of the user."""
    return render_template("series/index.html", all_series=Series.of(current_user.id))


@bp.get("/series/new")
@login_required
def new() -> str:
    """The form, or one with the brief of a content."""
    if content := to_be_used_again():
        say_source_stays(content, "a series")
        return _form_page(BriefForms.again(content), RuleForm())
    return _form_page(BriefForms.begun(*Content.last_chosen(current_user.id)), RuleForm())


@bp.post("/series")
@login_required
def create() -> ResponseReturnValue:
    """Begin a series."""
    forms, rule = BriefForms.sent(), RuleForm(request.form)
    if not all([forms.validate(), rule.validate()]):
        return _form_page(forms, rule), 422
    try:
        series = acting.begin(current_user.id, _plan(forms, rule), key=key_sent())
    except TooManySeries as error:
        return _form_page(forms, rule, refusal=str(error)), 422
    except OverQuota as error:
        page = _form_page(forms, rule, refusal=str(error.description))
        return page, 429, {"Retry-After": str(error.retry_after)}
    flash("The series has begun.")
    return _to(series)


@bp.get("/series/<uuid:series_id>")
@login_required
def show(series_id: UUID) -> str:
    """A series: when it comes, and what it has made."""
    series = own_series(series_id)
    return render_template("series/show.html", series=series, contents=_made(series))


@bp.route("/series/<uuid:series_id>/edit", methods=["GET", "POST"])
@login_required
def edit(series_id: UUID) -> ResponseReturnValue:
    """Change a series: its brief, its name, its rule."""
    series = own_series(series_id)
    saved, rule = BriefForms.of(series), _rule_of(series)
    standing = _standing(saved, rule, series.cron)
    if request.method != "POST":
        return _form_page(saved, rule, series, Base(standing))
    forms, rule = BriefForms.sent(series), RuleForm(request.form)
    is_fit = all([forms.validate(), rule.validate()])
    base = Base(standing, _standing(forms, rule, rule.rule if is_fit else ""))
    if not is_fit or base.changed:
        return _form_page(forms, rule, series, base), 409 if is_fit else 422
    try:
        acting.change(series, _plan(forms, rule, series.settings))
    except OverQuota as error:
        page = _form_page(forms, rule, series, base, str(error.description))
        return page, 429, {"Retry-After": str(error.retry_after)}
    flash("The series is changed. What it made before stays as it is.")
    return _to(series)


@bp.post("/series/<uuid:series_id>/pause")
@login_required
def pause(series_id: UUID) -> ResponseReturnValue:
    """Make nothing more for now."""
    return _do(series_id, acting.pause, "The series is paused.")


@bp.post("/series/<uuid:series_id>/resume")
@login_required
def resume(series_id: UUID) -> ResponseReturnValue:
    """Go on."""
    return _do(series_id, acting.resume, "The series goes on.")


@bp.post("/series/<uuid:series_id>/skip")
@login_required
def skip(series_id: UUID) -> ResponseReturnValue:
    """Leave out the next time; pressed twice, one time is left out."""
    series = own_series(series_id)
    try:
        due = datetime.fromisoformat(request.form["due"])
    except ValueError as error:
        raise BadRequest from error
    is_skipped = acting.skip(series, due)
    flash("One time is skipped." if is_skipped else "Nothing more is skipped: see the next times.")
    return _to(series)


@bp.post("/series/<uuid:series_id>/delete")
@login_required
def delete(series_id: UUID) -> ResponseReturnValue:
    """End the series; what it made stays."""
    series = own_series(series_id)
    name = series.name
    acting.end(series)
    flash(Markup("The series “<bdi>{}</bdi>” is deleted. What it made stays.").format(name))
    return redirect(url_for(".index"), 303)


def own_series(series_id: UUID) -> Series:
    """The signed-in user's series, locked where it is to be changed; 404 also where it is not."""
    find = Series.find_to_change if request.method == "POST" else Series.find
    series = find(current_user.id, series_id)
    if series is None:
        raise NotFound
    return series


def _do(series_id: UUID, act: Callable[[Series], None], said: str) -> ResponseReturnValue:
    series = own_series(series_id)
    act(series)
    flash(said)
    return _to(series)


def _to(series: Series) -> ResponseReturnValue:
    return redirect(url_for(".show", series_id=series.id, sent=request.form.get("key")), 303)


def _rule_of(series: Series) -> RuleForm:
    name = "" if series.name == series.title else series.name
    return RuleForm.of(series.cron, timezone=series.timezone, name=name)


def _standing(forms: BriefForms, rule: RuleForm, cron: str) -> dict[str, str]:
    when = in_words(cron) if cron else ""
    zone, name = rule.timezone.data or "", rule.name.data or ""
    return forms.standing | {"When it comes": when, "Time zone": zone, "Name": name}


def _plan(forms: BriefForms, rule: RuleForm, settings: dict[str, Any] | None = None) -> Plan:
    return Plan(
        values=forms.form.data | forms.model.changed(settings or {}),
        cron=rule.rule,
        timezone=rule.timezone.data or "",
        name=rule.name.data or "",
        voice=forms.voice.voice,
    )


def _form_page(
    forms: BriefForms,
    rule: RuleForm,
    series: Series | None = None,
    base: Base | None = None,
    refusal: str = "",
) -> str:
    return render_template(
        "series/edit.html",
        **vars(forms),
        rule=rule,
        series=series,
        base=base,
        refusal=refusal,
        often=OFTEN,
        days=DAYS,
        zones=zone_names(),
    )


def _made(series: Series) -> list[Content]:
    light = (Draft.number, Draft.status, *FAILURE)
    query = (
        select(Content)
        .where(Content.series_id == series.id, Content.deleted_at.is_(None))
        .order_by(Content.series_due_at.desc())
        .limit(SHOWN)
        .options(joinedload(Content.current).load_only(*light))
    )
    return list(db.session.scalars(query))
