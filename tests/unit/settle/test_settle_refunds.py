"""Settling refunds, and what is loud in settling."""

import itertools
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from app.domain.delivery import Delivery
from app.domain.exceptions import ExceptionKind
from app.domain.judgement import Standing, Verdict
from app.domain.money import Money
from app.domain.observation import SessionState, Source
from app.domain.order import Order, OrderState
from app.domain.refund import RefundObservation, RefundState, SeenRefund
from app.errors import InvariantError
from app.settle import complete
from app.settle_refunds import settle_refund
from app.store import Transaction
from app.store.attempts import find_attempt
from app.store.inbox import disown_old_refunds, handled, receive
from app.store.orders import move_order
from tests.parts.clock import START
from tests.parts.seen import paid, seen
from tests.parts.till import Counter
from tests.unit.settle.telling import books, kinds, order_of, sold, taken, told


def gave_back(
    till: Counter, payment_id: str, state: RefundState, minor: int = 200, **changes: Any
) -> Standing:
    usual = RefundObservation(
        source=Source.WEBHOOK,
        provider="fakepay",
        provider_account="acct_fake",
        live=False,
        refund=SeenRefund("re_1", payment_id, Money(minor, "EUR"), state),
        observed_at=START,
    )
    seen_refund = replace(usual, **changes)
    return till.store.write_now(lambda tx: settle_refund(tx, seen_refund))


def waiting_refund(till: Counter, payment_id: str) -> None:
    """Keep a refund in the inbox, before anything is known of its payment."""
    early = Delivery("fake", "fakepay", "acct_fake", False, "evt_r", "refund", b"{}")

    def kept_waiting(tx: Transaction) -> None:
        receive(tx, early)
        handled(tx, 1, Standing.WAITING.value, payment_id)

    till.store.write_now(kept_waiting)


@pytest.mark.parametrize("order_of_news", list(itertools.permutations(["pending", "succeeded"])))
def test_a_refund_is_written_once_in_whatever_order_its_news_comes(
    till: Counter, order_of_news: tuple[str, ...]
) -> None:
    order, attempt = sold(till)
    told(till, paid(attempt))
    payment_id = paid(attempt).payments[0].payment_id
    for word in (*order_of_news, *order_of_news):
        gave_back(till, payment_id, RefundState(word))
    assert till.rows("SELECT state, amount_minor FROM refunds") == [("succeeded", 200)]
    assert dict(books(till)["ledger"])["refunds"] == 200
    assert dict(books(till)["ledger"])["clearing:fake"] == 300
    assert order_of(till, order).state is OrderState.PAID
    word_of_provider = replace(taken(paid(attempt))[0], refunded_minor=200)
    assert till.violations([word_of_provider]) == []


def test_a_refund_that_fails_after_it_succeeded_is_taken_back(till: Counter) -> None:
    _, attempt = sold(till)
    told(till, paid(attempt))
    payment_id = paid(attempt).payments[0].payment_id
    assert gave_back(till, payment_id, RefundState.SUCCEEDED) is Standing.SETTLED
    assert gave_back(till, payment_id, RefundState.FAILED) is Standing.SETTLED
    assert gave_back(till, payment_id, RefundState.SUCCEEDED) is Standing.NOTHING_NEW
    assert dict(books(till)["ledger"])["refunds"] == 0
    assert till.violations(taken(paid(attempt))) == []


def test_a_refund_of_a_payment_that_is_not_in_the_books_waits_for_it(till: Counter) -> None:
    _, attempt = sold(till)
    payment_id = paid(attempt).payments[0].payment_id
    assert gave_back(till, payment_id, RefundState.SUCCEEDED) is Standing.WAITING
    assert till.count("refunds") == 0
    told(till, paid(attempt))
    assert gave_back(till, payment_id, RefundState.SUCCEEDED) is Standing.SETTLED


def test_a_refund_that_came_before_its_payment_is_woken_by_it(till: Counter) -> None:
    _, attempt = sold(till)
    payment_id = paid(attempt).payments[0].payment_id
    waiting_refund(till, payment_id)
    assert till.count("inbox", "standing IS NULL") == 0
    told(till, paid(attempt))
    assert till.count("inbox", "standing IS NULL") == 1


def test_a_refund_of_a_payment_that_turns_out_a_strangers_is_counted_as_one(
    till: Counter,
) -> None:
    _, attempt = sold(till)
    strange = paid(attempt, reference="web-shop-4711")
    waiting_refund(till, strange.payments[0].payment_id)
    assert told(till, strange).standing is Standing.FOREIGN
    assert till.rows("SELECT standing FROM inbox") == [("foreign",)]
    assert till.count("inbox", "handled_at IS NULL") == 0
    assert till.count("exceptions") == 0


