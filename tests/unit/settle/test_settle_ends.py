"""Settling where no money came: declines, endings, lost answers, vanished sessions."""

import asyncio
from functools import partial

import pytest

from app.domain.attempt import Attempt, AttemptState, CloseReason
from app.domain.exceptions import ExceptionKind
from app.domain.observation import SessionState
from app.domain.order import OrderState
from app.domain.resolution import Action
from app.settle import hold_unknown, never_made, out_of_reach, want_closed
from app.store import Transaction
from tests.parts.seen import paid, seen
from tests.parts.till import Counter
from tests.unit.settle.telling import books, kinds, order_of, sold, told


def closing(attempt: Attempt, reason: CloseReason, tx: Transaction) -> Attempt:
    return want_closed(tx, attempt, reason)


@pytest.mark.parametrize("succeeded", [True, False])
def test_completed_but_unpaid_waits_until_it_is_decided(till: Counter, succeeded: bool) -> None:
    order, attempt = sold(till)
    told(till, seen(attempt, SessionState.PROCESSING))
    assert order_of(till, order).state is OrderState.OPEN
    assert till.attempt(attempt.id).state is AttemptState.PROCESSING
    assert till.count("payments") == 0
    told(till, paid(attempt) if succeeded else seen(attempt, SessionState.FAILED))
    ended = order_of(till, order).state, till.attempt(attempt.id).state
    assert ended == (
        (OrderState.PAID, AttemptState.PAID)
        if succeeded
        else (OrderState.OPEN, AttemptState.FAILED)
    )


def test_money_that_comes_after_a_failure_still_pays(till: Counter) -> None:
    order, attempt = sold(till)
    told(till, seen(attempt, SessionState.FAILED))
    told(till, paid(attempt))
    assert order_of(till, order).state is OrderState.PAID


def test_an_expired_session_ends_its_order_as_the_reason_says(till: Counter) -> None:
    for reason, state in (
        (None, OrderState.EXPIRED),
        (CloseReason.EXPIRED, OrderState.EXPIRED),
        (CloseReason.CANCELLED, OrderState.CANCELLED),
        (CloseReason.SUPERSEDED, OrderState.OPEN),
    ):
        order, attempt = sold(till)
        if reason is not None:
            till.store.write_now(partial(closing, attempt, reason))
        told(till, seen(attempt, SessionState.EXPIRED))
        assert order_of(till, order).state is state


def test_an_order_does_not_end_while_another_session_can_pay_it(till: Counter) -> None:
    order, first = sold(till)
    till.store.write_now(
        lambda tx: tx.execute("UPDATE attempts SET state = 'failed' WHERE id = ?", (first.id,))
    )
    asyncio.run(till.open(order))
    till.store.write_now(
        lambda tx: tx.execute("UPDATE attempts SET state = 'open' WHERE id = ?", (first.id,))
    )
    told(till, seen(till.attempt(first.id), SessionState.EXPIRED))
    assert order_of(till, order).state is OrderState.OPEN


def test_the_first_reason_for_closing_stays(till: Counter) -> None:
    _, attempt = sold(till)

    def twice(tx: Transaction) -> Attempt:
        first = want_closed(tx, attempt, CloseReason.CANCELLED)
        return want_closed(tx, first, CloseReason.EXPIRED)

    assert till.store.write_now(twice).close_reason is CloseReason.CANCELLED
    assert till.count("journal", "name = 'attempt.closing'") == 1


def test_a_decline_is_told_once_and_leaves_the_code_payable(till: Counter) -> None:
    _, attempt = sold(till)
    refused = seen(attempt, SessionState.OPEN, decline="insufficient_funds")
    told(till, refused)
    told(till, refused)
    now = till.attempt(attempt.id)
    assert now.is_payable and now.decline == "insufficient_funds"
    assert till.count("journal", "name = 'attempt.declined'") == 1


def test_a_newer_try_takes_the_decline_back_and_a_look_that_says_nothing_does_not(
    till: Counter,
) -> None:
    _, attempt = sold(till)
    told(till, seen(attempt, SessionState.OPEN, decline="insufficient_funds"))
    told(till, seen(attempt, SessionState.OPEN))
    assert till.attempt(attempt.id).decline == "insufficient_funds"
    for _ in range(2):
        told(till, seen(attempt, SessionState.OPEN, decline=""))
    now = till.attempt(attempt.id)
    assert now.is_payable and now.decline == ""
    assert till.count("journal", "name = 'attempt.tried_again'") == 1
    told(till, seen(attempt, SessionState.OPEN, decline="insufficient_funds"))
    assert till.attempt(attempt.id).decline == "insufficient_funds"
    assert till.count("journal", "name = 'attempt.declined'") == 2


def test_a_debit_that_the_bank_refuses_later_is_no_declined_card(till: Counter) -> None:
    _, attempt = sold(till)
    told(till, seen(attempt, SessionState.PROCESSING))
    told(till, seen(attempt, SessionState.OPEN, decline="insufficient_funds", session_id=""))
    assert till.attempt(attempt.id).state is AttemptState.PROCESSING
    assert till.attempt(attempt.id).decline == ""
    assert till.count("journal", "name = 'attempt.declined'") == 0


def test_a_decline_after_the_end_is_not_told(till: Counter) -> None:
    _, attempt = sold(till)
    told(till, paid(attempt))
    told(till, seen(attempt, SessionState.OPEN, decline="card_declined"))
    assert till.attempt(attempt.id).decline == ""


