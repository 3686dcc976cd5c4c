"""Disputes into the books: once, in whatever order, and never unsaid."""

import asyncio
import itertools
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.dispute import DisputeEntry, DisputeState
from app.domain.judgement import Standing
from app.domain.money import Money
from app.domain.refund import RefundState
from app.store import Transaction
from app.store.verify import TakenPayment
from tests.parts.clock import START
from tests.parts.seen import paid
from tests.parts.till import Counter
from tests.unit.domain.test_dispute import histories
from tests.unit.settle.disputes import (
    BACK,
    TAKEN,
    S,
    disputed,
    news,
    only_words,
    paid_for,
    state,
    taken_for,
    words,
)
from tests.unit.settle.telling import books, order_of, sold, told
from tests.unit.settle.test_settle_refunds import gave_back


def test_a_dispute_is_told_with_amount_reason_due_date_and_what_to_do(till: Counter) -> None:
    order, _, payment_id = paid_for(till)
    assert news(till, disputed(payment_id, S.NEEDS_RESPONSE, 0, TAKEN)) == [Standing.SETTLED]
    assert state(till) == [("dp_1", "needs_response", 500)]
    assert till.rows("SELECT kind, amount_minor, order_id FROM exceptions") == [
        ("disputed", 500, order.id)
    ]
    said = only_words(till)
    assert "somebody else paid with the card" in said
    assert "The provider has taken 5.00 EUR back." in said
    assert "Answer it at the provider by 2026-11-28" in said
    ledger = dict(books(till)["ledger"])
    assert (ledger["disputes"], ledger["fees"]) == (500, 1500)
    assert ledger["clearing:fake"] == 500 - 500 - 1500
    assert ledger["sales"] == -500
    assert order_of(till, order).state.value == "paid"
    assert till.violations(taken_for(payment_id, order, till)) == []


def test_what_is_to_be_answered_soon_is_found_earliest_first(till: Counter) -> None:
    """Only what waits: neither what a person took note of, nor what the bank decides."""
    order, _, payment_id = paid_for(till)

    def due(name: str, days: int, state: DisputeState = S.NEEDS_RESPONSE) -> Any:
        due_at = START + timedelta(days=days)
        return disputed(payment_id, state, dispute_id=name, due_at=due_at)

    news(
        till, due("dp_late", 3), due("dp_over", -1), due("dp_next", 2, S.INQUIRY), due("dp_far", 30)
    )
    news(till, due("dp_waits", 1, S.UNDER_REVIEW), due("dp_noted", 1))
    noted = till.rows("SELECT id FROM exceptions WHERE detail LIKE '%dp_noted%'")[0][0]
    till.store.write_now(
        lambda tx: tx.execute(
            "UPDATE exceptions SET resolved_at = opened_at, resolved_by = 'Eva' WHERE id = ?",
            (noted,),
        )
    )

    async def found(days: int) -> list[str]:
        urgent = await till.orders.urgent_troubles(START + timedelta(days=days))
        return [one.dispute.dispute_id for one in urgent if one.dispute is not None]

    assert asyncio.run(found(3)) == ["dp_over", "dp_next"]
    assert asyncio.run(found(4)) == ["dp_over", "dp_next", "dp_late"]
    detail = asyncio.run(till.detail(order))
    by_name = {one.dispute.dispute_id: one for one in detail.troubles if one.dispute is not None}
    assert len(by_name) == len(detail.troubles) == 6
    assert by_name["dp_far"].dispute in detail.disputes


def test_the_story_of_the_order_tells_it_with_versions_and_audit_lines(till: Counter) -> None:
    order, _, payment_id = paid_for(till)
    news(
        till,
        disputed(payment_id, S.INQUIRY),
        disputed(payment_id, S.NEEDS_RESPONSE, 1, TAKEN),
        disputed(payment_id, S.UNDER_REVIEW, 2, TAKEN),
        disputed(payment_id, S.WON, 3, TAKEN, BACK),
    )
    facts = [
        fact.name
        for fact in asyncio.run(till.detail(order)).history
        if fact.name.startswith(("dispute.", "exception."))
    ]
    assert facts == [
        "dispute.opened",
        "exception.opened",
        "dispute.funds_withdrawn",
        "dispute.escalated",
        "dispute.under_review",
        "dispute.funds_reinstated",
        "dispute.won",
        "exception.resolved",
    ]
    versions = till.rows(
        "SELECT version FROM journal WHERE name LIKE 'dispute.%' AND version IS NOT NULL"
    )
    assert versions == [(1,), (2,), (3,), (4,)]
    audited = till.rows("SELECT action FROM audit WHERE subject = 'dp_1' ORDER BY seq")
    assert [row[0] for row in audited] == [fact for fact in facts if fact.startswith("dispute.")]
    (dispute,) = asyncio.run(till.detail(order)).disputes
    assert (dispute.state, dispute.version, dispute.withdrawn_minor) == (S.WON, 4, 0)
    assert till.violations(taken_for(payment_id, order, till)) == []


