"""Everything that knows HTTP: pages and API."""

from flask import Flask

from smartcontent import beside
from smartcontent.live.hub import hub
from smartcontent.live.stream import streams
from smartcontent.web import (
    account,
    admin,
    api,
    archives,
    auth,
    batches,
    calendar,
    contents,
    cookies,
    downloads,
    due_time,
    entry,
    errors,
    guesses,
    health,
    history,
    json_answers,
    keeping,
    limiter,
    model_choice,
    parts,
    preview,
    refining,
    repurposing,
    safety,
    saved_views,
    series,
    sessions,
    sharing,
    static_files,
    stream,
    tags,
    templates,
    templating,
    threads,
    turns,
    versions,
    voices,
    waiting,
)
from smartcontent.web.connections import connections
from smartcontent.web.threads import in_line


def init_app(app: Flask) -> None:
    """Register the blueprints and what every page needs."""
    beside.by(in_line)
    json_answers.init_app(app)
    limiter.init_app(app)
    connections.init_app(app)
    hub.init_app(app)
    streams.init_app(app)
    sessions.init_app(app)
    turns.init_app(app)
    threads.init_app(app)
    parts.init_app(app)
    entry.init_app(app)
    guesses.init_app(app)
    auth.init_app(app)
    cookies.init_app(app)
    errors.init_app(app)
    templating.init_app(app)
    due_time.init_app(app)
    model_choice.init_app(app)
    preview.init_app(app)
    refining.init_app(app)
    repurposing.init_app(app)
    sharing.init_app(app)
    for part in (account, auth, contents, waiting, versions, refining, repurposing, downloads):
        app.register_blueprint(part.bp)
    for part in (batches, series, calendar, sharing, keeping, tags, templates, voices, preview):
        app.register_blueprint(part.bp)
    for part in (saved_views, history, archives, stream, health):
        app.register_blueprint(part.bp)
    admin.init_app(app)
    api.init_app(app)
    static_files.init_app(app)
    safety.init_app(app)
