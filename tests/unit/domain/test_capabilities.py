"""Why a provider would not take what is asked of it, in words."""

from dataclasses import replace
from datetime import timedelta

import pytest

from app.domain.capabilities import Capabilities, Demand, Method, objection
from app.domain.catalog import BillingInterval
from app.domain.money import Money

WEEKLY, MONTHLY = BillingInterval.WEEKLY, BillingInterval.MONTHLY
YEARLY = BillingInterval.YEARLY
TAKES = Capabilities(
    currencies=frozenset({"EUR", "KWD", "USD"}),
    minimum_minor={"EUR": 50},
    maximum_minor=10_000,
    amount_step={"KWD": 10},
    max_lines=100,
    max_lines_recurring=20,
    session_lifetime=timedelta(minutes=35),
    key_lifetime=timedelta(hours=23),
    page_hosts=frozenset(),
    intervals=frozenset({MONTHLY}),
    methods=frozenset({Method.CARD}),
)
ONE = Demand(Money(1000, "EUR"))


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
    assert objection(TAKES, Demand(Money(minor, currency))) == words


def test_nothing_is_too_little_where_no_least_is_named() -> None:
    assert objection(replace(TAKES, minimum_minor={}), Demand(Money(1, "EUR"))) == ""
    assert "The least" in objection(TAKES, Demand(Money(0, "USD")))


@pytest.mark.parametrize("method", Method)
def test_a_way_of_paying_is_taken_or_refused_by_its_name(method: Method) -> None:
    words = objection(TAKES, replace(ONE, method=method))
    if method is Method.CARD:
        assert words == ""
    else:
        assert words.startswith("It takes no ") and method.value in words.lower()


@pytest.mark.parametrize(
    "changes, words",
    [
        ({"has_onetime": False}, ""),
        ({"has_onetime": False, "is_part": True}, "A subscription is paid in one piece."),
        ({"has_free_recurring": True}, "It takes no subscription that costs nothing."),
        (
            {"intervals": frozenset({MONTHLY, WEEKLY})},
            "It takes subscriptions of one interval at a time.",
        ),
        ({"intervals": frozenset({WEEKLY})}, "It takes no weekly subscriptions."),
        ({"intervals": frozenset({YEARLY})}, "It takes no yearly subscriptions."),
        ({}, "It takes a subscription by itself, with nothing else in the cart."),
    ],
)
def test_a_subscription_is_taken_or_refused_in_words(
    changes: dict[str, object], words: str
) -> None:
    demand = replace(ONE, **{"intervals": frozenset({MONTHLY}), **changes})  # type: ignore[arg-type]  # the changes are of any field
    assert objection(TAKES, demand) == words


def test_one_that_charges_months_only_refuses_them_where_it_has_none() -> None:
    weekly_only = replace(TAKES, intervals=frozenset({WEEKLY}))
    monthly = replace(ONE, intervals=frozenset({MONTHLY}))
    assert objection(weekly_only, monthly) == "It takes no monthly subscriptions."
    assert objection(replace(TAKES, intervals=frozenset()), monthly) == "It takes no subscriptions."
    assert objection(replace(TAKES, mixes_recurring=True), monthly) == ""


def test_a_card_is_kept_for_later_where_that_is_offered() -> None:
    assert objection(TAKES, replace(ONE, saves_card=True)) == "It keeps no cards for later."
    assert objection(replace(TAKES, saves_cards=True), replace(ONE, saves_card=True)) == ""
