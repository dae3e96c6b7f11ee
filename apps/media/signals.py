"""What media announces, once it is committed. sender: Asset. Provides: asset_id (public)."""

from django.dispatch import Signal

asset_ready = Signal()
asset_failed = Signal()
