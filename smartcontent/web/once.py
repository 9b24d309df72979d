"""One press, one thing made: the key in a form, as Idempotency-Key is the API's.

Each form that makes something carries a key of its own. Sent again (Enter held, pressed twice on a
slow line, an answer that got lost) it makes nothing new. A form whose text was changed after it was
sent is another one: the key counts together with what was sent.
"""

import hashlib
import json
import secrets

from flask import request
from markupsafe import Markup

_NOT_ASKED = ("csrf_token", "seen")


def key_field() -> Markup:
    """The hidden field with a new key."""
    # Browsers fill in after a reload what was in a field, unless they are told not to.
    return Markup('<input type="hidden" name="key" value="{}" autocomplete="off">').format(
        secrets.token_urlsafe(16)
    )


def key_sent() -> str | None:
    """The key of the form that was sent, for what it asks; None where it has none."""
    if not request.form.get("key"):
        return None
    asked = [field for field in request.form.items(multi=True) if field[0] not in _NOT_ASKED]
    return "form-" + hashlib.sha256(json.dumps(asked).encode()).hexdigest()
