"""How many wrong passwords are tried: a limit against guessing, by address and by account.

Counted in Redis, so that it holds over all web processes. While Redis is away nobody is locked out:
the hash alone makes guessing slow then.
"""

import hashlib

import redis as redis_py
from flask import request

from smartcontent.extensions import redis

WINDOW_SECONDS = 900
# One visitor at one account; one visitor at all accounts, an office behind one address included.
AT_ONE_ACCOUNT = 10
AT_ALL_ACCOUNTS = 100


def too_many(email: str) -> bool:
    """Whether this visitor has tried too many wrong passwords within a quarter of an hour."""
    try:
        with redis() as client:
            here, everywhere = client.mget(_keys(email))
    except redis_py.RedisError:
        return False
    return int(here or 0) >= AT_ONE_ACCOUNT or int(everywhere or 0) >= AT_ALL_ACCOUNTS


def note_failure(email: str) -> None:
    """Count one wrong password."""
    try:
        with redis() as client, client.pipeline(transaction=True) as pipe:
            for key in _keys(email):
                pipe.incr(key)
                pipe.expire(key, WINDOW_SECONDS, nx=True)
            pipe.execute()
    except redis_py.RedisError:
        return


def _keys(email: str) -> list[str]:
    visitor = request.remote_addr or ""
    # Hashed: whoever looks into Redis need not see who signs in from where.
    digests = [
        hashlib.sha256(part.encode()).hexdigest()[:32] for part in (f"{visitor} {email}", visitor)
    ]
    return [f"smartcontent:failures:{digest}" for digest in digests]
