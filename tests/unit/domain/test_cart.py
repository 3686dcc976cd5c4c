"""The cart: every change is checked, counted and can be taken back."""

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from app.domain.cart import (
    MAX_LINES,
    MAX_NOTE,
    MAX_QUANTITY,
    Cart,
    CartContent,
    CartLine,
    Discount,
)
from app.domain.catalog import Product
from app.domain.money import MAX_MINOR, Money
from app.errors import CartRefused
from tests.parts.strategies import discounts
from tests.parts.values import BEANS, CAKE, COFFEE, content_of

YEN = Product("yen", "Sencha", Money(500, "JPY"))
GONE = replace(CAKE, id="gone", active=False)
DEAR = Product("dear", "Dear", Money(10**12, "EUR"))
TENTH = Discount(rate=Fraction(1, 10))


class CartMachine(RuleBasedStateMachine):
    """Any changes in any order, against a plain list of the contents that were."""

    def __init__(self) -> None:
        super().__init__()
        self.cart = Cart()
        self.former: list[CartContent] = []
        self.version = 0

    def change(self, edit: Callable[[], object]) -> None:
        """Do something; whether it was a change is seen from the content alone."""
        before = self.cart.content
        try:
            edit()
        except CartRefused:
            assert self.cart.content == before
        if self.cart.content != before:
            assert not self.cart.is_locked
            self.former.append(before)
            self.version += 1

    def some_line(self, pick: int) -> int:
        lines = self.cart.content.lines
        return lines[pick % len(lines)].id if lines else pick

    @rule(
        product=st.sampled_from([COFFEE, CAKE, BEANS, YEN, GONE, DEAR]),
        quantity=st.sampled_from([-1, 0, 1, 2, 3, MAX_QUANTITY, MAX_QUANTITY + 1]),
    )
    def add(self, product: Product, quantity: int) -> None:
        self.change(lambda: self.cart.add(product, quantity))

    @rule(pick=st.integers(0, 9), quantity=st.integers(-1, 4))
    def set_quantity(self, pick: int, quantity: int) -> None:
        self.change(lambda: self.cart.set_quantity(self.some_line(pick), quantity))

    @rule(pick=st.integers(0, 9), discount=st.none() | discounts)
    def discount_line(self, pick: int, discount: Discount | None) -> None:
        self.change(lambda: self.cart.discount_line(self.some_line(pick), discount))

    @rule(pick=st.integers(0, 9))
    def remove(self, pick: int) -> None:
        self.change(lambda: self.cart.remove(self.some_line(pick)))

    @rule(discount=st.none() | discounts)
    def discount_cart(self, discount: Discount | None) -> None:
        self.change(lambda: self.cart.discount_cart(discount))

    @rule(tip=st.sampled_from([-1, 0, 50, 100, MAX_MINOR]))
    def tip(self, tip: int) -> None:
        self.change(lambda: self.cart.set_tip(tip))

    @rule(note=st.sampled_from(["", "no sugar", "x" * (MAX_NOTE + 1)]))
    def note(self, note: str) -> None:
        self.change(lambda: self.cart.set_note(note))

    @rule()
    def clear(self) -> None:
        self.change(self.cart.clear)

    @rule()
    def undo(self) -> None:
        if self.cart.is_locked and self.former:
            with pytest.raises(CartRefused):
                self.cart.undo()
            return
        before = self.cart.content
        self.cart.undo()
        if self.former:
            assert self.cart.content == self.former.pop()
            self.version += 1
        else:
            assert self.cart.content == before

    @rule()
    def lock(self) -> None:
        self.cart.lock()

    @precondition(lambda self: self.cart.is_locked)
    @rule()
    def unlock(self) -> None:
        self.cart.unlock()

    @rule()
    def start_over(self) -> None:
        self.version += self.cart.content != CartContent()
        self.cart.start_over()
        self.former.clear()
        assert self.cart.content == CartContent()
        assert not self.cart.is_locked

    @invariant()
    def the_version_counts_real_changes_and_nothing_else(self) -> None:
        assert self.cart.version == self.version

    @invariant()
    def there_is_something_to_undo_as_long_as_something_was_done(self) -> None:
        assert self.cart.can_undo is (bool(self.former) and not self.cart.is_locked)

    @invariant()
    def the_content_stays_within_its_limits(self) -> None:
        content = self.cart.content
        assert self.cart.is_empty is (not content.lines)
        assert len({line.id for line in content.lines}) == len(content.lines)
        assert len({line.product.price.currency for line in content.lines}) <= 1
        assert all(1 <= line.quantity <= MAX_QUANTITY for line in content.lines)
        assert all(line.product.active for line in content.lines)
        assert not any(line.discount and line.product.is_recurring for line in content.lines)
        assert 0 <= content.tip_minor <= MAX_MINOR


TestCartInAnyOrder = CartMachine.TestCase
TestCartInAnyOrder.settings = settings(
    settings.default, max_examples=60, stateful_step_count=40, deadline=None
)


def test_the_same_product_again_is_counted_on_its_line() -> None:
    cart = Cart()
    first = cart.add(COFFEE)
    second = cart.add(COFFEE, 2)
    assert (second.id, second.quantity) == (first.id, 3)
    assert cart.content.quantity_of("coffee") == 3
    assert len(cart.content.lines) == 1


def test_a_discounted_line_is_left_alone_by_the_next_piece() -> None:
    cart = Cart()
    line = cart.add(COFFEE)
    cart.discount_line(line.id, TENTH)
    other = cart.add(COFFEE)
    assert other.id != line.id
    assert cart.content.quantity_of("coffee") == 2


