"""The use cases of a sale, against a provider whose answers are scripted."""

import asyncio
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from app.checkout import ReturnPages
from app.domain.attempt import AttemptState, CloseReason
from app.domain.cart import Cart, CartContent
from app.domain.catalog import BillingInterval
from app.domain.exceptions import ExceptionKind
from app.domain.money import Money
from app.errors import CheckoutRefused, InvariantError, MoneyMoved, Protocol, Rejected, Unavailable
from app.sessions import Sessions
from app.store.payments import insert_payment
from tests.parts.provider import LOST, Call
from tests.parts.till import SHOP, Counter, cart, product

NO_ANSWER = Unavailable("no answer")


@pytest.fixture
def till(tmp_path: Path) -> Iterator[Counter]:
    till = Counter(tmp_path)
    yield till
    faults = till.violations()
    till.close()
    assert faults == []


def unanswered(times: int = 60) -> list[Exception | object]:
    return [Unavailable("no answer") for _ in range(times)]


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


# --- what the provider does not take -----------------------------------------------------------


@pytest.mark.parametrize(
    "minor, currency, words",
    [
        (49, "EUR", "the least it takes is 0.50 EUR"),
        (1_000_000, "EUR", "the most it takes is 9999.99 EUR"),
        (500, "JPY", "it takes no JPY"),
        (1005, "KWD", "go in steps of 0.010 KWD"),
    ],
)
def test_an_amount_that_the_provider_does_not_take_is_refused_in_words(
    till: Counter, minor: int, currency: str, words: str
) -> None:
    content = cart(product(minor, currency=currency))
    order = asyncio.run(till.checkout.place_order(content))
    with pytest.raises(CheckoutRefused) as refused:
        asyncio.run(till.open(order))
    assert words.lower() in refused.value.detail.lower()
    assert till.strategy.calls == []


@pytest.mark.parametrize("minor", [50, 999_999])
def test_the_least_and_the_most_are_taken(till: Counter, minor: int) -> None:
    order = asyncio.run(till.place(minor))
    assert asyncio.run(till.open(order)).is_payable


def test_a_subscription_is_sold_where_the_provider_takes_them(till: Counter) -> None:
    monthly = product(1500, name="Club", interval=BillingInterval.MONTHLY)
    order = asyncio.run(till.checkout.place_order(cart(monthly, product(300))))
    attempt = asyncio.run(till.open(order))
    assert attempt.amount.minor == 1800
    till.strategy.capabilities = replace(till.strategy.capabilities, takes_recurring=False)
    other = asyncio.run(till.checkout.place_order(cart(monthly)))
    with pytest.raises(CheckoutRefused) as refused:
        asyncio.run(till.open(other))
    assert "takes no subscriptions" in refused.value.detail


def test_subscriptions_of_different_intervals_are_not_sold_together(till: Counter) -> None:
    weekly = product(500, name="Weekly", interval=BillingInterval.WEEKLY)
    monthly = product(1500, name="Monthly", interval=BillingInterval.MONTHLY)
    order = asyncio.run(till.checkout.place_order(cart(weekly, monthly)))
    with pytest.raises(CheckoutRefused) as refused:
        asyncio.run(till.open(order))
    assert "one interval at a time" in refused.value.detail


def test_without_a_page_to_come_back_to_a_session_is_refused_in_words(tmp_path: Path) -> None:
    till = Counter(tmp_path, shop=replace(SHOP, success_url=""))
    order = asyncio.run(till.place())
    with pytest.raises(CheckoutRefused, match="no page for the customer") as refused:
        asyncio.run(till.open(order))
    assert "success_url" in refused.value.action
    assert till.strategy.calls == []
    till.close()


@pytest.mark.parametrize(
    "shop_pages, own, expected",
    [
        (("https://s/ok", "https://s/no"), ("", ""), ("https://s/ok", "https://s/no")),
        (("", ""), ("https://t/ok", "https://t/no"), ("https://t/ok", "https://t/no")),
        (("https://s/ok", ""), ("https://t/ok", "https://t/no"), ("https://s/ok", "https://t/no")),
        (("https://s/ok", ""), ("", ""), ("https://s/ok", "https://s/ok")),
    ],
)
def test_the_shops_own_pages_come_before_the_tills(
    tmp_path: Path,
    shop_pages: tuple[str, str],
    own: tuple[str, str],
    expected: tuple[str, str],
) -> None:
    shop = replace(SHOP, success_url=shop_pages[0], cancel_url=shop_pages[1])
    till = Counter(tmp_path, shop=shop, pages=ReturnPages(*own))
    asyncio.run(till.show())
    (parameters,) = till.rows("SELECT parameters FROM intents")
    assert f'"success_url": "{expected[0]}"' in parameters[0]
    assert f'"cancel_url": "{expected[1]}"' in parameters[0]
    till.close()


def test_an_order_or_an_account_that_is_not_there_is_refused(till: Counter) -> None:
    with pytest.raises(CheckoutRefused, match="not in the books"):
        asyncio.run(till.checkout.open_session("nosuchorder0", "fake"))
    with pytest.raises(CheckoutRefused, match="not in the books"):
        asyncio.run(till.checkout.cancel("nosuchorder0"))
    order = asyncio.run(till.place())
    with pytest.raises(CheckoutRefused, match="account other is not set up"):
        asyncio.run(till.checkout.open_session(order.id, "other"))
    with pytest.raises(CheckoutRefused, match="not in the books"):
        asyncio.run(till.checkout.check_now(4711))
    with pytest.raises(InvariantError, match="is gone"):
        asyncio.run(till.checkout.expire(4711))


def test_an_order_that_ended_while_its_session_was_prepared_is_refused(till: Counter) -> None:
    order = asyncio.run(till.place())

    async def ended_meanwhile() -> None:
        async def cancel(call: Call) -> None:
            if call.verb == "prepare_session":
                await till.checkout.cancel(order.id)

        till.strategy.pause = cancel
        await till.open(order)

    with pytest.raises(CheckoutRefused, match="being paid for already"):
        asyncio.run(ended_meanwhile())
    assert till.provider.sessions == {}


# --- looking, cancelling, expiring -------------------------------------------------------------


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
    assert till.sessions.strategy("fake") is till.strategy


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
