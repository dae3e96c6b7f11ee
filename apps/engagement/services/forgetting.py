"""What is held of an account or a profile, and its end. Safe to repeat.

First a mark, then the deletion: what the stream still brings is deleted as it comes (`consumer`).
"""

from typing import Any

from apps.accounts.models import User
from apps.engagement.store import documents, remembering, stream

MOST = 20_000


def export(user: User) -> dict[str, Any]:
    """History, viewing sessions, preferences and events, of each at most the latest `MOST`."""
    return documents.everything(str(user.public_id), MOST)


def erase_account(user: User) -> dict[str, int]:
    account = str(user.public_id)
    documents.mark(account, None)
    profiles = {str(one) for one in user.profiles.values_list("public_id", flat=True)}
    profiles |= set(documents.profiles_of(account))
    counts = documents.forget("account", account)
    counts["keys"] = remembering.forget_profiles(account, sorted(profiles))
    counts["dead_letters"] = stream.drop(stream.letters_of(account))
    return counts


def erase_profile(account: str, profile: str) -> None:
    documents.mark(profile, None)
    documents.forget("profile", profile)
    remembering.forget_profiles(account, [profile])
    stream.drop(stream.letters_of(profile))
