"""rq-dashboard under /admin/rq: wrapped, not forked, for administrators, on our own connection.

As it comes it lets anybody in, opens a Redis connection a request, requeues on GET, answers 500
where something is unknown, and unpickles what it finds. Its views, templates and script stay; the
classes they read Redis with are ours (rq_reading), and two templates add what its script lacks.
"""

import base64
import hashlib
import logging
import re
from collections.abc import Callable
from functools import wraps
from typing import Any

import redis as redis_py
from flask import Flask, Response, current_app, render_template, request
from flask.typing import ResponseReturnValue
from rq.exceptions import InvalidJobOperation, NoSuchJobError
from rq_dashboard import web as dashboard
from werkzeug.exceptions import Conflict, MethodNotAllowed, NotFound

from smartcontent.stores import keys
from smartcontent.stores.redis import redis
from smartcontent.stores.redis_answers import trouble
from smartcontent.web.admin import rq_reading
from smartcontent.web.admin.access import let_in
from smartcontent.web.safety import POLICY

log = logging.getLogger(__name__)

NAME = dashboard.blueprint.name
WITHOUT_REDIS = {f"{NAME}.static", f"{NAME}.favicon"}
REGISTRIES = {"queued", "started", "failed", "deferred", "finished", "scheduled", "canceled"}
# What the address of a page may say; else there is no such page.
ALLOWED: dict[str, Callable[[str], Any]] = {
    "instance_number": lambda text: text == "0",
    # Its script holds the name in quotes of its own, which a quote in the name would end.
    "queue_name": re.compile(r"[\w.:@ -]{1,200}").fullmatch,
    "registry_name": REGISTRIES.__contains__,
    "order": {"asc", "dsc"}.__contains__,
    "per_page": re.compile(r"[1-9]\d?|1\d\d|200", re.ASCII).fullmatch,
    "page": re.compile(r"[1-9]\d{0,5}", re.ASCII).fullmatch,
}
_INLINE_SCRIPT = re.compile(rb'<script type="text/javascript">(.*?)</script>', re.DOTALL)


def init_app(app: Flask) -> None:
    """Register rq-dashboard behind our login, our CSRF token and our way to read jobs."""
    rq_reading.take_over(dashboard)
    app.config["RQ_DASHBOARD_REDIS_URL"] = ("Redis",)  # shown on every page: no address, no secret
    app.config["RQ_DASHBOARD_DISABLE_DELETE"] = not app.config["RQ_DASHBOARD_DELETE"]
    app.register_blueprint(dashboard.blueprint, url_prefix="/admin/rq")
    # In the place of its own hook, which connects to Redis anew for every request.
    app.before_request_funcs[NAME] = [let_in, _check_method, _check_address]
    app.after_request_funcs[NAME] = [_loosen_policy]
    for endpoint, view in app.view_functions.items():
        if endpoint.startswith(f"{NAME}.") and endpoint not in WITHOUT_REDIS:
            app.view_functions[endpoint] = _on_our_connection(view)


def _on_our_connection(view: Callable[..., Any]) -> Callable[..., Any]:
    """The view with our client, its failures as answers instead of stack traces."""

    @wraps(view)
    def answer(**values: Any) -> ResponseReturnValue:
        try:
            with redis() as client:
                _check_existence(client, values)
                current_app.redis_conn = client  # type: ignore[attr-defined]
                return view(**values)
        except NoSuchJobError as error:
            raise NotFound from error
        except InvalidJobOperation as error:
            raise Conflict from error
        except redis_py.RedisError as error:
            return render_template("admin/redis_away.html", trouble=trouble(error)), 503
        except rq_reading.GARBAGE:
            log.warning("rq-dashboard cannot show what is in Redis", exc_info=True)
            return render_template("admin/redis_away.html", trouble=rq_reading.STRANGE), 503

    return answer


def _check_existence(client: redis_py.Redis, values: dict[str, Any]) -> None:
    """Refuse a queue or a job that is not there; where no queue is named, ours is meant.

    It asks Redis in any case: that Redis is away must show here, not inside a view, one of which
    answers it with a page as if all were well.
    """
    if "queue_name" in values:
        values["queue_name"] = values["queue_name"] or keys.QUEUE
    name = values.get("queue_name", keys.QUEUE)
    if not client.sismember(keys.QUEUES, keys.ANY_QUEUE + name) and name != keys.QUEUE:
        raise NotFound
    if "job_id" in values:
        rq_reading.ShownJob.fetch(values["job_id"], client)


def _check_method() -> None:
    """Refuse GET where POST is answered, too: what changes something has no other method."""
    rule = request.url_rule
    if rule and rule.methods and "POST" in rule.methods and request.method != "POST":
        raise MethodNotAllowed(["POST"])


def _check_address() -> None:
    for name, text in (request.view_args or {}).items():
        if name in ALLOWED and not ALLOWED[name](str(text)):
            raise NotFound


def _loosen_policy(response: Response) -> Response:
    """Let a page run its inline script (by hash), compile templates and use style attributes."""
    if response.mimetype == "text/html" and (script := _INLINE_SCRIPT.search(response.get_data())):
        digest = base64.b64encode(hashlib.sha256(script[1]).digest()).decode()
        response.headers["Content-Security-Policy"] = POLICY.replace(
            "script-src 'self'", f"script-src 'self' 'sha256-{digest}' 'unsafe-eval'"
        ).replace("style-src 'self'", "style-src 'self'; style-src-attr 'unsafe-inline'")
    return response
