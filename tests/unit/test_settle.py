"""From observations to the books: every case in which money must not be lost or counted twice."""

import asyncio
import itertools
import random
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from app.domain.attempt import Attempt, AttemptState, CloseReason
from app.domain.delivery import Delivery
from app.domain.exceptions import ExceptionKind
from app.domain.judgement import Standing, Verdict
from app.domain.money import Money
from app.domain.observation import Observation, SeenPayment, SessionState, Source
from app.domain.order import Order, OrderState
from app.domain.refund import RefundObservation, RefundState, SeenRefund
from app.errors import InvariantError
from app.settle import complete, hold_unknown, never_made, settle, settle_refund, want_closed
from app.store import Transaction
from app.store.attempts import find_attempt
from app.store.inbox import handled, receive
from app.store.orders import find_order, move_order
from app.store.verify import TakenPayment
from tests.parts.clock import START
from tests.parts.seen import paid, seen
from tests.parts.till import Counter


@pytest.fixture
def till(tmp_path: Path) -> Iterator[Counter]:
    till = Counter(tmp_path)
    yield till
    till.close()


def sold(till: Counter, *minors: int) -> tuple[Order, Attempt]:
    return asyncio.run(till.show(*minors))


async def sold_often(till: Counter, times: int) -> list[tuple[Order, Attempt]]:
    return [await till.show() for _ in range(times)]


def told(till: Counter, observation: Observation) -> Verdict:
    return till.store.write_now(partial(settled, till, observation))


def settled(till: Counter, observation: Observation, tx: Transaction) -> Verdict:
    return settle(tx, till.store.till_id, observation)


def closing(attempt: Attempt, reason: CloseReason, tx: Transaction) -> Attempt:
    return want_closed(tx, attempt, reason)


def order_of(till: Counter, order: Order) -> Order:
    found = till.store.read_now(lambda db: find_order(db, order.id))
    assert found is not None
    return found


def kinds(till: Counter) -> list[str]:
    return [row[0] for row in till.rows("SELECT kind FROM exceptions ORDER BY id")]


def taken(*observations: Observation) -> list[TakenPayment]:
    """Give the provider's books, as the observations tell them."""
    return [
        TakenPayment(p.payment_id, o.reference, p.amount.currency, p.amount.minor, 0)
        for o in observations
        for p in o.payments
    ]


def books(till: Counter) -> dict[str, list[tuple[Any, ...]]]:
    """Give all that money depends on, without times and sources."""
    return {
        "orders": till.rows("SELECT id, state, receipt_number FROM orders ORDER BY id"),
        "attempts": till.rows("SELECT id, state, is_final FROM attempts ORDER BY id"),
        "payments": till.rows(
            "SELECT payment_id, order_id, amount_minor, held_as FROM payments ORDER BY payment_id"
        ),
        "exceptions": till.rows("SELECT kind, amount_minor FROM exceptions ORDER BY kind"),
        "ledger": till.rows(
            "SELECT account, sum(amount_minor) FROM ledger_entries GROUP BY account ORDER BY 1"
        ),
    }


def test_a_payment_pays_its_order_with_ledger_receipt_and_one_journal_row_each(
    till: Counter,
) -> None:
    order, attempt = sold(till, 500, 700)
    verdict = told(till, paid(attempt))
    assert verdict.standing is Standing.SETTLED
    settled = order_of(till, order)
    assert (settled.state, settled.receipt_number) == (OrderState.PAID, 1)
    assert till.attempt(attempt.id).is_final
    assert till.count("journal", "name = 'order.paid'") == 1
    assert till.count("journal", "name = 'attempt.paid'") == 1
    assert till.count("audit", "action = 'payment.accepted'") == 1
    ledger = dict(books(till)["ledger"])
    assert ledger == {"clearing:fake": 1200, "orders": 0, "sales": -1200}
    assert till.violations(taken(paid(attempt))) == []


