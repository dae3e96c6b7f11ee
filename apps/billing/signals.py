"""What billing announces, once it is committed.

subscription_changed. sender: Subscription. Provides: account_id (public), account_pk. What the account may
have is another from now on: ask `services.entitlement_of`. Not sent for the accounts of a plan that was
edited, nor for an erased one, whose sessions end anyway.
plan_changed. sender: Plan. Provides: plan (slug). Who has it may have something else from now on.
"""

from django.dispatch import Signal

subscription_changed = Signal()
plan_changed = Signal()
