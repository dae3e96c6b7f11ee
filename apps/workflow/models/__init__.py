"""How editorial work moves: states, the record of moves, comments."""

from .comment import Comment, Mention
from .transition import Transition
from .workflowed import Priority, Workflowed

__all__ = ["Comment", "Mention", "Priority", "Transition", "Workflowed"]
