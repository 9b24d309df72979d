"""What administrators see."""

from flask import Blueprint, Flask

from smartcontent.web.auth import admin_required

bp = Blueprint("admin", __name__, url_prefix="/admin")


@bp.get("/")
@admin_required
def index() -> str:
    """The administrators' first page."""
    return ""


def init_app(app: Flask) -> None:
    """Register the administrators' pages."""
    app.register_blueprint(bp)
