"""What every answer carries, and where a visitor may be sent."""

from urllib.parse import SplitResult, parse_qsl, urlsplit

from flask import Flask, Response, current_app, redirect, request
from werkzeug.exceptions import HTTPException

# More than gunicorn takes, for other servers: a search has 200 characters.
LONGEST_QUERY = 8 * 1024
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
# What pages of ours never ask for, and so nothing that gets into them may: all that is asked of
# people's devices, but for the clipboard, which the Copy buttons write to.
PERMISSIONS = ", ".join(
    f"{feature}=()"  # features that browsers know: of another they complain in the console
    for feature in (
        *("accelerometer", "autoplay", "camera", "clipboard-read", "display-capture"),
        *("encrypted-media", "fullscreen", "geolocation", "gyroscope", "hid", "idle-detection"),
        *("local-fonts", "magnetometer", "microphone", "midi", "payment", "picture-in-picture"),
        *("publickey-credentials-get", "screen-wake-lock", "serial", "usb"),
    )
)


HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": PERMISSIONS,
}


def init_app(app: Flask) -> None:
    """Add the headers to every answer; gunicorn.conf.py's worker adds them to gunicorn's own."""
    app.extensions["safety_headers"] = HEADERS
    app.after_request(add_headers)


def add_headers(response: Response) -> Response:
    """Browser-side safety for every answer; a view may have set a policy of its own."""
    headers = response.headers
    for name, value in HEADERS.items():
        headers.setdefault(name, value)
    # Pages are personal: the back button after signing out must not show them.
    headers.setdefault("Cache-Control", "no-store")
    # Werkzeug's own redirects name the host they were asked at, whoever wrote that; twice.
    if headers.get("Location", "").startswith(request.host_url):
        here = redirect(headers["Location"][len(request.host_url) - 1 :])
        headers["Location"] = here.location
        response.set_data(here.get_data())
    if request.is_secure:
        headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    return response


def own_page(target: str | None) -> str | None:
    """The target if it is a page of ours, else None."""
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")):
        return None
    # Browsers drop tabs and newlines before they look at what is left.
    if any(character in target for character in "\t\r\n\\"):
        return None
    parts = urlsplit(target)
    return None if parts.scheme or parts.netloc else target


def page_here() -> str | None:
    """The page the visitor is on; of a form that was sent, the one it stood on."""
    if len(request.query_string) > LONGEST_QUERY:
        return None
    parts = _stood_on() if request.method == "POST" else urlsplit(request.url)
    return page_to_open(f"{parts.path}?{parts.query}".rstrip("?"))


def query_of_page() -> dict[str, str]:
    """What the address of the page asks for that a form which was sent stood on."""
    return dict(parse_qsl(_stood_on().query[:LONGEST_QUERY]))


def _stood_on() -> SplitResult:
    try:
        return urlsplit(request.referrer or "")
    except ValueError:  # anybody may send anything
        return urlsplit("")


def page_to_open(target: str | None) -> str | None:
    """The target if it is a page of ours that shows something; what only takes a form does not."""
    own = own_page(target)
    adapter = current_app.create_url_adapter(request)
    if own is None or adapter is None:
        return None
    try:
        adapter.match(urlsplit(own).path.removeprefix(request.script_root), method="GET")
    except HTTPException:
        return None
    return own
