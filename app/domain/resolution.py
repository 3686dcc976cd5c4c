"""The ways out of an exception: what a person may decide of it, and why not what else.

A pure function of what the books hold. `app.resolutions` writes what was chosen.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from app.domain.exceptions import ExceptionKind, OrderException
from app.domain.money import Money
from app.domain.order import Order, OrderState, owed
from app.domain.payment import Payment
from app.domain.refund import GivenBack
from app.errors import Message


class Action(StrEnum):
    """What a person can choose."""

    ACCEPT = "accept"
    REFUND = "refund"
    ASSIGN = "assign"
    WRITE_OFF = "write_off"


class WriteOff(StrEnum):
    """What writing off comes to: accept and book the difference, keep the money, or just close."""

    DIFFERENCE = "difference"
    KEEP = "keep"
    CLOSE = "close"


@dataclass(frozen=True, slots=True)
class Case:
    """An exception with all that decides about it.

    `payment` is the money it is about, if any; `holds` says that this is the entry by which that
    money is held. `order` is the order that the money was for, `accepted_minor` what counts for
    it already, write-offs included.
    """

    exception: OrderException
    payment: Payment | None = None
    order: Order | None = None
    accepted_minor: int = 0
    holds: bool = False
    given_back: GivenBack = field(default_factory=GivenBack)

    @property
    def is_under_way(self) -> bool:
        """Say whether money of it is being given back just now."""
        is_asked = self.exception.action == Action.REFUND and self.exception.resolved_at is None
        return is_asked or bool(self.given_back.under_way_minor)

    @property
    def left(self) -> Money:
        """Say how much can still be given back for it: nothing where that is no way out."""
        if self.payment is None:
            return Money(0, self.exception.amount.currency)
        left = self.given_back.left_of(self.payment.amount)
        return left if self.holds else min(left, self.exception.amount)


@dataclass(frozen=True, slots=True)
class WayOut:
    """One action. An empty `objection` says that it is open; `effect` says what it will do."""

    action: Action
    effect: str
    objection: str = ""

    @property
    def is_open(self) -> bool:
        """Say whether a person may choose it."""
        return not self.objection


_RESOLVED: Final = Message("It is resolved already.")
_UNDER_WAY: Final = Message("Money of it is being given back; wait for that.")
_NO_MONEY: Final = Message("No money is held for it.")
_NO_ORDER: Final = Message("No order of this till is known for it.")
_NO_ORDERS: Final = Message("It is a subscription's renewal: it counts for no order.")
_OTHER_CURRENCY: Final = Message("The order is in another currency.")


def ways_out(case: Case) -> tuple[WayOut, ...]:
    """Give every action with what it would do, and why it is not open where it is not."""
    return (
        WayOut(Action.ACCEPT, _acceptance(case), _objection_to_accepting(case)),
        WayOut(
            Action.REFUND,
            Message("{amount} goes back to the customer.", amount=case.left),
            _objection_to_refunding(case),
        ),
        WayOut(
            Action.ASSIGN,
            Message("The money counts towards another order, which you choose."),
            _objection_to_assigning(case),
        ),
        WayOut(Action.WRITE_OFF, _written_off(case), _objection_to_writing_off(case)),
    )


def way_out(case: Case, action: Action) -> WayOut:
    """Give one action of `ways_out`."""
    return next(way for way in ways_out(case) if way.action is action)


def objection_to_target(payment: Payment, target: Order, accepted_minor: int) -> str:
    """Say why held money cannot be given to another order, or nothing."""
    still = owed(target.total, accepted_minor)
    if target.id == payment.order_id:
        return Message("It is the money's own order; accept it instead.")
    if target.state is OrderState.PAID:
        return Message("Order {number} is paid.", number=target.number)
    if target.total.currency != payment.amount.currency:
        return _OTHER_CURRENCY
    if still < payment.amount:
        return Message("Order {number} owes only {amount}.", number=target.number, amount=still)
    if target.state is not OrderState.OPEN and payment.amount != still:
        return _part_of_a_closed_one(still)
    return ""


def write_off_of(case: Case) -> WriteOff:
    """Say what writing off comes to."""
    if case.payment is None or not case.holds:
        return WriteOff.CLOSE
    return WriteOff.DIFFERENCE if _fits_unpaid_order(case) else WriteOff.KEEP


def difference_minor(case: Case) -> int:
    """Say what accepting the money leaves of the order's total; negative where it is too much."""
    if case.order is None or case.payment is None:
        return 0
    return case.order.total.minor - case.accepted_minor - case.payment.amount.minor


