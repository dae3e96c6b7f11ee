"""What the workflow announces, once it is committed."""

from django.dispatch import Signal

# sender: the model. Provides: transition_id.
moved = Signal()
# sender: Comment. Provides: comment_id, mentioned (ids of accounts).
commented = Signal()
