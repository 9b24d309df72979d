"""Smart Content: briefs in, marketing texts out, written in the background by a local model."""

import logging
from typing import Any

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from smartcontent import api, cli, config, extensions, limiter, web


def create_app(**overrides: Any) -> Flask:
    """The application every process starts from; overrides replace settings, for tests.

    Raises:
        smartcontent.config.ConfigurationError: a setting cannot be used.
    """
    app = Flask(__name__)
    settings = config.from_environment() | overrides
    app.config.from_mapping(settings, **_flask_settings(settings))
    hops = settings["TRUSTED_PROXIES"]
    if hops:
        app.wsgi_app = ProxyFix(app.wsgi_app, hops, hops, hops, hops)  # type: ignore[method-assign]
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    for part in (extensions, limiter, web, api, cli):
        part.init_app(app)
    return app


def _flask_settings(settings: dict[str, Any]) -> dict[str, Any]:
    """What our settings mean to Flask and its extensions."""
    url = settings["DATABASE_URL"]
    return {
        "SQLALCHEMY_DATABASE_URI": url,
        "SQLALCHEMY_ENGINE_OPTIONS": extensions.engine_options(url),
        "SESSION_COOKIE_NAME": "smartcontent",
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_SECURE": settings["COOKIE_SECURE"],
        "MAX_CONTENT_LENGTH": 256 * 1024,
        # As long as the session: a page left open overnight still works.
        "WTF_CSRF_TIME_LIMIT": None,
        "WTF_CSRF_CHECK_DEFAULT": False,  # web/entry.py asks, after it knows who sends a form
    }
