"""Stripe's list of refunds by the moment they were made: all pages, and nothing hides the rest."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from app.domain.refund import SeenRefund
from app.errors import ProviderError, Rejected, Unavailable
from app.providers.kinds.stripe_checkout import StripeCheckout
from tests.conftest import ExpectedLogs
from tests.parts.clock import VirtualClock
from tests.parts.stripe import Wire, refusal

SINCE = datetime.fromtimestamp(1_700_000_000, UTC)
UNTIL = datetime.fromtimestamp(1_700_086_400, UTC)


def refund(refund_id: str, **other: Any) -> dict[str, Any]:
    return {
        "id": refund_id,
        "object": "refund",
        "amount": 200,
        "currency": "eur",
        "payment_intent": "pi_1",
        "status": "succeeded",
        "metadata": {},
        **other,
    }


def page(*refunds: Any, more: bool = False) -> dict[str, Any]:
    return {"object": "list", "data": list(refunds), "has_more": more, "url": "/v1/refunds"}


def listed(wire: Wire, until: datetime | None = None) -> list[SeenRefund]:
    async def run() -> list[SeenRefund]:
        till = StripeCheckout("main", "sk_test_1", clock=VirtualClock(), transport=wire)
        return [seen async for seen in till.refunds_since(SINCE, until=until)]

    return asyncio.run(run())


def test_all_pages_are_read_between_two_moments_and_what_is_odd_hides_no_other(
    expected_logs: ExpectedLogs,
) -> None:
    wire = Wire(
        page(refund("re_4"), refund("re_web", payment_intent=None), more=True),
        page(refund("re_odd", status="melted"), refund("re_1")),
    )
    assert [seen.refund_id for seen in listed(wire, UNTIL)] == ["re_4", "re_1"]
    query = httpx.QueryParams(wire.requests[0].url.query)
    assert (query["created[gte]"], query["created[lt]"]) == ("1700000000", "1700086400")
    assert httpx.QueryParams(wire.requests[1].url.query)["starting_after"] == "re_web"
    expected_logs.take("refund 're_odd' cannot be understood")


def test_without_an_end_it_is_read_up_to_now() -> None:
    wire = Wire(page(refund("re_1")))
    assert len(listed(wire)) == 1
    assert "created[lt]" not in httpx.QueryParams(wire.requests[0].url.query)


@pytest.mark.parametrize("status, kind", [(403, Rejected), (404, Rejected), (503, Unavailable)])
def test_what_is_refused_or_not_answered_comes_out_in_our_words(
    status: int, kind: type[ProviderError]
) -> None:
    with pytest.raises(kind):
        listed(Wire(refusal(status)))
    with pytest.raises(kind):
        listed(Wire(page(refund("re_1"), more=True), refusal(status)))
