"""Placing an order and opening its session: the intent first, one session, shown only when sure."""

import asyncio
import sqlite3
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from app.domain.attempt import AttemptState, CloseReason
from app.domain.cart import CartContent
from app.domain.exceptions import ExceptionKind
from app.errors import CheckoutRefused, MoneyMoved, Protocol, Rejected, Unavailable
from tests.parts.provider import LOST, Call
from tests.parts.till import SHOP, Counter, cart, product

# --- placing -----------------------------------------------------------------------------------


def test_an_order_is_placed_with_the_next_number_and_is_open(till: Counter) -> None:
    orders = [asyncio.run(till.place()) for _ in range(3)]
    assert [order.number for order in orders] == [1, 2, 3]
    assert asyncio.run(till.state(orders[0])) == "open"
    assert till.count("journal", "name = 'order.placed'") == 3


def test_an_empty_cart_is_not_sold(till: Counter) -> None:
    with pytest.raises(CheckoutRefused, match="nothing in the cart"):
        asyncio.run(till.checkout.place_order(CartContent()))
    assert till.count("orders") == 0


def test_an_order_that_costs_nothing_is_paid_at_once_without_the_provider(till: Counter) -> None:
    order = asyncio.run(till.checkout.place_order(cart(product(0))))
    assert (order.state.value, order.receipt_number) == ("paid", 1)
    assert till.strategy.calls == []
    with pytest.raises(CheckoutRefused, match="is paid"):
        asyncio.run(till.open(order))


def test_the_snapshot_wins_over_a_price_that_changed_meanwhile(till: Counter) -> None:
    order = asyncio.run(till.checkout.place_order(cart(product(500))))
    till.shop = replace(till.shop, name="Renamed")
    attempt = asyncio.run(till.open(order))
    assert till.provider.sessions[attempt.session_id or ""].amount.minor == 500
    assert order.snapshot.seller.name == SHOP.name


# --- opening -----------------------------------------------------------------------------------


def intent_on_disk(path: Path, key: str) -> tuple[object, ...] | None:
    """Read the file with a connection of our own, as another process would."""
    db = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)
    try:
        row = db.execute(
            "SELECT operation, outcome, attempts.state FROM intents "
            "JOIN attempts ON attempts.id = attempt_id WHERE key = ?",
            (key,),
        ).fetchone()
    finally:
        db.close()
    return None if row is None else tuple(row)


def test_the_intent_is_on_the_disk_before_the_provider_is_called(till: Counter) -> None:
    found = []

    def look(call: Call) -> None:
        if call.verb == "open_session":
            found.append(intent_on_disk(till.store.path, call.key))

    till.strategy.before = look
    order = asyncio.run(till.place())
    attempt = asyncio.run(till.open(order))
    assert found == [("create", None, "creating")]
    assert attempt.state is AttemptState.OPEN
    assert intent_on_disk(till.store.path, attempt.reference.key("create")) == (
        "create",
        "done",
        "open",
    )


def test_the_intent_to_close_is_on_the_disk_before_the_provider_is_called(till: Counter) -> None:
    found = []

    def look(call: Call) -> None:
        if call.verb == "close_session":
            found.append(intent_on_disk(till.store.path, call.key))

    till.strategy.before = look
    order, _ = asyncio.run(till.show())
    asyncio.run(till.checkout.cancel(order.id))
    assert found == [("close", None, "open")]


def test_an_open_session_can_be_shown_until_its_deadline(till: Counter) -> None:
    _, attempt = asyncio.run(till.show())
    assert attempt.is_payable and attempt.shown_at == till.clock.now()
    assert attempt.url == f"https://pay.fake.example/{attempt.session_id}"
    assert attempt.deadline_at == till.clock.now() + timedelta(minutes=15)
    again = asyncio.run(till.checkout.mark_shown(attempt.id))
    assert again == attempt
    assert till.count("journal", "name = 'attempt.shown'") == 1
    till.clock.advance(15 * 60)
    with pytest.raises(CheckoutRefused, match="must not be shown"):
        asyncio.run(till.checkout.mark_shown(attempt.id))


@pytest.mark.parametrize("hours", [-2, 2])
def test_a_clock_that_is_set_changes_nothing_of_how_long_a_code_may_be_shown(
    till: Counter, hours: int
) -> None:
    order = asyncio.run(till.place())
    attempt = asyncio.run(till.open(order))
    till.clock.set_wrong_by(hours * 3600)
    till.clock.advance(14 * 60)
    assert asyncio.run(till.checkout.mark_shown(attempt.id)).shown_at is not None
    till.clock.advance(60)
    with pytest.raises(CheckoutRefused, match="must not be shown"):
        asyncio.run(till.checkout.mark_shown(attempt.id))


