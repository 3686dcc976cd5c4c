"""Amounts as people type them: read exactly, or not at all."""

import pytest
from babel import Locale
from hypothesis import given
from hypothesis import strategies as st

from app.domain.money import EXPONENTS, MAX_MINOR, Money
from ui.decide.amount import typed_amount, written

EN, DE, AR = Locale("en"), Locale("de"), Locale("ar", "EG")


@pytest.mark.parametrize(
    "text, currency, locale, minor",
    [
        ("3", "EUR", EN, 300),
        ("3.5", "EUR", EN, 350),
        ("3.50", "EUR", EN, 350),
        ("3,50", "EUR", EN, 350),
        ("3.50", "EUR", DE, 350),
        (" 12 ", "EUR", EN, 1200),
        ("0.07", "EUR", EN, 7),
        ("1240", "JPY", EN, 1240),
        ("1.234", "KWD", EN, 1234),
        ("1,234", "KWD", DE, 1234),
        ("\u0663\u066b\u0665\u0660", "EUR", AR, 350),
    ],
)
def test_an_amount_is_read_exactly(text: str, currency: str, locale: Locale, minor: int) -> None:
    assert typed_amount(text, currency, locale) == Money(minor, currency)


@pytest.mark.parametrize(
    "text, currency, locale",
    [
        ("", "EUR", EN),
        ("three", "EUR", EN),
        ("-3", "EUR", EN),
        ("3.505", "EUR", EN),
        ("1,234", "EUR", EN),
        ("1.234", "EUR", DE),
        ("1,234", "KWD", EN),
        ("1.234,50", "EUR", DE),
        ("3.5", "JPY", EN),
        (".5", "EUR", EN),
        ("3.", "EUR", EN),
        ("1e3", "EUR", EN),
        ("9" * 17, "EUR", EN),
    ],
)
def test_what_is_no_amount_beyond_doubt_is_none(text: str, currency: str, locale: Locale) -> None:
    assert typed_amount(text, currency, locale) is None


@given(
    st.integers(0, MAX_MINOR),
    st.sampled_from(sorted(EXPONENTS)),
    st.sampled_from(["en", "de", "fr", "ar_EG", "hi", "es"]),
)
def test_what_is_filled_in_is_read_back(minor: int, currency: str, locale: str) -> None:
    amount, spoken = Money(minor, currency), Locale.parse(locale)
    assert typed_amount(written(amount, spoken), currency, spoken) == amount
