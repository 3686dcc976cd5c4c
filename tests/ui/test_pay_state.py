"""What the Pay screen says, for every state a payment can be in."""

from dataclasses import replace
from datetime import timedelta

import pytest

from app.domain.attempt import Attempt, AttemptState, CloseReason
from app.domain.cart import Cart
from app.domain.money import Money
from app.domain.order import Order, OrderState
from app.errors import MoneyMoved, Rejected, StoreError, Unavailable
from tests.ui.fakes import FakeTill
from ui.pay.declines import decline_words
from ui.pay.state import (
    SHOWS_CODE,
    SLOW_AFTER,
    Action,
    PayModel,
    Phase,
    action_label,
    money_words,
    phase_of,
    wording,
)


@pytest.fixture
def order(till: FakeTill) -> Order:
    cart = Cart()
    cart.add(till.catalog.on_sale()[0])
    return till.orders.place(cart.content)


@pytest.fixture
def attempt(till: FakeTill, order: Order) -> Attempt:
    return till.orders.attempt(order.id, AttemptState.OPEN)


def model(phase: Phase, **more: object) -> PayModel:
    return PayModel(phase, Money(1240, "EUR"), "Shop", **more)  # type: ignore[arg-type]


def test_before_anything_is_known_the_code_is_being_prepared() -> None:
    assert phase_of(None, None) is Phase.OPENING


@pytest.mark.parametrize(
    "state, phase",
    [
        (AttemptState.CREATING, Phase.OPENING),
        (AttemptState.OPEN, Phase.WAITING),
        (AttemptState.PROCESSING, Phase.PROCESSING),
        (AttemptState.PAID, Phase.NEEDS_PERSON),
        (AttemptState.UNKNOWN, Phase.UNKNOWN),
        (AttemptState.FAILED, Phase.FAILED),
        (AttemptState.EXPIRED, Phase.EXPIRED),
        (AttemptState.CANCELLED, Phase.CANCELLED),
    ],
)
def test_each_state_of_an_attempt_has_its_phase(
    order: Order, attempt: Attempt, state: AttemptState, phase: Phase
) -> None:
    assert phase_of(order, replace(attempt, state=state), is_shown=True) is phase


@pytest.mark.parametrize(
    "state, phase",
    [
        (OrderState.PAID, Phase.PAID),
        (OrderState.CANCELLED, Phase.CANCELLED),
        (OrderState.EXPIRED, Phase.EXPIRED),
    ],
)
def test_an_order_that_has_ended_outweighs_its_attempt(
    order: Order, attempt: Attempt, state: OrderState, phase: Phase
) -> None:
    assert phase_of(replace(order, state=state), attempt, is_closing=True) is phase


def test_a_code_is_not_waited_for_before_the_books_know_that_it_is_shown(
    order: Order, attempt: Attempt
) -> None:
    assert phase_of(order, attempt, is_shown=False) is Phase.OPENING


def test_a_customer_who_has_confirmed_cannot_be_closed_out(order: Order, attempt: Attempt) -> None:
    confirmed = replace(attempt, state=AttemptState.PROCESSING, close_reason=CloseReason.CANCELLED)
    assert phase_of(order, confirmed, is_closing=True) is Phase.PROCESSING
    words = wording(model(Phase.PROCESSING))
    assert words.actions == (Action.CHECK_NOW, Action.SET_ASIDE)
    assert "Do not charge again" in words.sentence


def test_a_challenge_that_was_not_passed_has_its_own_words() -> None:
    assert "did not confirm" in decline_words("payment_intent_authentication_failure")


def test_cancelling_takes_the_code_away_at_once(order: Order, attempt: Attempt) -> None:
    assert phase_of(order, attempt, is_closing=True, is_shown=True) is Phase.CLOSING
    closing = replace(attempt, close_reason=CloseReason.EXPIRED)
    assert phase_of(order, closing, is_shown=True) is Phase.CLOSING


def test_after_the_deadline_no_code_is_shown(order: Order, attempt: Attempt) -> None:
    assert phase_of(order, attempt, is_over=True, is_shown=True) is Phase.CLOSING


def test_after_four_minutes_the_operator_is_asked(order: Order, attempt: Attempt) -> None:
    slow = phase_of(order, attempt, is_shown=True, waited=SLOW_AFTER)
    assert slow is Phase.SLOW
    again = phase_of(order, attempt, is_shown=True, waited=SLOW_AFTER - timedelta(seconds=1))
    assert again is Phase.WAITING


def test_a_decline_leaves_the_code_for_another_try(order: Order, attempt: Attempt) -> None:
    declined = replace(attempt, decline="insufficient_funds")
    assert phase_of(order, declined, is_shown=True) is Phase.DECLINED
    words = wording(model(Phase.DECLINED, decline="insufficient_funds"))
    assert "does not have enough money" in words.sentence
    assert Phase.DECLINED in SHOWS_CODE


def test_an_error_without_a_session_is_unknown_only_where_money_may_have_moved(
    order: Order,
) -> None:
    assert phase_of(order, None, error=Unavailable("No answer")) is Phase.UNKNOWN
    assert phase_of(order, None, error=Rejected("No")) is Phase.REFUSED


def test_unknown_says_not_to_take_the_money_again() -> None:
    words = wording(model(Phase.UNKNOWN))
    assert words.title == "We do not know yet"
    assert "Do not take the money again" in words.sentence
    assert Action.CHECK_NOW in words.actions


def test_a_lost_answer_before_any_code_was_shown_is_said_as_it_is() -> None:
    assert "No customer has seen a code" in wording(model(Phase.UNKNOWN, was_shown=False)).sentence


def test_a_code_that_the_books_refuse_is_not_called_being_prepared() -> None:
    words = wording(model(Phase.OPENING, error=StoreError("Disk full")))
    assert words.title == "The code cannot be shown"


@pytest.mark.parametrize("phase", Phase)
def test_every_phase_has_words_and_a_way_on(phase: Phase) -> None:
    words = wording(model(phase))
    assert words.title
    assert words.sentence
    assert words.actions or phase is Phase.PAID
    for action in words.actions:
        assert action_label(action)


@pytest.mark.parametrize("phase", Phase)
def test_only_training_offers_to_pay_as_the_customer(phase: Phase) -> None:
    assert Action.PAY_AS_CUSTOMER not in wording(model(phase)).actions
    offered = Action.PAY_AS_CUSTOMER in wording(model(phase), is_training=True).actions
    assert offered == (phase in SHOWS_CODE)


def test_the_host_is_the_one_that_the_phone_will_show() -> None:
    assert model(Phase.WAITING, url="https://me:pw@pay.example.com/c/1#x").host == "pay.example.com"
    assert model(Phase.OPENING).host == ""


def test_money_and_declines_are_said_in_words() -> None:
    assert {money_words(moved) for moved in MoneyMoved} == {
        "No money has moved.",
        "It is not known whether money has moved.",
        "Money has moved.",
    }
    assert decline_words("something_new") == "The card was declined."
