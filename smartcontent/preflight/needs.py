"""What drafts that are due soon will ask for: models by their names, and of each its next request.

Somebody may name hundreds of models, there or not, for prompts of a million characters each. So a
request is made where it is used, and no more than one is held at a time.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from smartcontent.models import Content, Draft, now
from smartcontent.models.reading_ahead import tokens_a_second
from smartcontent.models.status import WAITS
from smartcontent.ollama import canonical
from smartcontent.prompts import estimated_tokens
from smartcontent.prompts.request import (
    Request,
    SourceGone,
    model_named,
    request_for,
    request_of,
)
from smartcontent.stores.sql import db, one_of, only_read
from smartcontent.writing.room_to_think import with_room_to_think

AHEAD = timedelta(seconds=65)
MOST_DRAFTS = 500
TRIES = 10  # drafts of one model of which no request can be made


@dataclass
class Need:
    """A model that drafts due soon will ask for: when the first is due, and which they are."""

    due_at: datetime
    draft_ids: list[int] = field(default_factory=list)
    # Who waits, by the name as their briefs spell it: `llama3.2`, `Llama3.2:latest`.
    user_ids: dict[str, set[int]] = field(default_factory=dict)


@dataclass(frozen=True)
class Prepared:
    """A draft with its request, and in how many seconds the model reads that."""

    draft: Draft
    request: Request
    seconds: float

    @property
    def to_send(self) -> Request:
        """The request as its worker will send it; Ollama may be asked for that."""
        return with_room_to_think(self.request)


def needed_soon() -> dict[str, Need]:
    """What drafts will ask for that are due within a minute or wait already, by canonical names.

    Of very many drafts the first of each user, so that nobody's hide behind another's.
    """
    only_read()
    place = func.row_number().over(partition_by=Draft.user_id, order_by=(Draft.due_at, Draft.id))
    soon = select(Draft.id).where(Draft.status.in_(WAITS), Draft.due_at < now() + AHEAD)
    first = soon.order_by(place, Draft.due_at).limit(MOST_DRAFTS)
    drafts = db.session.execute(
        select(Draft.id, Draft.user_id, Draft.due_at, Draft.wishes, Content.settings)
        .join(Content, Content.id == Draft.content_id)
        .where(one_of(Draft.id, first))
        .order_by(Draft.due_at, Draft.id)
    ).all()
    db.session.commit()
    needs: dict[str, Need] = {}
    for draft in drafts:
        name = model_named(draft.settings, draft.wishes)
        need = needs.setdefault(canonical(name), Need(draft.due_at))
        need.draft_ids.append(draft.id)
        need.user_ids.setdefault(name, set()).add(draft.user_id)
    return needs


def prepared(need: Need) -> Prepared | None:
    """The first of a model's drafts of which a request can be made; None where there is none."""
    only_read()
    drafts = (db.session.get(Draft, draft_id) for draft_id in need.draft_ids[:TRIES])
    requests = ((draft, _request_of(draft)) for draft in drafts if draft is not None)
    found = next(((draft, request) for draft, request in requests if request is not None), None)
    made = found and Prepared(*found, _seconds_to_read(found[1]))
    db.session.commit()
    return made


def _request_of(draft: Draft) -> Request | None:
    """What its worker will send; that of its brief alone where what it is made of is gone.

    None where none can be made, which its worker will say.
    """
    try:
        return request_of(draft)
    except SourceGone:
        return request_for(draft.content, draft.wishes)
    except SQLAlchemyError:
        raise
    except Exception:
        return None


def _seconds_to_read(request: Request) -> float:
    """How long the model takes to read the prompt, as it read others."""
    return estimated_tokens(request.messages) / tokens_a_second(request.model)
