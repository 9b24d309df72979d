"""The session's cookie: its name, its path and how it is kept from other sites on the host."""

import hashlib
from typing import Any

from flask import Flask, Response, message_flashed, request, session
from flask.sessions import SecureCookieSessionInterface, SessionMixin

FLASHED_MOST = 5  # messages that wait for a page


class SessionInterface(SecureCookieSessionInterface):
    """Flask's own, with a path below which the installation is, and a name to suit it."""

    def get_cookie_path(self, app: Flask) -> str:
        return request.root_path.rstrip("/") or "/"

    def get_cookie_name(self, app: Flask) -> str:
        name = super().get_cookie_name(app)
        # Browsers take it from this very host over HTTPS alone, from no host beside or below it.
        is_bound = self.get_cookie_secure(app) and self.get_cookie_path(app) == "/"
        return f"__Host-{name}" if is_bound else name

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        # What anybody may keep neither brings a cookie nor differs by one.
        if not response.cache_control.public:
            super().save_session(app, session, response)


def settings(config: dict[str, Any]) -> dict[str, Any]:
    """What our settings mean to Flask's and Flask-Login's cookies."""
    # Cookies know no ports: without names of their own, installations on one host would sign each
    # other's users out. All web processes of one share the key; it is not to be told from this.
    key = f"cookie name {config['SECRET_KEY']}".encode()
    name = f"smartcontent-{hashlib.sha256(key).hexdigest()[:12]}"
    return {
        "SESSION_COOKIE_NAME": name,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_SECURE": config["COOKIE_SECURE"],
        # Flask-Login's own is never set, but would be deleted: another program's, on signing out.
        "REMEMBER_COOKIE_NAME": f"{name}-remember",
        "REMEMBER_COOKIE_SAMESITE": "Lax",
        "REMEMBER_COOKIE_SECURE": config["COOKIE_SECURE"],
        "REMEMBER_COOKIE_HTTPONLY": True,
    }


def init_app(app: Flask) -> None:
    app.session_interface = SessionInterface()
    message_flashed.connect(_keep_the_last, app)


def _keep_the_last(_app: Flask, **_said: str) -> None:
    """Let go of what no page was opened to show: every request reads all of its session."""
    session["_flashes"] = session["_flashes"][-FLASHED_MOST:]
