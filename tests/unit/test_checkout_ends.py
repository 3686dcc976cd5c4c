"""Looking, cancelling and expiring: closed at the provider first."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from app.domain.attempt import AttemptState, CloseReason
from app.domain.cart import Cart
from app.domain.catalog import BillingInterval
from app.domain.exceptions import ExceptionKind
from app.domain.money import Money
from app.errors import CheckoutRefused, Protocol, Rejected, Unavailable
from app.sessions import Sessions
from app.store.payments import insert_payment
from tests.parts.provider import LOST, Call
from tests.parts.till import Counter, cart, product

# --- placing -----------------------------------------------------------------------------------


def test_the_operator_can_have_it_looked_at_now(till: Counter) -> None:
    order, attempt = asyncio.run(till.show())
    till.provider.pay(attempt.session_id or "")
    assert asyncio.run(till.checkout.check_now(attempt.id)).state is AttemptState.PAID
    assert asyncio.run(till.state(order)) == "paid"
    facts = asyncio.run(till.detail(order)).history
    assert {"source": "manual"} in [dict(fact.data) for fact in facts]


def test_looking_without_an_answer_changes_nothing(till: Counter) -> None:
    _, attempt = asyncio.run(till.show())
    till.strategy.answers["fetch"] = [Unavailable("no answer")]
    with pytest.raises(Unavailable):
        asyncio.run(till.checkout.check_now(attempt.id))
    assert till.attempt(attempt.id) == attempt


def test_an_order_without_a_session_is_cancelled_at_once(till: Counter) -> None:
    order = asyncio.run(till.place())
    assert asyncio.run(till.checkout.cancel(order.id)).state.value == "cancelled"
    assert till.strategy.calls == []
    assert asyncio.run(till.checkout.cancel(order.id)).state.value == "cancelled"


def test_cancelling_closes_the_session_at_the_provider_first(till: Counter) -> None:
    order, attempt = asyncio.run(till.show())
    states = []

    async def look(call: Call) -> None:
        if call.verb == "close_session":
            states.append(await till.state(order))

    till.strategy.pause = look
    assert asyncio.run(till.checkout.cancel(order.id)).state.value == "cancelled"
    assert states == ["open"]
    assert till.attempt(attempt.id).state is AttemptState.CANCELLED
    assert not till.provider.pay(attempt.session_id or "")


def test_a_customer_who_was_quicker_than_the_cancelling_has_paid(till: Counter) -> None:
    order, attempt = asyncio.run(till.show())
    till.provider.pay(attempt.session_id or "")
    assert asyncio.run(till.checkout.cancel(order.id)).state.value == "paid"
    assert till.count("payments") == 1


def test_an_order_is_not_called_cancelled_while_the_provider_does_not_answer(till: Counter) -> None:
    order, attempt = asyncio.run(till.show())
    till.strategy.answers["close_session"] = [Unavailable("no answer")]
    assert asyncio.run(till.checkout.cancel(order.id)).state.value == "open"
    assert till.attempt(attempt.id).state is AttemptState.UNKNOWN
    assert asyncio.run(till.waiting(order)) == [ExceptionKind.UNKNOWN]
    assert asyncio.run(till.checkout.cancel(order.id)).state.value == "cancelled"
    assert asyncio.run(till.waiting(order)) == []


def test_a_lost_answer_to_the_closing_is_cleared_up_by_closing_again(till: Counter) -> None:
    order, attempt = asyncio.run(till.show())
    till.strategy.answers["close_session"] = [LOST]
    asyncio.run(till.checkout.cancel(order.id))
    assert till.attempt(attempt.id).state is AttemptState.UNKNOWN
    asyncio.run(till.sessions.close(attempt.id))
    assert asyncio.run(till.state(order)) == "cancelled"
    assert len(set(till.strategy.keys_of("close_session"))) == 2


def test_cancelling_what_was_never_shown_nor_answered_asks_under_its_key_then_closes(
    till: Counter,
) -> None:
    till.strategy.answers["open_session"] = [LOST] * 100
    order = asyncio.run(till.place())
    attempt = asyncio.run(till.open(order))
    till.strategy.answers["open_session"] = []
    assert asyncio.run(till.checkout.cancel(order.id)).state.value == "cancelled"
    assert till.attempt(attempt.id).state is AttemptState.CANCELLED
    assert not till.provider.pay("fs_1")
    assert asyncio.run(till.waiting(order)) == []


def test_cancelling_what_the_provider_still_does_not_answer_for_stays_open(till: Counter) -> None:
    till.strategy.answers["open_session"] = [LOST] * 200
    order = asyncio.run(till.place())
    attempt = asyncio.run(till.open(order))
    assert asyncio.run(till.checkout.cancel(order.id)).state.value == "open"
    assert till.attempt(attempt.id).close_reason is CloseReason.CANCELLED
    till.strategy.answers["open_session"] = []
    asyncio.run(till.sessions.close(attempt.id))
    assert asyncio.run(till.state(order)) == "cancelled"


def test_cancelling_what_the_provider_refuses_to_create_ends_in_cancelled(till: Counter) -> None:
    """It never came to be, so nothing can be paid and the operator's wish stands."""
    till.strategy.answers["open_session"] = [Protocol("gibberish"), Rejected("no")]
    order = asyncio.run(till.place())
    attempt = asyncio.run(till.open(order))
    assert attempt.state is AttemptState.UNKNOWN
    assert asyncio.run(till.checkout.cancel(order.id)).state.value == "cancelled"
    assert till.attempt(attempt.id).state is AttemptState.FAILED


