"""Why a provider would not take an amount, in words."""

from dataclasses import replace
from datetime import timedelta

import pytest

from app.domain.money import Money
from app.providers.strategy import Capabilities, objection

CAPABILITIES = Capabilities(
    currencies=frozenset({"EUR", "KWD", "USD"}),
    minimum_minor={"EUR": 50},
    maximum_minor=10_000,
    amount_step={"KWD": 10},
    max_lines=100,
    max_lines_recurring=20,
    takes_recurring=True,
    session_lifetime=timedelta(minutes=35),
    key_lifetime=timedelta(hours=23),
    page_hosts=frozenset(),
)


@pytest.mark.parametrize(
    "minor, currency, words",
    [
        (50, "EUR", ""),
        (10_000, "EUR", ""),
        (1, "USD", ""),
        (1230, "KWD", ""),
        (49, "EUR", "The least it takes is 0.50 EUR."),
        (10_001, "EUR", "The most it takes is 100.00 EUR."),
        (500, "GBP", "It takes no GBP."),
        (1234, "KWD", "Its amounts in KWD go in steps of 0.010 KWD."),
    ],
)
def test_an_amount_is_taken_or_refused_in_words(minor: int, currency: str, words: str) -> None:
    assert objection(CAPABILITIES, Money(minor, currency)) == words


def test_nothing_is_too_little_where_no_least_is_named() -> None:
    assert objection(replace(CAPABILITIES, minimum_minor={}), Money(1, "EUR")) == ""
    assert "The least" in objection(CAPABILITIES, Money(0, "USD"))
