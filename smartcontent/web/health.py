"""Liveness and readiness, for load balancers and people."""

from dataclasses import asdict
from typing import Any

from flask import Blueprint
from flask.typing import ResponseReturnValue
from flask_login import current_user

from smartcontent.health.checks import Dependency, check_all
from smartcontent.health.finding import State
from smartcontent.models.moments import iso

bp = Blueprint("health", __name__)


@bp.get("/healthz")
def healthz() -> dict[str, str]:
    """Whether this process answers."""
    return {"status": "ok"}


@bp.get("/readyz")
def readyz() -> ResponseReturnValue:
    """Every dependency with its state; 503 only without the database, since the rest can wait.

    Open to anyone, so causes and remedies are told to administrators alone.
    """
    found = check_all()
    states = {dependency.name: dependency.state for dependency in found}
    is_down = states["database"] is State.DOWN
    # Who asks is in the database, too.
    tells_all = not is_down and current_user.is_admin
    status = "down" if is_down else "ok" if set(states.values()) == {State.OK} else "degraded"
    answer = {"status": status, "dependencies": [_told(each, tells_all) for each in found]}
    return answer, 503 if is_down else 200


def _told(dependency: Dependency, tells_all: bool) -> dict[str, Any]:
    told = asdict(dependency) | {"since": iso(dependency.since)}
    return told if tells_all else {name: told[name] for name in ("name", "state", "since")}