def test_cancelling_a_payment_in_progress_waits_for_it(till: Counter) -> None:
    order, attempt = asyncio.run(till.show())
    till.provider.pay_slowly(attempt.session_id or "")
    assert asyncio.run(till.checkout.cancel(order.id)).state.value == "open"
    assert till.attempt(attempt.id).state is AttemptState.PROCESSING
    till.provider.decide(attempt.session_id or "", succeeded=False)
    asyncio.run(till.look(attempt))
    assert asyncio.run(till.state(order)) == "cancelled"


def test_an_order_that_was_paid_is_not_cancelled(till: Counter) -> None:
    order, attempt = asyncio.run(till.show())
    till.provider.pay(attempt.session_id or "")
    asyncio.run(till.look(attempt))
    assert asyncio.run(till.checkout.cancel(order.id)).state.value == "paid"
    assert till.strategy.count("close_session") == 0


def test_an_expired_session_is_closed_and_ends_its_order(till: Counter) -> None:
    order, attempt = asyncio.run(till.show())
    ended = asyncio.run(till.checkout.expire(attempt.id))
    assert ended.state is AttemptState.EXPIRED and ended.is_final
    assert asyncio.run(till.state(order)) == "expired"
    assert not till.provider.pay(attempt.session_id or "")


def test_a_payment_in_the_last_moment_counts(till: Counter) -> None:
    order, attempt = asyncio.run(till.show())
    till.provider.pay(attempt.session_id or "")
    asyncio.run(till.checkout.expire(attempt.id))
    assert asyncio.run(till.state(order)) == "paid"


def test_money_that_arrives_after_the_order_was_given_up_is_late(
    till: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The provider took money although it said that the session was closed."""
    order, attempt = asyncio.run(till.show())
    asyncio.run(till.checkout.cancel(order.id))
    session = till.provider.sessions[attempt.session_id or ""]
    session.state = type(session.state).OPEN
    till.provider.pay(session.id)
    asyncio.run(till.look(attempt))
    assert asyncio.run(till.state(order)) == "cancelled"
    assert asyncio.run(till.waiting(order)) == [ExceptionKind.PAID_LATE]


def test_expiring_what_was_paid_meanwhile_writes_nothing(till: Counter) -> None:
    """The watch may act on what it knew a moment ago."""
    order, attempt = asyncio.run(till.show())
    till.provider.pay(attempt.session_id or "")
    asyncio.run(till.look(attempt))
    rows = till.count("journal")
    asyncio.run(till.checkout.expire(attempt.id))
    assert asyncio.run(till.state(order)) == "paid"
    assert till.count("journal") == rows


def test_a_cart_is_what_was_rung_up(till: Counter) -> None:
    rung_up = Cart()
    rung_up.add(product(250), 2)
    order = asyncio.run(till.checkout.place_order(rung_up.content))
    assert (order.total.minor, order.snapshot.lines[0].quantity) == (500, 2)


def test_sessions_know_only_the_accounts_that_are_set_up(till: Counter) -> None:
    assert isinstance(till.sessions, Sessions)
    assert till.gateway.strategy("fake") is till.strategy


def test_a_subscription_that_costs_nothing_is_not_begun(till: Counter) -> None:
    """The provider would begin something that recurs without a price."""
    free = product(0, name="Free", interval=BillingInterval.MONTHLY)
    order = asyncio.run(till.checkout.place_order(cart(free, product(500))))
    with pytest.raises(CheckoutRefused) as refused:
        asyncio.run(till.open(order))
    assert "no subscription that costs nothing" in refused.value.detail


def test_the_rest_of_an_order_with_a_subscription_is_not_asked_for(tmp_path: Path) -> None:
    till = Counter(tmp_path)
    monthly = product(1500, name="Club", interval=BillingInterval.MONTHLY)
    order = asyncio.run(till.checkout.place_order(cart(monthly)))
    till.store.write_now(
        lambda tx: insert_payment(
            tx,
            provider="cash",
            payment_id="c-1",
            account="cash",
            order_id=order.id,
            attempt_id=None,
            amount=Money(500, "EUR"),
            held_as=None,
            provider_account="",
            live=False,
        )
    )
    with pytest.raises(CheckoutRefused) as refused:
        asyncio.run(till.open(order))
    assert "paid in one piece" in refused.value.detail
    till.close()


def test_the_deadline_is_never_later_than_the_providers_own(till: Counter) -> None:
    short = timedelta(minutes=3)
    till.strategy.capabilities = replace(till.strategy.capabilities, session_lifetime=short)
    _, attempt = asyncio.run(till.show())
    assert attempt.deadline_at == till.clock.now() + short
