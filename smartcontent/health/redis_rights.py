"""May our user do in Redis all that we need? Tried, not guessed, and nothing is changed by it.

Redis checks a right when a command is put into a transaction; ours is given up.
"""

from collections.abc import Iterator

import redis as redis_py
from redis.connection import ConnectionInterface

from smartcontent import events
from smartcontent.health.finding import Finding, degraded, down
from smartcontent.stores import keys

# What docs/operations.md gives our user.
RULES = (
    "~rq:* ~smartcontent:* resetchannels &smartcontent:* -@all +@read +@write +@connection "
    "+@transaction +@scripting +@pubsub -@dangerous +info +time"
)
FEW = 4
_JOB = f"{keys.JOB}rights"
# Every command that we, or RQ for us, give; with arguments that are enough for Redis to look at it.
_COMMANDS = f"""
append {_JOB} x|blmove {_JOB} {_JOB} LEFT RIGHT 1|brpop {_JOB} 1|del {_JOB}|exists {_JOB}
expire {_JOB} 1|get {_JOB}|hdel {_JOB} x|hget {_JOB} x|hgetall {_JOB}|hincrby {_JOB} x 1
hincrbyfloat {_JOB} x 1|hmget {_JOB} x|hset {_JOB} x x|incrby {_JOB} 1|llen {_JOB}
lpop {_JOB}|lpos {_JOB} x|lrange {_JOB} 0 0|lrem {_JOB} 0 x|mget {_JOB}|persist {_JOB}|pttl {_JOB}
rename {_JOB} {_JOB}|rpush {_JOB} x|sadd {_JOB} x|scan 0|scard {_JOB}|set {_JOB} x
sismember {_JOB} x|smembers {_JOB}|srem {_JOB} x|strlen {_JOB}|ttl {_JOB}|type {_JOB}
xadd {_JOB} * x x|xrevrange {_JOB} + -|zadd {_JOB} 1 x|zcard {_JOB}|zcount {_JOB} 0 0
zrange {_JOB} 0 0|zrangebyscore {_JOB} 0 0|zrem {_JOB} x|zremrangebyscore {_JOB} 0 0
zscore {_JOB} x|eval return 0|evalsha x 0|ping|time|info server
"""
COMMANDS = [tuple(line.split()) for line in _COMMANDS.strip().replace("\n", "|").split("|")]
KEYS = (
    *(keys.QUEUED, keys.QUEUES, keys.SCHEDULED, keys.HEARTBEATS),
    *(keys.WORKERS, keys.WORKERS_OF_QUEUE, f"{keys.WORKER}rights", "rq:suspended"),
    *map(keys.registry, ("wip", "finished", "failed", "clean_registries")),
    *("rq:results:rights", "rq:executions:rights", f"{keys.TEXT}0:0"),
)
# Nobody hears without these, and all else goes on.
TELLING = {"publish", "subscribe", "unsubscribe", "info"}


def check_rights(client: redis_py.Redis) -> Finding | None:
    """What our user may not do, with the command that allows it; None where it may do all.

    Raises:
        redis.RedisError: Redis does not answer, or refuses for another reason.
    """
    rules = list(dict.fromkeys(_lacking(client)))
    if not rules:
        return None
    user = client.connection_pool.connection_kwargs.get("username") or "default"
    cause = f"Redis does not allow its user {user} {_shown(rules)}"
    given = " ".join(rules) if len(rules) <= FEW else RULES
    remedy = f"run `ACL SETUSER {user} {given}` in Redis, and keep that in its configuration"
    goes_on = all(rule[0] == "&" or rule[1:] in TELLING for rule in rules)
    return (degraded if goes_on else down)(cause, remedy)


def _shown(rules: list[str]) -> str:
    more = f" and {len(rules) - FEW} more" if len(rules) > FEW else ""
    return ", ".join(map(_in_words, rules[:FEW])) + more


def _in_words(rule: str) -> str:
    kind = {"+": "the command", "~": "keys like", "&": "channels like"}[rule[0]]
    return f"{kind} {rule[1:]}"


def _lacking(client: redis_py.Redis) -> Iterator[str]:
    """The rules of Redis's ACL that would give what is missing."""
    channels = (events.channel(0), keys.WAKE_CHANNEL, f"{keys.HUB_CHANNEL}rights")
    tried = [
        *COMMANDS,
        *((command, key) for key in KEYS for command in ("exists", "persist")),
        *((command, name) for name in channels for command in ("publish", "subscribe")),
        *(("unsubscribe", name) for name in channels),
    ]
    tried = [(*command, "x") if command[0] == "publish" else command for command in tried]
    for command, answer in zip(tried, _answers(client, tried), strict=True):
        if isinstance(answer, redis_py.exceptions.NoPermissionError):
            yield _rule(command, str(answer))
        elif isinstance(answer, redis_py.ResponseError):
            raise answer  # a server that is full or a replica takes no write even as a trial


def _rule(command: tuple[str, ...], refusal: str) -> str:
    if " key" in refusal:
        return f"~{command[1].partition(':')[0]}:*"
    if " channel" in refusal:
        return "&smartcontent:*"
    return f"+{command[0]}"


def _answers(client: redis_py.Redis, commands: list[tuple[str, ...]]) -> list[object]:
    """What Redis says to each command when it is put into a transaction, which is then given up."""
    connection = client.connection_pool.get_connection()
    try:
        connection.send_command("MULTI")
        connection.read_response()  # if it is refused, nothing that follows may be sent
        connection.send_packed_command(connection.pack_commands([*commands, ("DISCARD",)]))
        return [_answer(connection) for _ in (*commands, "DISCARD")][:-1]
    finally:
        client.connection_pool.release(connection)


def _answer(connection: ConnectionInterface) -> object:
    try:
        return connection.read_response()
    except redis_py.ResponseError as error:
        return error
