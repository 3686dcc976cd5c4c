"""What the till sends is what each provider's official description, or its package, takes.

A sale, its refund, a dispute, a subscription and a card to be kept are gone through against the
simulator, and every request on the way is held against the description: its path, the names in its
query, its body. Needs SCANTILL_API_SPECS for PayPal and Square.
"""

import asyncio
import json
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from stripe._stripe_service import StripeService

from app.domain.observation import Source
from app.errors import Rejected
from app.providers.strategy import MovesPages, PaymentStrategy
from app.providers.transport import Reply, Transport
from tests.contract import test_saved_cards as cards
from tests.contract.paypal_rig import PayPalRig
from tests.contract.rigs import opened, tried
from tests.contract.square_rig import SquareRig
from tests.contract.subscription_rigs import SUBSCRIPTION_RIGS
from tests.contract.subscription_steps import begun, ended, renewed
from tests.contract.test_disputes_and_fees import (
    DisputeRig,
    ElementsDisputes,
    StripeDisputes,
    StripeLinksDisputes,
)
from tests.contract.test_refunds_contract import given_back, listed, paid
from tests.parts.described import Sent, params_of, paypal_check, square_faults, stripe_faults

SALES: dict[str, Callable[[Path], DisputeRig]] = {
    "paypal": PayPalRig,
    "square": SquareRig,
    "stripe_checkout": StripeDisputes,
    "stripe_elements": ElementsDisputes,
    "stripe_links": StripeLinksDisputes,
}
STRIPES = {
    "AccountService.retrieve_current_async",
    *(f"DisputeService.{verb}_async" for verb in ("list", "retrieve")),
    "EventService.list_async",
    "PaymentIntentService.retrieve_async",
    *(f"RefundService.{verb}_async" for verb in ("create", "list", "retrieve")),
    *(f"WebhookEndpointService.{verb}_async" for verb in ("create", "delete", "list")),
}
OF_A_SALE = {
    "paypal": {
        "POST /v1/oauth2/token",
        "POST /v2/checkout/orders",
        "GET /v2/checkout/orders/{id}",
        "POST /v2/checkout/orders/{id}/capture",
        "GET /v2/payments/captures/{capture_id}",
        "POST /v2/payments/captures/{capture_id}/refund",
        "GET /v2/payments/refunds/{refund_id}",
        "GET /v1/customer/disputes",
        "GET /v1/customer/disputes/{id}",
        "GET /v1/reporting/transactions",
        "GET /v1/notifications/webhooks",
        "POST /v1/notifications/webhooks",
        "DELETE /v1/notifications/webhooks/{webhook_id}",
        "GET /v1/notifications/webhooks-events",
    },
    "square": {
        "GET /v2/locations/{location_id}",
        "POST /v2/online-checkout/payment-links",
        "GET /v2/online-checkout/payment-links/{id}",
        "DELETE /v2/online-checkout/payment-links/{id}",
        "GET /v2/orders/{order_id}",
        "POST /v2/orders/search",
        "GET /v2/payments",
        "GET /v2/payments/{payment_id}",
        "POST /v2/refunds",
        "GET /v2/refunds",
        "GET /v2/refunds/{refund_id}",
        "GET /v2/disputes",
        "GET /v2/disputes/{dispute_id}",
        "POST /v2/events",
        "PUT /v2/events/enable",
        "GET /v2/webhooks/subscriptions",
        "POST /v2/webhooks/subscriptions",
        "DELETE /v2/webhooks/subscriptions/{subscription_id}",
    },
    "stripe_checkout": {
        *STRIPES,
        *(f"SessionService.{verb}_async" for verb in ("create", "expire", "list", "retrieve")),
    },
    "stripe_elements": {
        *STRIPES,
        *(f"PaymentIntentService.{verb}_async" for verb in ("cancel", "create", "list")),
    },
    "stripe_links": {
        *STRIPES,
        *(f"PaymentLinkService.{verb}_async" for verb in ("create", "list", "retrieve", "update")),
        "SessionService.list_async",
    },
}
INVOICES = {
    *(f"InvoiceService.{verb}_async" for verb in ("list", "retrieve")),
    *(f"SubscriptionService.{verb}_async" for verb in ("cancel", "retrieve", "update")),
}
OF_A_SUBSCRIPTION = {
    "paypal": {
        "POST /v1/oauth2/token",
        "POST /v1/catalogs/products",
        "POST /v1/billing/plans",
        "POST /v1/billing/subscriptions",
        "GET /v1/billing/subscriptions/{id}",
        "POST /v1/billing/subscriptions/{id}/activate",
        "POST /v1/billing/subscriptions/{id}/cancel",
        "GET /v1/billing/subscriptions/{id}/transactions",
    },
    "square": {
        "GET /v2/locations/{location_id}",
        "POST /v2/catalog/object",
        "GET /v2/catalog/object/{object_id}",
        "POST /v2/online-checkout/payment-links",
        "GET /v2/orders/{order_id}",
        "GET /v2/payments",
        "GET /v2/payments/{payment_id}",
        "GET /v2/invoices/{invoice_id}",
        "POST /v2/subscriptions/search",
        "GET /v2/subscriptions/{subscription_id}",
        "POST /v2/subscriptions/{subscription_id}/cancel",
    },
    "stripe_checkout": {
        *INVOICES,
        "AccountService.retrieve_current_async",
        *(f"SessionService.{verb}_async" for verb in ("create", "retrieve")),
    },
    "stripe_links": {
        *INVOICES,
        "AccountService.retrieve_current_async",
        *(f"PaymentLinkService.{verb}_async" for verb in ("create", "retrieve")),
        "SessionService.list_async",
    },
}
"""What is asked on the way: whatever else is asked one day has to be looked at here."""