def test_a_product_that_the_catalog_changed_gets_a_line_of_its_own() -> None:
    cart = Cart()
    cart.add(COFFEE)
    cart.add(replace(COFFEE, price=Money(400, "EUR")))
    assert [line.gross_minor for line in cart.content.lines] == [390, 400]


def test_line_ids_are_never_used_again() -> None:
    cart = Cart()
    line = cart.add(COFFEE)
    cart.remove(line.id)
    assert cart.add(COFFEE).id > line.id


def test_a_cart_goes_on_from_a_content_that_was_kept() -> None:
    cart = Cart(content_of(COFFEE, CAKE))
    assert cart.add(BEANS).id == 3
    assert cart.version == 1


@pytest.mark.parametrize(
    "refused, words",
    [
        (lambda cart: cart.add(GONE), "not on sale"),
        (lambda cart: cart.add(COFFEE, 0), "At least one piece"),
        (lambda cart: cart.add(YEN), "priced in JPY"),
        (lambda cart: cart.set_quantity(1, 0), "at least one piece"),
        (lambda cart: cart.set_quantity(1, MAX_QUANTITY + 1), "at most 9999"),
        (lambda cart: cart.set_quantity(99, 1), "no longer in the cart"),
        (lambda cart: cart.remove(99), "no longer in the cart"),
        (lambda cart: cart.discount_line(2, TENTH), "takes no discount"),
        (lambda cart: cart.set_tip(-1), "not below zero"),
        (lambda cart: cart.set_note("x" * (MAX_NOTE + 1)), "at most 500"),
        (lambda cart: cart.add(DEAR, 9_000), "worth more"),
        (lambda cart: cart.set_tip(MAX_MINOR), "worth more"),
    ],
)
def test_a_refused_change_says_why_and_leaves_the_cart_as_it_was(
    refused: Callable[[Cart], object], words: str
) -> None:
    cart = Cart(content_of(COFFEE, BEANS))
    before = cart.content
    with pytest.raises(CartRefused, match=words):
        refused(cart)
    assert (cart.content, cart.version, cart.can_undo) == (before, 0, False)


def test_a_cart_has_at_most_so_many_lines() -> None:
    lines = tuple(CartLine(n, replace(COFFEE, id=f"p{n}"), 1) for n in range(1, MAX_LINES + 1))
    cart = Cart(CartContent(lines=lines))
    with pytest.raises(CartRefused, match="at most 500 lines"):
        cart.add(CAKE)
    cart.add(lines[0].product)


def test_while_a_code_can_be_paid_nothing_changes() -> None:
    cart = Cart()
    line = cart.add(COFFEE)
    cart.lock()
    for refused in (
        lambda: cart.add(COFFEE),
        lambda: cart.remove(line.id),
        lambda: cart.set_tip(1),
        cart.clear,
        cart.undo,
    ):
        with pytest.raises(CartRefused, match="being paid for"):
            refused()
    assert cart.content == content_of(COFFEE)
    assert cart.version == 1
    assert not cart.can_undo
    cart.unlock()
    cart.undo()
    assert cart.is_empty


def test_saying_the_same_again_is_no_change() -> None:
    cart = Cart()
    line = cart.add(COFFEE)
    cart.set_quantity(line.id, 1)
    cart.discount_line(line.id, None)
    cart.discount_cart(None)
    cart.set_tip(0)
    cart.set_note("")
    assert cart.version == 1
    cart.undo()
    cart.undo()
    cart.clear()
    assert cart.version == 2


def test_only_the_last_hundred_changes_can_be_undone() -> None:
    cart = Cart()
    for tip in range(1, 121):
        cart.set_tip(tip)
    while cart.can_undo:
        cart.undo()
    assert cart.content.tip_minor == 20


def test_starting_over_on_an_empty_cart_is_no_change() -> None:
    cart = Cart()
    cart.start_over()
    assert cart.version == 0


def test_clearing_can_be_undone() -> None:
    cart = Cart()
    cart.add(COFFEE, 2)
    cart.set_note("to go")
    full = cart.content
    cart.clear()
    assert cart.is_empty
    cart.undo()
    assert cart.content == full


@pytest.mark.parametrize("rate", [Fraction(-1, 100), Fraction(101, 100)])
def test_a_discount_is_between_nothing_and_all(rate: Fraction) -> None:
    with pytest.raises(CartRefused):
        Discount(rate=rate)


def test_a_discount_does_not_raise_the_price() -> None:
    with pytest.raises(CartRefused):
        Discount(amount_minor=-1)


@pytest.mark.parametrize("rate", [0.1, 1, True, "0.1"])
def test_a_discounts_rate_is_an_exact_fraction(rate: Any) -> None:
    with pytest.raises(TypeError, match="exact fraction"):
        Discount(rate=rate)


@pytest.mark.parametrize("quantity", [1.0, 1.5, True, Fraction(3), "2"])
def test_a_quantity_is_a_whole_number(quantity: Any) -> None:
    with pytest.raises(TypeError, match="whole number"):
        CartLine(1, COFFEE, quantity)


def test_a_tip_is_an_integer() -> None:
    tip: Any = 1.5
    with pytest.raises(TypeError):
        Cart().set_tip(tip)


def test_a_discount_never_takes_more_than_the_price() -> None:
    assert Discount(amount_minor=500).off(390) == 390
    assert Discount(amount_minor=100, rate=Fraction(1, 2)).off(390) == 295
    line = CartLine(1, COFFEE, 2, Discount(amount_minor=80))
    assert (line.gross_minor, line.discount_minor, line.net_of_discount_minor) == (780, 80, 700)


def test_an_empty_cart_has_no_currency() -> None:
    assert CartContent().currency == ""
    assert content_of(YEN).currency == "JPY"
