"""What the durable Redis and MongoDB hold of viewers, as verbs. Names of keys and collections live here.

Others take what is named here alone: `streaming` splices `RECORD_LUA` into the script of its heartbeat.
"""

from .recording import RECORD_ARGS, RECORD_LUA, Beat, beat_args, record_keys, session_args

__all__ = ["RECORD_ARGS", "RECORD_LUA", "Beat", "beat_args", "record_keys", "session_args"]
