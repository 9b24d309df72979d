"""Who may use the product: users with their sessions, and API tokens."""

import hashlib
import logging
import secrets
from datetime import datetime, timedelta
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from flask_login import UserMixin
from sqlalchemy import ForeignKey, Index, String, delete, select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Mapped, mapped_column, relationship

from smartcontent.models.moments import UtcDateTime, now
from smartcontent.stores.sql import Base, at_once, db, read_anew

log = logging.getLogger(__name__)

# 19 MiB and two passes: OWASP's first choice for Argon2id.
_hasher = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)


@cache
def _nobody() -> str:
    """A hash that no password has, as slow to check as a real one."""
    return _hasher.hash(secrets.token_hex())


# No two repeats that match the same: the time a match takes would grow with the square.
# Nor is anything in it that is not seen: it would look like somebody else's.
_UNSEEN = (
    r"\s\x00-\x1f\x7f-\xa0\xad\u034f\u061c\u115f\u1160\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    r"\u2060-\u206f\ufeff"
)
EMAIL_PATTERN = rf"[^@{_UNSEEN}]{{1,64}}@(?:[^@.{_UNSEEN}]+\.)+[^@.{_UNSEEN}]+"
# Accounts from before that was refused have it still.
KNOWN_EMAIL_PATTERN = (
    r"[^@\s\x00-\x1f\x7f-\x9f]{1,64}@(?:[^@.\s\x00-\x1f\x7f-\x9f]+\.)+[^@.\s\x00-\x1f\x7f-\x9f]+"
)
EMAIL_LONGEST = 254
NAME_LONGEST = 100
REVOKED_MOST = 20  # API tokens of a user that are still known
USE_NOTED_EVERY = timedelta(minutes=1)
# Of an id that a database can hold; PostgreSQL refuses to compare with more.
LARGEST_ID = 2**31 - 1


