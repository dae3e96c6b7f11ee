"""What media announces, once it is committed. sender: Asset. Provides: asset_id (public).

`job_quarantined`: sender Job; provides job_id (inner) and cause.
"""

from django.dispatch import Signal

asset_ready = Signal()
asset_failed = Signal()
job_quarantined = Signal()
