"""One press, one thing made: the key in a form, as Idempotency-Key is the API's.

Each form that makes something carries a key of its own. Sent again (Enter held, pressed twice on a
slow line, an answer that got lost) it makes nothing new. A form whose text was changed after it was
sent is another one: the key counts together with what was sent.
"""

import base64
import hashlib
import hmac
import json
import secrets

from flask import current_app, request
from flask_login import current_user
from markupsafe import Markup

_NOT_ASKED = ("csrf_token", "seen")


def key_field() -> Markup:
    """The hidden field with a new key; on a page that answers a form, beside that form's own."""
    # Browsers fill in after a reload what was in a field, unless they are told not to.
    return Markup(
        '<input type="hidden" name="key" value="{}" data-sent="{}" autocomplete="off">'
    ).format(secrets.token_urlsafe(16), request.form.get("key", ""))


def key_sent(file: bytes = b"") -> str | None:
    """The key of the form that was sent, for what it asks; None where it has none.

    A file that came with the form counts, too.
    """
    if not request.form.get("key"):
        return None
    asked = [field for field in request.form.items(multi=True) if field[0] not in _NOT_ASKED]
    return "form-" + hashlib.sha256(json.dumps(asked).encode() + file).hexdigest()


def secret_sent() -> str | None:
    """A secret of the form that was sent, for the user and place it was sent to; the same again.

    What is stored of a secret is its hash: only so can a second press show the same link.
    """
    key = key_sent()
    if key is None:
        return None
    about = f"{current_user.id} {request.path} {key}".encode()
    digest = hmac.digest(current_app.config["SECRET_KEY"].encode(), about, "sha256")
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