def _fits_unpaid_order(case: Case) -> bool:
    order, payment = case.order, case.payment
    return (
        order is not None
        and payment is not None
        and order.state is not OrderState.PAID
        and order.total.currency == payment.amount.currency
    )


def _closed(case: Case) -> str:
    """Say what closes every way out, or nothing."""
    if case.exception.resolved_at is not None:
        return _RESOLVED
    return _UNDER_WAY if case.is_under_way else ""


def _objection_to_accepting(case: Case) -> str:
    closed = _closed(case)
    if closed or case.payment is None or not case.holds:
        return closed or _NO_MONEY
    if case.payment.renewal_of is not None:
        return _NO_ORDERS
    if case.order is None:
        return _NO_ORDER
    if case.order.state is OrderState.PAID:
        return Message("The order is paid without it.")
    if not _fits_unpaid_order(case):
        return _OTHER_CURRENCY
    difference = difference_minor(case)
    if difference < 0:
        too_much = Money(-difference, case.payment.amount.currency)
        return Message("It is {amount} more than the order costs; write that off.", amount=too_much)
    if difference > 0 and case.order.state is not OrderState.OPEN:
        return _part_of_a_closed_one(owed(case.order.total, case.accepted_minor))
    return ""


def _part_of_a_closed_one(still: Money) -> Message:
    return Message("The order is closed and takes nothing but the whole {amount}.", amount=still)


def _objection_to_refunding(case: Case) -> str:
    closed = _closed(case)
    if closed:
        return closed
    is_owed_back = case.holds or case.exception.kind is ExceptionKind.REFUND_FAILED
    if case.payment is None or not is_owed_back:
        return _NO_MONEY
    return "" if case.left.minor else Message("All of it was given back.")


def _objection_to_assigning(case: Case) -> str:
    closed = _closed(case)
    if closed or case.payment is None or not case.holds:
        return closed or _NO_MONEY
    if case.payment.renewal_of is not None:
        return _NO_ORDERS
    if case.given_back.succeeded_minor:
        return Message("Part of it was given back.")
    return ""


def _objection_to_writing_off(case: Case) -> str:
    closed = _closed(case)
    if closed:
        return closed
    if write_off_of(case) is WriteOff.DIFFERENCE and difference_minor(case) == 0:
        return Message("There is nothing to be written off: accept it.")
    return ""


def _acceptance(case: Case) -> Message:
    if case.order is None or case.payment is None or difference_minor(case) <= 0:
        return Message("The money counts and the order is paid.")
    rest = Money(difference_minor(case), case.payment.amount.currency)
    return Message("The money counts; {amount} of the order is still to be paid.", amount=rest)


def _written_off(case: Case) -> Message:
    what = write_off_of(case)
    if case.payment is None or what is WriteOff.CLOSE:
        return Message("The entry is closed with your reason; no money is moved.")
    if what is WriteOff.KEEP:
        return Message("The shop keeps {amount} without an order for it.", amount=case.left)
    difference = difference_minor(case)
    amount = Money(abs(difference), case.payment.amount.currency)
    if difference < 0:
        back = Money(min(-difference, case.given_back.succeeded_minor), amount.currency)
        if back == amount:
            return Message("The order is paid; {amount} above it went back already.", amount=amount)
        kept = amount - back
        return Message("The order is paid; the shop keeps {amount} above it.", amount=kept)
    return Message("The order is paid; the shop gives up {amount}.", amount=amount)
