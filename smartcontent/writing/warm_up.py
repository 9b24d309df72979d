"""What a worker does before its first draft, so that this one need not wait."""

import logging
from uuid import UUID

import redis as redis_py
from flask import current_app
from rq.utils import import_attribute
from sqlalchemy.exc import SQLAlchemyError

from smartcontent import prompts
from smartcontent.briefs.brief import Brief
from smartcontent.briefs.catalogue import CONTENT_TYPES
from smartcontent.models import Content, Draft
from smartcontent.progress.estimates import estimate_for
from smartcontent.scheduling.job import JOB_FUNCTIONS
from smartcontent.stores.redis import redis
from smartcontent.stores.redis_answers import trouble
from smartcontent.stores.sql import db
from smartcontent.texts.sentiment import sentiment_of
from smartcontent.writing.room_to_think import thinks

log = logging.getLogger(__name__)


def warm_up() -> None:
    """Load what the first draft would else load: jobs, lexicon, templates, mappers, statements."""
    for name in JOB_FUNCTIONS:
        import_attribute(name)
    sentiment_of("A lovely teapot.", "en")
    for content_type in CONTENT_TYPES.values():
        prompts.messages_for(Brief(**content_type.example))
    open_connections()
    db.engine.dispose()
    redis.disconnect()


def open_connections() -> None:
    """Open what this process's first draft would else wait for: its database and Redis.

    And ask Ollama what the usual model can do.
    """
    thinks(current_app.config["OLLAMA_MODEL"])
    try:
        _ask_for_nothing()
        with redis() as client:
            client.ping()
    except SQLAlchemyError as error:
        log.warning("not connected yet, trying again at the first draft: %s", error)
    except redis_py.RedisError as error:
        log.warning("not connected yet, trying again at the first draft: %s", trouble(error))


def _ask_for_nothing() -> None:
    """Put to the database what a draft puts to it: to make such a statement takes far longer."""
    draft = Draft(id=0, content_id=UUID(int=0))  # there is no such draft
    db.session.get(Draft, draft.id)
    db.session().enable_relationship_loading(draft)
    estimate_for(draft.content or Content(content_type="", length=""), "")
    made = dict.fromkeys(("model", "prompt", "options", "brief", "estimated_seconds"))
    draft.claim(0, **made)
    Content.take_in(draft, "")
    db.session.rollback()
