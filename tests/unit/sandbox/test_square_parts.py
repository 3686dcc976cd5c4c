"""Square's simulator in its parts: tokens, cards, times, amounts, keys, signatures."""

import re
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.sandbox.agreed import share
from app.sandbox.square import CURRENCIES, SANDBOX_TOKEN, location_of, merchant_of
from app.sandbox.square.cards import Entry, Unusable, read
from app.sandbox.square.errors import SquareRefusal
from app.sandbox.square.fees import Terms
from app.sandbox.square.merchants import authenticate, ids, is_merchant
from app.sandbox.square.money import Amount, currency_of, shown
from app.sandbox.square.parameters import (
    Address,
    Each,
    Email,
    Fields,
    Flag,
    Metadata,
    Moment,
    Quantity,
    Rule,
    Text,
    Whole,
    body_of,
)
from app.sandbox.square.postman import PAUSES_S, signature
from app.sandbox.square.readings import LAG_S
from app.sandbox.square.refunds import SETTLES_AFTER_S
from app.sandbox.square.subscriptions import _end
from app.sandbox.square.workbench import stamped

NOW = 1_795_000_000  # in November 2026


@pytest.mark.parametrize("code", sorted(CURRENCIES.values()))
def test_the_end_of_a_token_says_which_currency_its_merchant_has(code: str) -> None:
    merchant = merchant_of(f"EAAAl-test-{code.lower()}")
    assert currency_of(merchant) == code
    assert is_merchant(merchant) and re.fullmatch(r"ML[A-Z0-9]{11}", merchant)


def test_every_token_is_a_merchant_of_its_own_with_locations_of_its_own() -> None:
    first, second = merchant_of(SANDBOX_TOKEN), merchant_of(SANDBOX_TOKEN + "x")
    assert first != second and currency_of(first) == "EUR"
    assert not set(ids(first)) & set(ids(second))
    assert ids(first)[0] == location_of(first) and len(set(ids(first))) == 3
    assert authenticate(f"Bearer {SANDBOX_TOKEN}") == first


@pytest.mark.parametrize("account", ["acct_1abc", "", "MLABCDEFGHIJX", "MLshort"])
def test_other_providers_accounts_are_not_squares(account: str) -> None:
    assert not is_merchant(account)


@pytest.mark.parametrize(
    "number, exp, cvc, verdict",
    [
        ("4111 1111 1111 1111", "12/30", "123", None),
        ("4242424242424242", "12/30", "123", None),
        ("5105105105105100", "12 / 2030", "1234", None),
        ("4000000000000002", "12/30", "123", "GENERIC_DECLINE"),
        ("4000000000009995", "12/30", "123", "INSUFFICIENT_FUNDS"),
        ("4111111111111111", "12/30", "911", "CVV_FAILURE"),
        ("4111111111111111", "10/26", "123", "CARD_EXPIRED"),
        ("4111111111111112", "12/30", "123", "incorrect_number"),
        ("4012888888881881", "12/30", "123", "not_a_test_card"),
        ("", "12/30", "123", "incomplete_number"),
        ("4111111111111111", "1230x", "123", "invalid_expiry"),
        ("4111111111111111", "12/30", "12", "incorrect_cvc"),
    ],
)
def test_what_a_card_brings_about(number: str, exp: str, cvc: str, verdict: str | None) -> None:
    found = read(Entry(number, exp, cvc), NOW)
    problem = found if isinstance(found, Unusable) else found[1]
    assert (None if problem is None else problem.code) == verdict


def test_a_card_number_is_not_shown_and_not_kept() -> None:
    number = "4111111111111111"
    found = read(Entry(number, "12/30", "123"), NOW)
    assert not isinstance(found, Unusable)
    assert number not in repr(Entry(number, "", "")) + repr(found[0])


