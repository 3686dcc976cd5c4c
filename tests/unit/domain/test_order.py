"""The order: a snapshot that nothing touches, and a lifecycle that does not go back."""

import json
from dataclasses import FrozenInstanceError, replace
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.cart import Cart, CartContent, Discount
from app.domain.catalog import Shop, Tax
from app.domain.money import MAX_MINOR, Money
from app.domain.order import ORDER_MOVES, OrderState, Snapshot, owed, snapshot_of
from tests.parts.strategies import contents
from tests.parts.values import BEANS, COFFEE, content_of, order, snapshot


@given(contents(), st.booleans())
def test_a_snapshot_goes_through_json_and_comes_back_the_same(
    content: CartContent, inclusive: bool
) -> None:
    before = snapshot_of(content, Shop(prices_include_tax=inclusive))
    after = Snapshot.from_document(json.loads(json.dumps(before.to_document(), sort_keys=True)))
    assert after == before
    assert hash(after) == hash(before)


@given(contents(), st.booleans())
def test_a_snapshot_adds_up_by_itself(content: CartContent, inclusive: bool) -> None:
    sold = snapshot_of(content, Shop(prices_include_tax=inclusive))
    goods = sum(line.total_minor for line in sold.lines)
    assert goods == sold.subtotal_minor - sold.discount_minor
    on_top = 0 if inclusive else sold.tax_minor
    assert goods + on_top + sold.tip_minor + sold.rounding_minor == sold.total_minor
    for line in sold.lines:
        assert line.quantity * line.unit_minor - line.discount_minor == line.total_minor
    assert sold.total == Money(sold.total_minor, sold.currency)


def test_a_snapshot_copies_all_that_the_catalog_and_the_shop_said() -> None:
    shop = Shop(
        name="Amsel",
        address="Way 7",
        tax_number="DE1",
        receipt_footer="Bye",
        success_url="https://amsel.example/thanks",
        cancel_url="https://amsel.example/back",
    )
    vat = Tax("standard", "VAT 19 %", Fraction(19, 100))
    cart = Cart()
    line = cart.add(replace(COFFEE, sku="COF", tax=vat), 2)
    cart.discount_line(line.id, Discount(amount_minor=80))
    cart.add(BEANS)
    cart.set_tip(50)
    cart.set_note("by the window")
    sold = snapshot_of(cart.content, shop)
    assert (sold.seller.name, sold.seller.cancel_url) == ("Amsel", "https://amsel.example/back")
    coffee, beans = sold.lines
    assert (coffee.product_id, coffee.name, coffee.sku, coffee.quantity) == (
        "coffee",
        "Coffee",
        "COF",
        2,
    )
    assert (coffee.unit_minor, coffee.discount_minor, coffee.total_minor) == (390, 80, 700)
    assert (coffee.tax_id, coffee.tax_minor, coffee.is_recurring) == ("standard", 112, False)
    assert (beans.billing_interval, beans.is_recurring) == ("monthly", True)
    assert [(tax.tax_id, tax.rate, tax.net_minor, tax.tax_minor) for tax in sold.taxes] == [
        ("standard", "19/100", 588, 112)
    ]
    assert (sold.tip_minor, sold.note, sold.total_minor) == (50, "by the window", 2250)


def test_an_order_cannot_be_changed() -> None:
    sold: Any = snapshot()
    with pytest.raises(FrozenInstanceError):
        sold.total_minor = 1


def test_an_empty_cart_makes_no_order() -> None:
    with pytest.raises(ValueError, match="at least one line"):
        snapshot_of(CartContent(tip_minor=5), Shop())


def test_the_rate_stands_there_as_an_exact_fraction() -> None:
    tax = Tax("odd", "Odd", Fraction(1, 3))
    sold = snapshot_of(content_of(replace(COFFEE, tax=tax)), Shop())
    assert Fraction(sold.taxes[0].rate) == Fraction(1, 3)


@given(st.integers(0, MAX_MINOR), st.integers(0, MAX_MINOR))
def test_what_is_owed_is_never_below_zero(total: int, accepted: int) -> None:
    left = owed(Money(total, "EUR"), accepted)
    assert left == Money(max(0, total - accepted), "EUR")


def test_paid_is_the_end_and_nothing_leads_back_to_open() -> None:
    assert ORDER_MOVES[OrderState.PAID] == frozenset()
    assert all(OrderState.OPEN not in moves for moves in ORDER_MOVES.values())
    assert ORDER_MOVES[OrderState.CANCELLED] == ORDER_MOVES[OrderState.EXPIRED] == {OrderState.PAID}
    assert set(ORDER_MOVES) == set(OrderState)


def test_an_order_costs_what_its_snapshot_says() -> None:
    assert order().total == Money(390, "EUR")
