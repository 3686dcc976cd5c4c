"""Double entry of disputes and fees: every posting sums to zero."""

from hypothesis import given
from hypothesis import strategies as st

from app.domain.ledger_disputes import dispute_entries, fee_entries


@given(st.integers(-(10**9), 10**9))
def test_a_dispute_takes_from_what_the_provider_owes_and_from_no_sale(minor: int) -> None:
    assert dispute_entries("main", minor) == {"disputes": minor, "clearing:main": -minor}


@given(st.integers(-(10**9), 10**9))
def test_a_fee_takes_from_what_the_provider_owes_and_comes_back_the_same_way(minor: int) -> None:
    assert fee_entries("main", minor) == {"fees": minor, "clearing:main": -minor}