def test_the_same_news_a_hundred_times_counts_once(till: Counter) -> None:
    _, _, payment_id = paid_for(till)
    look = disputed(payment_id, S.NEEDS_RESPONSE, 0, TAKEN)
    standings = news(till, *[look] * 100)
    assert standings == [Standing.SETTLED] + [Standing.NOTHING_NEW] * 99
    assert state(till) == [("dp_1", "needs_response", 500)]
    assert till.count("fees") == 1
    assert till.count("journal", "name LIKE 'dispute.%'") == 2
    assert till.count("exceptions") == 1


LIFE = [
    (S.NEEDS_RESPONSE, ()),
    (S.NEEDS_RESPONSE, (TAKEN,)),
    (S.UNDER_REVIEW, (TAKEN,)),
    (S.WON, (TAKEN,)),
    (S.WON, (TAKEN, BACK)),
]


def entries_of(dispute_id: str, *entries: DisputeEntry) -> tuple[DisputeEntry, ...]:
    """Give entries ids of a dispute's own."""
    return tuple(replace(entry, entry_id=f"{entry.entry_id}_{dispute_id}") for entry in entries)


def live_through(
    till: Counter,
    dispute_id: str,
    payment_id: str,
    life: Sequence[tuple[DisputeState, tuple[DisputeEntry, ...]]],
    way: Sequence[int],
) -> tuple[Any, ...]:
    """Tell of a dispute's life in some order, and give where it stands and what is said of it."""
    for n in way:
        now, entries = life[n]
        moved = entries_of(dispute_id, *entries)
        news(till, disputed(payment_id, now, n, *moved, dispute_id=dispute_id))
    row = till.rows(
        "SELECT state, withdrawn_minor, amount_minor, due_at FROM disputes WHERE dispute_id = ?",
        dispute_id,
    )
    said = [
        each.removeprefix(f"Dispute {dispute_id}")
        for each in words(till)
        if each.startswith(f"Dispute {dispute_id}:")
    ]
    return row, said, till.count("fees", f"fee_id LIKE '%\\_{dispute_id}' ESCAPE '\\'")


def test_every_order_of_a_won_disputes_events_ends_in_the_same_books(till: Counter) -> None:
    order, _, payment_id = paid_for(till)
    ways = list(itertools.permutations(range(len(LIFE))))
    ends = [
        live_through(till, f"dp{number}", payment_id, LIFE, way) for number, way in enumerate(ways)
    ]
    assert len(ends) == 120
    assert ends == [ends[0]] * len(ends)
    assert ends[0][0][0][:2] == ("won", 0) and ends[0][1:] == ([], 2)
    ledger = dict(books(till)["ledger"])
    assert (ledger["disputes"], ledger["fees"], ledger["clearing:fake"]) == (0, 0, 500)
    assert till.violations(taken_for(payment_id, order, till)) == []


NUMBERS = itertools.count()


@given(history=histories(), data=st.data())
def test_every_order_of_any_history_ends_in_the_same_books(
    till: Counter, history: list[DisputeState], data: st.DataObject
) -> None:
    if not till.count("payments"):
        paid_for(till)
    ((payment_id, reference),) = till.rows("SELECT payment_id, reference FROM payments")
    life: list[tuple[DisputeState, tuple[DisputeEntry, ...]]] = []
    sofar: tuple[DisputeEntry, ...] = ()
    for now in history:
        if now is S.NEEDS_RESPONSE and not sofar:
            sofar = (TAKEN,)
        elif now is S.WON and sofar:
            sofar = (*sofar, BACK)
        life.append((now, sofar))
    indices = range(len(history))
    again = data.draw(st.lists(st.sampled_from(indices), max_size=3))
    way = data.draw(st.permutations([*indices, *again]))
    number = next(NUMBERS)
    expected = live_through(till, f"dp{number}a", payment_id, life, indices)
    assert expected[0][0][0] == history[-1].value
    assert live_through(till, f"dp{number}b", payment_id, life, way) == expected
    assert till.violations([TakenPayment(payment_id, reference, "EUR", 500, 0, "fakepay")]) == []


