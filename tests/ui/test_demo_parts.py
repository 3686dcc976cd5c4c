"""What the demo is put together from: customers, purses, the shop in rupees, the last look."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import httpx
import pytest

from app.accounts import accounts_of
from app.bootstrap import Till
from app.catalog_file import load_catalog
from app.clock import SystemClock
from app.domain.cart import Cart
from app.domain.catalog import BillingInterval, Product, Shop
from app.domain.money import Money
from app.domain.order import snapshot_of
from app.providers.kinds import KINDS
from app.settings import Mode, load_settings
from app.store.connection import private_directory
from ui.cli import _PROVIDERS
from ui.demo.command import _compared, with_provider
from ui.demo.journey import cart_words, subscribed_words
from ui.demo.purse import PURSES, card
from ui.demo.rupees import write_rupee_shop
from ui.demo.steps import StepFailed
from ui.demo.upi import UpiCustomer
from ui.fonts import RESOURCES

TEXT = "upi://pay?ver=01&pa=shop.rzp@icici&pn=Chai%20Junction&tr=RZPABCDEFGHIJKLMNqrv2&cu=INR"


@pytest.fixture
def till(tmp_path: Path) -> Iterator[Till]:
    """A till in training that is not started: its books and its simulator's are empty."""
    settings = load_settings(private_directory(tmp_path / "data"), Mode.TRAINING)
    built = Till(settings)
    yield built
    asyncio.run(built.aclose())


def test_the_demo_can_be_asked_for_every_kind_there_is() -> None:
    assert sorted(_PROVIDERS) == sorted(KINDS)


@pytest.mark.parametrize("kind", sorted(PURSES))
def test_the_shop_sells_in_a_currency_that_the_kind_takes(tmp_path: Path, kind: str) -> None:
    settings = with_provider(load_settings(tmp_path, Mode.TRAINING), kind)
    strategies = accounts_of(settings, "http://127.0.0.1:9", SystemClock()).strategies
    assert (PURSES[kind].currency or "EUR") in strategies[kind].capabilities.currencies


def test_the_shop_in_rupees_is_a_good_catalog_with_pictures(tmp_path: Path) -> None:
    catalog = load_catalog(write_rupee_shop(tmp_path))
    assert catalog.shop.currency == "INR"
    assert {product.price.currency for product in catalog.products} == {"INR"}
    assert len([product for product in catalog.on_sale() if not product.is_recurring]) >= 4
    assert any(product.is_recurring for product in catalog.on_sale())
    assert all((RESOURCES.parent / product.image).is_file() for product in catalog.products)


@pytest.mark.parametrize(
    "text, words",
    [
        ("https://pay.example/x", "no UPI app opens this"),
        ("upi://pay?pa=a@b&am=1.00&cu=INR", "does not say who is paid"),
        (f"{TEXT}&am=", "names no amount"),
        (f"{TEXT}&am=0.00", "names no amount"),
        (f"{TEXT}&am=12.50".replace("INR", "EUR"), "names no amount"),
    ],
)
def test_a_upi_app_refuses_a_text_that_is_not_whole(text: str, words: str) -> None:
    async def scan() -> None:
        app = UpiCustomer("http://127.0.0.1:9")
        try:
            await app.open(text)
        finally:
            await app.close()

    with pytest.raises(StepFailed, match=words):
        asyncio.run(scan())


def test_a_upi_app_says_whom_it_would_pay_and_how_much() -> None:
    async def scan() -> str:
        app = UpiCustomer("http://127.0.0.1:9")
        try:
            return await app.open(f"{TEXT}&am=900.00")
        finally:
            await app.close()

    assert asyncio.run(scan()) == f"Pay INR {Decimal('900.00')} to Chai Junction"


def test_books_that_agree_with_the_simulators_are_said_to(till: Till) -> None:
    assert _compared(till, till.settings) == "the books are clean and agree with the simulator's"


def test_money_that_the_simulator_took_and_the_till_does_not_have_ends_the_demo(
    till: Till,
) -> None:
    reference = f"{till.store.till_id}-{'a' * 12}-1"
    with httpx.Client(base_url=till.sandbox_url, trust_env=False, timeout=10) as client:
        made = client.post(
            "/v1/checkout/sessions",
            headers={"Authorization": "Bearer sk_test_scantill_sandbox"},
            data={
                "mode": "payment",
                "client_reference_id": reference,
                "payment_intent_data[metadata][reference]": reference,
                "success_url": "http://127.0.0.1:9/",
                "line_items[0][quantity]": "1",
                "line_items[0][price_data][currency]": "eur",
                "line_items[0][price_data][unit_amount]": "380",
                "line_items[0][price_data][product_data][name]": "Coffee",
            },
        ).raise_for_status()
        session = made.json()["id"]
        paid = client.post(
            f"/_control/sessions/{session}/pay",
            json={"card": card("4242424242424242").typed["card_number"]},
        ).raise_for_status()
    assert paid.json()["outcome"] == "paid"
    with pytest.raises(StepFailed, match=r"the books are not clean: .*is not in the books"):
        _compared(till, till.settings)


def test_a_cart_of_one_line_is_said_to_have_one() -> None:
    assert cart_words(1, Money(260, "EUR")) == "the cart holds 1 line, 2.60 EUR"
    assert cart_words(2, Money(520, "EUR")) == "the cart holds 2 lines, 5.20 EUR"


@pytest.mark.parametrize(
    "name, words",
    [
        ("Bean club, monthly", "Bean club, monthly"),
        ("Monthly tasting", "Monthly tasting"),
        ("Bean club", "Bean club, monthly"),
    ],
)
def test_how_often_a_subscription_is_paid_is_said_once(name: str, words: str) -> None:
    again = BillingInterval.MONTHLY
    club = Product("club", name, Money(3290, "EUR"), billing_interval=again)
    cart = Cart()
    cart.add(club)
    (line,) = snapshot_of(cart.content, Shop()).lines
    assert subscribed_words(line) == words


def test_an_end_that_needs_patience_has_it() -> None:
    waits = timedelta(seconds=30)
    assert PURSES["paypal"].patience_s > waits.total_seconds()
