"""What a profile prefers: in MongoDB for good, in Redis for reading.

The copy carries the document's revision, and only a later one replaces it: two who write at the same
time, or one who reads while another writes, leave the latest.
"""

from typing import Any

import orjson

from apps.core import clients

from . import documents, keys

COPY_LIVES_S = 86_400
KEEP = """
local known = redis.call('GET', KEYS[1])
if known and tonumber(string.match(known, '^%d+')) >= tonumber(ARGV[1]) then return 0 end
redis.call('SET', KEYS[1], ARGV[1] .. ' ' .. ARGV[2], 'EX', ARGV[3])
return 1
"""
Json = dict[str, Any]


def read(account: str, profile: str) -> Json:
    """What was set; {} where nothing ever was. Asks MongoDB where Redis has no copy."""
    copy: Any = clients.durable().get(keys.preferences(account, profile))
    if copy is not None:
        found: Json = orjson.loads(copy.partition(" ")[2])
        return found
    document = documents.collection(documents.PREFERENCES).find_one({"_id": profile}) or {}
    return _keep(account, profile, document)


def change(account: str, profile: str, told: Json) -> Json:
    """Set these, leave the others; all of them."""
    document: Any = documents.collection(documents.PREFERENCES).find_one_and_update(
        {"_id": profile},
        {
            "$set": {"account": account, "profile": profile}
            | {f"set.{name}": value for name, value in told.items()},
            "$inc": {"revision": 1},
        },
        upsert=True,
        return_document=clients.ReturnDocument.AFTER,
    )
    return _keep(account, profile, document)


def _keep(account: str, profile: str, document: Json) -> Json:
    found: Json = document.get("set", {})
    args = [document.get("revision", 0), orjson.dumps(found).decode(), COPY_LIVES_S]
    clients.durable().register_script(KEEP)(keys=[keys.preferences(account, profile)], args=args)
    return found
