"""What was agreed of a subscription, and what its renewals are held to; pure rules.

A renewal is money of the subscription and of no order: the order was paid by the first payment, as
it was sold. So it counts for nothing but itself, and becomes a sale at once.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from app.domain.attempt import Reference
from app.domain.catalog import BillingInterval
from app.domain.money import Money
from app.domain.order import Snapshot
from app.domain.subscription import SubscriptionObservation, SubscriptionState
from app.errors import Message


class EndWanted(StrEnum):
    """Which end a person wants: at once, or when what was paid for is over."""

    NOW = "now"
    PERIOD_END = "period_end"


SUBSCRIPTION_MOVES: Final[dict[SubscriptionState, frozenset[SubscriptionState]]] = {
    state: frozenset()
    if state is SubscriptionState.ENDED
    else frozenset(SubscriptionState) - {state, SubscriptionState.PENDING}
    for state in SubscriptionState
}
"""Which moves exist: none out of its end, and none back to before its beginning."""


@dataclass(frozen=True, slots=True)
class Agreed:
    """What an order says of its subscription: what each interval costs, and the tax in that.

    `taxes` are in minor units of the amount's currency, by the tax's id.
    """

    amount: Money
    interval: BillingInterval
    taxes: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Subscription:
    """A subscription in the books; `amount` is what was agreed for each interval.

    `looked_at` is when the newest look was made that is in it. `decline` is the provider's code
    for the newest renewal where that was refused. `end_wanted` stands from when a person asked for
    an end; only `state` and `ends_at` say what the provider made of that. `read_to` is the
    provider's own word for up to where its list of payments is in the books.
    """

    id: int
    account: str
    provider: str
    provider_account: str
    live: bool
    subscription_id: str
    reference: Reference
    order_id: str
    attempt_id: int
    state: SubscriptionState
    version: int
    amount: Money
    interval: BillingInterval
    started_at: datetime
    looked_at: datetime | None = None
    current_until: datetime | None = None
    ends_at: datetime | None = None
    ended_at: datetime | None = None
    decline: str = ""
    end_wanted: EndWanted | None = None
    end_wanted_by: str = ""
    read_to: str = ""

    @property
    def is_over(self) -> bool:
        """Say whether it is known to have ended."""
        return self.state is SubscriptionState.ENDED

    @property
    def is_ending(self) -> bool:
        """Say whether an end is wanted that the provider has not been heard to know of."""
        if self.end_wanted is None or self.is_over:
            return False
        return self.end_wanted is EndWanted.NOW or self.ends_at is None


def agreed_of(snapshot: Snapshot) -> Agreed | None:
    """Say what an order agreed of its subscription, or None where it has none."""
    lines = [line for line in snapshot.lines if line.is_recurring]
    if not lines:
        return None
    taxes: dict[str, int] = {}
    for line in lines:
        if line.tax_minor:
            taxes[line.tax_id] = taxes.get(line.tax_id, 0) + line.tax_minor
    on_top = 0 if snapshot.prices_include_tax else sum(taxes.values())
    return Agreed(
        Money(sum(line.total_minor for line in lines) + on_top, snapshot.currency),
        BillingInterval(lines[0].billing_interval),
        taxes,
    )


def objection_to_renewal(
    subscription: Subscription, amount: Money, *, number: int, has_sale: bool
) -> Message | None:
    """Say why a renewal cannot simply be taken for a sale, or None.

    `number` is the order's; `has_sale` says that the order was paid by what began the
    subscription. `subscription` is as the books had it before this look.
    """
    if amount != subscription.amount:
        return Message(
            "A renewal of order {number}'s subscription took {got}, agreed was {agreed}.",
            number=number,
            got=amount,
            agreed=subscription.amount,
        )
    if subscription.is_over:
        return Message(
            "A renewal of order {number}'s subscription came after its end.", number=number
        )
    if not has_sale:
        return Message(
            "A renewal came of a subscription whose order {number} is not paid by it. "
            "End the subscription, or the customer goes on paying.",
            number=number,
        )
    return None


def strangeness(subscription: Subscription, seen: SubscriptionObservation) -> Message | None:
    """Say what does not belong to the subscription in the books, or None."""
    if seen.provider_account != subscription.provider_account:
        return Message(
            "Account {seen}, expected {expected}.",
            seen=seen.provider_account,
            expected=subscription.provider_account,
        )
    if seen.live != subscription.live:
        return (
            Message("Live money, expected test money.")
            if seen.live
            else Message("Test money, expected live money.")
        )
    if seen.reference and seen.reference != str(subscription.reference):
        return Message(
            "The subscription says {seen}, expected {expected}.",
            seen=seen.reference,
            expected=str(subscription.reference),
        )
    return None


def end_known(subscription: Subscription, seen: SubscriptionObservation) -> datetime | None:
    """Say when a subscription ends by itself: as it was seen or, where no look tells, agreed.

    One that was charged beyond its end goes on.
    """
    agreed = subscription.ends_at
    if seen.tells_end or seen.ends_at is not None or agreed is None:
        return seen.ends_at
    until = seen.current_until if seen.state is SubscriptionState.ACTIVE else None
    return None if until is not None and until - _EACH > agreed else agreed


_SOON: Final = timedelta(minutes=5)
"""After a payment is due: the provider takes it, and makes it known, within minutes."""
_PAST_DUE: Final = timedelta(hours=6)
_EACH: Final = timedelta(days=1)
LATE_MONEY: Final = timedelta(days=14)
"""For so long a payment may come that was on its way when a subscription ended, as a debit is."""


def next_look(subscription: Subscription) -> datetime | None:
    """Say when a subscription is looked at next by itself, or None where nothing can come of it.

    Soon after a payment is due or its end has come, then ever more slowly until there is news;
    four times a day while one is past due; else once a day, and for a while after its end. By the
    wall clock, as its dates are.
    """
    seen = subscription.looked_at
    if seen is None:
        return subscription.started_at
    if subscription.is_over:
        ended = subscription.ended_at or seen
        return seen + _EACH if seen - ended < LATE_MONEY else None
    if subscription.is_ending or subscription.state is SubscriptionState.PENDING:
        return seen + _SOON
    if subscription.state is SubscriptionState.PAST_DUE:
        return seen + _PAST_DUE
    tomorrow = seen + _EACH
    dates = (subscription.current_until, subscription.ends_at)
    # What lies beyond is not reckoned with: the last day of all has no morrow.
    due = (at for at in dates if at is not None and at < tomorrow)
    return min([tomorrow, *(_after(at, seen) for at in due)])


_LEAST: Final = timedelta(minutes=1)
FURTHEST: Final = _EACH
"""No look is put off for longer: what is due later was written by a clock that was set back."""


def put_off_by(failures: int) -> timedelta:
    """Say for how long one is left alone after so many looks in a row without an answer."""
    return min(_LEAST * (1 << min(failures - 1, 10)), _PAST_DUE)


def next_look_at_lost(
    state: SubscriptionState, ended_at: datetime | None, seen: datetime
) -> datetime | None:
    """Say when one is looked at again that is not in the books: each day, while money may come."""
    is_over = state is SubscriptionState.ENDED and seen - (ended_at or seen) >= LATE_MONEY
    return None if is_over else seen + _EACH


def _after(at: datetime, seen: datetime) -> datetime:
    """Say when to look for what happens at a moment, having looked last at `seen`."""
    if seen < at + _SOON:
        return at + _SOON
    return seen + min(max((seen - at) // 2, _SOON), _PAST_DUE)
