"""The receipt says what was sold and how it was paid, and exists only for what was."""

from typing import Any

import pytest
from hypothesis import given

from app.domain.cart import CartContent
from app.domain.catalog import Shop
from app.domain.money import Money
from app.domain.order import Order, OrderState, snapshot_of
from app.domain.receipt import ReceiptMark, Tender, receipt_of
from tests.parts.clock import START
from tests.parts.strategies import contents
from tests.parts.values import order


def paid(**changes: Any) -> Order:
    values: dict[str, Any] = {
        "state": OrderState.PAID,
        "receipt_number": 12,
        "closed_at": START,
        "number": 7,
    }
    return order(**values | changes)


def tender(minor: int, currency: str = "EUR", id: str = "pi_1") -> Tender:
    return Tender("stripe_checkout", Money(minor, currency), id)


def test_a_receipt_says_what_was_sold_by_whom_and_how_it_was_paid() -> None:
    tenders = (tender(300), tender(90, id="pi_2"))
    receipt = receipt_of(paid(), tenders)
    assert (receipt.number, receipt.order_number, receipt.paid_at) == (12, 7, START)
    assert (receipt.seller.name, receipt.total) == ("Amsel", Money(390, "EUR"))
    assert receipt.tenders == tenders
    assert (receipt.mark, receipt.is_copy) == (ReceiptMark.NONE, False)


def test_training_and_copies_are_marked() -> None:
    receipt = receipt_of(paid(), (tender(390),), mark=ReceiptMark.TRAINING, is_copy=True)
    assert (receipt.mark.value, receipt.is_copy) == ("TRAINING", True)


@given(contents())
def test_a_receipt_repeats_the_snapshot_figure_by_figure(content: CartContent) -> None:
    sold = snapshot_of(content, Shop(prices_include_tax=False))
    receipt = receipt_of(paid(snapshot=sold), (tender(sold.total_minor, sold.currency),))
    for name in (
        "lines",
        "taxes",
        "subtotal_minor",
        "discount_minor",
        "tip_minor",
        "rounding_minor",
        "prices_include_tax",
        "total",
        "seller",
    ):
        assert getattr(receipt, name) == getattr(sold, name)


@pytest.mark.parametrize("state", sorted(set(OrderState) - {OrderState.PAID}))
def test_there_is_no_receipt_for_what_is_not_paid(state: OrderState) -> None:
    with pytest.raises(ValueError, match="no receipt"):
        receipt_of(paid(state=state), (tender(390),))


def test_there_is_no_receipt_without_its_number_or_time() -> None:
    with pytest.raises(ValueError, match="no receipt"):
        receipt_of(paid(receipt_number=None), (tender(390),))
    with pytest.raises(ValueError, match="do not sum"):
        receipt_of(paid(closed_at=None), (tender(390),))


@pytest.mark.parametrize("tenders", [(), (tender(389),), (tender(390), tender(1))])
def test_tenders_that_do_not_sum_to_the_total_make_no_receipt(tenders: tuple[Tender, ...]) -> None:
    with pytest.raises(ValueError, match="do not sum"):
        receipt_of(paid(), tenders)


def test_tenders_of_another_currency_make_no_receipt() -> None:
    with pytest.raises(ValueError, match="do not add up"):
        receipt_of(paid(), (tender(390, "USD"),))


def test_what_was_written_off_stands_on_the_receipt_beside_the_tenders() -> None:
    receipt = receipt_of(paid(), (tender(380),), written_off_minor=10)
    assert receipt.written_off_minor == 10
    assert receipt_of(paid(), (tender(400),), written_off_minor=-10).total.minor == 390
    with pytest.raises(ValueError, match="do not sum"):
        receipt_of(paid(), (tender(390),), written_off_minor=10)
