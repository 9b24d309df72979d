"""What stands in Redis under a key of ours and is nothing that we or RQ could read is removed.

One such value would break a worker at each start, and a scheduler at each look.
"""

import redis as redis_py

from smartcontent.stores import keys

ANY = ""
_WORKER = f"^{keys.WORKER}[%w%p]+$"
# What type each key is of, and what its members look like, where they are few and somebody reads
# them; those of the queue and of the sorted set of due times are compared with the database.
KEYS = {
    keys.SCHEDULED: ("zset", ANY),
    keys.QUEUED: ("list", ANY),
    keys.TAKEN: ("list", "^[%w_-]+$"),
    keys.QUEUES: ("set", f"^{keys.ANY_QUEUE}[%w%p ]+$"),
    keys.registry("wip"): ("zset", "^[%w_-]+:[%w_-]+$"),
    keys.registry("finished"): ("zset", ANY),
    keys.registry("failed"): ("zset", ANY),
    keys.registry("deferred"): ("zset", ANY),
    keys.registry("scheduled"): ("zset", ANY),
    keys.registry("canceled"): ("zset", ANY),
    keys.WORKERS: ("set", _WORKER),
    keys.WORKERS_OF_QUEUE: ("set", _WORKER),
    keys.HEARTBEATS: ("zset", "^[%w%p]+ [%d.]+$"),
    keys.BREAKS: ("zset", "^[%w%p ]+$"),
}
TIDY = """
local removed = {}
local members = {list = {'LRANGE', 0, -1}, set = {'SMEMBERS'}, zset = {'ZRANGE', 0, -1}}
local remove = {list = 'LREM', set = 'SREM', zset = 'ZREM'}
for index, key in ipairs(KEYS) do
  local kind, pattern = ARGV[2 * index - 1], ARGV[2 * index]
  local found = redis.call('TYPE', key).ok
  if found ~= kind and found ~= 'none' then
    redis.call('DEL', key)
    removed[#removed + 1] = key
  elseif found == kind and pattern ~= '' then
    local ask, take = members[kind], {remove[kind], key}
    if kind == 'list' then take[3] = 0 end
    for _, member in ipairs(redis.call(ask[1], key, unpack(ask, 2))) do
      if not string.match(member, pattern) then
        take[kind == 'list' and 4 or 3] = member
        redis.call(unpack(take))
        removed[#removed + 1] = key
      end
    end
  end
end
return removed
"""


def tidy(client: redis_py.Redis) -> list[str]:
    """Remove what cannot be read; answers the keys it stood under.

    Raises:
        redis.RedisError: Redis does not answer, or refuses.
    """
    removed = client.register_script(TIDY)(
        keys=list(KEYS), args=[part for shape in KEYS.values() for part in shape]
    )
    return [key.decode() for key in dict.fromkeys(removed)]
