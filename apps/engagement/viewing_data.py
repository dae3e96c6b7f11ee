"""What engagement holds on viewers, for their copy and their erasure."""

from apps.accounts.personal_data import Holder, register

from .services import forgetting

register(
    Holder("watching", forgetting.export, forgetting.erase_account, erase_profile=forgetting.erase_profile)
)
