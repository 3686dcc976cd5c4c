"""Money: exact, bounded, of one currency; spread without a unit lost."""

from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from app.domain.money import (
    EXPONENTS,
    MAX_MINOR,
    Money,
    checked_minor,
    plain_decimal,
    rounded,
    spread,
)
from tests.parts.strategies import currencies, minors

weights = st.lists(st.one_of(st.integers(0, 9), st.integers(0, MAX_MINOR)), min_size=1, max_size=12)


@given(minors, currencies)
def test_an_amount_within_bounds_is_kept_as_it_is(minor: int, currency: str) -> None:
    money = Money(minor, currency)
    assert (money.minor, money.currency) == (minor, currency)


@pytest.mark.parametrize("minor", [MAX_MINOR + 1, -MAX_MINOR - 1, 2**53, 2**70])
def test_an_amount_beyond_what_json_takes_exactly_is_refused(minor: int) -> None:
    with pytest.raises(ValueError, match="beyond the largest"):
        Money(minor, "EUR")


def test_the_largest_amount_is_the_last_that_a_double_tells_from_its_neighbours() -> None:
    assert int(float(MAX_MINOR)) == MAX_MINOR
    assert float(MAX_MINOR + 1) == float(MAX_MINOR + 2)
    assert Money(MAX_MINOR, "EUR").minor == -Money(-MAX_MINOR, "EUR").minor


@pytest.mark.parametrize("minor", [1.0, 19.99, True, False, "5", None, Decimal(5), Fraction(5)])
def test_only_an_integer_is_an_amount(minor: Any) -> None:
    with pytest.raises(TypeError, match="integer of minor units"):
        Money(minor, "EUR")
    with pytest.raises(TypeError):
        checked_minor(minor)


@pytest.mark.parametrize("currency", ["", "eur", "XXX", "XTS", "EURO", "€", "BTC"])
def test_only_a_currency_in_use_is_taken(currency: str) -> None:
    with pytest.raises(ValueError, match="not a currency"):
        Money(1, currency)


@given(minors, minors, currencies)
def test_sums_and_differences_are_those_of_the_integers(a: int, b: int, currency: str) -> None:
    assume(abs(a + b) <= MAX_MINOR and abs(a - b) <= MAX_MINOR)
    assert Money(a, currency) + Money(b, currency) == Money(a + b, currency)
    assert Money(a, currency) - Money(b, currency) == Money(a - b, currency)
    assert (Money(a, currency) < Money(b, currency)) is (a < b)
    assert (Money(a, currency) <= Money(b, currency)) is (a <= b)


def test_a_sum_beyond_the_bounds_is_refused_and_not_wrapped() -> None:
    with pytest.raises(ValueError, match="beyond"):
        Money(MAX_MINOR, "EUR") + Money(1, "EUR")


def test_two_currencies_neither_add_up_nor_compare() -> None:
    euro, yen = Money(1, "EUR"), Money(1, "JPY")
    assert euro != yen
    for combine in (
        lambda: euro + yen,
        lambda: euro - yen,
        lambda: euro < yen,
        lambda: euro <= yen,
    ):
        with pytest.raises(ValueError, match="do not add up"):
            combine()


@pytest.mark.parametrize(
    "minor, currency, text",
    [
        (1234, "EUR", "12.34"),
        (1999, "USD", "19.99"),
        (5, "EUR", "0.05"),
        (0, "EUR", "0.00"),
        (-5, "EUR", "-0.05"),
        (-1234, "EUR", "-12.34"),
        (1234, "JPY", "1234"),
        (0, "JPY", "0"),
        (-7, "JPY", "-7"),
        (1234, "KWD", "1.234"),
        (7, "KWD", "0.007"),
    ],
)
def test_an_amount_is_written_with_its_currencys_own_decimals(
    minor: int, currency: str, text: str
) -> None:
    assert plain_decimal(minor, currency) == text
    assert str(Money(minor, currency)) == f"{text} {currency}"


@given(minors, currencies)
def test_the_written_amount_reads_back_exactly(minor: int, currency: str) -> None:
    written = Decimal(plain_decimal(minor, currency))
    assert written.scaleb(EXPONENTS[currency]) == minor


def test_currencies_have_no_two_decimals_at_once() -> None:
    assert {EXPONENTS[code] for code in ("JPY", "KRW", "ISK", "XOF")} == {0}
    assert {EXPONENTS[code] for code in ("EUR", "USD", "GBP", "HUF")} == {2}
    assert {EXPONENTS[code] for code in ("KWD", "BHD", "TND", "JOD")} == {3}
    assert all(len(code) == 3 and code.isascii() and code.isupper() for code in EXPONENTS)


@given(st.integers(-(10**15), 10**15), st.sampled_from([1, 2, 4, 5, 8, 10, 100, 1000, 10**6]))
@example(5, 10)
@example(15, 10)
@example(25, 10)
@example(-25, 10)
def test_rounding_is_half_to_even_as_decimal_does_it(numerator: int, denominator: int) -> None:
    exact = Decimal(numerator) / Decimal(denominator)
    wanted = int(exact.quantize(Decimal(1), rounding=ROUND_HALF_EVEN))
    assert rounded(Fraction(numerator, denominator)) == wanted


@given(minors, weights)
def test_the_parts_of_a_spread_sum_to_the_total(total: int, shares: list[int]) -> None:
    parts = spread(total, shares)
    assert len(parts) == len(shares)
    assert sum(parts) == total


@given(st.integers(0, MAX_MINOR), weights)
def test_a_spread_is_fair_by_largest_remainder(total: int, shares: list[int]) -> None:
    assume(sum(shares) > 0)
    exact = [Fraction(total * share, sum(shares)) for share in shares]
    # Another way to the same: each unit left over goes where most is missing, the first of equals.
    wanted = [int(part) for part in exact]
    given_one: set[int] = set()
    while sum(wanted) < total:
        place = max(
            (p for p in range(len(shares)) if p not in given_one),
            key=lambda p: (exact[p] - int(exact[p]), -p),
        )
        wanted[place] += 1
        given_one.add(place)
    assert spread(total, shares) == wanted


@given(minors, weights)
def test_no_part_is_a_whole_unit_off_its_fair_share(total: int, shares: list[int]) -> None:
    assume(sum(shares) > 0)
    for part, share in zip(spread(total, shares), shares, strict=True):
        assert abs(part - Fraction(total * share, sum(shares))) < 1


@given(st.integers(1, MAX_MINOR), weights)
def test_taking_off_is_the_mirror_of_putting_on(total: int, shares: list[int]) -> None:
    assert spread(-total, shares) == [-part for part in spread(total, shares)]


@given(st.integers(0, 1000), st.integers(1, 9))
def test_without_any_weight_the_parts_are_as_even_as_can_be(total: int, count: int) -> None:
    parts = spread(total, [0] * count)
    assert sum(parts) == total
    assert max(parts) - min(parts) <= 1
    assert parts == sorted(parts, reverse=True)


def test_what_has_no_weight_gets_nothing() -> None:
    assert spread(100, [0, 1, 0, 2]) == [0, 33, 0, 67]


@pytest.mark.parametrize("shares", [[], [1, -1], [-1]])
def test_spreading_over_nothing_or_less_is_refused(shares: list[int]) -> None:
    with pytest.raises(ValueError, match="at least one weight"):
        spread(10, shares)