NOT_DESCRIBED = {
    "POST /v1/oauth2/token",
    "GET /v1/reporting/transactions",
    "GET /v1/customer/disputes",
    "GET /v1/customer/disputes/{id}",
}
"""What PayPal has no description at hand of."""


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[Sent]:
    """Note each request of a PayPal or Square account."""
    requests: list[Sent] = []
    send = Transport.send

    async def noted(
        self: Transport,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | str | None = None,
    ) -> Reply:
        _, _, path = url.partition("://")[2].partition("/")
        home, _, rest = path.partition("/")
        if home in ("paypal", "square"):
            way, _, query = f"/{rest}".partition("?")
            is_json = "json" in headers.get("Content-Type", "")
            read = json.loads(body) if body and is_json else None
            requests.append(Sent(method, way, query, read))
        return await send(self, method, url, headers, body)

    monkeypatch.setattr(Transport, "send", noted)
    return requests


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """Hold the parameters of each call of Stripe's package against its types, by the call."""
    found: dict[str, list[str]] = {}
    request = StripeService._request_async

    async def noted(self: Any, method: str, url: str, *rest: Any, **more: Any) -> Any:
        verb = sys._getframe(1).f_code.co_name
        params = more["params"] if "params" in more else (rest[0] if rest else None)
        name = f"{type(self).__name__}.{verb}"
        faults = stripe_faults(params or {}, params_of(self, verb), name)
        found.setdefault(name, []).extend(faults)
        return await request(self, method, url, *rest, **more)

    monkeypatch.setattr(StripeService, "_request_async", noted)
    return found


def hold(kind: str, sent: list[Sent], asked: dict[str, list[str]]) -> set[str]:
    """Hold everything against its description; give the operations that it was."""
    if kind.startswith("stripe"):
        assert {name: faults for name, faults in asked.items() if faults} == {}
        return set(asked)
    if kind.startswith("square"):
        operations = [square_faults(each) for each in sent]
        assert [faults for _, faults in operations if faults] == []
        return {operation for operation, _ in operations}
    found = set()
    for each in sent:
        operation = paypal_check(each)
        if not operation:
            operation = f"{each.method} {plain(each.path)}"
            assert operation in NOT_DESCRIBED
        found.add(operation)
    return found


