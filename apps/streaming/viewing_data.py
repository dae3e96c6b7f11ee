"""What playback holds on people, for their copy and their erasure."""

from typing import Any

from apps.accounts.models import User
from apps.accounts.personal_data import Holder, register

from .models import PlaybackSession
from .services import forgetting

FIELDS = ("public_id", "profile", "title", "episode", "extra", "device_id", "device_name", "territory",
          "plan", "max_height", "started_at", "ended_at", "ended_by")  # fmt: skip


def _export(user: User) -> dict[str, Any]:
    return {"sessions": list(PlaybackSession.objects.filter(account=user.public_id).values(*FIELDS))}


register(Holder("playback", _export, forgetting.forget))
