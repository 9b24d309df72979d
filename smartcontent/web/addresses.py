"""By which names and paths the site is reached: proxies, a sub-path, and which hosts are ours."""

import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from flask import Flask, current_app, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.wsgi import get_host

from smartcontent.config import values
from smartcontent.web import errors, problems

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

log = logging.getLogger(__name__)

_HOST_LONGEST = len(".:65535") + 253  # characters of DNS; a port may follow
# Asked by address, from inside; none of them says what the site is called.
ASKED_BY_ADDRESS = {"health.healthz", "health.readyz", "api_metrics.metrics"}
REFUSED = (
    "The site is not called by this name. Use its usual address; its administrator can add a name "
    "to the setting TRUSTED_HOSTS."
)


class SubPath:
    """The app below a path: the one a trusted proxy took away and named, or the setting's.

    The setting's may be in front of a path or not: health checks do without.
    """

    def __init__(self, app: "WSGIApplication", prefix: str) -> None:
        self._app = app
        self._prefix = prefix

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if self._prefix and f"{path}/".startswith(f"{self._prefix}/"):
            environ["PATH_INFO"] = path.removeprefix(self._prefix)
        environ["SCRIPT_NAME"] = _well_formed(environ.get("SCRIPT_NAME", "")) or self._prefix
        if environ["wsgi.url_scheme"] not in ("http", "https"):  # passed on unseen by a proxy
            environ["wsgi.url_scheme"] = "http"
        _forget_impossible_host(environ)
        return self._app(environ, start_response)


def init_app(app: Flask) -> None:
    """Before all other parts: nothing may look at a request whose host is not ours."""
    hops = app.config["TRUSTED_PROXIES"]
    app.wsgi_app = SubPath(app.wsgi_app, app.config["SCRIPT_NAME"])  # type: ignore[method-assign]
    if hops:
        app.wsgi_app = ProxyFix(app.wsgi_app, hops, hops, hops, hops, hops)  # type: ignore[method-assign]
    # Flask's own check of this setting spares no health check, and leaves an error without a page.
    app.extensions["trusted_hosts"] = app.config["TRUSTED_HOSTS"]
    app.config["TRUSTED_HOSTS"] = None
    app.before_request(_refuse_other_hosts)


def public_url(endpoint: str, **values: object) -> str:
    """An address to pass on. Its host is told only where it is known to be ours.

    Else it has none, and the page completes it by the address it was opened at, which nobody can
    forge as they can a Host header.
    """
    return url_for(endpoint, _external=bool(current_app.extensions["trusted_hosts"]), **values)  # type: ignore[arg-type]


def _refuse_other_hosts() -> ResponseReturnValue | None:
    if request.endpoint in ASKED_BY_ADDRESS or _is_ours(request.host):
        return None
    log.warning("refused host=%.100r: not in TRUSTED_HOSTS", request.headers.get("Host"))
    if problems.wants_problem():
        raise problems.Problem(400, REFUSED)
    return errors.answer(400, REFUSED)


def _is_ours(host: str) -> bool:
    trusted = current_app.extensions["trusted_hosts"]
    name = urlsplit(f"//{host}").hostname or ""
    return not trusted or any(
        name == each or (each.startswith(".") and f".{name}".endswith(each)) for each in trusted
    )


def _forget_impossible_host(environ: "WSGIEnvironment") -> None:
    """Take a name that no host can have for none: no address can be made with it, our page
    that says so included."""
    if len(environ.get("HTTP_HOST", "")) > _HOST_LONGEST:
        environ["HTTP_HOST"] = ""
    try:
        get_host(environ).partition(":")[0].encode("idna").decode("idna")
    except UnicodeError:
        environ["HTTP_HOST"] = ""


def _well_formed(prefix: str) -> str:
    try:
        return values.prefix(prefix)
    except ValueError:
        return ""
