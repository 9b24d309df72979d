"""Why Redis did not do what it was asked, with what to do: silence is one thing, a “no” another."""

# One cause a row; wrapped rows would hide the table.
# ruff: noqa: E501

import re
from dataclasses import dataclass

import redis as redis_py

LINE_LENGTH = 160
RIGHTS = "grant what docs/operations.md lists under Redis"


@dataclass(frozen=True)
class Trouble:
    """What is wrong, what to do, and what Redis or the network said of it."""

    cause: str
    remedy: str
    said: str = ""

    def __str__(self) -> str:
        said = f" ({self.said})" if self.said else ""
        return f"{self.cause}{said}: {self.remedy}"


SILENCE = Trouble("Redis does not answer", "start it or check REDIS_URL")
# By the first word of Redis's answer, or by what is in it.
ANSWERS = {
    "NOAUTH": Trouble("Redis wants a password", "put it into REDIS_URL, as in redis://:PASSWORD@HOST:6379/0"),
    "WRONGPASS": Trouble("Redis refuses the password, or the user's name", "check REDIS_URL"),
    "invalid password": Trouble("Redis refuses the password", "check REDIS_URL"),
    "AUTH <password> called without": Trouble("Redis has no password, and REDIS_URL names one", "set one in Redis, or take it out of REDIS_URL"),
    "NOPERM": Trouble("Redis does not allow its user what we ask", RIGHTS),
    "OOM": Trouble("Redis has no memory left", "raise its maxmemory"),
    "READONLY": Trouble("Redis is a replica that takes no writes", "name the primary in REDIS_URL"),
    "MISCONF": Trouble("Redis takes no writes, for it cannot write to its disk", "make room there or look at its log"),
    "NOREPLICAS": Trouble("Redis takes no writes without its replicas", "start them, or lower its min-replicas-to-write"),
    "MASTERDOWN": Trouble("Redis is a replica that has lost its primary", "name the primary in REDIS_URL"),
    "LOADING": Trouble("Redis is still loading its data", "wait a moment"),
    "BUSY": Trouble("Redis is busy with somebody's script", "end it with `SCRIPT KILL`"),
    "CLUSTERDOWN": Trouble("Redis is a cluster, and down", "name a single server in REDIS_URL"),
    "MOVED": Trouble("Redis is a cluster", "name a single server in REDIS_URL"),
    "CROSSSLOT": Trouble("Redis is a cluster", "name a single server in REDIS_URL"),
    "max number of clients reached": Trouble("Redis has as many clients as it takes", "raise its maxclients"),
    "DB index is out of range": Trouble("Redis has no database of that number", "check the number at the end of REDIS_URL"),
    "protected mode": Trouble("Redis is in protected mode", "give it a password, and name that in REDIS_URL"),
    "unknown command": Trouble("Redis does not know a command we need", "upgrade to Redis 6.2 or newer, or Valkey"),
    "WRONGTYPE": Trouble("Redis has something else where a value of ours belongs", "give this installation a database of its own"),
}  # fmt: skip
_WORDS = tuple(words for words in ANSWERS if " " in words)
# Of what we asked both Redis and its client say a part again, and that may be somebody's text.
_QUOTED = re.compile(
    r"^Command # \d+ \(.*\) of pipeline caused error: |, with args beginning.*", re.DOTALL
)
OTHER = Trouble("Redis refuses", "look at its log")


def trouble(error: redis_py.RedisError) -> Trouble:
    """What to say of an error of the Redis client."""
    known = _answer(error)
    return Trouble(known.cause, known.remedy, one_line(_QUOTED.sub("", str(error))))


def is_silence(error: redis_py.RedisError) -> bool:
    """Whether nobody answered; whoever is refused was answered."""
    return _answer(error) is SILENCE


def _answer(error: redis_py.RedisError) -> Trouble:
    text = str(error)
    # redis-py keeps the first word apart where it has a class for it.
    code = getattr(error, "status_code", None) or _first_word(text)
    known = ANSWERS.get(code) or next((ANSWERS[it] for it in _WORDS if it in text), None)
    if known is not None:
        return known
    is_lost = isinstance(error, (redis_py.ConnectionError, redis_py.TimeoutError))
    return SILENCE if is_lost else OTHER


def _first_word(text: str) -> str:
    found = re.match(r"(?:.* caused error: )?([A-Z]+)\b", text, re.DOTALL)
    return found[1] if found else ""


def one_line(error: BaseException | str) -> str:
    """What a driver said, fit to stand in a sentence; drivers never repeat a password."""
    text = " ".join(str(error).split()).rstrip(".")
    return text if len(text) <= LINE_LENGTH else text[: LINE_LENGTH - 1] + "…"
