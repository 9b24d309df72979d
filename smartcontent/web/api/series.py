"""/api/v1/series: briefs that come again by a rule."""

from collections.abc import Sequence
from typing import Any

from flask import url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from smartcontent.briefs.submission import UNTIMED, VOICE_ID
from smartcontent.briefs.template import THROUGH
from smartcontent.contents import as_json
from smartcontent.contents.series import acting
from smartcontent.contents.series.acting import Plan, TooManySeries
from smartcontent.fields import Fields, Moment, Text, Value, read
from smartcontent.models import Content, Draft, Series
from smartcontent.models.moments import iso
from smartcontent.models.series import NAME_LONGEST
from smartcontent.recurrence.rules import LONGEST, ZONE_LONGEST, RuleError, ZoneError, rule_of
from smartcontent.stores.sql import db
from smartcontent.web.api import schemas
from smartcontent.web.api.access import chosen_voice, protected, user_id
from smartcontent.web.api.call import call, not_accepted
from smartcontent.web.api.idempotency import HEADER, KEY, key_of_request
from smartcontent.web.api.through_template import brief_through_template
from smartcontent.web.problems import Problem
from smartcontent.web.threads import few_at_once

bp = protected("series")

MADE_SHOWN = 20

# Of one time, and how it is to sound.
BRIEF: Fields = {**UNTIMED, "voice_id": VOICE_ID}
SERIES: Fields = {
    "brief": Value(
        label="Brief",
        must='be a brief: {"content_type": …, "topic": …}',
        is_right=lambda value: isinstance(value, dict),
        holds={
            "type": "object",
            "properties": {name: rule.schema() for name, rule in BRIEF.items()},
        },
        is_needed=True,
        about="What is written each time; may name `model`, `temperature`, `seed` and `voice_id`, "
        "too. In a change, only what is sent of it changes.",
        example={"content_type": "email_newsletter", "topic": "What is new at the garden centre"},
    ),
    **THROUGH,
    "rule": Text(
        label="Rule",
        most=LONGEST,
        is_needed=True,
        missing="every Monday at seven is 0 7 * * 1",
        about="A rule as cron has it, of once an hour at most.",
        example="0 7 * * 1",
    ),
    "timezone": Text(
        label="Timezone",
        most=ZONE_LONGEST,
        about="By whose clocks; across their changes the time on the clock stays.",
        usual="UTC",
        example="Europe/Berlin",
    ),
    "name": Text(label="Name", most=NAME_LONGEST, about="Without it, the title of the brief."),
    "paused": Value(
        label="Paused",
        must="be true or false",
        is_right=lambda value: isinstance(value, bool),
        holds={"type": "boolean"},
        about="While it is true, nothing is made.",
        usual=False,
    ),
}
SKIP: Fields = {
    "due": Moment(
        label="Due",
        is_needed=True,
        about="The first of its `next` times.",
        example="2026-12-07T06:00:00.000Z",
    )
}


@bp.get("/series")
@call(schemas.ALL_SERIES)
def index() -> ResponseReturnValue:
    """List the series, the newest first."""
    return {"items": few_at_once(_all_shown, Series.of(user_id()))}


@bp.post("/series")
@call(
    schemas.SERIES,
    201,
    body=SERIES,
    headers={HEADER: KEY},
    completed=brief_through_template,
    answered_headers={"Location": "The series' address."},
    refusals={404: "There is no such voice or template, or it is not for you."},
)
def create(sent: dict[str, Any]) -> ResponseReturnValue:
    """Begin a series: a brief with a rule of recurrence.

    Each time its content is made a minute before, and starts at exactly its time. Times that were
    missed, because everything was down, are made once. Sent again with its key, it is the series
    that there is.
    """
    brief = _brief(sent["brief"])
    plan = Plan(
        brief,
        sent["rule"],
        sent.get("timezone") or "UTC",
        sent.get("name") or "",
        chosen_voice(brief),
    )
    _check(plan)
    try:
        series = acting.begin(user_id(), plan, bool(sent.get("paused")), key_of_request())
    except TooManySeries as error:
        raise Problem(422, str(error)) from error
    return _shown(series), 201, {"Location": url_for(".show", series_id=series.id)}


