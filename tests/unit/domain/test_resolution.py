"""The ways out of an exception: which are open, and why not the others."""

from dataclasses import replace
from typing import Any

import pytest

from app.domain.exceptions import ExceptionKind, OrderException
from app.domain.money import Money
from app.domain.order import OrderState
from app.domain.payment import Payment, ResolvedAs
from app.domain.refund import GivenBack
from app.domain.resolution import (
    Action,
    Case,
    WriteOff,
    difference_minor,
    objection_to_target,
    way_out,
    ways_out,
    write_off_of,
)
from tests.parts.clock import START
from tests.parts.values import ORDER_ID, order

PAYMENT = Payment(
    id=1,
    provider="stripe",
    payment_id="pi_1",
    account="main",
    provider_account="acct_1",
    live=False,
    reference="t11111-0rder0000001-1",
    order_id=ORDER_ID,
    attempt_id=1,
    amount=Money(390, "EUR"),
    held_as=ExceptionKind.PAID_LATE,
)
ENTRY = OrderException(
    id=1,
    kind=ExceptionKind.PAID_LATE,
    amount=Money(390, "EUR"),
    order_id=ORDER_ID,
    attempt_id=1,
    payment_id="pi_1",
    detail="",
    opened_at=START,
)


def case(
    *,
    minor: int = 390,
    currency: str = "EUR",
    state: OrderState | None = OrderState.CANCELLED,
    entry: dict[str, Any] | None = None,
    money: bool = True,
    **changes: Any,
) -> Case:
    """A held payment for an order of 3.90 EUR."""
    payment = replace(PAYMENT, amount=Money(minor, currency)) if money else None
    of = None if state is None else order(state=state)
    values = {"payment": payment, "order": of, "holds": money, **changes}
    return Case(replace(ENTRY, **(entry or {})), **values)


def opened(one: Case) -> set[str]:
    return {way.action.value for way in ways_out(one) if way.is_open}


def why_not(one: Case, action: Action) -> str:
    return str(way_out(one, action).objection)


ALL = {"accept", "refund", "assign", "write_off"}


@pytest.mark.parametrize(
    "one, expected",
    [
        pytest.param(case(), {"accept", "refund", "assign"}, id="late and exact"),
        pytest.param(case(minor=389), ALL - {"accept"}, id="late and less"),
        pytest.param(case(minor=391), ALL - {"accept"}, id="late and more"),
        pytest.param(case(minor=389, state=OrderState.OPEN), ALL, id="less, order open"),
        pytest.param(case(minor=391, state=OrderState.OPEN), ALL - {"accept"}, id="more, open"),
        pytest.param(case(state=OrderState.EXPIRED, minor=389), ALL - {"accept"}, id="expired"),
        pytest.param(case(state=OrderState.PAID), ALL - {"accept"}, id="surplus"),
        pytest.param(case(currency="USD"), ALL - {"accept"}, id="other currency"),
        pytest.param(case(state=None), ALL - {"accept"}, id="no order"),
        pytest.param(case(accepted_minor=1), ALL - {"accept"}, id="a part was paid before"),
        pytest.param(
            case(given_back=GivenBack(succeeded_minor=1)), {"accept", "refund"}, id="part back"
        ),
        pytest.param(case(given_back=GivenBack(under_way_minor=1)), set(), id="under way"),
        pytest.param(case(entry={"action": "refund"}), set(), id="chosen to go back"),
        pytest.param(case(entry={"resolved_at": START}), set(), id="resolved"),
        pytest.param(case(money=False), {"write_off"}, id="about no money"),
        pytest.param(case(holds=False), {"write_off"}, id="beside what holds the money"),
        pytest.param(
            case(holds=False, entry={"kind": ExceptionKind.REFUND_FAILED}),
            {"refund", "write_off"},
            id="a refund that failed",
        ),
        pytest.param(
            case(
                holds=False,
                entry={"kind": ExceptionKind.REFUND_FAILED},
                given_back=GivenBack(succeeded_minor=390),
            ),
            {"write_off"},
            id="given back since",
        ),
    ],
)
def test_the_actions_that_are_open(one: Case, expected: set[str]) -> None:
    assert opened(one) == expected
    assert [way.action for way in ways_out(one)] == list(Action)
    assert all(way.effect and way.is_open is not bool(way.objection) for way in ways_out(one))


@pytest.mark.parametrize(
    "one, action, words",
    [
        (case(entry={"resolved_at": START}), Action.WRITE_OFF, "resolved already"),
        (case(entry={"action": "refund"}), Action.REFUND, "being given back"),
        (case(money=False), Action.ACCEPT, "No money is held"),
        (case(money=False), Action.ASSIGN, "No money is held"),
        (case(money=False), Action.REFUND, "No money is held"),
        (case(state=None), Action.ACCEPT, "No order of this till"),
        (case(state=OrderState.PAID), Action.ACCEPT, "paid without it"),
        (case(currency="USD"), Action.ACCEPT, "another currency"),
        (case(minor=400), Action.ACCEPT, "0.10 EUR more than the order costs"),
        (case(minor=380), Action.ACCEPT, "nothing but the whole 3.90 EUR"),
        (case(given_back=GivenBack(390)), Action.REFUND, "All of it was given back"),
        (case(given_back=GivenBack(1)), Action.ASSIGN, "Part of it was given back"),
        (case(), Action.WRITE_OFF, "nothing to be written off"),
    ],
)
def test_why_an_action_is_not_open(one: Case, action: Action, words: str) -> None:
    assert words in why_not(one, action)


