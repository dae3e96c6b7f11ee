"""Names in the durable Redis. What belongs to one account carries its hash tag, so that a script may touch
all of it; the stream is everybody's.

Ids are public UUIDs. `positions` is a hash, content -> entry (see `recording`); `cards` a hash, card ->
entry; `loaded` says that MongoDB has nothing to add to the two.
"""

STREAM, DEAD, GROUP = "ottsite:events", "ottsite:events:dead", "mongo"


def positions(account: str, profile: str) -> str:
    return f"{{{account}}}:positions:{profile}"


def cards(account: str, profile: str) -> str:
    return f"{{{account}}}:cards:{profile}"


def loaded(account: str, profile: str) -> str:
    return f"{{{account}}}:loaded:{profile}"


def preferences(account: str, profile: str) -> str:
    return f"{{{account}}}:preferences:{profile}"


def seen(account: str, profile: str, hour: int) -> str:
    """The ids of events that came in that hour since 1970."""
    return f"{{{account}}}:seen:{profile}:{hour}"


def of_profile(account: str, profile: str, hour: int) -> list[str]:
    """All that is kept of a profile in that hour."""
    kept = [name(account, profile) for name in (positions, cards, loaded, preferences)]
    return kept + [seen(account, profile, one) for one in (hour, hour - 1, hour - 2)]
