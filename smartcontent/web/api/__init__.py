"""The JSON API under /api/v1, for scripts; docs/api.md says what each call does."""

from flask import Flask

from smartcontent.extensions import csrf
from smartcontent.web.api import actions, contents, drafts, export, metrics, stream

PREFIX = "/api/v1"


def init_app(app: Flask) -> None:
    for blueprint in (contents.bp, drafts.bp, export.bp, actions.bp, stream.bp):
        # What signs a request here is a header no browser adds by itself, so none can be forged.
        csrf.exempt(blueprint)
        app.register_blueprint(blueprint, url_prefix=PREFIX)
    csrf.exempt(metrics.bp)
    app.register_blueprint(metrics.bp)
