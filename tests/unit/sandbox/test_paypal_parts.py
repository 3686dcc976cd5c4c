"""PayPal's small parts: amounts, raw members of JSON, fees, merchants."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.sandbox.deliveries import RetrySchedule
from app.sandbox.paypal import TRAINING_CLIENT_ID, TRAINING_SECRET
from app.sandbox.paypal.accounts import is_merchant, merchant_of
from app.sandbox.paypal.errors import PayPalRefusal
from app.sandbox.paypal.money import SUPPORTED, TooPrecise, minor_of, money, shown
from app.sandbox.paypal.order_checks import checked
from app.sandbox.paypal.postman import PAUSES_S
from app.sandbox.paypal.verification import raw_member
from app.sandbox.stripe.accounts import account_of


@given(st.integers(-(10**17), 10**17), st.sampled_from(sorted(SUPPORTED)))
def test_an_amount_comes_back_as_it_was(minor: int, currency: str) -> None:
    assert minor_of(money(minor, currency)) == minor


@pytest.mark.parametrize(
    "value, currency, minor",
    [
        ("1", "EUR", 100),
        ("1.5", "EUR", 150),
        (".5", "EUR", 50),
        ("-0.01", "EUR", -1),
        ("7", "JPY", 7),
    ],
)
def test_amounts_are_read_as_paypal_takes_them(value: str, currency: str, minor: int) -> None:
    assert minor_of({"currency_code": currency, "value": value}) == minor


@pytest.mark.parametrize("value, currency", [("1.001", "EUR"), ("1.0", "JPY"), ("1.00", "HUF")])
def test_more_decimals_than_the_currency_has_are_refused(value: str, currency: str) -> None:
    with pytest.raises(TooPrecise):
        minor_of({"currency_code": currency, "value": value})


def test_people_see_symbols_where_there_are_some() -> None:
    assert (shown(1234, "EUR"), shown(500, "JPY"), shown(5, "SEK")) == (
        "€12.34",
        "¥500",
        "0.05 SEK",
    )


_TEXT = st.text(st.characters(exclude_categories=["Cs"]))
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | _TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3),
    max_leaves=8,
)


@given(_JSON, st.sampled_from([None, 1, 3]), st.booleans())
def test_a_raw_member_is_what_was_written(value: Any, indent: int | None, plain: bool) -> None:
    def written(what: Any) -> str:
        return json.dumps(what, indent=indent, ensure_ascii=plain)

    before = written({"a": [1, {"webhook_event": 2}], "b": 'x"{'})
    whole = f'{before[:-1]} ,\n "webhook_event" :  {written(value)}  , "c": 1}}'
    assert raw_member(whole.encode(), "webhook_event") == written(value).encode()


def test_the_last_member_of_a_name_counts_as_it_does_for_the_parser() -> None:
    assert raw_member(b'{"e": 1, "e": {"a":  2}}', "e") == b'{"a":  2}'
    assert raw_member(b"{}", "e") == b""


def test_a_merchant_is_told_apart_from_other_providers_accounts() -> None:
    merchant = merchant_of(TRAINING_CLIENT_ID)
    assert is_merchant(merchant) and len(merchant) == 13
    assert merchant != merchant_of(TRAINING_CLIENT_ID + "x")
    assert not is_merchant(account_of("sk_test_1"))


def test_training_credentials_look_like_true_ones() -> None:
    assert (len(TRAINING_CLIENT_ID), len(TRAINING_SECRET)) == (80, 80)
    assert TRAINING_CLIENT_ID[0] == "A" and TRAINING_SECRET[0] == "E"


def test_there_are_twenty_five_tries_within_three_days() -> None:
    assert len(PAUSES_S) == 24
    assert 2 * 86_400 < sum(PAUSES_S) <= 3 * 86_400
    assert RetrySchedule().pauses_s != PAUSES_S


@given(
    st.lists(st.tuples(st.integers(1, 99_999), st.integers(1, 99)), min_size=1, max_size=5),
    st.integers(-1, 1),
)
def test_sums_must_match_to_the_cent(lines: list[tuple[int, int]], off: int) -> None:
    total = sum(price * count for price, count in lines)
    items = [
        {"name": "A", "quantity": str(count), "unit_amount": money(price, "EUR")}
        for price, count in lines
    ]
    amount = {
        **money(total + off, "EUR"),
        "breakdown": {"item_total": money(total + off, "EUR")},
    }
    unit = {"amount": amount, "items": items}
    order = {"intent": "CAPTURE", "purchase_units": [unit]}
    if off == 0:
        assert checked(order) == order
    elif total + off == 0:
        _refused(order, "CANNOT_BE_ZERO_OR_NEGATIVE")
    else:
        _refused(order, "ITEM_TOTAL_MISMATCH")


def _refused(order: Any, issue: str) -> None:
    with pytest.raises(PayPalRefusal) as error:
        checked(order)
    assert error.value.details[0].issue == issue
