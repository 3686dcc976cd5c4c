"""Named places between an intent and its acknowledgement, where a test can make the till die.

Only a function called in this very process switches them on: neither a setting nor the
environment can tell a till to die. Switched off, a place costs one look at an attribute.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, Literal, get_args

Failpoint = Literal[
    # The books are opened and brought up to date.
    "store.locked",
    "store.opened",
    "migration.copied",
    "migration.begun",
    "migration.running",
    "migration.done",
    "store.guarded",
    "till.making",
    "till.made",
    "account.learned",
    # Every transaction. "committed": before any waiter hears of it.
    "writer.committing",
    "writer.committed",
    "writer.publishing",
    "writer.published",
    # An order is placed.
    "order.placing",
    "order.placed",
    # A session is opened.
    "create.intending",
    "create.intended",
    "create.calling",
    "create.called",
    "create.saving",
    "create.saved",
    "create.refusing",
    "create.refused",
    "search.called",
    "search.saving",
    "search.saved",
    # Its code is shown.
    "shown.saving",
    "shown.saved",
    # What the customer agreed to is taken.
    "capture.intended",
    "capture.calling",
    "capture.called",
    # A provider's word on a session is settled, whoever asked for it.
    "look.called",
    "observed.saving",
    "observed.saved",
    "settle.begun",
    "settle.payment_written",
    "settle.order_moved",
    # A subscription is begun by a session, looked at, and ended at a person's wish.
    "plan.made",
    "plan.saved",
    "subscription.starting",
    "subscription.called",
    "subscription.renewing",
    "subscription.saving",
    "subscription.saved",
    "unsubscribe.intended",
    "unsubscribe.calling",
    "unsubscribe.called",
    # A customer's card is kept for later.
    "card.intended",
    "card.calling",
    "card.called",
    "card.opening",
    "card.opened",
    "card.closing",
    "card.looked",
    "card.settling",
    "card.settled",
    # A delivery is taken in.
    "webhook.verified",
    "webhook.saving",
    "webhook.saved",
    "webhook.answered",
    "inbox.settled",
    # A session is closed.
    "cancel.wanted",
    "expire.wanted",
    "withdraw.wanted",
    "close.intended",
    "close.calling",
    "close.called",
    # Money is given back.
    "refund.intended",
    "refund.calling",
    "refund.called",
    "refund.saved",
    # A person decides of what is on the list.
    "resolution.decided",
    # A dispute is heard of, whoever tells of it.
    "dispute.settled",
    # The providers' lists are compared with the books.
    "reconcile.page_read",
    "reconcile.page_saved",
    "reconcile.cursor_saved",
    # A backup is made.
    "backup.copied",
    "backup.verified",
    "backup.renamed",
    # A backup is put in the place of the books.
    "restore.epoch_written",
    "restore.decided",
    "restore.set_aside",
    "restore.put_in_place",
    # What is left over is put in order at the start.
    "sweep.saving",
    "sweep.saved",
]
"""Past tense: it is done. The `-ing` form: it is about to be, or still in the open transaction."""

FAILPOINTS: Final[tuple[Failpoint, ...]] = get_args(Failpoint)


class _Switch:
    __slots__ = ("action",)

    def __init__(self) -> None:
        self.action: Callable[[Failpoint], None] | None = None


_switch: Final = _Switch()


def reach(name: Failpoint) -> None:
    """Pass a failpoint: nothing, unless a test has switched them on."""
    if _switch.action is not None:
        _switch.action(name)


@contextmanager
def switched_on(action: Callable[[Failpoint], None]) -> Iterator[None]:
    """Have `action` called at every failpoint that is reached, on the thread that reaches it.

    For tests only. Raises ValueError where they are switched on already.
    """
    if _switch.action is not None:
        raise ValueError("the failpoints are switched on already")
    _switch.action = action
    try:
        yield
    finally:
        _switch.action = None


def only_at(name: str, act: Callable[[], None], *, hit: int = 1) -> Callable[[Failpoint], None]:
    """Build an action that acts where `name` is reached for the `hit`-th time, and nowhere else.

    Raises ValueError for a name that is not declared.
    """
    if name not in FAILPOINTS:
        raise ValueError(f"no failpoint is called {name!r}")
    hits = 0

    def count(reached: Failpoint) -> None:
        nonlocal hits
        if reached == name:
            hits += 1
            if hits == hit:
                act()

    return count
