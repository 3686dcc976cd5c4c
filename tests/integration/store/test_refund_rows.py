"""Refunds as rows: written once each, moved forward only, found by id, key and press."""

import pytest

from app.domain.exceptions import ExceptionKind
from app.domain.money import Money
from app.domain.payment import Payment
from app.domain.refund import REFUND_MOVES, GivenBack, Refund, RefundState, SeenRefund
from app.errors import InvariantError
from app.store import Store, Transaction
from app.store.decisions import find_payment, payments_called, payments_of
from app.store.epochs import begin_epoch
from app.store.intents import Operation, Outcome, finish_intent, insert_intent, unanswered_refund
from app.store.journal import history_of
from app.store.refunds import (
    find_refund,
    given_back,
    insert_refund,
    is_awaited,
    move_refund,
    next_refund_number,
    refund_by_id,
    refund_by_key,
    refund_by_press,
    refunds_of,
    refunds_of_order,
    unfinished,
)
from tests.parts.books import begun, placed, taken

ONE = Money(100, "EUR")


def sold(tx: Transaction) -> Payment:
    order = placed(tx)
    attempt = begun(tx, order)
    taken(tx, attempt, "pi_1", reference=str(attempt.reference))
    payment = find_payment(tx.connection, attempt.provider, "pi_1")
    assert payment is not None
    return payment


@pytest.fixture
def payment(store: Store) -> Payment:
    return store.write_now(sold)


def seen(
    store: Store, payment: Payment, state: RefundState, refund_id: str = "re_1", minor: int = 100
) -> Refund:
    """Write down a refund that somebody made at the provider."""
    amount = Money(minor, "EUR")
    return store.write_now(
        lambda tx: insert_refund(tx, payment, amount, state, refund_id=refund_id)
    )


def asked(store: Store, payment: Payment, press: str = "press-1", number: int = 1) -> Refund:
    """Write down a refund of ours, with its intent."""

    def write(tx: Transaction) -> Refund:
        refund = insert_refund(
            tx,
            payment,
            ONE,
            RefundState.REQUESTED,
            press=press,
            number=number,
            by="Ada",
            reason="cold coffee",
        )
        insert_intent(
            tx,
            key=f"key-{number}",
            operation=Operation.REFUND,
            attempt_id=None,
            refund=refund.id,
            parameters={},
        )
        return refund

    return store.write_now(write)


@pytest.mark.parametrize("before", RefundState)
@pytest.mark.parametrize("after", RefundState)
def test_a_refund_moves_forward_only_with_a_row_of_the_journal_each(
    store: Store, payment: Payment, before: RefundState, after: RefundState
) -> None:
    refund = seen(store, payment, before)
    if after in REFUND_MOVES[before]:
        moved = store.write_now(lambda tx: move_refund(tx, payment, refund, after))
        assert moved.state is after
    else:
        with pytest.raises(InvariantError, match="does not go from"):
            store.write_now(lambda tx: move_refund(tx, payment, refund, after))
    told = [fact.name for fact in store.read_now(lambda db: history_of(db, payment.order_id))]
    names = [name for name in told if name.startswith("refund.")]
    expected = [f"refund.{before}", f"refund.{after}"]
    assert names == (expected if after in REFUND_MOVES[before] else expected[:1])


def test_a_refund_that_was_changed_meanwhile_is_not_overwritten(
    store: Store, payment: Payment
) -> None:
    stale = seen(store, payment, RefundState.PENDING)
    store.write_now(lambda tx: move_refund(tx, payment, stale, RefundState.SUCCEEDED))
    with pytest.raises(InvariantError, match="changed by someone else"):
        store.write_now(lambda tx: move_refund(tx, payment, stale, RefundState.FAILED))


def test_a_refund_of_ours_is_found_by_press_and_key_and_learns_its_id_once(
    store: Store, payment: Payment
) -> None:
    refund = asked(store, payment)
    assert (refund.press, refund.asked_by, refund.refund_id) == ("press-1", "Ada", "")
    by_key = store.read_now(lambda db: refund_by_key(db, "key-1"))
    by_press = store.read_now(lambda db: refund_by_press(db, "press-1"))
    assert by_key == by_press == refund == store.read_now(lambda db: find_refund(db, refund.id))
    for unknown in ("", "key-2"):
        assert store.read_now(lambda db, k=unknown: refund_by_key(db, k)) is None  # type: ignore[misc]

    def learn(tx: Transaction, to: RefundState, name: str) -> Refund:
        known = find_refund(tx.connection, refund.id)
        assert known is not None
        return move_refund(tx, payment, known, to, refund_id=name)

    store.write_now(lambda tx: learn(tx, RefundState.PENDING, "re_9"))
    moved = store.write_now(lambda tx: learn(tx, RefundState.SUCCEEDED, "re_other"))
    assert moved.refund_id == "re_9" and moved.is_over
    assert store.read_now(lambda db: refund_by_id(db, payment.provider, "re_9")) == moved
    assert store.read_now(lambda db: refund_by_id(db, payment.provider, "re_other")) is None