def test_a_lost_dispute_stays_on_the_list_until_a_person_takes_note(till: Counter) -> None:
    order, _, payment_id = paid_for(till)
    news(
        till,
        disputed(payment_id, S.NEEDS_RESPONSE, 0, TAKEN),
        disputed(payment_id, S.LOST, 5, TAKEN),
    )
    said = only_words(till)
    assert "It is lost." in said
    assert till.count("exceptions") == 1
    noted(till)
    assert till.violations(taken_for(payment_id, order, till)) == []
    assert news(till, disputed(payment_id, S.LOST, 6, TAKEN)) == [Standing.NOTHING_NEW]
    assert words(till) == []
    # The bank changes its mind after all: first the word, then the money.
    news(till, disputed(payment_id, S.WON, 7, TAKEN))
    said = only_words(till)
    assert "It is won, and the money should come back." in said
    news(till, disputed(payment_id, S.WON, 8, TAKEN, BACK))
    assert words(till) == []
    assert till.violations(taken_for(payment_id, order, till)) == []


def noted(till: Counter) -> None:
    """Take all off the list, as a person does."""

    def note(tx: Transaction) -> None:
        rows = tx.execute(
            "UPDATE exceptions SET resolved_at = '2026-11-21', resolved_by = 'Ada' "
            "WHERE resolved_at IS NULL RETURNING id"
        ).fetchall()
        for row in rows:
            tx.audit("Ada", "exception.resolved", str(row["id"]), {"reason": "seen"})

    till.store.write_now(note)


def test_a_dispute_that_was_noted_is_not_brought_up_for_waiting_but_for_losing(
    till: Counter,
) -> None:
    _, _, payment_id = paid_for(till)
    news(till, disputed(payment_id, S.NEEDS_RESPONSE, 0, TAKEN))
    noted(till)
    news(till, disputed(payment_id, S.UNDER_REVIEW, 1, TAKEN))
    assert words(till) == []
    news(till, disputed(payment_id, S.LOST, 2, TAKEN))
    assert len(words(till)) == 1


def test_a_dispute_whose_first_news_is_its_review_is_told(till: Counter) -> None:
    _, _, payment_id = paid_for(till)
    news(till, disputed(payment_id, S.UNDER_REVIEW, 1, TAKEN))
    said = only_words(till)
    assert "the bank decides" in said


def test_a_new_due_date_is_told_in_the_same_entry(till: Counter) -> None:
    order, _, payment_id = paid_for(till)
    later = START + timedelta(days=20)
    news(
        till,
        disputed(payment_id, S.NEEDS_RESPONSE, 0, TAKEN),
        disputed(payment_id, S.NEEDS_RESPONSE, 1, TAKEN, due_at=later, amount=Money(400, "EUR")),
    )
    said = only_words(till)
    assert "by 2026-12-11" in said
    assert till.rows("SELECT amount_minor FROM exceptions") == [(400,)]
    assert till.rows("SELECT version, due_at FROM disputes")[0][0] == 1
    names = [fact.name for fact in asyncio.run(till.detail(order)).history]
    assert names[-1] == "dispute.updated"


@pytest.mark.parametrize("end", [S.CLOSED, S.WON])
def test_an_inquiry_takes_no_money_and_ends_by_itself(till: Counter, end: DisputeState) -> None:
    _, _, payment_id = paid_for(till)
    news(till, disputed(payment_id, S.INQUIRY))
    said = only_words(till)
    assert "No money is gone for it." in said
    assert "The bank only asks so far." in said
    news(till, disputed(payment_id, end, 1))
    assert words(till) == []
    assert "disputes" not in dict(books(till)["ledger"])
    assert till.rows("SELECT resolution FROM exceptions") == [
        ("the dispute was won" if end is S.WON else "the dispute was closed",)
    ]


def test_two_disputes_of_one_payment_are_two_entries_that_end_apart(till: Counter) -> None:
    _, _, payment_id = paid_for(till)
    other = {"dispute_id": "dp_2", "amount": Money(100, "EUR")}
    entry = DisputeEntry("txn_3", 100, Money(0, "EUR"))
    news(
        till,
        disputed(payment_id, S.NEEDS_RESPONSE, 0, TAKEN),
        disputed(payment_id, S.NEEDS_RESPONSE, 0, entry, **other),
        disputed(payment_id, S.WON, 1, TAKEN, BACK),
    )
    said = only_words(till)
    assert said.startswith("Dispute dp_2")
    assert state(till) == [("dp_1", "won", 0), ("dp_2", "needs_response", 100)]
    assert till.violations([]) != []
    assert [v for v in till.violations([]) if "dispute" in v] == []


def test_a_refund_in_full_of_held_money_leaves_its_dispute_on_the_list(till: Counter) -> None:
    _, attempt = sold(till)
    told(till, paid(attempt, minor=499))
    payment_id = paid(attempt).payments[0].payment_id
    news(till, disputed(payment_id, S.NEEDS_RESPONSE, 0, TAKEN))
    gave_back(till, payment_id, RefundState.SUCCEEDED, 499)
    said = only_words(till)
    assert said.startswith("Dispute dp_1")
