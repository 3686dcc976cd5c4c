"""Attempts, and the reference that ties a provider's session to an order."""

import random
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.domain.attempt import (
    ATTEMPT_MOVES,
    LIVE,
    MAX_REFERENCE,
    AttemptState,
    CloseReason,
    Reference,
)
from app.domain.ids import ALPHABET, ORDER_ID_LENGTH, TILL_ID_LENGTH, Ids
from tests.parts.values import TILL, attempt

till_ids = st.text(ALPHABET, min_size=TILL_ID_LENGTH, max_size=TILL_ID_LENGTH)
order_ids = st.text(ALPHABET, min_size=ORDER_ID_LENGTH, max_size=ORDER_ID_LENGTH)
references = st.builds(Reference, till_ids, order_ids, st.integers(1, 99_999))
operations = st.sampled_from(["create", "close-1", "close-99999", "refund-1", "refund-999"])


@given(references)
def test_a_reference_reads_back_as_it_was_written(reference: Reference) -> None:
    assert Reference.parse(str(reference)) == reference


@given(references, operations)
def test_a_key_fits_every_provider(reference: Reference, operation: str) -> None:
    for text in (str(reference), reference.key(operation)):
        assert re.fullmatch(r"[A-Za-z0-9_-]{10,40}", text)
        assert len(text) <= MAX_REFERENCE
    assert reference.key(operation).startswith(f"{reference}-")


@given(references, st.lists(operations, unique=True, min_size=2))
def test_two_operations_never_share_a_key(reference: Reference, names: list[str]) -> None:
    assert len({reference.key(name) for name in names}) == len(names)


def test_a_key_that_a_provider_would_cut_off_is_refused() -> None:
    with pytest.raises(ValueError, match="longer than 40"):
        Reference(TILL, "0rder0000001", 99_999).key("an-operation-too-long")


@given(st.text(max_size=60))
@example("")
@example("cs_test_a1b2c3")
@example("t11111-0rder0000001-1-create")
def test_random_text_is_not_taken_for_a_reference(text: str) -> None:
    assert Reference.parse(text) is None


@given(references, st.text(min_size=1, max_size=3), st.booleans())
def test_a_reference_with_something_beside_it_is_not_ours(
    reference: Reference, more: str, before: bool
) -> None:
    text = more + str(reference) if before else str(reference) + more
    parsed = Reference.parse(text)
    # A digit more is another attempt number; whatever is read reads back as the same text.
    assert parsed is None or (str(parsed) == text and parsed != reference)


@pytest.mark.parametrize(
    "text",
    [
        None,
        "t11111-0rder0000001-0",
        "t11111-0rder0000001-01",
        "t11111-0rder0000001-100000",
        "t11111-0rder0000001-1\n",
        "T11111-0RDER0000001-1",
        "t11111-0rder000000é-1",
        "t11111-0rder0000001-\u0661",
        "t1111-0rder0000001-1",
        "t11111_0rder0000001_1",
    ],
)
def test_what_looks_like_a_reference_but_was_never_written_is_none(text: str | None) -> None:
    assert Reference.parse(text) is None


def test_ids_are_safe_to_read_aloud_and_differ() -> None:
    ids = Ids(random.Random(7))
    drawn = {ids.new(ORDER_ID_LENGTH) for _ in range(2_000)}
    assert len(drawn) == 2_000
    assert all(len(id) == ORDER_ID_LENGTH and set(id) <= set(ALPHABET) for id in drawn)
    assert not set("ilou") & set(ALPHABET)
    assert Ids(random.Random(1)).new(9) == Ids(random.Random(1)).new(9)


def test_no_state_leads_back_to_creating_and_money_always_counts() -> None:
    assert set(ATTEMPT_MOVES) == set(AttemptState)
    for state, moves in ATTEMPT_MOVES.items():
        assert AttemptState.CREATING not in moves
        assert state not in moves
        assert (AttemptState.PAID in moves) is (state is not AttemptState.PAID)


def test_what_is_over_leads_nowhere_but_to_paid() -> None:
    for state in set(AttemptState) - LIVE - {AttemptState.PAID}:
        assert ATTEMPT_MOVES[state] == {AttemptState.PAID}


def test_no_two_states_lead_to_each_other_but_unknown_and_open() -> None:
    pairs = {
        frozenset((a, b)) for a in AttemptState for b in ATTEMPT_MOVES[a] if a in ATTEMPT_MOVES[b]
    }
    assert pairs == {frozenset({AttemptState.OPEN, AttemptState.UNKNOWN})}


@pytest.mark.parametrize("state", AttemptState)
def test_an_attempt_is_live_while_money_can_be_expected(state: AttemptState) -> None:
    assert attempt(state=state).is_live is (state in LIVE)


def test_a_code_may_be_shown_only_while_its_session_is_open_and_wanted() -> None:
    assert attempt().is_payable
    assert not attempt(url=None).is_payable
    assert not attempt(close_reason=CloseReason.EXPIRED).is_payable
    for state in set(AttemptState) - {AttemptState.OPEN}:
        assert not attempt(state=state).is_payable
