"""Who watches: accounts, their profiles, their sessions, and what is recorded about all three."""

from .data_request import DataRequest
from .mail_token import MailToken
from .profile import MAX_PROFILES, LockedProfile, Profile
from .security_event import SecurityEvent
from .session import Session
from .user import User

__all__ = [
    "MAX_PROFILES",
    "DataRequest",
    "LockedProfile",
    "MailToken",
    "Profile",
    "SecurityEvent",
    "Session",
    "User",
]
