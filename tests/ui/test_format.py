"""Money and times as a person reads them."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest

from app.domain.money import EXPONENTS, Money
from ui.format import Formats

NBSP = "\N{NO-BREAK SPACE}"
NOW = datetime(2026, 3, 14, 10, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "locale, money, text",
    [
        ("en", Money(1240, "EUR"), "€12.40"),
        ("en", Money(-1240, "EUR"), "-€12.40"),
        ("en", Money(5, "USD"), "$0.05"),
        ("en", Money(1240, "JPY"), "¥1,240"),
        ("en", Money(12345, "KWD"), f"KWD{NBSP}12.345"),
        ("en", Money(123456789, "EUR"), "€1,234,567.89"),
        ("de", Money(1240, "EUR"), f"12,40{NBSP}€"),
        ("de-AT", Money(1240, "EUR"), f"€{NBSP}12,40"),
        ("fr", Money(1240, "EUR"), f"12,40{NBSP}€"),
        ("xx", Money(1240, "EUR"), "€12.40"),
    ],
)
def test_money_is_written_as_the_locale_does(locale: str, money: Money, text: str) -> None:
    assert Formats(locale).money(money) == text


def test_every_currency_is_written_with_its_own_decimals() -> None:
    formats = Formats("en")
    for currency, decimals in EXPONENTS.items():
        digits = formats.money(Money(123456, currency)).rpartition(".")
        assert len(digits[2]) == decimals if decimals else not digits[1]


def test_the_largest_amount_loses_no_digit() -> None:
    assert Formats("en").money(Money(2**53 - 1, "EUR")) == "€90,071,992,547,409.91"


def test_rates_have_the_decimals_they_need() -> None:
    formats = Formats("en")
    assert formats.percent(Fraction(19, 100)) == "19%"
    assert formats.percent(Fraction(55, 1000)) == "5.5%"


def test_times_are_those_of_the_shop() -> None:
    formats = Formats("de", ZoneInfo("Europe/Berlin"))
    assert formats.time(NOW) == "11:00"
    assert formats.exact_time(NOW) == "11:00:00"
    assert formats.moment(NOW, NOW) == "11:00"
    assert formats.moment(NOW - timedelta(days=2), NOW).startswith("12.03.26")
    assert formats.date(NOW) == "14. März 2026"


def test_how_long_ago_is_said_in_words() -> None:
    formats = Formats("en")
    assert formats.ago(NOW - timedelta(seconds=12), NOW) == "12 seconds ago"
    assert formats.ago(NOW + timedelta(seconds=5), NOW) == "just now"


def test_a_countdown_ends_at_zero() -> None:
    formats = Formats("en")
    assert formats.countdown(timedelta(minutes=14, seconds=59)) == "14:59"
    assert formats.countdown(timedelta(seconds=-5)) == "0:00"


def test_a_discount_has_its_minus_before_the_digits_where_a_line_is_read_from_the_right() -> None:
    text = Formats("ar").money(Money(-250, "EUR"))
    minus, digits = text.index("-"), text.index("2")
    assert minus < digits
    # Without this mark the minus goes to the other side of the amount.
    assert text[minus - 1] == "\N{LEFT-TO-RIGHT MARK}"
    assert "\N{LEFT-TO-RIGHT MARK}" not in Formats("ar").money(Money(250, "EUR"))
