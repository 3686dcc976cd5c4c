"""Square's side of subscriptions in small, and a wire that answers by way."""

import asyncio
from typing import Any

import httpx

from app.domain.observation import Observation, Source
from tests.parts.square import LOCATION, money, order, payment, refusal, strategy
from tests.parts.stripe import REFERENCE, Wire

SEARCH = "POST subscriptions/search"
VARIATION = "VARIATION1"
PLANNED = f"order-1.{VARIATION}.{REFERENCE}"
"""The id of a session that begins a subscription."""


def subscription(status: str = "ACTIVE", *invoice_ids: str, **changes: Any) -> dict[str, Any]:
    """Give a subscription to 5.00 EUR a month, with its invoices' ids, the newest first."""
    return {
        "id": "sub-1",
        "location_id": LOCATION,
        "plan_variation_id": VARIATION,
        "customer_id": "customer-1",
        "start_date": "2026-11-21",
        "charged_through_date": "2026-12-20",
        "status": status,
        "invoice_ids": list(invoice_ids or ("inv-1",)),
        "timezone": "Europe/Dublin",
        "created_at": "2026-11-21T09:00:01.000Z",
        **changes,
    }


def invoice(status: str = "PAID", order_id: str = "order-9", **changes: Any) -> dict[str, Any]:
    request = {"uid": "u", "request_type": "BALANCE", "due_date": "2026-11-21"}
    return {
        "id": "inv-1",
        "version": 1,
        "location_id": LOCATION,
        "order_id": order_id,
        "status": status,
        "payment_requests": [request],
        "subscription_id": "sub-1",
        **changes,
    }


def variation(cadence: str = "MONTHLY", price: Any = None, **changes: Any) -> dict[str, Any]:
    phase = {
        "uid": "phase-1",
        "cadence": cadence,
        "ordinal": 0,
        "pricing": {"type": "STATIC", "price_money": price or money()},
        **changes,
    }
    data = {"name": "Club", "phases": [phase], "subscription_plan_id": "PLAN1"}
    return {
        "type": "SUBSCRIPTION_PLAN_VARIATION",
        "id": VARIATION,
        "subscription_plan_variation_data": data,
    }


class Shelf(Wire):
    """Answers by method and way: the same whenever it is asked, and Square's 404 for the rest."""

    def __init__(self, ways: dict[str, Any]) -> None:
        super().__init__()
        self.ways = ways

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        way = f"{request.method} {request.url.path.removeprefix('/v2/')}"
        self.answer = self.ways.get(way, refusal(404, "NOT_FOUND"))
        return await super().handle_async_request(request)


def unnamed(state: str = "DRAFT", *paid_by: str, **changes: Any) -> dict[str, Any]:
    """Give an order of a quick payment: it has no reference."""
    told = order(state, *paid_by, **changes)
    del told["reference_id"]
    return told


def paid(**changes: Any) -> dict[str, Any]:
    """Give a payment by an order of its own, under our reference."""
    return payment(**{"order_id": "order-9", "customer_id": "customer-1"} | changes)


def session_shelf(*payments: dict[str, Any], **changes: Any) -> Shelf:
    """Give what Square knows of a link that a customer subscribed by."""
    return Shelf(
        {
            "GET orders/order-1": {"order": unnamed()},
            "GET payments": {"payments": list(payments)},
            SEARCH: {"subscriptions": [subscription()]},
            "GET invoices/inv-1": {"invoice": invoice()},
            "GET orders/order-9": {"order": unnamed("OPEN", "pay-1", id="order-9")},
            "GET payments/pay-1": {"payment": paid()},
        }
        | changes
    )


def looked(wire: Wire, session_id: str = PLANNED, **options: Any) -> Observation:
    return asyncio.run(strategy(wire, **options).fetch(session_id, source=Source.POLL))
