"""What a provider takes, what is asked of it, and why it would not take that.

Both are compared before any call: what a provider would refuse is refused here, in words.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from app.domain.catalog import BillingInterval
from app.domain.money import Money
from app.domain.order import Order, Snapshot
from app.errors import Message


class Method(StrEnum):
    """How a customer pays."""

    CARD = "card"
    WALLET = "wallet"
    BANK = "bank"
    PAYPAL = "paypal"
    UPI = "upi"
    CASH = "cash"


class Shows(StrEnum):
    """What the customer is shown to pay by: a page's address, a UPI text, or nothing at all."""

    PAGE = "page"
    UPI = "upi"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a provider takes. Amounts are in the till's minor units.

    A session has at most `max_lines` lines; one with a subscription `max_lines_recurring` of each
    kind. `minimum_minor` names the smallest amount by currency, `maximum_minor` the largest of all.
    `intervals` are those at which it charges subscriptions, none where it has none; one-time lines
    may stand beside them where it `mixes_recurring`. The till can end one at once where the
    provider `cancels_now`, and with what was paid for where it `cancels_at_period_end`.
    `saves_cards` says that it keeps a card for later without taking money. `key_lifetime` is how
    long the provider remembers an idempotency key for certain. `page_hosts` are the exact hosts of
    its pages, `page_origin` the one origin besides them (a loopback simulator's own), and
    `phones_origin` where its pages are while phones may come. `reports_fees` says that it tells
    afterwards what it kept for itself. `shows` is what a code leads to; where it shows nothing, the
    operator confirms the money. `poll_pause` is how long a session whose code is shown is left
    alone between two looks. `lists_after` is how late its lists of sessions and refunds may be, and
    `lists_unpaid` says that they have those which moved no money, too. `forgets_unpaid` says that a
    session whose life is over without money is not to be found there.
    """

    currencies: frozenset[str]
    minimum_minor: Mapping[str, int]
    maximum_minor: int
    amount_step: Mapping[str, int]
    max_lines: int
    max_lines_recurring: int
    session_lifetime: timedelta
    key_lifetime: timedelta
    page_hosts: frozenset[str]
    intervals: frozenset[BillingInterval] = frozenset()
    mixes_recurring: bool = False
    cancels_now: bool = True
    cancels_at_period_end: bool = True
    saves_cards: bool = False
    page_origin: str = ""
    phones_origin: str = ""
    methods: frozenset[Method] = frozenset()
    reports_fees: bool = False
    shows: Shows = Shows.PAGE
    poll_pause: timedelta = timedelta(seconds=2)
    lists_after: timedelta = timedelta(0)
    lists_unpaid: bool = True
    forgets_unpaid: bool = False

    @property
    def takes_recurring(self) -> bool:
        """Say whether it has subscriptions at all."""
        return bool(self.intervals)


@dataclass(frozen=True, slots=True)
class Demand:
    """What a session is to be for.

    `intervals` are those of its subscriptions. `method` is what the customer wishes, None for any.
    """

    amount: Money
    method: Method | None = None
    intervals: frozenset[BillingInterval] = frozenset()
    has_onetime: bool = True
    has_free_recurring: bool = False
    is_part: bool = False
    saves_card: bool = field(default=False, kw_only=True)


def demand_of(order: Order, amount: Money, method: Method | None = None) -> Demand:
    """Say what is asked of a provider that is to take `amount` of an order."""
    return demand_for(order.snapshot, amount, method)


def demand_for(snapshot: Snapshot, amount: Money, method: Method | None = None) -> Demand:
    """Say what is asked of a provider that is to take `amount` of what was agreed."""
    lines = snapshot.lines
    recurring = [line for line in lines if line.is_recurring]
    return Demand(
        amount=amount,
        method=method,
        intervals=frozenset(BillingInterval(line.billing_interval) for line in recurring),
        has_onetime=len(recurring) < len(lines),
        has_free_recurring=any(line.total_minor == 0 for line in recurring),
        is_part=amount != snapshot.total,
    )


def objection(takes: Capabilities, demand: Demand) -> str:
    """Say in words why a provider would not take what is asked of it, or nothing."""
    return (
        _objection_to_method(takes, demand)
        or (_objection_to_recurring(takes, demand) if demand.intervals else "")
        or _objection_to_amount(takes, demand.amount)
    )


def _objection_to_method(takes: Capabilities, demand: Demand) -> str:
    if demand.saves_card and not takes.saves_cards:
        return Message("It keeps no cards for later.")
    if demand.method is not None and demand.method not in takes.methods:
        return {
            Method.CARD: Message("It takes no cards."),
            Method.WALLET: Message("It takes no wallets."),
            Method.BANK: Message("It takes no bank payments."),
            Method.PAYPAL: Message("It takes no PayPal."),
            Method.UPI: Message("It takes no UPI."),
            Method.CASH: Message("It takes no cash."),
        }[demand.method]
    return ""


def _objection_to_recurring(takes: Capabilities, demand: Demand) -> str:
    if not takes.takes_recurring:
        return Message("It takes no subscriptions.")
    if demand.is_part:
        return Message("A subscription is paid in one piece.")
    if demand.has_free_recurring:
        return Message("It takes no subscription that costs nothing.")
    if len(demand.intervals) > 1:
        return Message("It takes subscriptions of one interval at a time.")
    if not demand.intervals <= takes.intervals:
        return {
            BillingInterval.WEEKLY: Message("It takes no weekly subscriptions."),
            BillingInterval.MONTHLY: Message("It takes no monthly subscriptions."),
            BillingInterval.YEARLY: Message("It takes no yearly subscriptions."),
        }[next(iter(demand.intervals))]
    if demand.has_onetime and not takes.mixes_recurring:
        return Message("It takes a subscription by itself, with nothing else in the cart.")
    return ""


def _objection_to_amount(takes: Capabilities, amount: Money) -> str:
    currency = amount.currency
    if currency not in takes.currencies:
        return Message("It takes no {currency}.", currency=currency)
    least = takes.minimum_minor.get(currency, 1)
    if amount.minor < least:
        return Message("The least it takes is {amount}.", amount=Money(least, currency))
    if amount.minor > takes.maximum_minor:
        return Message(
            "The most it takes is {amount}.", amount=Money(takes.maximum_minor, currency)
        )
    step = takes.amount_step.get(currency, 1)
    if amount.minor % step:
        return Message(
            "Its amounts in {currency} go in steps of {amount}.",
            currency=currency,
            amount=Money(step, currency),
        )
    return ""
