"""What every answer carries, and where a visitor may be sent."""

from urllib.parse import urlsplit

from flask import Response, request

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)


def add_headers(response: Response) -> Response:
    """Browser-side safety for every answer; a view may have set a policy of its own."""
    headers = response.headers
    headers.setdefault("Content-Security-Policy", POLICY)
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "same-origin")
    headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    if request.endpoint != "static":
        # Pages are personal: the back button after signing out must not show them.
        headers.setdefault("Cache-Control", "no-store")
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
