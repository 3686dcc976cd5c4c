"""Refunds as rows: one for each, moved forward only."""

from functools import partial

import pytest

from app.domain.money import Money
from app.domain.refund import REFUND_MOVES, RefundState, SeenRefund
from app.errors import InvariantError
from app.store import Store, Transaction
from app.store.attempts import find_attempt
from app.store.journal import history_of
from app.store.refunds import (
    RefundedPayment,
    find_refunded_payment,
    is_given_back,
    refund_state,
    write_refund,
)
from tests.parts.books import begun, placed, taken


def sold(tx: Transaction) -> str:
    order = placed(tx)
    taken(tx, begun(tx, order), "pi_1")
    return order.id


def write(store: Store, order_id: str, state: RefundState, refund_id: str = "re_1") -> bool:
    refund = SeenRefund(refund_id, "pi_1", Money(100, "EUR"), state)
    return store.write_now(lambda tx: write_refund(tx, "stripe", order_id, refund))


@pytest.mark.parametrize("before", RefundState)
@pytest.mark.parametrize("after", RefundState)
def test_a_refund_moves_forward_once_and_old_news_change_nothing(
    store: Store, before: RefundState, after: RefundState
) -> None:
    order_id = store.write_now(sold)
    assert write(store, order_id, before)
    assert write(store, order_id, after) is (after in REFUND_MOVES[before])
    expected = after if after in REFUND_MOVES[before] else before
    assert store.read_now(lambda db: refund_state(db, "stripe", "re_1")) is expected
    told = [fact.name for fact in store.read_now(lambda db: history_of(db, order_id))]
    assert len([name for name in told if name.startswith("refund.")]) == (
        2 if expected is not before else 1
    )


def test_refunds_of_one_payment_are_rows_of_their_own(store: Store) -> None:
    order_id = store.write_now(sold)
    assert write(store, order_id, RefundState.PENDING, "re_1")
    assert write(store, order_id, RefundState.PENDING, "re_2")
    assert store.read_now(lambda db: refund_state(db, "stripe", "re_3")) is None


def test_a_refund_finds_the_payment_that_it_belongs_to(store: Store) -> None:
    order_id = store.write_now(sold)
    found = store.read_now(lambda db: find_refunded_payment(db, "stripe", "pi_1"))
    assert found == RefundedPayment(
        order_id, "stripe_checkout", "acct_1", live=False, is_held=False
    )
    assert store.read_now(lambda db: find_refunded_payment(db, "square", "pi_1")) is None


def test_a_payment_is_given_back_when_all_of_it_has_succeeded(store: Store) -> None:
    order_id = store.write_now(sold)
    whole = store.read_now(lambda db: find_attempt(db, 1))
    assert whole is not None
    steps = [
        (SeenRefund("re_1", "pi_1", Money(100, "EUR"), RefundState.SUCCEEDED), False),
        (
            SeenRefund("re_2", "pi_1", Money(whole.amount.minor - 100, "EUR"), RefundState.PENDING),
            False,
        ),
        (
            SeenRefund(
                "re_2", "pi_1", Money(whole.amount.minor - 100, "EUR"), RefundState.SUCCEEDED
            ),
            True,
        ),
    ]
    for refund, given_back in steps:
        store.write_now(partial(write_refund, provider="stripe", order_id=order_id, refund=refund))
        now = store.read_now(lambda db: is_given_back(db, "stripe", "pi_1"))
        assert now is given_back


def test_a_refund_that_was_changed_meanwhile_is_not_overwritten(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    order_id = store.write_now(sold)
    write(store, order_id, RefundState.SUCCEEDED)
    stale = lambda *_: RefundState.PENDING  # noqa: E731
    monkeypatch.setattr("app.store.refunds.refund_state", stale)
    with pytest.raises(InvariantError, match="changed by someone else"):
        write(store, order_id, RefundState.FAILED)
