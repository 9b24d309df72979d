"""What administrators see: how everything is, who may use it, what waits, and rq-dashboard."""

from flask import Blueprint, Flask

from smartcontent.web.admin import overview, rq, scheduled, users
from smartcontent.web.admin.access import let_in

bp = Blueprint("admin", __name__, url_prefix="/admin")
bp.before_request(let_in)
bp.add_url_rule("/", "index", overview.index)
bp.add_url_rule("/scheduled", "scheduled", scheduled.index)
bp.register_blueprint(users.bp)


def init_app(app: Flask) -> None:
    """Register the administrators' pages."""
    app.register_blueprint(bp)
    rq.init_app(app)
