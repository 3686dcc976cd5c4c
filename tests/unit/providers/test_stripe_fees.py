"""Stripe's fees, by its balance transactions."""

import asyncio
from typing import Any

import httpx
import pytest

from app.domain.fee import FeeKind, SeenFee
from app.domain.money import Money
from app.errors import Protocol, Rejected, Unavailable
from app.providers.kinds.stripe_checkout import StripeCheckout
from tests.parts.clock import VirtualClock
from tests.parts.stripe import Wire, intent, refusal, transaction


def fees(wire: Wire) -> tuple[SeenFee, ...] | None:
    checkout = StripeCheckout("main", "sk_test_1", clock=VirtualClock(), transport=wire)
    assert checkout.capabilities.reports_fees
    return asyncio.run(checkout.fetch_fees("pi_1"))


def charged(balance_transaction: Any, **changes: Any) -> dict[str, Any]:
    charge = {"id": "ch_1", "object": "charge", "amount_refunded": 0, **changes}
    return intent(latest_charge={**charge, "balance_transaction": balance_transaction})


def refunds(*transactions: Any) -> dict[str, Any]:
    data = [
        {"id": f"re_{n}", "object": "refund", "balance_transaction": each}
        for n, each in enumerate(transactions)
    ]
    return {"object": "list", "data": data, "has_more": False, "url": "/v1/refunds"}


def test_the_fee_of_a_payment_is_that_of_its_balance_transaction() -> None:
    wire = Wire(charged(transaction(500, 44)))
    assert fees(wire) == (SeenFee("txn_1", "pi_1", FeeKind.PAYMENT, Money(44, "EUR")),)
    (request,) = wire.requests
    assert request.url.path == "/v1/payment_intents/pi_1"
    assert httpx.QueryParams(request.url.query)["expand[0]"] == "latest_charge.balance_transaction"


def test_the_fee_is_in_the_currency_that_is_settled_in() -> None:
    found = fees(Wire(charged(transaction(588, 47, currency="usd"))))
    assert found is not None and found[0].amount == Money(47, "USD")


def test_a_fee_of_nothing_is_told_too() -> None:
    found = fees(Wire(charged(transaction(500, 0))))
    assert found is not None and found[0].amount == Money(0, "EUR")


@pytest.mark.parametrize(
    "answer",
    [intent(latest_charge=None), intent(latest_charge="ch_1"), charged(None), charged("txn_1")],
    ids=["no charge", "not expanded", "not captured yet", "only its name"],
)
def test_what_is_not_there_yet_is_not_told(answer: dict[str, Any]) -> None:
    assert fees(Wire(answer)) is None


def test_where_money_went_back_the_refunds_fees_are_told_too() -> None:
    wire = Wire(
        charged(transaction(500, 44), amount_refunded=200),
        refunds(transaction(-200, -14, id="txn_re"), None, transaction(-100, 0, id="txn_re2")),
    )
    found = fees(wire)
    assert found is not None
    assert [(fee.fee_id, fee.kind.value, fee.amount.minor) for fee in found] == [
        ("txn_1", "payment", 44),
        ("txn_re", "refund", -14),
        ("txn_re2", "refund", 0),
    ]
    query = httpx.QueryParams(wire.requests[1].url.query)
    assert (query["payment_intent"], query["expand[0]"]) == ("pi_1", "data.balance_transaction")


def test_a_key_without_the_right_is_told_nothing_and_other_refusals_are_heard() -> None:
    assert fees(Wire(refusal(403))) is None
    for status, kind in ((404, Rejected), (401, Rejected), (500, Unavailable)):
        with pytest.raises(kind):
            fees(Wire(refusal(status)))


@pytest.mark.parametrize("changes", [{"fee": 1.5}, {"fee": None}, {"currency": "xyz"}, {"id": ""}])
def test_a_fee_that_proves_nothing_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(Protocol):
        fees(Wire(charged(transaction(**changes))))
