"""Amounts: decimals, minimums, and how people read them."""

import pytest

from app.sandbox.stripe.currencies import (
    SUPPORTED,
    THREE_DECIMAL,
    ZERO_DECIMAL,
    Currency,
    check_total,
    decimals,
    shown,
    smallest,
)
from app.sandbox.stripe.errors import StripeRefusal


@pytest.mark.parametrize(
    "amount,currency,text",
    [
        (0, "eur", "€0.00"),
        (5, "usd", "$0.05"),
        (123456789, "gbp", "£1,234,567.89"),
        (500, "jpy", "¥500"),
        (1500, "kwd", "KWD\N{NO-BREAK SPACE}1.500"),
        (-250, "chf", "-CHF\N{NO-BREAK SPACE}2.50"),
    ],
)
def test_amounts_are_written_with_their_currencys_decimals(
    amount: int, currency: str, text: str
) -> None:
    assert shown(amount, currency) == text


def test_every_currency_with_other_decimals_is_a_known_one() -> None:
    assert ZERO_DECIMAL < SUPPORTED and THREE_DECIMAL < SUPPORTED
    assert [decimals(code) for code in ("jpy", "eur", "kwd")] == [0, 2, 3]


@pytest.mark.parametrize(
    "amount,currency", [(50, "eur"), (30, "gbp"), (50, "jpy"), (200, "aed"), (0, "eur")]
)
def test_the_minimum_and_a_free_order_pass(amount: int, currency: str) -> None:
    check_total(amount, currency)


@pytest.mark.parametrize(
    "amount,currency,code",
    [
        (49, "eur", "amount_too_small"),
        (29, "gbp", "amount_too_small"),
        (100_000_000, "jpy", "amount_too_large"),
        (1501, "kwd", "parameter_invalid_integer"),
    ],
)
def test_what_cannot_be_charged_is_refused(amount: int, currency: str, code: str) -> None:
    with pytest.raises(StripeRefusal) as refusal:
        check_total(amount, currency)
    assert refusal.value.code == code


def test_a_code_is_taken_in_any_case_and_an_unknown_one_is_refused() -> None:
    assert Currency().check("EUR", "currency") == "eur"
    with pytest.raises(StripeRefusal, match="Invalid currency: xyz"):
        Currency().check("xyz", "currency")
    with pytest.raises(StripeRefusal):
        Currency().check({"a": "b"}, "currency")
    assert smallest("usd") == 50
