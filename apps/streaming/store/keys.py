"""Names in the durable Redis. What belongs to one account carries its hash tag, so that a script may touch
all of it.

`leases` is a sorted set, playback session -> the millisecond at which it expires; `ended` and the session:
why it ended; `code` and a termination code: the session that it ends; `beats` and the session: how many came.
"""

INTERVAL, READMITTED = "ottsite:heartbeat-interval", "ottsite:readmitted"


def leases(account: str) -> str:
    return f"{{{account}}}:leases"


def ended(account: str, session: str = "") -> str:
    return f"{{{account}}}:ended:{session}"


def code(account: str, text: str = "") -> str:
    return f"{{{account}}}:code:{text}"


def beats(account: str, session: str) -> str:
    return f"{{{account}}}:beats:{session}"
