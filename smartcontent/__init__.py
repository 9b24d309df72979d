"""Smart Content: briefs in, marketing texts out, written in the background by a local model."""

import sys
from typing import Any

from flask import Flask

from smartcontent import api, cli, config, extensions, home, limiter, logs, web
from smartcontent.web import addresses, cookies


def create_app(**overrides: Any) -> Flask:
    """The application every process starts from; overrides replace settings, for tests.

    Raises:
        smartcontent.config.ConfigurationError: a setting cannot be used.
    """
    app = Flask(__name__)
    settings = home.at_home(config.from_environment() | overrides)
    app.config.from_mapping(settings, **_flask_settings(settings))
    for part in (logs, addresses, extensions, limiter, web, api, cli):
        part.init_app(app)
    return app


def process_app() -> Flask:
    """The application of a process, which a setting that cannot be used ends in a sentence."""
    try:
        return create_app()
    except config.ConfigurationError as error:
        print(error, file=sys.stderr)  # noqa: T201
        sys.exit(2)


def _flask_settings(settings: dict[str, Any]) -> dict[str, Any]:
    """What our settings mean to Flask and its extensions."""
    url = settings["DATABASE_URL"]
    return {
        "SQLALCHEMY_DATABASE_URI": url,
        "SQLALCHEMY_ENGINE_OPTIONS": extensions.engine_options(url),
        **cookies.settings(settings),
        "MAX_CONTENT_LENGTH": 256 * 1024,
        # As long as the session: a page left open overnight still works.
        "WTF_CSRF_TIME_LIMIT": None,
        "WTF_CSRF_CHECK_DEFAULT": False,  # web/entry.py asks, after it knows who sends a form
        # A Referer must name the very port, which proxies change, and some browsers send none. The
        # token in a cookie with SameSite is what another site lacks.
        "WTF_CSRF_SSL_STRICT": False,
    }
