"""Cash: to the smallest coin and back, and the notes that a customer is likely to give."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.cash import CashSteps, objection_to_step, quick_notes
from app.domain.money import EXPONENTS, Money


@pytest.mark.parametrize(
    "minor, due", [(1232, 1230), (1233, 1235), (1235, 1235), (1237, 1235), (1238, 1240), (2, 0)]
)
def test_an_amount_goes_to_the_nearest_coin(minor: int, due: int) -> None:
    assert CashSteps({"CHF": "0.05"}).due(Money(minor, "CHF")) == Money(due, "CHF")


def test_one_rule_for_all_leaves_currencies_alone_that_have_no_such_coin() -> None:
    steps = CashSteps({"": "0.05", "SEK": "1"})
    assert [steps.step(code) for code in ("CHF", "EUR", "SEK", "JPY", "KWD")] == [5, 5, 100, 1, 50]
    assert CashSteps().step("CHF") == 1


@given(st.integers(0, 10**9), st.sampled_from(["CHF", "JPY", "KWD"]), st.sampled_from([1, 5, 10]))
def test_rounding_is_within_half_a_coin_and_does_nothing_twice(
    minor: int, currency: str, coins: int
) -> None:
    steps = CashSteps({currency: str(coins)})
    amount, step = Money(minor, currency), steps.step(currency)
    due = steps.due(amount)
    assert due.minor % step == 0 and 2 * abs((due - amount).minor) <= step
    assert steps.due(due) == due


@pytest.mark.parametrize("text", ["", "0", "0.00", "-0.05", "5 ct", "0,05", "1e3", "0.0001", "½"])
def test_what_is_no_coin_is_told(text: str) -> None:
    assert objection_to_step(text, "CHF") and objection_to_step(text, "")


def test_a_coin_is_no_less_than_its_currency_can_say() -> None:
    assert objection_to_step("0.005", "CHF") and objection_to_step("0.5", "JPY")
    assert not objection_to_step("0.005", "KWD") and not objection_to_step("0.05", "CHF")


def test_the_notes_offered_are_the_exact_amount_and_the_next_ones_up() -> None:
    notes = [note.minor for note in quick_notes(Money(1235, "CHF"))]
    assert notes == [1235, 1500, 2000, 5000]
    assert [note.minor for note in quick_notes(Money(380, "JPY"))] == [380, 400, 500, 1000]
    assert quick_notes(Money(0, "EUR")) == ()


@given(st.integers(1, 10**9), st.sampled_from(sorted(EXPONENTS)))
def test_every_note_offered_suffices_and_stands_there_once(minor: int, currency: str) -> None:
    notes = [note.minor for note in quick_notes(Money(minor, currency))]
    assert notes[0] == minor and notes == sorted(set(notes))
    unit = Fraction(10) ** EXPONENTS[currency]
    assert all(note % unit == 0 for note in notes[1:])
