"""What every process starts from: settings, logs and the two stores, and nothing of the pages.

A worker and a scheduler need no more, and begin in about half the time for it.
"""

import sys
from collections.abc import Callable
from typing import Any

from flask import Flask

from smartcontent import config, logs
from smartcontent.config.home import at_home
from smartcontent.stores import redis, sql


def background_app(**overrides: Any) -> Flask:
    """The application of a process that answers no requests; overrides replace settings, for tests.

    Raises:
        smartcontent.config.ConfigurationError: a setting cannot be used.
    """
    app = Flask("smartcontent")
    settings = at_home(config.from_environment() | overrides)
    url = settings["DATABASE_URL"]
    app.config.from_mapping(
        settings, SQLALCHEMY_DATABASE_URI=url, SQLALCHEMY_ENGINE_OPTIONS=sql.engine_options(url)
    )
    for part in (logs, sql, redis.redis):
        part.init_app(app)
    return app


def or_exit(make: Callable[[], Flask]) -> Flask:
    """The application of a process, which a setting that cannot be used ends in a sentence."""
    try:
        return make()
    except config.ConfigurationError as error:
        print(error, file=sys.stderr)  # noqa: T201
        sys.exit(2)
