"""Pricing, checked against another way of computing it that shares no code with the till."""

from dataclasses import dataclass, replace
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.cart import CartContent, CartLine, Discount
from app.domain.catalog import BillingInterval, Product, Tax
from app.domain.money import MAX_MINOR, Money
from app.domain.pricing import price
from tests.parts.strategies import contents
from tests.parts.values import COFFEE

VAT = Tax("standard", "VAT 19 %", Fraction(19, 100))


def half_even(numerator: int, denominator: int) -> int:
    whole, rest = divmod(numerator, denominator)
    if 2 * rest > denominator or (2 * rest == denominator and whole % 2):
        return whole + 1
    return whole


def half_even_of(exact: Fraction) -> int:
    return half_even(exact.numerator, exact.denominator)


def shared_out(total: int, weights: list[int]) -> list[int]:
    """Split by handing out single units to whoever is owed most; slow and plain."""
    if sum(weights) == 0:
        return [0] * len(weights)
    owed = [Fraction(total * weight, sum(weights)) for weight in weights]
    parts = [owe.numerator // owe.denominator for owe in owed]
    for place in sorted(range(len(owed)), key=lambda p: owed[p] - parts[p], reverse=True):
        if sum(parts) < total:
            parts[place] += 1
    return parts


@dataclass
class Wanted:
    """What the oracle says."""

    line_totals: list[int]
    taxes: dict[Tax, int]
    total: int


def off(discount: Discount | None, amount: int) -> int:
    if discount is None:
        return 0
    return min(amount, discount.amount_minor + half_even_of(discount.rate * amount))


def oracle(content: CartContent, *, inclusive: bool) -> Wanted:
    gross = [line.quantity * line.product.price.minor for line in content.lines]
    net = [
        amount - off(line.discount, amount)
        for amount, line in zip(gross, content.lines, strict=True)
    ]
    onetime = [
        0 if line.product.billing_interval is not BillingInterval.ONETIME else amount
        for amount, line in zip(net, content.lines, strict=True)
    ]
    cart_off = shared_out(off(content.discount, sum(onetime)), onetime)
    totals = [amount - share for amount, share in zip(net, cart_off, strict=True)]
    taxes: dict[Tax, int] = {}
    for tax in {line.product.tax for line in content.lines if line.product.tax.rate}:
        base = sum(
            amount
            for amount, line in zip(totals, content.lines, strict=True)
            if line.product.tax == tax
        )
        whole = 1 + tax.rate if inclusive else Fraction(1)
        taxes[tax] = half_even_of(base * tax.rate / whole)
    on_top = 0 if inclusive else sum(taxes.values())
    return Wanted(totals, taxes, sum(totals) + on_top + content.tip_minor)


@settings(max_examples=300)
@given(contents(), st.booleans())
def test_every_figure_is_what_plain_fractions_give(content: CartContent, inclusive: bool) -> None:
    totals = price(content, prices_include_tax=inclusive)
    wanted = oracle(content, inclusive=inclusive)
    assert [line.total_minor for line in totals.lines] == wanted.line_totals
    assert {tax.tax: tax.tax_minor for tax in totals.taxes} == wanted.taxes
    assert totals.total_minor == wanted.total


@settings(max_examples=200)
@given(contents(), st.booleans())
def test_the_lines_sum_to_the_total(content: CartContent, inclusive: bool) -> None:
    totals = price(content, prices_include_tax=inclusive)
    lines = sum(line.total_minor for line in totals.lines)
    on_top = 0 if inclusive else totals.tax_minor
    assert totals.subtotal_minor - totals.discount_minor == lines
    assert sum(line.discount_minor for line in totals.lines) == totals.discount_minor
    assert lines + on_top + totals.tip_minor + totals.rounding_minor == totals.total_minor


@settings(max_examples=200)
@given(contents(), st.booleans())
def test_the_taxes_of_the_lines_sum_to_those_of_the_order(
    content: CartContent, inclusive: bool
) -> None:
    totals = price(content, prices_include_tax=inclusive)
    assert sum(line.tax_minor for line in totals.lines) == totals.tax_minor
    assert sum(tax.tax_minor for tax in totals.taxes) == totals.tax_minor
    for tax in totals.taxes:
        of_lines = [p for p in totals.lines if p.line.product.tax == tax.tax]
        assert sum(p.tax_minor for p in of_lines) == tax.tax_minor
        base = sum(p.total_minor for p in of_lines)
        assert tax.net_minor == (base - tax.tax_minor if inclusive else base)
        assert all(p.tax_minor == 0 for p in totals.lines if not p.line.product.tax.rate)


@settings(max_examples=200)
@given(contents(), st.booleans())
def test_nothing_is_below_zero_and_nothing_beyond_the_bounds(
    content: CartContent, inclusive: bool
) -> None:
    totals = price(content, prices_include_tax=inclusive)
    for line in totals.lines:
        assert 0 <= line.total_minor <= line.line.gross_minor
        assert 0 <= line.tax_minor <= max(line.total_minor, 1)
        assert line.discount_minor >= 0
    assert 0 <= totals.total_minor <= MAX_MINOR
    assert type(totals.total_minor) is int


@given(contents())
def test_a_cart_discount_leaves_subscriptions_alone(content: CartContent) -> None:
    plain = price(replace(content, discount=None), prices_include_tax=True)
    reduced = price(content, prices_include_tax=True)
    for before, after in zip(plain.lines, reduced.lines, strict=True):
        if before.line.product.is_recurring:
            assert after.total_minor == before.total_minor == before.line.gross_minor
        else:
            assert after.total_minor <= before.total_minor


@given(contents(may_recur=False))
def test_a_whole_discount_makes_the_goods_free_and_leaves_the_tip(content: CartContent) -> None:
    free = replace(content, discount=Discount(rate=Fraction(1)))
    for inclusive in (True, False):
        totals = price(free, prices_include_tax=inclusive)
        assert totals.total_minor == content.tip_minor
        assert totals.tax_minor == 0


def product(minor: int, currency: str = "EUR", tax: Tax = VAT) -> Product:
    return Product("p", "P", Money(minor, currency), tax=tax)


def content(*lines: CartLine, **more: int) -> CartContent:
    return CartContent(lines=lines, **more)  # type: ignore[arg-type]


def test_tax_is_computed_once_on_the_order_and_not_line_by_line() -> None:
    lines = [CartLine(n, product(3), 1) for n in range(1, 6)]
    totals = price(content(*lines), prices_include_tax=False)
    assert totals.tax_minor == 3  # 15 x 0.19 = 2.85; by line 5 x round(0.57) = 5
    assert [line.tax_minor for line in totals.lines] == [1, 1, 1, 0, 0]


def test_half_a_cent_of_tax_goes_to_the_even_one() -> None:
    half = Tax("half", "Half", Fraction(1, 2))
    for minor, tax in ((1, 0), (3, 2), (5, 2), (7, 4)):
        line = CartLine(1, product(minor, tax=half), 1)
        assert price(content(line), prices_include_tax=False).tax_minor == tax


def test_tax_that_is_contained_comes_out_of_the_price() -> None:
    totals = price(content(CartLine(1, product(1190), 1)), prices_include_tax=True)
    assert (totals.total_minor, totals.tax_minor, totals.taxes[0].net_minor) == (1190, 190, 1000)


def test_tax_that_is_excluded_comes_on_top() -> None:
    totals = price(content(CartLine(1, product(1000), 1)), prices_include_tax=False)
    assert (totals.total_minor, totals.tax_minor, totals.taxes[0].net_minor) == (1190, 190, 1000)


def test_yen_and_fils_are_counted_in_their_own_units() -> None:
    for currency in ("JPY", "KWD"):
        line = CartLine(1, product(1001, currency), 3, Discount(rate=Fraction(1, 10)))
        totals = price(content(line), prices_include_tax=True)
        assert totals.total_minor == 3003 - 300
        assert totals.tax_minor == half_even_of(Fraction(2703 * 19, 119))


def test_untaxed_goods_have_no_tax_line() -> None:
    totals = price(content(CartLine(1, COFFEE, 2), tip_minor=50), prices_include_tax=False)
    assert totals.taxes == ()
    assert (totals.subtotal_minor, totals.tip_minor, totals.total_minor) == (780, 50, 830)


def test_an_empty_cart_costs_its_tip() -> None:
    totals = price(CartContent(tip_minor=5), prices_include_tax=True)
    assert (totals.lines, totals.total_minor) == ((), 5)
