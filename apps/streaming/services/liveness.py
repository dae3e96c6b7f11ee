"""Whether a media token still opens anything, for whoever serves bytes.

A session that is dead is refused at once, one that is alive may go on with a token past its five minutes.
Where Redis does not answer, or knows nothing after it was emptied, the token's own time counts alone. What
was found out holds in this process for a few seconds.
"""

from collections import OrderedDict
from threading import Lock
from time import monotonic

from apps.core.errors import STORE_ERRORS
from apps.streaming.store import leases
from apps.streaming.store.leases import Life
from apps.streaming.tokens import MediaClaims

KEPT_S = 4.0
MOST = 50_000
_known: "OrderedDict[str, tuple[float, Life]]" = OrderedDict()
_lock = Lock()


def opens(claims: MediaClaims, now_s: float) -> bool:
    """Whether the token with these claims opens its asset at that time (seconds since 1970)."""
    life = _life(claims)
    if life is Life.UNKNOWN:
        return claims.expires_at > now_s
    return life is Life.ALIVE


def forget() -> None:
    """Whatever this process remembers."""
    with _lock:
        _known.clear()


def _life(claims: MediaClaims) -> Life:
    now = monotonic()
    known = _known.get(claims.session)
    if known and now - known[0] < KEPT_S:
        return known[1]
    try:
        ((life, _),) = leases.lives([(claims.account, claims.session)])
    except STORE_ERRORS:
        life = Life.UNKNOWN
    with _lock:
        _known[claims.session] = now, life
        _known.move_to_end(claims.session)
        while len(_known) > MOST:
            _known.popitem(last=False)
    return life
