"""The whole application: pages, API and commands."""

from typing import Any

from flask import Flask

from smartcontent import cli, extensions, web
from smartcontent.background import background_app
from smartcontent.web import addresses, compiling, cookies


def create_app(**overrides: Any) -> Flask:
    """The application of web process and commands; overrides replace settings, for tests.

    Raises:
        smartcontent.config.ConfigurationError: a setting cannot be used.
    """
    app = background_app(**overrides)
    app.config.from_mapping(_flask_settings(app.config))
    for part in (addresses, compiling, extensions, web, cli):
        part.init_app(app)
    return app


def _flask_settings(settings: dict[str, Any]) -> dict[str, Any]:
    """What our settings mean to Flask and its extensions."""
    return {
        **cookies.settings(settings),
        "MAX_CONTENT_LENGTH": 256 * 1024,
        # As long as the session: a page left open overnight still works.
        "WTF_CSRF_TIME_LIMIT": None,
        "WTF_CSRF_CHECK_DEFAULT": False,  # web/entry.py asks, after it knows who sends a form
        # A Referer must name the very port, which proxies change, and some browsers send none. The
        # token in a cookie with SameSite is what another site lacks.
        "WTF_CSRF_SSL_STRICT": False,
    }
