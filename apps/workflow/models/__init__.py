"""How editorial work moves: states, the record of moves, comments."""

from .about import FORMER_STAFF, called
from .comment import Comment, Mention
from .transition import Transition
from .workflowed import Priority, Workflowed

__all__ = ["FORMER_STAFF", "Comment", "Mention", "Priority", "Transition", "Workflowed", "called"]
