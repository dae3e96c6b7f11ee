"""What accounts announce, once it is committed.

sessions_ended. sender: Session. Provides: session_ids (public). Devices were signed out, whoever did it.
profile_restricted. sender: Profile. Provides: profile_id (public). Its ceiling was lowered, or it became a
kid's or ceased to be one's.
profile_deleted. sender: Profile. Provides: account_id, profile_id (public).
"""

from django.dispatch import Signal

sessions_ended = Signal()
profile_restricted = Signal()
profile_deleted = Signal()
