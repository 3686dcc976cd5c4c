"""The test cards and the checks before them."""

import pytest

from app.sandbox.stripe.cards import Card, Entry, Unusable, passes_luhn, read

_NOW = 1_795_000_000  # in November 2026


def _read(number: str, exp: str = "12/30", cvc: str = "123") -> tuple[str | None, str | None]:
    verdict = read(Entry(number, exp, cvc), _NOW)
    if isinstance(verdict, Unusable):
        return verdict.field, verdict.code
    decline = verdict[1]
    return None, None if decline is None else decline.decline_code


@pytest.mark.parametrize(
    "number,decline",
    [
        ("4242424242424242", None),
        ("4242 4242 4242 4242", None),
        ("4242-4242-4242-4242", None),
        ("4000000000000002", "generic_decline"),
        ("4000000000009995", "insufficient_funds"),
        ("4000000000000069", "expired_card"),
        ("4000000000000119", "processing_error"),
        ("4000002500003155", None),
        ("4000000000007726", None),
        ("4000000000005126", None),
        ("4000000000000259", None),
        ("4000000000002685", None),
        ("4000000000001976", None),
    ],
)
def test_each_test_card_has_its_outcome(number: str, decline: str | None) -> None:
    assert _read(number) == (None, decline)


@pytest.mark.parametrize(
    "number,code",
    [
        ("", "incomplete_number"),
        ("4242424242424241", "incorrect_number"),
        ("42", "incorrect_number"),
        ("abcd", "incorrect_number"),
        ("٤٢٤٢٤٢٤٢٤٢٤٢٤٢٤٢", "incorrect_number"),
        ("5555555555554444", "not_a_test_card"),
        ("378282246310005", "not_a_test_card"),
    ],
)
def test_other_numbers_are_not_sent_on(number: str, code: str) -> None:
    assert _read(number) == ("card_number", code)


@pytest.mark.parametrize("exp", ["11/26", "11/2026", "1126", "11 / 26", "1/27"])
def test_an_expiry_of_this_month_or_later_is_good(exp: str) -> None:
    assert _read("4242424242424242", exp) == (None, None)


@pytest.mark.parametrize("exp", ["10/26", "12/25", "01/2020"])
def test_a_card_whose_month_is_over_is_declined_as_expired(exp: str) -> None:
    assert _read("4242424242424242", exp) == (None, "expired_card")


@pytest.mark.parametrize("exp", ["", "13/30", "0/30", "12", "12/3", "soon"])
def test_an_expiry_that_is_none_is_asked_for_again(exp: str) -> None:
    assert _read("4242424242424242", exp) == ("exp", "invalid_expiry")


@pytest.mark.parametrize("cvc", ["", "12", "12345", "abc", "١٢٣"])
def test_a_cvc_that_is_none_is_asked_for_again(cvc: str) -> None:
    assert _read("4242424242424242", cvc=cvc) == ("cvc", "incorrect_cvc")


def test_what_is_kept_of_a_card_is_not_its_number() -> None:
    verdict = read(Entry("4242424242424242", "12/30", "123"), _NOW)
    assert not isinstance(verdict, Unusable)
    card = verdict[0]
    assert isinstance(card, Card)
    assert (card.brand, card.last4, card.exp_month, card.exp_year) == ("visa", "4242", 12, 2030)
    assert "424242424242" not in repr(card)
    assert "4242" not in repr(Entry("4242424242424242", "12/30", "123"))


def test_luhn_knows_a_mistyped_digit_and_a_swap() -> None:
    assert passes_luhn("4242424242424242") and passes_luhn("378282246310005")
    assert not passes_luhn("4242424242424224")
    assert not passes_luhn("0")
