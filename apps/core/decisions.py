"""The answer that every policy gives."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether something is allowed; when it is not, `code` is the stable name of the reason."""

    allowed: bool
    code: str = ""
    detail: str = ""

    def __bool__(self) -> bool:
        return self.allowed


ALLOWED = Decision(True)


def refused(code: str, detail: str) -> Decision:
    return Decision(False, code, detail)