def test_two_refunds_never_share_an_id_or_a_press(store: Store, payment: Payment) -> None:
    seen(store, payment, RefundState.PENDING)
    asked(store, payment)
    with pytest.raises(InvariantError):
        seen(store, payment, RefundState.PENDING)
    with pytest.raises(InvariantError):
        asked(store, payment, number=2)


def test_what_was_given_back_and_what_is_on_its_way_are_summed_apart(
    store: Store, payment: Payment
) -> None:
    assert store.read_now(lambda db: given_back(db, "stripe", "pi_1")) == GivenBack()
    for number, state in enumerate(RefundState):
        seen(store, payment, state, f"re_{number}", 10 ** (number + 1))
    found = store.read_now(lambda db: given_back(db, "stripe", "pi_1"))
    # Requested 10, pending 100, succeeded 1000, failed 10000.
    assert found == GivenBack(succeeded_minor=1000, under_way_minor=110)
    assert found.left_of(Money(2000, "EUR")) == Money(890, "EUR")
    assert found.left_of(Money(1000, "EUR")) == Money(0, "EUR")
    assert store.read_now(lambda db: given_back(db, "square", "pi_1")) == GivenBack()


def test_numbers_count_on_for_all_payments_of_a_reference(store: Store, payment: Payment) -> None:
    assert store.read_now(lambda db: next_refund_number(db, payment.reference)) == 1
    asked(store, payment)
    seen(store, payment, RefundState.PENDING)
    assert store.read_now(lambda db: next_refund_number(db, payment.reference)) == 2
    assert store.read_now(lambda db: next_refund_number(db, "another")) == 1


def test_after_a_restoration_no_number_of_the_lost_time_comes_again(
    store: Store, payment: Payment
) -> None:
    store.write_now(lambda tx: begin_epoch(tx, actor="tester", cause="test"))
    number = store.read_now(lambda db: next_refund_number(db, payment.reference))
    assert number == 1_001
    assert len(payment.reference) + len(f"-refund-{number}") <= 40


def test_what_is_awaited_is_listed_until_it_has_ended(store: Store, payment: Payment) -> None:
    ours, pending = asked(store, payment), seen(store, payment, RefundState.PENDING)
    done = seen(store, payment, RefundState.SUCCEEDED, "re_2")
    assert store.read_now(unfinished) == (ours, pending)
    everything = (ours, pending, done)
    assert store.read_now(lambda db: refunds_of(db, payment)) == everything
    assert store.read_now(lambda db: refunds_of_order(db, payment.order_id)) == everything
    alike = SeenRefund("re_3", "pi_1", ONE, RefundState.PENDING)
    assert store.read_now(lambda db: is_awaited(db, "stripe", alike))
    for other in (
        SeenRefund("re_3", "pi_2", ONE, RefundState.PENDING),
        SeenRefund("re_3", "pi_1", Money(101, "EUR"), RefundState.PENDING),
        SeenRefund("re_3", "pi_1", Money(100, "USD"), RefundState.PENDING),
    ):
        assert not store.read_now(lambda db, o=other: is_awaited(db, "stripe", o))  # type: ignore[misc]


def test_the_words_of_a_refusal_stay_with_the_refund(store: Store, payment: Payment) -> None:
    refund = asked(store, payment)

    def refuse(tx: Transaction) -> Refund:
        intent = unanswered_refund(tx.connection, refund.id)
        assert intent is not None and intent.refund == refund.id
        assert finish_intent(tx, intent.id, Outcome.REJECTED, {"words": "No."})
        return move_refund(tx, payment, refund, RefundState.FAILED)

    assert store.write_now(refuse).words == "No."
    assert store.read_now(lambda db: unanswered_refund(db, refund.id)) is None


def test_a_payment_is_read_as_it_stands(store: Store, payment: Payment) -> None:
    assert (payment.order_id, payment.account) == ("0rder0000001", "stripe_checkout")
    assert (payment.provider_account, payment.live, payment.is_held) == ("acct_1", False, False)
    assert not payment.is_kept
    assert store.read_now(lambda db: find_payment(db, "square", "pi_1")) is None
    assert store.read_now(lambda db: payments_called(db, "pi_1")) == [payment]
    assert store.read_now(lambda db: payments_of(db, payment.order_id)) == (payment,)
    assert payment.held_as is not ExceptionKind.SURPLUS