def test_the_same_event_a_thousand_times_at_once_has_one_effect(tmp_path: Path) -> None:
    till = Counter(tmp_path, inline=False)
    try:
        order, attempt = sold(till)
        event = paid(attempt, source=Source.WEBHOOK, event_id="evt-1")
        work = partial(settled, till, event)
        futures = [till.store.submit(work) for _ in range(1000)]
        standings = [future.result(30).standing for future in futures]
        assert standings.count(Standing.SETTLED) == 1
        assert standings.count(Standing.NOTHING_NEW) == 999
        assert order_of(till, order).receipt_number == 1
        assert till.count("payments") == 1
        assert till.count("journal", "name = 'order.paid'") == 1
        assert till.count("ledger_transactions") == 2
        assert till.violations(taken(event)) == []
    finally:
        till.close()


def test_webhook_and_poll_together_make_one_change_and_one_journal_row(tmp_path: Path) -> None:
    till = Counter(tmp_path, inline=False)
    try:
        _, attempt = sold(till)
        for source in (Source.WEBHOOK, Source.POLL, Source.SWEEP, Source.MANUAL):
            till.store.submit(partial(settled, till, paid(attempt, source=source)))
        told(till, paid(attempt))
        assert till.count("payments") == 1
        assert till.count("journal", "name IN ('order.paid', 'attempt.paid')") == 2
    finally:
        till.close()


# Six pieces of news of one payment, as each of Stripe's ways can bring them, in any order.
NEWS_OF_A_PAYMENT = ("open", "declined", "processing", "paid", "paid again", "open, late poll")
NEWS_OF_A_FAILURE = ("open", "declined", "processing", "failed", "failed again")
NEWS_OF_AN_EXPIRY = ("open", "declined", "expired", "expired again", "open, late poll")


def news(attempt: Attempt, word: str) -> Observation:
    match word:
        case "open" | "open, late poll":
            return seen(attempt, SessionState.OPEN)
        case "declined":
            return seen(attempt, SessionState.OPEN, decline="card_declined", session_id="")
        case "processing":
            return seen(attempt, SessionState.PROCESSING)
        case "paid":
            return paid(attempt, source=Source.WEBHOOK)
        case "paid again":
            return paid(attempt, source=Source.POLL)
        case "failed" | "failed again":
            return seen(attempt, SessionState.FAILED)
        case _:
            return seen(attempt, SessionState.EXPIRED)