def test_of_an_earlier_runs_code_only_the_wall_clock_knows_how_long_it_may_be_shown(
    till: Counter,
) -> None:
    _, attempt = asyncio.run(till.show())
    till.restart()
    till.clock.advance(14 * 60)
    assert asyncio.run(till.checkout.mark_shown(attempt.id)).id == attempt.id
    till.clock.advance(60)
    with pytest.raises(CheckoutRefused, match="must not be shown"):
        asyncio.run(till.checkout.mark_shown(attempt.id))


def test_what_is_not_open_or_not_there_is_not_shown(till: Counter) -> None:
    order, attempt = asyncio.run(till.show())
    asyncio.run(till.checkout.cancel(order.id))
    for attempt_id in (attempt.id, 4711):
        with pytest.raises(CheckoutRefused, match="must not be shown"):
            asyncio.run(till.checkout.mark_shown(attempt_id))


def test_the_provider_is_asked_once_who_it_is_and_the_books_remember(till: Counter) -> None:
    for _ in range(2):
        asyncio.run(till.show())
    assert till.strategy.count("identify") == 1
    till.restart()
    asyncio.run(till.show())
    assert till.strategy.count("identify") == 1
    till.strategy.credential_digest = "digest-of-a-new-key"
    asyncio.run(till.show())
    assert till.strategy.count("identify") == 2


@pytest.mark.parametrize("verb", ["identify", "prepare_session"])
def test_a_provider_that_does_not_answer_before_the_intent_leaves_nothing_begun(
    till: Counter, verb: str
) -> None:
    till.strategy.answers[verb] = [Unavailable("no network", "The cable is out.")]
    order = asyncio.run(till.place())
    with pytest.raises(CheckoutRefused, match="no network") as refused:
        asyncio.run(till.open(order))
    assert refused.value.money is MoneyMoved.NO
    assert till.count("attempts") == 0 and till.count("intents") == 0
    assert asyncio.run(till.open(order)).is_payable


def test_a_lost_answer_is_asked_for_under_the_same_key_and_gives_one_session(till: Counter) -> None:
    till.strategy.answers["open_session"] = [LOST, LOST, None]
    order, attempt = asyncio.run(till.show())
    keys = till.strategy.keys_of("open_session")
    assert len(keys) == 3 and set(keys) == {attempt.reference.key("create")}
    assert len(till.provider.sessions) == 1
    till.provider.pay(attempt.session_id or "")
    asyncio.run(till.look(attempt))
    assert asyncio.run(till.state(order)) == "paid"
    assert till.count("payments") == 1


def test_an_answer_that_never_comes_leaves_the_attempt_unknown_then_found_under_its_key(
    till: Counter,
) -> None:
    till.strategy.answers["open_session"] = [LOST] * 100
    order = asyncio.run(till.place())
    began = till.clock.monotonic()
    attempt = asyncio.run(till.open(order))
    assert attempt.state is AttemptState.UNKNOWN and not attempt.is_payable
    assert 5 < till.clock.monotonic() - began <= 10
    till.strategy.answers["open_session"] = []
    found = asyncio.run(till.look(attempt))
    assert found.state is AttemptState.OPEN and found.is_payable
    assert len(till.provider.sessions) == 1
    assert len(set(till.strategy.keys_of("open_session"))) == 1


def test_a_refusal_fails_the_attempt_and_leaves_the_order_open_for_another(till: Counter) -> None:
    till.strategy.answers["open_session"] = [Rejected("no", "not this amount", code="x")]
    order = asyncio.run(till.place())
    with pytest.raises(Rejected, match="no"):
        asyncio.run(till.open(order))
    (first,) = asyncio.run(till.detail(order)).attempts
    assert first.state is AttemptState.FAILED and first.is_final
    assert till.rows("SELECT outcome FROM intents") == [("rejected",)]
    second = asyncio.run(till.open(order))
    assert second.is_payable and second.number == 2


