"""The pages: the only code, with the API, that knows HTTP."""

from flask import Flask

from smartcontent.connections import connections
from smartcontent.hub import hub
from smartcontent.stream import streams
from smartcontent.web import (
    account,
    admin,
    attempts,
    auth,
    contents,
    cookies,
    due_time,
    entry,
    errors,
    health,
    model_choice,
    safety,
    sessions,
    stream,
    versions,
    window,
    words,
)


def init_app(app: Flask) -> None:
    """Register the blueprints and what every page needs."""
    connections.init_app(app)
    hub.init_app(app)
    streams.init_app(app)
    sessions.init_app(app)
    entry.init_app(app)
    attempts.init_app(app)
    auth.init_app(app)
    cookies.init_app(app)
    errors.init_app(app)
    words.init_app(app)
    due_time.init_app(app)
    model_choice.init_app(app)
    for part in (account, auth, contents, window, versions, stream, health):
        app.register_blueprint(part.bp)
    admin.init_app(app)
    safety.init_app(app)