class User(UserMixin, Base):
    """A person with an account. The first one is the founder, and an administrator."""

    __tablename__ = "users"
    # What is open elsewhere, in a page or a tab, names an account by its number.
    __table_args__ = (
        Index("uq_users_feed_digest", "feed_digest", unique=True),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    password_hash: Mapped[str] = mapped_column(String(200))
    is_admin: Mapped[bool] = mapped_column(default=False)
    is_enabled: Mapped[bool] = mapped_column(default=True)
    # True for the founder, NULL for all others: the unique index lets two people who open the
    # first page at once make one administrator, not two.
    is_founder: Mapped[bool | None] = mapped_column(unique=True)
    # Drawn anew by sign-out and by a new password: older session cookies no longer match. Counted,
    # it would come again: a backup that is put back counts once more.
    session_epoch: Mapped[int] = mapped_column(default=lambda: _new_epoch())
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    # Of the secret address at which calendars read what is due; None: there is none.
    feed_digest: Mapped[str | None] = mapped_column(String(64))

    @property
    def is_active(self) -> bool:
        return self.is_enabled

    def get_id(self) -> str:
        """What the session cookie holds."""
        return f"{self.id}.{self.session_epoch}"

    @classmethod
    def from_session(cls, session_id: str) -> "User | None":
        """The user whose session this is; None when it has ended."""
        user_id, _, epoch = session_id.partition(".")
        if not (user_id.isdecimal() and epoch.isdecimal()):
            return None
        return db.session.scalar(
            select(cls).where(cls.id == int(user_id), cls.session_epoch == int(epoch))
        )

    @classmethod
    def sessions_that_go_on(cls, session_ids: set[str]) -> set[str]:
        """Those of the sessions that have not ended, of users who may sign in."""
        ids = {int(session_id.partition(".")[0]) for session_id in session_ids}
        rows = select(cls.id, cls.session_epoch).where(cls.id.in_(ids), cls.is_enabled)
        return session_ids & {f"{id}.{epoch}" for id, epoch in db.session.execute(rows)}

    @classmethod
    def with_email(cls, email: str) -> "User | None":
        """The user with this address, in any case of letters."""
        return db.session.scalar(select(cls).where(cls.email == email.strip().casefold()))

    def take_password(self, password_hash: str) -> None:
        """Store the hash of a new password and end all sessions."""
        self.password_hash = password_hash
        self.session_epoch = _new_epoch()

    def hold(self) -> bool:
        """Lock the row until the commit; whether its sessions are those of when it was read."""
        sessions = self.session_epoch
        read_anew(self, with_for_update={"key_share": True})
        return self.session_epoch == sessions

    def end_sessions(self) -> None:
        """Make every session cookie of this user invalid, on all devices."""
        self.session_epoch = _new_epoch()

    def new_feed(self) -> str:
        """A new secret for the address of the calendar; one that was before is useless."""
        secret = secrets.token_urlsafe(32)
        self.feed_digest = digest_of(secret)
        return secret

    @classmethod
    def with_feed(cls, secret: str) -> "User | None":
        """Whose calendar it is."""
        return db.session.scalar(
            select(cls).filter_by(feed_digest=digest_of(secret), is_enabled=True)
        )

    def revoke_tokens(self) -> int:
        """Make every API token of this user useless, and the calendar's secret address.

        Answers how many tokens there were.
        """
        self.feed_digest = None
        valid = (ApiToken.user_id == self.id) & ApiToken.revoked_at.is_(None)
        revoked = db.session.execute(update(ApiToken).where(valid).values(revoked_at=now()))
        return revoked.rowcount  # type: ignore[attr-defined]


def _new_epoch() -> int:
    return secrets.randbelow(LARGEST_ID) + 1


def digest_of(secret: str) -> str:
    """What is stored of a secret of ours."""
    # A random 256-bit secret needs no slow hash.
    return hashlib.sha256(secret.encode()).hexdigest()


def nobody_yet() -> bool:
    """Whether the next account is the first one."""
    return db.session.scalar(select(User.id).limit(1)) is None


def hash_password(password: str) -> str:
    """The password's Argon2id hash; takes about 30 ms of one core on purpose."""
    return _hasher.hash(password)


def check_password(password_hash: str | None, password: str) -> bool:
    """Whether this is the password; takes as long for a user who does not exist (None)."""
    try:
        _hasher.verify(password_hash or _nobody(), password)
    except (VerifyMismatchError, InvalidHashError):
        return False
    return password_hash is not None


class ApiToken(Base):
    """A secret a script signs its requests with. Only its hash is stored."""

    __tablename__ = "api_tokens"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(100))
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    prefix: Mapped[str] = mapped_column(String(12))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # To the minute.
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # Of the form that asked for it.
    idempotency_key: Mapped[str | None] = mapped_column(String(255))

    user: Mapped[User] = relationship(lazy="joined")

    @property
    def has_expired(self) -> bool:
        return self.expires_at is not None and self.expires_at <= now()

    @classmethod
    def issue(
        cls,
        user: User,
        name: str,
        expires_at: datetime | None = None,
        idempotency_key: str | None = None,
    ) -> tuple["ApiToken", str]:
        """A new token and its secret, which is shown this once.

        Asked for again with its key, it takes the place of the first, whose secret nobody saw.
        """
        if idempotency_key is not None:
            again = delete(cls).filter_by(user_id=user.id, idempotency_key=idempotency_key)
            db.session.execute(again)
        cls._forget_revoked(user.id)
        secret = "sc_" + secrets.token_urlsafe(32)
        token = cls(
            user_id=user.id,
            name=name.strip()[:NAME_LONGEST] or "unnamed",
            digest=cls.digest_of(secret),
            prefix=secret[:8],
            expires_at=expires_at,
            idempotency_key=idempotency_key,
        )
        db.session.add(token)
        db.session.commit()
        return token, secret

    @classmethod
    def _forget_revoked(cls, user_id: int) -> None:
        is_revoked = (cls.user_id == user_id) & cls.revoked_at.is_not(None)
        last = select(cls.id).where(is_revoked).order_by(cls.revoked_at.desc()).limit(REVOKED_MOST)
        db.session.execute(delete(cls).where(is_revoked, cls.id.not_in(last)))

    @classmethod
    def with_secret(cls, secret: str) -> "ApiToken | None":
        """The valid token with this secret."""
        its = select(cls).where(cls.digest == cls.digest_of(secret))
        # It may be known from before a body came, and be revoked since.
        token = db.session.scalar(its.execution_options(populate_existing=True))
        if token is None or token.revoked_at or token.has_expired:
            return None
        return token if token.user.is_enabled else None

    @classmethod
    def digests_in_force(cls, digests: set[str]) -> set[str]:
        """Those that belong to tokens which are valid."""
        goes_on = cls.expires_at.is_(None) | (cls.expires_at > now())
        valid = cls.digest.in_(digests) & cls.revoked_at.is_(None) & goes_on & User.is_enabled
        return set(db.session.scalars(select(cls.digest).join(cls.user).where(valid)))

    def note_use(self) -> None:
        """Write down that it was used, once a minute, where that can be done without waiting."""
        if self.last_used_at and now() - self.last_used_at < USE_NOTED_EVERY:
            return
        free = select(ApiToken.id).filter_by(id=self.id).with_for_update(skip_locked=True)
        noted = update(ApiToken).where(ApiToken.id.in_(free)).values(last_used_at=now())
        try:
            with at_once() as connection:
                connection.execute(noted)
        except OperationalError as error:
            log.info("use of token=%s not noted: %s", self.id, error.orig)

    @staticmethod
    def digest_of(secret: str) -> str:
        """What is stored of a secret."""
        return digest_of(secret)
