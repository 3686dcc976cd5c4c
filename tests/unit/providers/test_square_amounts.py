"""Amounts as Square has them, there and back."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.capabilities import Demand, objection
from app.domain.money import EXPONENTS, MAX_MINOR, Money
from app.errors import Protocol
from app.providers.square.amounts import CURRENCIES, MINIMUM_MINOR, money_from, written
from tests.parts.square import strategy
from tests.parts.stripe import Wire

amounts = st.builds(Money, st.integers(0, MAX_MINOR), st.sampled_from(sorted(CURRENCIES)))


@given(amounts)
def test_an_amount_comes_back_as_it_went(amount: Money) -> None:
    assert money_from(written(amount)) == amount


def test_its_decimals_are_those_of_iso_4217() -> None:
    assert {code: EXPONENTS[code] for code in CURRENCIES} == {
        **dict.fromkeys(("AUD", "CAD", "EUR", "GBP", "USD"), 2),
        "JPY": 0,
    }
    assert set(MINIMUM_MINOR.values()) == {1}


@pytest.mark.parametrize(
    "told",
    [
        None,
        500,
        "5.00 EUR",
        {},
        {"amount": 500},
        {"currency": "EUR"},
        {"amount": "500", "currency": "EUR"},
        {"amount": 5.0, "currency": "EUR"},
        {"amount": True, "currency": "EUR"},
        {"amount": 500, "currency": "eur"},
        {"amount": 500, "currency": "XXX"},
        {"amount": 500, "currency": None},
        {"amount": 500, "currency": []},
        {"amount": 2**53, "currency": "EUR"},
    ],
)
def test_what_is_no_amount_proves_nothing(told: Any) -> None:
    with pytest.raises(Protocol):
        money_from(told)


@pytest.mark.parametrize("code", ["KWD", "INR", "CHF"])
def test_a_currency_in_which_nobody_sells_through_it_is_refused_in_words(code: str) -> None:
    takes = strategy(Wire()).capabilities
    assert objection(takes, Demand(Money(5000, code))) == f"It takes no {code}."