def test_an_answer_that_was_lost_after_showing_waits_for_a_person_until_it_is_known(
    till: Counter,
) -> None:
    _, attempt = sold(till)
    till.store.write_now(lambda tx: hold_unknown(tx, attempt, "no answer"))
    assert till.attempt(attempt.id).state is AttemptState.UNKNOWN
    assert till.rows("SELECT kind, resolved_at FROM exceptions") == [("unknown", None)]
    told(till, paid(attempt))
    assert till.count("exceptions", "resolved_at IS NULL") == 0
    assert till.count("journal", "name = 'exception.resolved'") == 1


def test_what_a_person_decided_of_a_doubt_stands_until_there_is_news_of_it(till: Counter) -> None:
    _, attempt = sold(till)

    def no_answer() -> None:
        till.store.write_now(lambda tx: out_of_reach(tx, till.attempt(attempt.id), "other keys"))

    def entries() -> list[tuple[object, ...]]:
        return till.rows("SELECT kind, resolved_by FROM exceptions ORDER BY id")

    no_answer()
    decided(till, 1)
    for _ in range(3):
        no_answer()
    assert entries() == [("unknown", "Ada")]
    # That it is to be closed is the till's own wish.
    till.store.write_now(partial(closing, till.attempt(attempt.id), CloseReason.CANCELLED))
    no_answer()
    assert entries() == [("unknown", "Ada")]
    told(till, seen(attempt, SessionState.OPEN))
    no_answer()
    assert entries() == [("unknown", "Ada"), ("unknown", None)]


def test_what_the_till_cleared_up_itself_is_told_again_with_the_next_doubt(till: Counter) -> None:
    _, attempt = sold(till)
    for _ in range(2):
        till.store.write_now(lambda tx: hold_unknown(tx, till.attempt(attempt.id), "no answer"))
        told(till, seen(attempt, SessionState.OPEN))
    assert till.rows("SELECT resolved_by FROM exceptions") == [("till",), ("till",)]


def test_that_a_session_is_gone_at_the_provider_is_news_after_a_persons_decision(
    till: Counter,
) -> None:
    _, attempt = sold(till)
    till.store.write_now(lambda tx: hold_unknown(tx, attempt, "no answer"))
    decided(till, 1)
    till.store.write_now(
        lambda tx: never_made(tx, till.store.till_id, till.attempt(attempt.id), "it is gone")
    )
    assert till.rows("SELECT detail, resolved_by FROM exceptions ORDER BY id") == [
        ("no answer", "Ada"),
        ("it is gone", None),
    ]


def decided(till: Counter, entry: int) -> None:
    """Have a person close an entry about no money."""
    asyncio.run(till.resolutions.resolve(entry, Action.WRITE_OFF, by="Ada", reason="looked it up"))


def test_an_answer_that_was_lost_before_showing_troubles_nobody(till: Counter) -> None:
    order = asyncio.run(till.place())
    attempt = asyncio.run(till.open(order))
    till.store.write_now(lambda tx: hold_unknown(tx, attempt, "no answer"))
    assert till.count("exceptions") == 0


def test_a_payment_seen_before_its_session_was_answered_settles_and_brings_the_session(
    till: Counter,
) -> None:
    order, attempt = sold(till)
    till.store.write_now(
        lambda tx: tx.execute("UPDATE attempts SET state = 'creating', session_id = NULL")
    )
    told(till, paid(attempt, session_id="fs_1"))
    now = till.attempt(attempt.id)
    assert (now.state, now.session_id) == (AttemptState.PAID, "fs_1")
    assert order_of(till, order).state is OrderState.PAID


def test_complete_without_a_payment_is_looked_at_further_and_never_paid(till: Counter) -> None:
    order, attempt = sold(till)
    told(till, seen(attempt, SessionState.PAID, payments=()))
    now = till.attempt(attempt.id)
    assert (now.state, now.is_final) == (AttemptState.PROCESSING, False)
    assert order_of(till, order).state is OrderState.OPEN
    told(till, paid(attempt))
    assert order_of(till, order).state is OrderState.PAID
    assert till.attempt(attempt.id).is_final


def test_a_session_that_was_never_made_ends_its_order_only_where_that_was_wanted(
    till: Counter,
) -> None:
    def never(tx: Transaction, attempt: Attempt) -> Attempt:
        return never_made(tx, till.store.till_id, attempt, "It never came to be.")

    order = asyncio.run(till.place())
    attempt = asyncio.run(till.open(order))
    ended = till.store.write_now(lambda tx: never(tx, attempt))
    assert (ended.state, ended.is_final) == (AttemptState.FAILED, True)
    assert order_of(till, order).state is OrderState.OPEN
    order, attempt = sold(till)
    till.store.write_now(
        lambda tx: never(tx, want_closed(tx, attempt, CloseReason.CANCELLED)),
    )
    assert order_of(till, order).state is OrderState.CANCELLED


def test_a_session_that_vanished_after_a_customer_saw_it_is_told_to_a_person(
    till: Counter,
) -> None:
    _, attempt = sold(till)
    till.store.write_now(lambda tx: never_made(tx, till.store.till_id, attempt, "it is gone"))
    assert kinds(till) == [ExceptionKind.UNKNOWN]
    assert till.attempt(attempt.id).is_final


def test_that_a_session_was_never_made_is_no_news_once_it_was_paid(till: Counter) -> None:
    order, attempt = sold(till)
    told(till, paid(attempt))
    before = books(till)
    now = till.attempt(attempt.id)
    till.store.write_now(lambda tx: never_made(tx, till.store.till_id, now, "old"))
    assert books(till) == before
    assert order_of(till, order).state is OrderState.PAID
