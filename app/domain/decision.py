"""Why a payment went to its account: what was decided then, kept with the attempt."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Said:
    """What was said of an account, as a Message."""

    account: str
    reason: str


@dataclass(frozen=True, slots=True)
class Decision:
    """What the router said of every account, and which one was taken.

    `tried` are those that were asked before it, each with what became of that; `others` could have
    been taken, too. `is_operators` says that a person chose.
    """

    account: str
    reason: str
    is_operators: bool = False
    tried: tuple[Said, ...] = ()
    others: tuple[Said, ...] = ()
    left_out: tuple[Said, ...] = ()