def plain(path: str) -> str:
    """Write an operation that no description has as the others are written."""
    *way, last = path.split("/")
    is_name = last.replace("-", "").isalpha() and last.islower()
    return "/".join([*way, last if is_name else "{id}"])


async def a_sale(rig: DisputeRig, strategy: PaymentStrategy) -> None:
    since = rig.now() - timedelta(minutes=1)
    until = rig.now() + timedelta(days=1)
    await strategy.identify()
    unpaid = await opened(strategy)
    if isinstance(strategy, MovesPages):
        await strategy.page_of(unpaid.session_id)
    await strategy.close_session(unpaid.session_id, key="described-close-1")
    back = await paid(rig, strategy)
    refund = await given_back(strategy, back)
    await strategy.fetch_refund(refund.refund_id)
    await listed(strategy, back.payment_id)
    await strategy.fetch_fees(back.payment_id)
    other = await paid(rig, strategy, 2)
    dispute_id = await asyncio.to_thread(rig.dispute, other.payment_id)
    await strategy.fetch_dispute(dispute_id, source=Source.POLL)
    third = await opened(strategy)
    await strategy.fetch(third.session_id, source=Source.POLL)
    for _ in range(2):
        await rig.delivery(strategy, (await opened(strategy)).session_id)
    [_ async for _ in strategy.list_disputes(since, source=Source.SWEEP)]
    for end in (None, until):
        [_ async for _ in strategy.refunds_since(since, until=end)]
        [_ async for _ in strategy.list_since(since, source=Source.SWEEP, until=end)]
        [_ async for _ in strategy.events_since(since, until=end)]


@pytest.mark.parametrize("kind", sorted(SALES))
def test_a_sale_and_what_follows_it(
    kind: str, tmp_path: Path, sent: list[Sent], asked: dict[str, list[str]]
) -> None:
    rig = SALES[kind](tmp_path)
    try:
        tried(rig, lambda strategy: a_sale(rig, strategy))
    finally:
        rig.close()
    operations = hold(kind, sent, asked)
    assert operations == OF_A_SALE[kind]


@pytest.mark.parametrize("kind", sorted(set(SUBSCRIPTION_RIGS) - {"razorpay"}))
def test_a_subscription_from_its_plan_to_its_end(
    kind: str, tmp_path: Path, sent: list[Sent], asked: dict[str, list[str]]
) -> None:
    rig = SUBSCRIPTION_RIGS[kind](tmp_path)

    async def story(strategy: PaymentStrategy) -> None:
        for number, interval in enumerate(sorted(strategy.capabilities.intervals), 1):
            _, seen = await begun(rig, strategy, interval)
            await renewed(rig, strategy, seen.subscription_id)
            await renewed(rig, strategy, seen.subscription_id, succeeds=False)
            for at_period_end in (True, False):
                with suppress(Rejected):
                    await ended(
                        strategy,
                        seen.subscription_id,
                        at_period_end=at_period_end,
                        number=number,
                    )

    try:
        tried(rig, story)
    finally:
        rig.close()
    operations = hold(kind, sent, asked)
    assert operations == OF_A_SUBSCRIPTION[kind.partition(",")[0]]


def test_a_card_to_be_kept(tmp_path: Path, asked: dict[str, list[str]]) -> None:
    rig = cards.StripeSavedCards(tmp_path)

    async def story(strategy: PaymentStrategy) -> None:
        made = await cards.begun(rig, strategy)
        await cards.saves(strategy).fetch_setup(made.setup_id, source=Source.POLL)
        await cards.saves(strategy).close_setup(made.setup_id, key="described-close-1")
        with suppress(Rejected):
            await cards.begun(rig, strategy, key="described-setup-2", customer_id="cus_1")

    try:
        tried(rig, story)
    finally:
        rig.close()
    calls = {f"SessionService.{verb}_async" for verb in ("create", "retrieve", "expire")}
    assert hold("stripe", [], asked) == {"AccountService.retrieve_current_async"} | calls
