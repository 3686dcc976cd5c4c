"""Square's subscriptions, read on from where the books have all payments."""

import asyncio
from typing import Any

import pytest

from app.domain.observation import Source
from app.domain.subscription import SubscriptionObservation
from app.providers.kinds.square import Square
from tests.parts.square import asked, order, payment, strategy
from tests.parts.square_plans import VARIATION, Shelf, invoice, subscription
from tests.parts.stripe import REFERENCE
from tests.unit.providers.test_square_subscriptions import renewed, shelf

TWO_YEARS = 24


def many(statuses: list[str]) -> Shelf:
    """Give what Square knows of one with an invoice of each status, the oldest first."""
    numbers = range(1, len(statuses) + 1)
    wire = shelf(subscription(invoice_ids=[f"inv-{number}" for number in reversed(numbers)]))
    for number, status in zip(numbers, statuses, strict=True):
        id, pays = f"order-9{number}", f"pay-{number}"
        taken = [pays] if status in ("PAID", "REFUNDED") else []
        told = invoice(status, id, id=f"inv-{number}")
        wire.ways[f"GET invoices/inv-{number}"] = {"invoice": told}
        wire.ways[f"GET orders/{id}"] = {"order": order("OPEN", *taken, id=id)}
        note: dict[str, Any] = {} if number == 1 else {"note": None}
        wire.ways[f"GET payments/{pays}"] = {"payment": payment(id=pays, order_id=id, **note)}
    wire.ways["GET payments"] = {}
    return wire


def looked(wire: Shelf, read_to: str = "", till: Square | None = None) -> SubscriptionObservation:
    till = till or strategy(wire)
    if not read_to:
        return asyncio.run(till.fetch_subscription("sub-1", source=Source.POLL))
    on = till.fetch_subscription_on("sub-1", read_to=read_to, source=Source.POLL)
    return asyncio.run(on)


def test_what_was_read_once_costs_no_call_any_more_after_a_restart_either() -> None:
    wire = many(["PAID"] * TWO_YEARS)
    whole = looked(wire)
    assert len(whole.payments) == TWO_YEARS
    assert len(asked(wire)) == 2 + 3 * TWO_YEARS
    wire.requests.clear()
    again = looked(wire, whole.read_to)
    assert [way for _, way in asked(wire)] == [
        "/v2/subscriptions/sub-1",
        f"/v2/catalog/object/{VARIATION}",
    ]
    assert again.payments == () and again.read_to == whole.read_to
    assert (again.first_payment_id, again.reference) == ("pay-1", str(REFERENCE))
    assert (again.state, again.current_until) == (whole.state, whole.current_until)


def test_a_price_is_asked_for_once_in_an_hour_for_all_who_pay_it() -> None:
    wire = many(["PAID"])
    till = strategy(wire)
    read_to = looked(wire, till=till).read_to
    for _ in range(5):
        looked(wire, read_to, till)
    assert len([way for _, way in asked(wire) if "catalog" in way]) == 1
    assert len([way for _, way in asked(wire) if "invoices" in way]) == 1


def test_only_what_came_since_is_told() -> None:
    wire = many(["PAID", "PAID"])
    read_to = looked(wire).read_to
    more = many(["PAID", "PAID", "PAID"])
    seen = looked(more, read_to)
    assert [each.payment_id for each in seen.payments] == ["pay-3"]
    assert seen.first_payment_id == "pay-1"
    assert seen.read_to.startswith("inv-3.")


@pytest.mark.parametrize("open_status", ["UNPAID", "SCHEDULED", "PAYMENT_PENDING", "FAILED"])
def test_it_is_read_on_from_before_an_invoice_that_may_still_be_paid(open_status: str) -> None:
    seen = looked(many(["PAID", "CANCELED", open_status, "PAID"]))
    assert seen.read_to.startswith("inv-2.")
    late = looked(many(["PAID", "CANCELED", "PAID", "PAID"]), seen.read_to)
    assert [each.payment_id for each in late.payments] == ["pay-3", "pay-4"]


def test_an_invoice_that_is_called_paid_before_its_payment_is_there_is_read_again() -> None:
    wire = many(["PAID", "PAID"])
    wire.ways["GET orders/order-92"] = {"order": order("OPEN", id="order-92")}
    seen = looked(wire)
    assert [each.payment_id for each in seen.payments] == ["pay-1"]
    assert seen.read_to.startswith("inv-1.")


def test_one_that_is_owed_is_past_due_when_it_is_read_on_too() -> None:
    read_to = looked(many(["PAID"])).read_to
    assert looked(renewed("UNPAID"), read_to).state.value == "past_due"


def test_of_one_whose_first_payment_nobody_knows_everything_is_read_each_time() -> None:
    wire = many(["PAID"])
    wire.ways["GET payments/pay-1"] = {"payment": payment(note=None, order_id="order-91")}
    assert looked(wire).read_to == ""


@pytest.mark.parametrize("strange", ["inv-9.pay-1.t11111-0rder0000001-1", "inv-1", "a.b.c.d", ".."])
def test_where_it_is_not_known_any_more_all_is_read(strange: str) -> None:
    assert len(looked(many(["PAID", "PAID"]), strange).payments) == 2


def test_an_invoice_whose_payments_are_not_all_listed_yet_is_read_again() -> None:
    """A customer may pay one invoice in two parts, and a list may have one of them later."""
    wire = many(["PAID", "PAID"])
    partly = order("OPEN", "pay-2", id="order-92")
    partly["total_money"] = {"amount": 2 * 500, "currency": "EUR"}
    wire.ways["GET orders/order-92"] = {"order": partly}
    first = looked(wire)
    assert len(first.payments) == 2 and "inv-1" in first.read_to
    wire.ways["GET orders/order-92"] = {"order": order("OPEN", "pay-2", "pay-3", id="order-92")}
    wire.ways["GET payments/pay-3"] = {"payment": payment(id="pay-3", order_id="order-92")}
    again = looked(wire, first.read_to)
    assert [each.payment_id for each in again.payments] == ["pay-2", "pay-3"]
    assert "inv-2" in again.read_to