@pytest.mark.parametrize(
    "one, action, words",
    [
        (case(), Action.ACCEPT, "the order is paid"),
        (case(minor=380, state=OrderState.OPEN), Action.ACCEPT, "0.10 EUR of the order is still"),
        (case(given_back=GivenBack(90)), Action.REFUND, "3.00 EUR goes back"),
        (case(), Action.ASSIGN, "another order"),
        (case(minor=380), Action.WRITE_OFF, "gives up 0.10 EUR"),
        (case(minor=400), Action.WRITE_OFF, "keeps 0.10 EUR above it"),
        (
            case(minor=400, given_back=GivenBack(succeeded_minor=4)),
            Action.WRITE_OFF,
            "keeps 0.06 EUR above it",
        ),
        (
            case(minor=400, given_back=GivenBack(succeeded_minor=10)),
            Action.WRITE_OFF,
            "0.10 EUR above it went back already",
        ),
        (case(state=OrderState.PAID), Action.WRITE_OFF, "keeps 3.90 EUR without an order"),
        (case(money=False), Action.WRITE_OFF, "no money is moved"),
    ],
)
def test_what_an_action_would_do_is_said_before_it_is_chosen(
    one: Case, action: Action, words: str
) -> None:
    assert words in way_out(one, action).effect


@pytest.mark.parametrize(
    "one, expected",
    [
        (case(minor=380), WriteOff.DIFFERENCE),
        (case(state=OrderState.OPEN), WriteOff.DIFFERENCE),
        (case(state=OrderState.PAID), WriteOff.KEEP),
        (case(currency="USD"), WriteOff.KEEP),
        (case(state=None), WriteOff.KEEP),
        (case(money=False), WriteOff.CLOSE),
        (case(holds=False), WriteOff.CLOSE),
    ],
)
def test_what_writing_off_comes_to(one: Case, expected: WriteOff) -> None:
    assert write_off_of(one) is expected


def test_the_difference_counts_what_was_accepted_before() -> None:
    assert difference_minor(case(minor=100, accepted_minor=200)) == 90
    assert difference_minor(case(minor=400)) == -10
    assert difference_minor(case(state=None)) == difference_minor(case(money=False)) == 0


def test_what_is_left_to_be_given_back_is_never_more_than_the_entry_is_about() -> None:
    failed = {"kind": ExceptionKind.REFUND_FAILED, "amount": Money(50, "EUR")}
    assert case(holds=False, entry=failed).left == Money(50, "EUR")
    assert case(holds=False, entry=failed, given_back=GivenBack(380)).left == Money(10, "EUR")
    assert case(given_back=GivenBack(90, 100)).left == Money(200, "EUR")
    assert case(money=False).left == Money(0, "EUR")


@pytest.mark.parametrize(
    "changes, accepted, words",
    [
        ({"id": "another00001"}, 0, ""),
        ({"id": "another00001", "state": OrderState.CANCELLED}, 0, ""),
        ({}, 0, "money's own order"),
        ({"id": "another00001", "state": OrderState.PAID}, 0, "Order 1 is paid"),
        ({"id": "another00001"}, 1, "owes only 3.89 EUR"),
    ],
)
def test_money_can_be_given_to_another_order_that_owes_as_much(
    changes: dict[str, Any], accepted: int, words: str
) -> None:
    target = order(**changes)
    objection = objection_to_target(PAYMENT, target, accepted)
    assert words in objection and bool(objection) is bool(words)


def test_money_of_another_currency_or_a_part_for_a_closed_order_does_not_fit() -> None:
    target = order(id="another00001", state=OrderState.EXPIRED)
    usd = replace(PAYMENT, amount=Money(390, "USD"))
    assert "another currency" in objection_to_target(usd, target, 0)
    part = replace(PAYMENT, amount=Money(389, "EUR"))
    assert "the whole 3.90 EUR" in objection_to_target(part, target, 0)
    assert objection_to_target(part, target, 1) == ""
    assert objection_to_target(part, order(id="another00001"), 0) == ""


@pytest.mark.parametrize(
    "held_as, resolved_as, is_held, is_kept",
    [
        (None, None, False, False),
        (ExceptionKind.SURPLUS, None, True, False),
        (ExceptionKind.SURPLUS, ResolvedAs.KEPT, False, True),
        (None, ResolvedAs.ACCEPTED, False, False),
        (None, ResolvedAs.ASSIGNED, False, False),
    ],
)
def test_how_money_stands_follows_from_what_was_decided(
    held_as: ExceptionKind | None, resolved_as: ResolvedAs | None, is_held: bool, is_kept: bool
) -> None:
    payment = replace(PAYMENT, held_as=held_as, resolved_as=resolved_as)
    assert (payment.is_held, payment.is_kept) == (is_held, is_kept)
