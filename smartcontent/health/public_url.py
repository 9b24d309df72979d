"""Do events come through a public address as they happen, or does a proxy hold them back?"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import redis as redis_py
import requests
from flask import current_app
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from smartcontent import events
from smartcontent.health.finding import Finding, down, ok
from smartcontent.models import ApiToken, User, now
from smartcontent.stores.redis import redis
from smartcontent.stores.redis_answers import one_line, trouble
from smartcontent.stores.sql import db

PATIENCE_SECONDS = 5
EVENTS = 5
LOOK_SECONDS = 0.1
TOKEN_LIVES = timedelta(minutes=5)


def check_public_url(url: str) -> Finding:
    """Open an event stream there as an administrator, and time some events of our own on it."""
    url = url.rstrip("/")
    try:
        _get(f"{url}/healthz").raise_for_status()
    except requests.exceptions.SSLError as error:
        return down(f"{url} has no valid certificate: {one_line(error)}", "renew it")
    except requests.RequestException as error:
        return down(f"{url} does not answer: {one_line(error)}", "check the proxy and its target")
    try:
        administrator = db.session.scalar(
            select(User).where(User.is_admin, User.is_enabled).order_by(User.id).limit(1)
        )
        if administrator is None:
            return down(
                "nobody could open an event stream yet", "create the first account, then retry"
            )
        with _secret_of(administrator) as secret:
            return _seen_by(url, secret, administrator.id)
    except DBAPIError:
        return down("nobody can be signed in: the database", "see its line")


def _seen_by(url: str, secret: str, user_id: int) -> Finding:
    try:
        return _stream(url, secret, user_id)
    except redis_py.RedisError as error:
        return down(f"no event can be sent: {trouble(error).cause}", "see the line of redis")
    except requests.RequestException:
        return down(
            f"{url} holds events back for more than {PATIENCE_SECONDS} seconds",
            "turn off buffering and compression for /events and /api/v1/events in the proxy, "
            "as in docs/operations.md",
        )


@contextmanager
def _secret_of(user: User) -> Iterator[str]:
    """The secret of a token that lives only meanwhile, and where we are killed a little longer."""
    name, ends_at = "flask doctor", now() + TOKEN_LIVES
    token, secret = ApiToken.issue(user, name, expires_at=ends_at, idempotency_key=name)
    try:
        yield secret
    finally:
        db.session.delete(token)
        db.session.commit()


def _stream(url: str, secret: str, user_id: int) -> Finding:
    headers = {"Authorization": f"Bearer {secret}"}
    address = f"{url}/api/v1/events"
    with _get(address, headers=headers, stream=True) as answer:
        if not answer.headers.get("Content-Type", "").startswith("text/event-stream"):
            return down(
                f"{address} answers {answer.status_code} instead of an event stream",
                "see that the proxy passes all paths and the Authorization header on to this site",
            )
        lines = answer.iter_lines(chunk_size=1)
        _read_until(lines, b"event: snapshot")
        if not _listens(user_id, lines):
            return down(
                f"the site at {url} does not listen to this Redis",
                "give its web processes the same REDIS_URL",
            )
        slowest = 0.0
        for _ in range(EVENTS):
            began = time.monotonic()
            with redis() as client:
                client.publish(events.channel(user_id), events.frame("probe", {}))
            _read_until(lines, b"event: probe")
            slowest = max(slowest, time.monotonic() - began)
    return ok(f"events come through {url} as they happen, the slowest in {slowest * 1000:.0f} ms")


def _listens(user_id: int, lines: Iterator[bytes]) -> bool:
    """Whether the site has subscribed to our Redis, within PATIENCE_SECONDS.

    Where Redis is slow to confirm it, a stream begins before, and starts over when it has.
    """
    name, give_up_at = events.channel(user_id), time.monotonic() + PATIENCE_SECONDS
    starts_over = False
    with redis() as client:
        while not client.pubsub_numsub(name)[0][1]:
            if time.monotonic() > give_up_at:
                return False
            time.sleep(LOOK_SECONDS)
            starts_over = True
    if starts_over:
        _read_until(lines, b"event: snapshot")
    return True


def _get(address: str, **more: Any) -> requests.Response:
    # Of the two variables requests itself knows the first one alone.
    authority = current_app.config["REQUESTS_CA_BUNDLE"] or current_app.config["SSL_CERT_FILE"]
    return requests.get(address, verify=authority or True, timeout=PATIENCE_SECONDS, **more)


def _read_until(lines: Iterator[bytes], start: bytes) -> None:
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    for line in lines:
        if line.startswith(start):
            return
        if time.monotonic() > give_up_at:
            break  # signs of life come, and what was waited for does not
    raise requests.ConnectionError("the event did not come")