@pytest.mark.parametrize(
    "rule, value, code",
    [
        (Text(3), "four", "VALUE_TOO_LONG"),
        (Text(3, 1), "", "VALUE_EMPTY"),
        (Text(), 1, "EXPECTED_STRING"),
        (Whole(0, 9), True, "EXPECTED_INTEGER"),
        (Whole(0, 9), "1", "EXPECTED_INTEGER"),
        (Whole(0, 9, in_query=True), "x", "EXPECTED_INTEGER"),
        (Whole(1, 9), 0, "VALUE_TOO_LOW"),
        (Whole(1, 9), 10, "VALUE_TOO_HIGH"),
        (Flag(), "yes", "EXPECTED_BOOLEAN"),
        (Quantity(), 2, "EXPECTED_STRING"),
        (Quantity(), "0", "INVALID_VALUE"),
        (Quantity(), "1.5", "NOT_IMPLEMENTED"),
        (Moment(), "yesterday", "INVALID_TIME"),
        (Email(), "a@b", "INVALID_EMAIL_ADDRESS"),
        (Address(), "javascript:1", "INVALID_VALUE"),
        (Each(Text(), 1), ["a", "b"], "ARRAY_LENGTH_TOO_LONG"),
        (Metadata(), [], "EXPECTED_MAP"),
        (Metadata(), {"": "x"}, "MAP_KEY_LENGTH_TOO_SHORT"),
        (Amount(), {"amount": 1}, "MISSING_REQUIRED_PARAMETER"),
        (Amount(1), {"amount": 0, "currency": "EUR"}, "VALUE_TOO_LOW"),
        (Fields({}), {"x": 1}, "UNKNOWN_BODY_PARAMETER"),
        (Fields({}), [], "EXPECTED_OBJECT"),
    ],
)
def test_each_rule_refuses_in_squares_words(rule: Rule, value: Any, code: str) -> None:
    with pytest.raises(SquareRefusal) as caught:
        rule.check(value, "field")
    assert caught.value.problem.code == code
    assert (caught.value.problem.field or "").startswith("field")


def test_a_null_is_what_was_not_said() -> None:
    assert body_of({"a": None}, {"a": Text()}) == {}
    with pytest.raises(SquareRefusal):
        body_of({"a": None}, {"a": Text()}, ("a",))


@given(st.integers(0, 2**33), st.integers(0, 999))
def test_times_compare_as_their_text_does_and_come_back(seconds: int, ms: int) -> None:
    at = seconds + ms / 1000
    text = stamped(at)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", text)
    assert Moment().check(text, "at") == text
    assert stamped(at + 1) > text


def test_a_time_of_another_zone_is_the_same_moment() -> None:
    assert Moment().check("2026-11-21T18:00:00+01:00", "at") == "2026-11-21T17:00:00.000Z"


@pytest.mark.parametrize(
    "amount, currency, text",
    [(123450, "EUR", "€1,234.50"), (500, "JPY", "¥500"), (-5, "USD", "-$0.05")],
)
def test_amounts_for_people(amount: int, currency: str, text: str) -> None:
    assert shown(amount, currency) == text


@given(st.integers(0, 10**12), st.integers(0, 1000))
def test_a_fee_is_rounded_half_to_even(amount: int, per_mille: int) -> None:
    fee = share(amount, per_mille)
    off = 2 * (amount * per_mille - fee * 1000)
    assert -1000 <= off <= 1000
    if abs(off) == 1000:
        assert fee % 2 == 0


@pytest.mark.parametrize(
    "cadence, end",
    [
        ((7, 0), date(2027, 2, 6)),
        ((0, 1), date(2027, 2, 27)),
        ((0, 12), date(2028, 1, 30)),
    ],
)
def test_a_period_ends_the_day_before_the_next(cadence: tuple[int, int], end: date) -> None:
    assert _end(date(2027, 1, 31), cadence) == end


def test_the_example_of_squares_own_documentation_is_signed_as_there() -> None:
    made = signature("https://example.com/webhook", b'{"hello":"world"}', "asdf1234")
    assert made == "2kRE5qRU2tR+tBGlDwMEw2avJ7QM4ikPYD/PJ3bd9Og="


@given(st.binary(min_size=1, max_size=200), st.integers(0, 7), st.data())
def test_one_bit_of_the_body_changes_the_signature(
    body: bytes, bit: int, data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(body) - 1))
    other = bytearray(body)
    other[at] ^= 1 << bit
    url = "https://till.example/webhooks/square"
    assert signature(url, body, "key") != signature(url, bytes(other), "key")


def test_notices_are_tried_for_two_days() -> None:
    assert PAUSES_S[:6] == (60, 120, 240, 480, 960, 1920)
    assert 48 * 3600 <= sum(PAUSES_S) <= 49 * 3600


def test_unless_a_test_says_otherwise_fees_refunds_and_lists_are_late() -> None:
    assert min(Terms().after_s, SETTLES_AFTER_S, LAG_S) > 0
