"""A dispute ends in the same state in whatever order its news comes."""

import itertools
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.dispute import (
    DISPUTE_MOVES,
    MOVES_IF_NEWER,
    OVER,
    Dispute,
    DisputeState,
    SeenDispute,
    dispute_after,
    needs_person,
    state_after,
)
from app.domain.dispute_words import end_words, reason_words, words_of, words_of_unknown
from app.domain.money import Money
from tests.parts.clock import START

S = DisputeState

# What really happens, one step at a time; the tables of the till must stand every way through it.
STEPS = {
    S.INQUIRY: [S.INQUIRY_UNDER_REVIEW, S.NEEDS_RESPONSE, S.CLOSED],
    S.INQUIRY_UNDER_REVIEW: [S.NEEDS_RESPONSE, S.CLOSED],
    S.NEEDS_RESPONSE: [S.UNDER_REVIEW, S.LOST, S.WON, S.CLOSED],
    S.UNDER_REVIEW: [S.LOST, S.WON, S.CLOSED],
    S.CLOSED: [S.NEEDS_RESPONSE],
    S.LOST: [S.APPEALED, S.WON],
    S.APPEALED: [S.LOST, S.WON],
    S.WON: [],
}


@st.composite
def histories(draw: st.DrawFn) -> list[DisputeState]:
    """Give a way that a dispute may go, six pieces of news at most."""
    states = [draw(st.sampled_from([S.INQUIRY, S.NEEDS_RESPONSE]))]
    for _ in range(draw(st.integers(0, 5))):
        if not STEPS[states[-1]]:
            break
        states.append(draw(st.sampled_from(STEPS[states[-1]])))
    return states


def seen(state: DisputeState, minute: int = 0, **changes: object) -> tuple[SeenDispute, datetime]:
    told = SeenDispute("dp_1", "pi_1", Money(500, "EUR"), "fraudulent", state, state.value)
    return replace(told, **changes), START + timedelta(minutes=minute)  # type: ignore[arg-type]


def after(*news: tuple[SeenDispute, datetime]) -> Dispute:
    dispute: Dispute | None = None
    for told, at in news:
        dispute = dispute_after(dispute, told, at)
    assert dispute is not None
    return dispute


@settings(max_examples=1000)
@given(histories(), st.data())
def test_every_order_of_the_news_ends_in_the_same_state(
    history: list[DisputeState], data: st.DataObject
) -> None:
    news = [
        seen(
            state, minute, due_at=START + timedelta(days=minute), amount=Money(500 + minute, "EUR")
        )
        for minute, state in enumerate(history)
    ]
    again = data.draw(st.lists(st.sampled_from(news), max_size=3))
    shuffled = data.draw(st.permutations(news + again))
    expected = replace(after(*news), version=0)
    assert expected.state is history[-1]
    assert replace(after(*shuffled), version=0) == expected


@pytest.mark.parametrize(
    "history",
    [
        [S.INQUIRY, S.INQUIRY_UNDER_REVIEW, S.NEEDS_RESPONSE, S.UNDER_REVIEW, S.LOST, S.WON],
        [S.NEEDS_RESPONSE, S.UNDER_REVIEW, S.LOST, S.APPEALED, S.LOST],
        [S.INQUIRY, S.CLOSED, S.NEEDS_RESPONSE, S.UNDER_REVIEW, S.CLOSED, S.NEEDS_RESPONSE],
    ],
)
def test_all_orders_of_the_longest_ways_end_alike(history: list[DisputeState]) -> None:
    news = [seen(state, minute) for minute, state in enumerate(history)]
    assert {after(*way).state for way in itertools.permutations(news)} == {history[-1]}


@given(st.permutations([S.LOST, S.APPEALED]))
def test_of_two_of_the_same_second_the_later_step_counts(way: list[DisputeState]) -> None:
    assert after(*(seen(state) for state in way)).state is S.APPEALED


@pytest.mark.parametrize("before", [S.NEEDS_RESPONSE, S.UNDER_REVIEW])
def test_a_closing_of_the_same_second_counts(before: DisputeState) -> None:
    assert after(seen(before), seen(S.CLOSED)).state is S.CLOSED
    assert after(seen(S.CLOSED), seen(before)).state is S.CLOSED


def test_nothing_leads_back_to_what_is_not_known_and_won_is_the_end() -> None:
    assert set(DISPUTE_MOVES) == set(S)
    assert all(S.UNKNOWN not in moves for moves in DISPUTE_MOVES.values())
    assert DISPUTE_MOVES[S.WON] == frozenset()
    assert S.WON not in MOVES_IF_NEWER
    for state, moves in MOVES_IF_NEWER.items():
        assert not moves & DISPUTE_MOVES[state]
    later = START + timedelta(days=1)
    for state in set(S) - {S.WON}:
        assert state_after(S.WON, START, state, later) is S.WON


@given(st.sampled_from([s for s in S if s is not S.UNKNOWN]), st.booleans())
def test_a_state_that_is_not_known_neither_wins_nor_loses(state: DisputeState, first: bool) -> None:
    strange = seen(S.UNKNOWN, 5, word="arbitration", amount=Money(1, "EUR"))
    news = [strange, seen(state, 1)] if first else [seen(state, 1), strange]
    dispute = after(*news)
    assert (dispute.state, dispute.amount) == (state, Money(500, "EUR"))
    assert after(strange).state is S.UNKNOWN
    assert S.UNKNOWN not in OVER


def test_older_news_changes_no_particulars() -> None:
    new = seen(S.NEEDS_RESPONSE, 5, reason="duplicate", due_at=START)
    old = seen(S.INQUIRY, 1, reason="general", amount=Money(1, "EUR"))
    for way in ((new, old), (old, new)):
        dispute = after(*way)
        assert (dispute.reason, dispute.amount.minor, dispute.due_at) == ("duplicate", 500, START)


@pytest.mark.parametrize("state", S)
def test_what_is_not_over_and_what_is_lost_needs_a_person(state: DisputeState) -> None:
    dispute = after(seen(state))
    ended_well = state in {S.WON, S.CLOSED}
    assert needs_person(dispute) is not ended_well
    assert needs_person(replace(dispute, withdrawn_minor=500))


@pytest.mark.parametrize("state", S)
@pytest.mark.parametrize("due_at", [None, START])
def test_every_state_is_told_with_what_to_do(state: DisputeState, due_at: datetime | None) -> None:
    words = words_of(replace(after(seen(state)), due_at=due_at), "arbitration")
    assert words.startswith("Dispute dp_1: The cardholder says")
    assert "No money is gone for it." in words
    assert "{" not in words
    asks = state in {S.INQUIRY, S.NEEDS_RESPONSE, S.APPEALED}
    assert ("2026-11-21" in words) is (asks and due_at is not None)
    assert ("arbitration" in words) is (state is S.UNKNOWN)
    gone = replace(after(seen(state)), withdrawn_minor=500)
    assert "The provider has taken 5.00 EUR back." in words_of(gone, "")


def test_a_reason_that_is_not_known_is_named_as_it_is() -> None:
    assert reason_words("sorcery") == "The provider names as the reason: sorcery."
    assert "twice" in reason_words("duplicate")


def test_the_other_words_say_which_dispute_and_how_it_ended() -> None:
    words = words_of_unknown(after(seen(S.LOST)), "arbitration")
    assert "dp_1" in words and "arbitration" in words
    assert end_words(S.WON) == "the dispute was won"
    assert end_words(S.CLOSED) == "the dispute was closed"
