"""How long a draft will take, learned from the drafts that were written before it."""

from dataclasses import dataclass
from statistics import median

from sqlalchemy import select

from smartcontent.models import Content, Draft, Origin, Status
from smartcontent.stores.sql import db, one_of
from smartcontent.texts.counting import Size, unit_of, usual_size

LEARNED_FROM = 20
LOOKED_AT = 300  # of the model's last texts, of any kind


@dataclass(frozen=True)
class Estimate:
    """The medians of earlier drafts; the seconds count from the moment they were picked up."""

    first_word_seconds: float
    seconds: float
    size: Size


def estimate_for(content: Content, model: str) -> Estimate | None:
    """From the last texts of this model, type and length; None while there are none."""
    written = Draft.status == Status.COMPLETED, Draft.origin == Origin.GENERATED
    last = select(Draft.id).where(Draft.model == model, *written)
    last = last.order_by(Draft.id.desc()).limit(LOOKED_AT)
    rows = db.session.execute(
        select(Draft.started_at, Draft.first_word_at, Draft.finished_at, Draft.words)
        .add_columns(Content.language)
        .join(Content, Content.id == Draft.content_id)
        .where(
            one_of(Draft.id, last),
            Draft.first_word_at.is_not(None),
            Draft.words.is_not(None),
            Content.content_type == content.content_type,
            Content.length == content.length,
        )
        .order_by(Draft.id.desc())
        .limit(LEARNED_FROM)
    ).all()
    if not rows:
        return None
    return Estimate(
        first_word_seconds=median((r.first_word_at - r.started_at).total_seconds() for r in rows),
        seconds=median((r.finished_at - r.started_at).total_seconds() for r in rows),
        size=usual_size([Size(row.words, unit_of(row.language)) for row in rows]),
    )
