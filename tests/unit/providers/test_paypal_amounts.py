"""PayPal's amounts: decimal strings, out and in again, and nothing that is nearly one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.capabilities import Demand, objection
from app.domain.money import Money
from app.errors import Protocol
from app.providers.paypal.amounts import (
    AMOUNT_STEP,
    CURRENCIES,
    MAXIMUM_MINOR,
    amount_of,
    money_from,
)
from tests.parts.paypal import Desk, strategy

WHOLE = {"HUF", "JPY", "TWD"}


@given(st.sampled_from(sorted(CURRENCIES)), st.integers(0, MAXIMUM_MINOR))
def test_every_amount_comes_back_as_it_went_out(currency: str, minor: int) -> None:
    money = Money(minor - minor % AMOUNT_STEP.get(currency, 1), currency)
    sent = amount_of(money)
    assert money_from(sent) == money
    assert ("." in sent["value"]) is (currency not in WHOLE)


@pytest.mark.parametrize(
    "money, value",
    [
        (Money(1234, "EUR"), "12.34"),
        (Money(5, "USD"), "0.05"),
        (Money(1200, "JPY"), "1200"),
        (Money(123_400, "HUF"), "1234"),
        (Money(99_900, "TWD"), "999"),
    ],
)
def test_decimals_are_paypals_own_and_not_those_of_iso_4217(money: Money, value: str) -> None:
    assert amount_of(money) == {"currency_code": money.currency, "value": value}
    assert money_from({"currency_code": money.currency, "value": value}) == money


@pytest.mark.parametrize("money", [Money(50, "HUF"), Money(1, "TWD"), Money(100, "KWD")])
def test_an_amount_that_paypal_cannot_have_is_not_rounded(money: Money) -> None:
    with pytest.raises(ValueError, match="PayPal has no amount"):
        amount_of(money)


@pytest.mark.parametrize("currency", ["KWD", "BHD", "INR", "BRL", "CNY", "MYR", "CLP"])
def test_what_it_does_not_take_is_refused_before_the_call_in_words(currency: str) -> None:
    assert objection(strategy(Desk()).capabilities, Demand(Money(1000, currency)))


def test_parts_of_a_forint_and_too_much_are_refused_before_the_call_in_words() -> None:
    takes = strategy(Desk()).capabilities
    assert objection(takes, Demand(Money(100, "HUF"))) == ""
    assert "steps of" in objection(takes, Demand(Money(150, "HUF")))
    assert "least" in objection(takes, Demand(Money(50, "HUF")))
    assert "most" in objection(takes, Demand(Money(MAXIMUM_MINOR + 1, "EUR")))


@pytest.mark.parametrize(
    "value",
    [
        *(None, 5, 5.0, True, "", " 5.00", "5.00 ", "+5.00", "-5.00", "5,00", "5.000", "5.", ".50"),
        *("1e3", "0x10", "NaN", "5.0.0", "\u0665.00", "5_0.00", "5\n", "9" * 16, "1" * 5000),
    ],
)
def test_what_is_not_a_plain_decimal_proves_nothing(value: object) -> None:
    with pytest.raises(Protocol):
        money_from({"currency_code": "EUR", "value": value})


@pytest.mark.parametrize(
    "amount",
    [
        *(None, "5.00", [], {}, {"value": "5.00"}, {"currency_code": "EUR"}),
        {"currency_code": "eur", "value": "5.00"},
        {"currency_code": "XXX", "value": "5.00"},
        {"currency_code": "HUF", "value": "5.00"},
        {"currency_code": "JPY", "value": "5.0"},
    ],
)
def test_neither_does_an_amount_without_its_parts(amount: object) -> None:
    with pytest.raises(Protocol):
        money_from(amount)