@bp.get("/series/<uuid:series_id>")
@call(schemas.SERIES_WHOLE)
def show(series: Series) -> ResponseReturnValue:
    """Read a series, and what it has made last."""
    query = (
        select(Content)
        .where(Content.series_id == series.id, Content.deleted_at.is_(None))
        .options(joinedload(Content.current).load_only(Draft.status))
    )
    made = db.session.scalars(query.order_by(Content.series_due_at.desc()).limit(MADE_SHOWN))
    return {**_shown(series), "made": [_made(content) for content in made]}


@bp.patch("/series/<uuid:series_id>")
@call(
    schemas.SERIES,
    body=SERIES,
    completed=brief_through_template,
    is_change=True,
    refusals={409: "Its time zone is not known here any more."},
)
def change(series: Series, sent: dict[str, Any]) -> ResponseReturnValue:
    """Change what is sent, and nothing else; what it has made stays as it is."""
    plan = _changed(series, sent) if sent.keys() - {"paused"} else None
    acting.change(series, plan, bool(sent["paused"]) if "paused" in sent else None)
    return _shown(series)


@bp.post("/series/<uuid:series_id>/skip")
@call(schemas.SERIES, body=SKIP, refusals={409: "Its next time is another one."})
def skip(series: Series, sent: dict[str, Any]) -> ResponseReturnValue:
    """Leave out its next time, once."""
    if not acting.skip(series, sent["due"]):
        raise Problem(409, "Its next time is another one: read it again for the first of `next`.")
    return _shown(series)


@bp.delete("/series/<uuid:series_id>")
@call(None, 204)
def delete(series: Series) -> ResponseReturnValue:
    """End a series; what it has made stays."""
    acting.end(series)
    return "", 204


def _brief(sent: dict[str, Any], before: dict[str, Any] | None = None) -> dict[str, Any]:
    values, errors = read(BRIEF, sent, is_change=before is not None)
    if errors:
        raise not_accepted({f"brief.{name}": said for name, said in errors.items()})
    return {**(before or {}), **values}


def _changed(series: Series, sent: dict[str, Any]) -> Plan:
    before = series.fields | series.settings
    name = "" if series.name == series.title else series.name
    brief = _brief(sent["brief"], before) if "brief" in sent else before
    plan = Plan(
        brief,
        sent.get("rule", series.cron),
        sent.get("timezone", series.timezone) or "UTC",
        sent.get("name", name) or "",
        chosen_voice(brief) if "voice_id" in brief else series.voice,
    )
    _check(plan)
    return plan


def _check(plan: Plan) -> None:
    try:
        rule_of(plan.cron, plan.timezone)
    except ZoneError as error:
        raise not_accepted({"timezone": [str(error)]}) from error
    except RuleError as error:
        raise not_accepted({"rule": [str(error)]}) from error


def _all_shown(all_series: Sequence[Series]) -> list[dict[str, Any]]:
    """Their next times take a while where there are many that come once in decades."""
    return [_shown(series) for series in all_series]


def _shown(series: Series) -> dict[str, Any]:
    answered = {**series.brief.typed, "title": series.title}
    settings = {name: series.settings.get(name) for name in ("model", "temperature", "seed")}
    return {
        "id": str(series.id),
        "name": series.name,
        "brief": {**answered, **settings, "voice": as_json.voice(series.voice)},
        "rule": series.cron,
        "timezone": series.timezone,
        "words": series.in_words,
        "paused": series.is_paused,
        "next": [iso(due) for due in series.upcoming()],
        "created_at": iso(series.created_at),
    }


def _made(content: Content) -> dict[str, Any]:
    return {
        "content_id": str(content.id),
        "title": content.title,
        "due": iso(content.series_due_at),
        "missed": content.series_missed,
        "status": content.current.status,
    }