@pytest.mark.parametrize("words", [NEWS_OF_A_PAYMENT, NEWS_OF_A_FAILURE, NEWS_OF_AN_EXPIRY])
def test_every_order_of_up_to_six_events_ends_the_same(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    """Each order of all of them, in an attempt of its own; the end is compared by what it is."""
    till = Counter(tmp_path)
    ends = set()
    try:
        permutations = list(itertools.permutations(words))
        sales = asyncio.run(sold_often(till, len(permutations)))
        for permutation, (order, attempt) in zip(permutations, sales, strict=True):
            for word in permutation:
                told(till, news(attempt, word))
            now = till.attempt(attempt.id)
            ends.add((order_of(till, order).state, now.state, now.is_final))
        assert len(ends) == 1
        assert till.violations([*taken_from(till)]) == []
        expected = {"paid": OrderState.PAID, "failed": OrderState.OPEN}
        (end,) = ends
        assert end[0] is next((s for w, s in expected.items() if w in words), OrderState.EXPIRED)
    finally:
        till.close()


@pytest.mark.parametrize("seed", range(40))
def test_any_few_of_the_news_in_any_order_end_with_the_money_if_there_is_any(
    till: Counter, seed: int
) -> None:
    chance = random.Random(seed)
    order, attempt = sold(till)
    words = chance.choices(NEWS_OF_A_PAYMENT, k=chance.randint(1, 6))
    for word in words:
        told(till, news(attempt, word))
    was_paid = any("paid" in word for word in words)
    assert (order_of(till, order).state is OrderState.PAID) is was_paid
    assert till.count("payments") == int(was_paid)
    assert till.count("exceptions") == 0


def taken_from(till: Counter) -> Iterator[TakenPayment]:
    rows = till.rows(
        "SELECT payment_id, reference, payments.currency, payments.amount_minor FROM payments "
        "JOIN attempts ON attempts.id = attempt_id"
    )
    for payment_id, reference, currency, minor in rows:
        yield TakenPayment(payment_id, reference, currency, minor, 0)


def test_two_sessions_of_one_order_both_paid_make_the_second_surplus(till: Counter) -> None:
    order, first = sold(till)
    told(till, seen(first, SessionState.FAILED, is_final=False))
    second = asyncio.run(till.open(order))
    told(till, paid(first))
    told(till, paid(second))
    assert order_of(till, order).state is OrderState.PAID
    assert kinds(till) == [ExceptionKind.SURPLUS]
    assert till.attempt(second.id).state is AttemptState.PAID
    assert till.violations(taken(paid(first), paid(second))) == []


def test_a_paid_order_wants_its_other_sessions_closed(till: Counter) -> None:
    order, first = sold(till)
    told(till, seen(first, SessionState.FAILED, is_final=False))
    second = asyncio.run(till.open(order))
    told(till, paid(first))
    assert till.attempt(second.id).close_reason is CloseReason.SUPERSEDED
    assert till.attempt(first.id).close_reason is None


def test_a_second_payment_by_one_session_is_surplus(till: Counter) -> None:
    order, attempt = sold(till)
    payments = (SeenPayment("a", attempt.amount), SeenPayment("b", attempt.amount))
    told(till, paid(attempt, payments=payments))
    told(till, paid(attempt, payments=(*payments, SeenPayment("c", attempt.amount))))
    assert order_of(till, order).state is OrderState.PAID
    assert kinds(till) == [ExceptionKind.SURPLUS, ExceptionKind.SURPLUS]


def test_a_second_payment_by_a_paid_session_of_an_open_order_is_surplus(till: Counter) -> None:
    order, attempt = sold(till)
    told(till, paid(attempt, minor=499))
    told(till, paid(attempt, payments=(SeenPayment("again", attempt.amount),)))
    assert order_of(till, order).state is OrderState.OPEN
    assert kinds(till) == [ExceptionKind.UNDERPAID, ExceptionKind.SURPLUS]


@pytest.mark.parametrize("ended", [OrderState.CANCELLED, OrderState.EXPIRED])
def test_a_payment_after_the_end_of_its_order_is_late_and_shown(
    till: Counter, ended: OrderState
) -> None:
    order, attempt = sold(till)
    reason = CloseReason.CANCELLED if ended is OrderState.CANCELLED else CloseReason.EXPIRED
    till.store.write_now(lambda tx: want_closed(tx, attempt, reason))
    told(till, seen(attempt, SessionState.EXPIRED))
    assert order_of(till, order).state is ended
    told(till, paid(attempt))
    told(till, paid(attempt, source=Source.WEBHOOK))
    assert order_of(till, order).state is ended
    assert kinds(till) == [ExceptionKind.PAID_LATE]
    assert till.attempt(attempt.id).state is AttemptState.PAID
    assert dict(books(till)["ledger"]) == {"clearing:fake": 500, "held": -500}
    assert till.violations(taken(paid(attempt))) == []


@pytest.mark.parametrize(
    "minor, kind",
    [
        (499, ExceptionKind.UNDERPAID),
        (1, ExceptionKind.UNDERPAID),
        (250, ExceptionKind.UNDERPAID),
        (501, ExceptionKind.OVERPAID),
        (50_000, ExceptionKind.OVERPAID),
    ],
)
def test_an_amount_that_is_off_never_pays_the_order(
    till: Counter, minor: int, kind: ExceptionKind
) -> None:
    order, attempt = sold(till)
    told(till, paid(attempt, minor=minor))
    assert order_of(till, order).state is OrderState.OPEN
    assert kinds(till) == [kind]
    assert till.rows("SELECT amount_minor, held_as FROM payments") == [(minor, kind.value)]
    assert till.violations(taken(paid(attempt, minor=minor))) == []


def test_another_currency_never_pays_the_order(till: Counter) -> None:
    order, attempt = sold(till)
    told(till, paid(attempt, payments=(SeenPayment("p", Money(500, "USD")),)))
    assert order_of(till, order).state is OrderState.OPEN
    assert kinds(till) == [ExceptionKind.MISMATCH]


def test_two_halves_do_not_make_a_whole(till: Counter) -> None:
    order, attempt = sold(till)
    halves = tuple(SeenPayment(name, Money(250, "EUR")) for name in "ab")
    told(till, paid(attempt, payments=halves))
    assert order_of(till, order).state is OrderState.OPEN
    assert kinds(till) == [ExceptionKind.UNDERPAID] * 2


@pytest.mark.parametrize(
    "changes, word",
    [
        ({"provider_account": "acct_other"}, "account"),
        ({"provider": "otherpay"}, "provider"),
        ({"session_id": "fs_of_another"}, "session"),
    ],
)
def test_an_event_that_does_not_fit_its_attempt_is_quarantined_with_its_money(
    till: Counter, changes: dict[str, Any], word: str
) -> None:
    order, attempt = sold(till)
    verdict = told(till, paid(attempt, **changes))
    assert verdict.standing is Standing.QUARANTINED and word in verdict.detail
    assert order_of(till, order).state is OrderState.OPEN
    assert till.attempt(attempt.id).state is AttemptState.OPEN
    assert kinds(till) == [ExceptionKind.MISMATCH]
    told(till, paid(attempt, **changes))
    assert till.count("payments") == 1 and till.count("exceptions") == 1


@pytest.mark.parametrize("live", [False, True])
def test_test_money_and_real_money_never_meet(till: Counter, live: bool) -> None:
    """The money of the other mode is told of once and enters no books."""
    order, attempt = sold(till)
    till.store.write_now(lambda tx: tx.execute("UPDATE attempts SET live = ?", (int(not live),)))
    for _ in range(2):
        verdict = told(till, paid(attempt, live=live))
        assert verdict.standing is Standing.QUARANTINED
        assert ("live money" if live else "test money") in verdict.detail
    assert kinds(till) == [ExceptionKind.MISMATCH]
    assert till.count("payments") == 0
    assert order_of(till, order).state is OrderState.OPEN


@pytest.mark.parametrize(
    "reference", ["", "web-shop-4711", "zzzzzz-0123456789ab-1", "not a reference"]
)
def test_money_of_another_till_or_a_web_shop_is_foreign_and_leaves_no_trace(
    till: Counter, reference: str
) -> None:
    _, attempt = sold(till)
    before = books(till)
    verdict = told(till, paid(attempt, reference=reference))
    assert verdict.standing is Standing.FOREIGN
    assert books(till) == before


def test_money_of_ours_without_an_order_needs_a_person(till: Counter) -> None:
    _, attempt = sold(till)
    reference = str(attempt.reference._replace(order_id="0123456789ab"))
    event = paid(attempt, reference=reference)
    verdict = told(till, event)
    assert verdict.standing is Standing.NEEDS_PERSON
    assert till.rows("SELECT kind, order_id, attempt_id FROM exceptions") == [
        (ExceptionKind.MISMATCH.value, None, None)
    ]
    assert till.rows("SELECT account, order_id FROM payments") == [("fakepay", None)]
    told(till, event)
    assert till.count("payments") == 1
    assert till.violations(taken(event)) == []


def test_news_without_money_of_an_order_that_is_not_known_changes_nothing(till: Counter) -> None:
    _, attempt = sold(till)
    reference = str(attempt.reference._replace(order_id="0123456789ab"))
    verdict = told(till, seen(attempt, SessionState.EXPIRED, reference=reference))
    assert verdict.standing is Standing.NEEDS_PERSON
    assert till.count("exceptions") == 0


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
        return never_made(tx, till.store.till_id, attempt, "it never came to be")

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


# --- refunds -----------------------------------------------------------------------------------


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
    early = Delivery("fake", "fakepay", "acct_fake", False, "evt_r", "refund", b"{}")

    def kept_waiting(tx: Transaction) -> None:
        receive(tx, early)
        handled(tx, 1, Standing.WAITING.value, payment_id)

    till.store.write_now(kept_waiting)
    assert till.count("inbox", "standing IS NULL") == 0
    told(till, paid(attempt))
    assert till.count("inbox", "standing IS NULL") == 1


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