def test_a_strangers_payment_leaves_other_refunds_waiting(till: Counter) -> None:
    _, attempt = sold(till)
    waiting_refund(till, "pay_of_ours")
    told(till, paid(attempt, reference="web-shop-4711"))
    assert till.rows("SELECT standing FROM inbox") == [("waiting",)]


def test_a_refund_after_a_strangers_payment_is_known_for_one(till: Counter) -> None:
    early = Delivery("fake", "fakepay", "acct_fake", False, "evt_p", "paid", b"{}")

    def seen_before(tx: Transaction) -> None:
        receive(tx, early)
        handled(tx, 1, Standing.FOREIGN.value, "pay_web")

    till.store.write_now(seen_before)
    assert gave_back(till, "pay_web", RefundState.SUCCEEDED) is Standing.FOREIGN
    assert gave_back(till, "pay_other", RefundState.SUCCEEDED) is Standing.WAITING
    assert gave_back(till, "", RefundState.SUCCEEDED) is Standing.WAITING
    assert till.count("refunds") == 0


def test_a_refund_that_was_given_up_for_a_strangers_is_woken_by_its_payment(
    till: Counter,
) -> None:
    _, attempt = sold(till)
    waiting_refund(till, paid(attempt).payments[0].payment_id)
    later = till.clock.now() + timedelta(days=8)
    till.store.write_now(lambda tx: disown_old_refunds(tx, later))
    assert till.rows("SELECT standing FROM inbox") == [("foreign",)]
    told(till, paid(attempt))
    assert till.rows("SELECT standing, handled_at FROM inbox") == [(None, None)]


def test_held_money_that_was_given_back_in_full_needs_nobody_any_more(till: Counter) -> None:
    _, attempt = sold(till)
    told(till, paid(attempt, minor=499))
    payment_id = paid(attempt).payments[0].payment_id
    gave_back(till, payment_id, RefundState.SUCCEEDED, 200)
    assert till.count("exceptions", "resolved_at IS NULL") == 1
    rest = SeenRefund("re_2", payment_id, Money(299, "EUR"), RefundState.SUCCEEDED)
    gave_back(till, payment_id, RefundState.SUCCEEDED, refund=rest)
    assert till.count("exceptions", "resolved_at IS NULL") == 0
    assert dict(books(till)["ledger"])["held"] == 0
    there = replace(taken(paid(attempt, minor=499))[0], refunded_minor=499)
    assert till.violations([there]) == []


@pytest.mark.parametrize("changes", [{"provider_account": "acct_other"}, {"live": True}])
def test_a_refund_that_another_account_or_mode_tells_of_is_quarantined(
    till: Counter, changes: dict[str, Any]
) -> None:
    _, attempt = sold(till)
    told(till, paid(attempt))
    payment_id = paid(attempt).payments[0].payment_id
    standing = gave_back(till, payment_id, RefundState.SUCCEEDED, **changes)
    assert standing is Standing.QUARANTINED
    assert till.count("refunds") == 0
    assert kinds(till) == [ExceptionKind.MISMATCH]
    # Whichever events tell of it again, a person has heard of it; of another one they have not.
    for state in (RefundState.PENDING, RefundState.FAILED):
        assert gave_back(till, payment_id, state, **changes) is Standing.QUARANTINED
    assert till.count("exceptions") == 1
    other = SeenRefund("re_2", payment_id, Money(100, "EUR"), RefundState.SUCCEEDED)
    gave_back(till, payment_id, RefundState.SUCCEEDED, refund=other, **changes)
    assert till.count("exceptions") == 2


def test_an_order_is_not_completed_with_less_than_its_total(till: Counter) -> None:
    order, _ = sold(till)
    with pytest.raises(InvariantError, match="is not paid"):
        till.store.write_now(lambda tx: complete(tx, order))
    assert order_of(till, order).state is OrderState.OPEN


def test_an_attempt_whose_order_is_gone_is_a_bug_that_is_heard(
    till: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, attempt = sold(till)
    monkeypatch.setattr("app.settle.judge", lambda books, seen: Verdict(Standing.SETTLED))
    stray = str(attempt.reference._replace(order_id="0123456789ab"))
    with pytest.raises(InvariantError, match="without an order"):
        told(till, seen(attempt, SessionState.OPEN, reference=stray))


def test_a_verdict_is_written_whole_or_not_at_all(
    till: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last write fails: nothing of the payment stays behind."""
    _, attempt = sold(till)
    before = books(till)

    def broken(tx: Transaction, order: Order, to: OrderState, **more: Any) -> Order:
        move_order(tx, order, to, **more)
        raise InvariantError("struck by lightning")

    monkeypatch.setattr("app.settle.move_order", broken)
    with pytest.raises(InvariantError, match="lightning"):
        told(till, paid(attempt))
    assert books(till) == before
    assert till.store.read_now(lambda db: find_attempt(db, attempt.id)) == attempt
