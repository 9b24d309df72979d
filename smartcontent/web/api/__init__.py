"""The JSON API under /api/v1, for scripts; /api/v1/docs says what each call does."""

from flask import Flask

from smartcontent.extensions import csrf
from smartcontent.web.api import (
    actions,
    archives,
    batches,
    bulk,
    contents,
    documentation,
    drafts,
    export,
    history,
    metrics,
    repurposing,
    saved_views,
    series,
    sharing,
    stream,
    tags,
    templates,
    voices,
)

PREFIX = "/api/v1"


def init_app(app: Flask) -> None:
    of_contents = (contents, bulk, drafts, repurposing, export, actions, batches, series)
    kept = (sharing, archives, voices, templates, tags, saved_views, history)
    for part in (*of_contents, *kept, stream, documentation):
        # What signs a request here is a header no browser adds by itself, so none can be forged.
        csrf.exempt(part.bp)
        app.register_blueprint(part.bp, url_prefix=PREFIX)
    csrf.exempt(metrics.bp)
    app.register_blueprint(metrics.bp)
    documentation.init_app(app)
