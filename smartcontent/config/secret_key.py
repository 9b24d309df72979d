"""The key that signs sessions and invitations, refused where somebody could guess it."""

import re

SHORTEST = 32
FEWEST_CHARACTERS = 10
HOW_TO_MAKE_ONE = 'python3 -c "import secrets; print(secrets.token_urlsafe(48))"'
# What examples and templates have in the place of a secret.
_PLACEHOLDER = re.compile(
    "change.?(me|this|it)|choose.?(one|another)|replace.?(me|this|it)|(your|my).?secret|example|"
    "s(uper|ecret).?secret|placeholder|password|(0123|abcd|qwerty)|this.is.|(insert|enter|put).?(your|a).|"
    r"(django.)?insecure|(not.a|dev(elopment)?|test).?secret|<.*>$|\$?{.*}$",
    re.IGNORECASE,
)


def secret(text: str) -> str:
    """A secret nobody guesses; empty stays empty."""
    if text and (weakness := _weakness(text)):
        raise ValueError(f"it is too weak, {weakness}: make one with {HOW_TO_MAKE_ONE}")
    return text


def _weakness(text: str) -> str:
    if len(text) < SHORTEST:
        return f"less than {SHORTEST} characters"
    repeats = any(text.startswith(text[after:]) for after in range(1, len(text) // 2 + 1))
    if len(set(text)) < FEWEST_CHARACTERS or repeats:
        return "it repeats itself"
    if _PLACEHOLDER.match(text):
        return "it is an example"
    return ""
