"""Hypothesis strategies: money, catalogs, carts and snapshots, small enough to be read."""

from fractions import Fraction

from hypothesis import strategies as st

from app.domain.cart import CartContent, CartLine, Discount
from app.domain.catalog import BillingInterval, Product, Tax
from app.domain.money import EXPONENTS, MAX_MINOR, Money

currencies = st.sampled_from(["EUR", "USD", "JPY", "KWD", *sorted(EXPONENTS)])
minors = st.one_of(st.integers(-1000, 1000), st.integers(-MAX_MINOR, MAX_MINOR))
rates = st.builds(Fraction, st.integers(0, 10_000), st.just(10_000))
unit_prices = st.one_of(st.integers(0, 20), st.integers(0, 99_999), st.just(10**11))
discounts = st.builds(
    Discount,
    amount_minor=st.one_of(st.just(0), st.integers(0, 50_000)),
    rate=st.one_of(st.just(Fraction(0)), rates),
)
# 0.07 twice: the same tax before and after the catalog changed it.
taxes = st.sampled_from(
    [
        Tax("", "", Fraction(0)),
        Tax("standard", "VAT 19 %", Fraction(19, 100)),
        Tax("reduced", "VAT 7 %", Fraction(7, 100)),
        Tax("reduced", "VAT 5 %", Fraction(5, 100)),
        Tax("whole", "All of it", Fraction(1)),
        Tax("odd", "Third", Fraction(333_333, 1_000_000)),
    ]
)
names = st.text(min_size=1, max_size=150)


@st.composite
def products(draw: st.DrawFn, currency: str = "EUR", *, may_recur: bool = True) -> Product:
    interval = st.sampled_from(BillingInterval) if may_recur else st.just(BillingInterval.ONETIME)
    return Product(
        id=draw(st.sampled_from("abcdef")),
        name=draw(names),
        price=Money(draw(unit_prices), currency),
        tax=draw(taxes),
        billing_interval=draw(interval),
    )


@st.composite
def contents(
    draw: st.DrawFn, *, may_recur: bool = True, min_lines: int = 1, max_lines: int = 8
) -> CartContent:
    """Carts as the cart itself lets them be: one currency, no discount on a subscription."""
    currency = draw(st.sampled_from(["EUR", "JPY", "KWD"]))
    count = draw(st.integers(min_lines, max_lines))
    lines = []
    for place in range(count):
        product = draw(products(currency, may_recur=may_recur))
        discount = None if product.is_recurring else draw(st.none() | discounts)
        lines.append(CartLine(place + 1, product, draw(st.integers(1, 30)), discount))
    return CartContent(
        lines=tuple(lines),
        discount=draw(st.none() | discounts),
        tip_minor=draw(st.one_of(st.just(0), st.integers(0, 5_000))),
        note=draw(st.text(max_size=20)),
    )
