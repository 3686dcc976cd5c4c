"""What a provider's page shows: lines that sum to the amount exactly."""

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from app.domain.cart import Cart, CartContent, Discount
from app.domain.catalog import BillingInterval, Shop, Tax
from app.domain.money import Money
from app.domain.order import Order, snapshot_of
from app.domain.presentation import MAX_NAME, PresentedLine, present
from tests.parts.strategies import contents
from tests.parts.values import BEANS, CAKE, COFFEE, content_of, order, snapshot

VAT = Tax("standard", "VAT 19 %", Fraction(19, 100))
EXCLUSIVE = Shop(prices_include_tax=False)


def intervals_of(of: Order) -> set[str]:
    return {line.billing_interval for line in of.snapshot.lines}


@settings(max_examples=200)
@given(contents(max_lines=12), st.booleans(), st.integers(1, 10))
def test_the_lines_sum_to_the_amount_and_none_is_free_or_negative(
    content: CartContent, inclusive: bool, max_lines: int
) -> None:
    of = order(snapshot_of(content, Shop(prices_include_tax=inclusive)))
    assume(of.total.minor > 0)
    lines = present(of, of.total, max_lines=max_lines)
    assert sum(line.amount_minor for line in lines) == of.total.minor
    assert all(line.amount_minor > 0 for line in lines)
    assert all(0 < len(line.name) <= MAX_NAME for line in lines)
    assert len(lines) <= max(max_lines, len(intervals_of(of)) + (content.tip_minor > 0))


@given(contents(), st.booleans(), st.integers(1, 10))
def test_what_recurs_is_what_the_subscriptions_cost_with_their_tax(
    content: CartContent, inclusive: bool, max_lines: int
) -> None:
    of = order(snapshot_of(content, Shop(prices_include_tax=inclusive)))
    assume(of.total.minor > 0)
    lines = present(of, of.total, max_lines=max_lines)
    for interval in BillingInterval:
        if interval is BillingInterval.ONETIME:
            continue
        sold = [x for x in of.snapshot.lines if x.billing_interval == interval]
        wanted = sum(x.total_minor + (0 if inclusive else x.tax_minor) for x in sold)
        shown = [line for line in lines if line.billing_interval == interval]
        assert sum(line.amount_minor for line in shown) == wanted
        assert all(line.is_recurring for line in shown)


@given(contents(may_recur=False), st.data())
def test_a_part_of_an_order_is_one_line(content: CartContent, data: st.DataObject) -> None:
    of = order(snapshot_of(content, Shop()))
    assume(of.total.minor > 1)
    part = Money(data.draw(st.integers(1, of.total.minor - 1)), of.total.currency)
    assert present(of, part, max_lines=5) == (
        PresentedLine("Order 1, part payment", part.minor, "onetime"),
    )


def test_a_quantity_is_said_in_the_name() -> None:
    of = order(snapshot((COFFEE, 3), CAKE))
    assert present(of, of.total, max_lines=5) == (
        PresentedLine("3 x Coffee", 1170),
        PresentedLine("Cake", 420),
    )


def test_discounts_are_in_the_lines_and_free_lines_are_left_out() -> None:
    cart = Cart()
    cart.discount_line(cart.add(COFFEE).id, Discount(rate=Fraction(1)))
    cart.discount_line(cart.add(CAKE).id, Discount(amount_minor=20))
    cart.set_tip(30)
    of = order(snapshot_of(cart.content, Shop()))
    assert present(of, of.total, max_lines=5) == (
        PresentedLine("Cake", 400),
        PresentedLine("Tip", 30),
    )


def test_taxes_on_top_have_lines_of_their_own() -> None:
    of = order(
        snapshot_of(content_of(replace(COFFEE, tax=VAT), replace(BEANS, tax=VAT)), EXCLUSIVE)
    )
    assert present(of, of.total, max_lines=9)[2:] == (
        PresentedLine("VAT 19 %", 74),
        PresentedLine("VAT 19 %", 285, "monthly"),
    )


def test_more_lines_than_the_provider_takes_become_one() -> None:
    of = order(snapshot((COFFEE, 3), CAKE, replace(CAKE, id="c2", name="Pie")), number=7)
    assert len(present(of, of.total, max_lines=3)) == 3
    assert present(of, of.total, max_lines=2) == (PresentedLine("Order 7, 5 items", 2010),)


def test_a_subscription_is_never_folded_into_what_is_charged_once() -> None:
    of = order(snapshot((COFFEE, 3), CAKE, (BEANS, 2), replace(BEANS, id="b2", name="Tea club")))
    assert present(of, of.total, max_lines=2) == (
        PresentedLine("Order 1, 4 items", 1590),
        PresentedLine("Order 1, 3 items", 4500, "monthly"),
    )


def test_what_stands_alone_in_its_interval_keeps_its_name_when_folded() -> None:
    content = replace(content_of((BEANS, 2), replace(BEANS, id="b2")), tip_minor=50)
    of = order(snapshot_of(content, Shop()))
    assert present(of, of.total, max_lines=2) == (
        PresentedLine("Order 1, 3 items", 4500, "monthly"),
        PresentedLine("Tip", 50),
    )


@pytest.mark.parametrize("length", [MAX_NAME, MAX_NAME + 1, 300])
def test_a_long_name_is_cut_where_it_fits(length: int) -> None:
    name = "n" * length
    of = order(
        snapshot_of(
            content_of(replace(COFFEE, name=name, tax=Tax("t", name, Fraction(1)))), EXCLUSIVE
        )
    )
    for line in present(of, of.total, max_lines=9):
        assert len(line.name) <= MAX_NAME
        assert line.name.endswith("…") is (length > MAX_NAME)


@pytest.mark.parametrize(
    "amount", [Money(0, "EUR"), Money(-1, "EUR"), Money(391, "EUR"), Money(390, "USD")]
)
def test_an_amount_that_is_not_the_orders_is_refused(amount: Money) -> None:
    with pytest.raises(ValueError, match="cannot be asked"):
        present(order(), amount, max_lines=5)


def test_a_subscription_is_not_started_in_parts() -> None:
    of = order(snapshot(COFFEE, BEANS))
    with pytest.raises(ValueError, match="in one piece"):
        present(of, Money(500, "EUR"), max_lines=5)


def test_cash_rounding_upwards_is_part_of_what_comes_on_top() -> None:
    sold = replace(snapshot(), rounding_minor=2, total_minor=392)
    lines = present(order(sold), Money(392, "EUR"), max_lines=5)
    assert sum(line.amount_minor for line in lines) == 392
