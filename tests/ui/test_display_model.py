"""What the customer may see: values only, and nothing private among them."""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import pytest

from app.domain.cart import Cart, CartContent, CartLine, Discount
from app.domain.catalog import BillingInterval
from app.domain.money import Money
from app.domain.pricing import price
from app.domain.renewal import Agreed
from tests.ui.fakes import URL, small_catalog
from ui.display.feed import payment_shown
from ui.display.model import (
    DisplayCart,
    DisplayCode,
    DisplayModel,
    Ending,
    Face,
    changed_row,
    display_cart,
)
from ui.display.words import words_of
from ui.pay.state import SHOWS_CODE, PayModel, Phase
from ui.sell.cart_model import CartModel

ROOT = Path(__file__).resolve().parents[2]


def pay(phase: Phase, **more: object) -> PayModel:
    url = URL if phase in SHOWS_CODE else None
    return PayModel(phase, Money(790, "EUR"), "Corner Café", order_number=7, url=url, **more)  # type: ignore[arg-type]


def test_the_model_needs_no_qt() -> None:
    asked = "import sys, ui.display.model; print(any('PySide6' in name for name in sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", asked], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"


def test_the_model_has_no_place_for_anything_private() -> None:
    """Whoever adds a field here is asked to think of who reads the display."""
    assert {field.name for field in fields(DisplayModel)} == {
        "face",
        "shop",
        "amount",
        "cart",
        "code",
        "ending",
        "change",
        "recurring",
    }
    assert {field.name for field in fields(DisplayCode)} == {
        "url",
        "host",
        "ends_at",
        "was_declined",
        "is_for_card",
    }


def test_a_code_is_held_only_while_it_may_be_scanned() -> None:
    code = DisplayCode(URL, "checkout.stripe.com")
    for face in set(Face) - {Face.CODE}:
        with pytest.raises(ValueError, match="own face"):
            DisplayModel(face, "Shop", code=code)
    with pytest.raises(ValueError, match="needs one"):
        DisplayModel(Face.CODE, "Shop")


@pytest.mark.parametrize("phase", Phase)
def test_every_phase_has_a_face_and_only_a_payable_one_has_the_code(phase: Phase) -> None:
    shown = payment_shown(pay(phase, ends_at=300.0))
    assert (shown.code is not None) is (phase in SHOWS_CODE)
    assert shown.amount == Money(790, "EUR")
    if phase in SHOWS_CODE:
        assert shown.code == DisplayCode(URL, "checkout.stripe.com", 300.0, phase is Phase.DECLINED)


@pytest.mark.parametrize("phase", Phase)
def test_nothing_was_paid_is_said_only_where_it_is_known(phase: Phase) -> None:
    shown = payment_shown(pay(phase))
    known = {Phase.REFUSED, Phase.FAILED, Phase.EXPIRED, Phase.CANCELLED}
    assert (shown.face is Face.NOT_PAID) is (phase in known)
    assert (shown.ending is not None) is (phase in known)
    if shown.face in {Face.PREPARING, Face.PROCESSING, Face.CHECKING}:
        assert "Nothing was paid" not in words_of(shown).sentence


@pytest.mark.parametrize("phase", [Phase.CLOSING, Phase.UNKNOWN, Phase.NEEDS_PERSON])
def test_what_is_not_known_asks_the_customer_to_wait(phase: Phase) -> None:
    words = words_of(payment_shown(pay(phase)))
    assert words.title == "Please wait"
    assert "The shop is checking" in words.sentence


def test_a_lost_answer_before_any_code_was_shown_is_still_preparing() -> None:
    assert payment_shown(pay(Phase.UNKNOWN, was_shown=False)).face is Face.PREPARING


def test_why_a_card_was_declined_is_nobodys_business() -> None:
    shown = payment_shown(pay(Phase.DECLINED, decline="insufficient_funds"))
    assert "insufficient" not in repr(shown)
    assert "order_number" not in repr(shown)


def test_a_phase_of_waiting_without_a_url_shows_no_code() -> None:
    model = PayModel(Phase.WAITING, Money(100, "EUR"), "Shop")
    assert payment_shown(model).face is Face.CHECKING


@pytest.mark.parametrize("ending", Ending)
def test_each_ending_says_that_nothing_was_paid(ending: Ending) -> None:
    words = words_of(DisplayModel(Face.NOT_PAID, "Shop", ending=ending))
    assert words.sentence.startswith("Nothing was paid.")


def shown_of(cart: CartModel) -> DisplayCart:
    return display_cart(cart.content, cart.totals, cart.currency, prices_include_tax=True)


def test_the_cart_shows_names_pieces_and_prices(cart_model: Callable[..., CartModel]) -> None:
    shown = shown_of(cart_model(coffee=2, bread=1))
    assert [(line.name, line.quantity, line.total.minor) for line in shown.lines] == [
        ("Coffee", 2, 680),
        ("Bread", 1, 450),
    ]
    assert shown.pieces == 3
    assert shown.total == Money(1130, "EUR")


def test_the_figures_add_up_with_both_kinds_of_discount_tax_on_top_and_tip() -> None:
    catalog = small_catalog()
    coffee, bread = catalog.product("coffee"), catalog.product("bread")
    assert coffee is not None and bread is not None
    lines = (CartLine(1, coffee, 2, Discount(amount_minor=100)), CartLine(2, bread, 2))
    content = CartContent(lines, discount=Discount(amount_minor=50), tip_minor=120)
    totals = price(content, prices_include_tax=False)
    shown = display_cart(content, totals, "EUR", prices_include_tax=False)
    assert shown.lines[0].discount.minor == 100
    assert shown.subtotal.minor == sum(line.total.minor for line in shown.lines)
    assert shown.discount.minor == 50
    assert shown.tax.minor > 0
    parts = shown.subtotal.minor - shown.discount.minor + shown.tax.minor + shown.tip.minor
    assert parts == shown.total.minor


def test_the_row_that_changed_is_known() -> None:
    catalog = small_catalog()
    cart = Cart()
    before = cart.content
    assert changed_row(before, before) is None
    for row, product_id in enumerate(("coffee", "tea", "bread")):
        product = catalog.product(product_id)
        assert product is not None
        cart.add(product)
        assert changed_row(before, cart.content) == row
        before = cart.content
    cart.set_quantity(cart.content.lines[0].id, 3)
    assert changed_row(before, cart.content) == 0
    before = cart.content
    cart.remove(cart.content.lines[1].id)
    assert changed_row(before, cart.content) is None
    assert changed_row(before, CartContent()) is None


@pytest.mark.parametrize("phase", list(Phase))
def test_what_comes_after_a_first_payment_is_said_beside_its_code_and_nowhere_else(
    phase: Phase,
) -> None:
    agreed = Agreed(Money(1200, "EUR"), BillingInterval.MONTHLY, {})
    shown = payment_shown(pay(phase, recurring=agreed))
    assert shown.recurring == (agreed if shown.face is Face.CODE else None)
