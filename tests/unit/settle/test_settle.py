"""One observation settled: what is written of money, once, and what is held back."""

import asyncio
import itertools
import random
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from app.domain.attempt import Attempt, AttemptState, CloseReason
from app.domain.exceptions import ExceptionKind
from app.domain.judgement import Standing
from app.domain.money import Money
from app.domain.observation import Observation, SeenPayment, SessionState, Source
from app.domain.order import Order, OrderState
from app.domain.resolution import Action, ways_out
from app.settle import want_closed
from app.store.decisions import case_of, find_exception
from app.store.verify import TakenPayment
from tests.parts.seen import paid, seen
from tests.parts.till import Counter
from tests.unit.settle.telling import books, kinds, order_of, settled, sold, taken, told


async def sold_often(till: Counter, times: int) -> list[tuple[Order, Attempt]]:
    return [await till.show() for _ in range(times)]


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
        "SELECT payment_id, attempts.reference, payments.currency, payments.amount_minor "
        "FROM payments JOIN attempts ON attempts.id = attempt_id"
    )
    for payment_id, reference, currency, minor in rows:
        yield TakenPayment(payment_id, reference, currency, minor, 0, "fakepay")


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
        ({"provider_account": "acct_other"}, "Account"),
        ({"provider": "otherpay"}, "Provider"),
        ({"session_id": "fs_of_another"}, "Session"),
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
        assert ("Live money" if live else "Test money") in verdict.detail
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


def test_money_of_another_mode_without_an_order_is_told_of_and_enters_no_books(
    till: Counter,
) -> None:
    """As after a restoration, with a real payment's key in a till that trains."""
    _, attempt = sold(till)
    reference = str(attempt.reference._replace(order_id="0123456789ab"))
    event = paid(attempt, reference=reference, live=True)
    for _ in range(2):
        verdict = told(till, event)
        assert verdict.standing is Standing.QUARANTINED and "Live money" in verdict.detail
    (payment,) = event.payments
    assert till.rows("SELECT kind, order_id, provider, payment_id FROM exceptions") == [
        (ExceptionKind.MISMATCH.value, None, "fakepay", payment.payment_id)
    ]
    assert till.count("payments") == till.count("ledger_transactions") == 0
    entry = till.store.read_now(lambda db: find_exception(db, 1))
    assert entry is not None
    case = till.store.read_now(lambda db: case_of(db, entry))
    assert [way.action for way in ways_out(case) if way.is_open] == [Action.WRITE_OFF]
    assert till.violations([]) == []


def test_test_money_without_an_order_enters_no_books_of_real_money(till: Counter) -> None:
    _, attempt = sold(till)
    till.store.write_now(lambda tx: tx.execute("UPDATE till SET mode = 'live'"))
    reference = str(attempt.reference._replace(order_id="0123456789ab"))
    verdict = told(till, paid(attempt, reference=reference, live=False))
    assert verdict.standing is Standing.QUARANTINED and "Test money" in verdict.detail
    assert till.count("payments") == 0 and kinds(till) == [ExceptionKind.MISMATCH]


def test_news_without_money_of_an_order_that_is_not_known_changes_nothing(till: Counter) -> None:
    _, attempt = sold(till)
    reference = str(attempt.reference._replace(order_id="0123456789ab"))
    verdict = told(till, seen(attempt, SessionState.EXPIRED, reference=reference))
    assert verdict.standing is Standing.NEEDS_PERSON
    assert till.count("exceptions") == 0
