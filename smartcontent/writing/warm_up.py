"""What a worker does before its first draft, so that this one need not wait."""

import logging

import redis as redis_py
from sqlalchemy.exc import SQLAlchemyError

from smartcontent import prompts
from smartcontent.briefs.brief import Brief
from smartcontent.briefs.catalogue import CONTENT_TYPES
from smartcontent.models import Draft
from smartcontent.stores.redis import redis
from smartcontent.stores.redis_answers import trouble
from smartcontent.stores.sql import db
from smartcontent.texts.sentiment import sentiment_of

log = logging.getLogger(__name__)


def warm_up() -> None:
    """Load what the first draft would else wait for: lexicon, templates, mappers, statements."""
    sentiment_of("A lovely teapot.", "en")
    for content_type in CONTENT_TYPES.values():
        prompts.messages_for(Brief(**content_type.example))
    open_connections()
    db.engine.dispose()
    redis.disconnect()


def open_connections() -> None:
    """Open what this process's first draft would else wait for: its database and Redis."""
    try:
        Draft(id=0).claim(lease_seconds=0)  # there is no such draft
        with redis() as client:
            client.ping()
    except SQLAlchemyError as error:
        log.warning("not connected yet, trying again at the first draft: %s", error)
    except redis_py.RedisError as error:
        log.warning("not connected yet, trying again at the first draft: %s", trouble(error))
