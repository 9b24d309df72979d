"""A new password, and which ones are refused: too short, or among the first that are guessed."""

from functools import cache
from pathlib import Path

from smartcontent.logs import note
from smartcontent.models import User
from smartcontent.stores.sql import db
from smartcontent.texts.folding import normalized

SHORTEST, LONGEST = 10, 200
FEWEST_DIFFERENT = 4
OUR_NAMES = frozenset({"smartcontent", "smart content", "smart-content"})


def complaint(password: str, email: str) -> str | None:
    """Why this may not be the password of the account with this address; None if it may."""
    if not SHORTEST <= len(password) <= LONGEST:
        return f"Use between {SHORTEST} and {LONGEST} characters."
    plain = normalized(password, "NFKC").strip().casefold()
    if len(set(plain)) < FEWEST_DIFFERENT:
        return f"Use at least {FEWEST_DIFFERENT} different characters, and not blanks alone."
    if not _of_account(email).isdisjoint({plain, _letters(plain)}):
        return "Your own address is the first that is guessed: choose another password."
    if plain in _common():
        return "This is one of the passwords that are guessed first: choose another."
    return None


def change(user: User, password_hash: str, revokes_tokens: bool) -> int:
    """Give a user another password: sessions end, and if it is wished tokens and the calendar's
    address. Answers how many tokens no longer work.
    """
    user.take_password(password_hash)
    revoked = user.revoke_tokens() if revokes_tokens else 0
    db.session.commit()
    note(f"Password changed tokens_revoked={revoked}", user.id)
    return revoked


def _of_account(email: str) -> set[str]:
    address = email.strip().casefold()
    name, _, site = address.partition("@")
    own = {address, name, site, address[::-1], name[::-1]}
    return own | {letters for each in own if (letters := _letters(each))}


def _letters(text: str) -> str:
    """What is left without the digits and signs that people put between and behind."""
    return "".join(filter(str.isalpha, text))


@cache
def _common() -> frozenset[str]:
    text = Path(__file__).with_name("common_passwords.txt").read_text(encoding="utf-8")
    return OUR_NAMES.union(line for line in text.splitlines() if not line.startswith("# "))