def test_an_answer_that_proves_nothing_leaves_the_attempt_unknown(till: Counter) -> None:
    till.strategy.answers["open_session"] = [Protocol("gibberish")]
    order = asyncio.run(till.place())
    attempt = asyncio.run(till.open(order))
    assert attempt.state is AttemptState.UNKNOWN
    assert till.strategy.count("open_session") == 1


@pytest.mark.parametrize("fault", ["one cent more", "one cent less", "no page"])
def test_a_session_that_does_not_fit_is_closed_and_never_shown(till: Counter, fault: str) -> None:
    till.strategy.amount_off = {"one cent more": 1, "one cent less": -1}.get(fault, 0)
    if fault == "no page":
        till.strategy.page = ""
    order = asyncio.run(till.place())
    with pytest.raises(Protocol, match="does not fit the order"):
        asyncio.run(till.open(order))
    (attempt,) = asyncio.run(till.detail(order)).attempts
    assert attempt.close_reason is CloseReason.SUPERSEDED and not attempt.is_payable
    with pytest.raises(CheckoutRefused, match="must not be shown"):
        asyncio.run(till.checkout.mark_shown(attempt.id))
    asyncio.run(till.sessions.close(attempt.id))
    assert till.attempt(attempt.id).state is AttemptState.CANCELLED
    assert asyncio.run(till.state(order)) == "open"


def test_a_second_session_beside_a_payable_one_is_refused(till: Counter) -> None:
    order, _ = asyncio.run(till.show())
    with pytest.raises(CheckoutRefused, match="being paid for already") as refused:
        asyncio.run(till.open(order))
    assert refused.value.money is MoneyMoved.UNKNOWN
    assert len(till.provider.sessions) == 1


def test_two_sessions_opened_at_once_become_one(till: Counter) -> None:
    order = asyncio.run(till.place())

    async def both() -> list[object]:
        async def slowly(call: Call) -> None:
            await asyncio.sleep(0.01)

        till.strategy.pause = slowly
        return list(
            await asyncio.gather(till.open(order), till.open(order), return_exceptions=True)
        )

    results = asyncio.run(both())
    assert sorted(type(result).__name__ for result in results) == ["Attempt", "CheckoutRefused"]
    assert len(till.provider.sessions) == 1
    assert till.count("attempts") == 1


def test_a_second_opening_that_was_overtaken_by_a_failed_one_is_refused_in_words(
    till: Counter,
) -> None:
    """Both have counted the attempts before the first wrote its own, and the first is over."""
    order = asyncio.run(till.place())
    asyncio.run(till.show())  # the account is known, so that only `prepare_session` waits
    till.strategy.answers["open_session"] = [Rejected("no")]

    async def both() -> list[object]:
        prepared = 0

        async def second_waits(call: Call) -> None:
            nonlocal prepared
            if call.verb == "prepare_session":
                prepared += 1
                await asyncio.sleep(0.05 * (prepared - 1))

        till.strategy.pause = second_waits
        return list(
            await asyncio.gather(till.open(order), till.open(order), return_exceptions=True)
        )

    first, second = asyncio.run(both())
    assert isinstance(first, Rejected)
    assert isinstance(second, CheckoutRefused)


def test_a_session_that_nobody_saw_and_nobody_answered_for_may_be_followed_by_another(
    till: Counter,
) -> None:
    till.strategy.answers["open_session"] = [LOST] * 100
    order = asyncio.run(till.place())
    first = asyncio.run(till.open(order))
    till.strategy.answers["open_session"] = []
    second = asyncio.run(till.open(order))
    assert first.state is AttemptState.UNKNOWN and second.is_payable
    assert till.attempt(first.id).close_reason is CloseReason.SUPERSEDED
    # Both come to be paid all the same: the second wins, the first is surplus.
    till.provider.pay(second.session_id or "")
    asyncio.run(till.look(second))
    till.provider.pay("fs_1")
    asyncio.run(till.sessions.close(first.id))
    assert asyncio.run(till.state(order)) == "paid"
    assert asyncio.run(till.waiting(order)) == [ExceptionKind.SURPLUS]


def test_a_session_that_a_customer_saw_is_not_followed_while_its_answer_is_missing(
    till: Counter,
) -> None:
    order, attempt = asyncio.run(till.show())
    till.strategy.answers["close_session"] = [Unavailable("no answer")]
    asyncio.run(till.checkout.cancel(order.id))
    assert till.attempt(attempt.id).state is AttemptState.UNKNOWN
    with pytest.raises(CheckoutRefused, match="being paid for already"):
        asyncio.run(till.open(order))
