"""Stripe's official client over the till's own transport: one deadline, no retries of its own.

Retrying stays with the till, so that one policy and one key cover every provider; telemetry is
off; the key belongs to the client and is never global.
"""

import hashlib
from collections.abc import Mapping
from typing import Any

import httpx
import stripe

from app.clock import Clock
from app.errors import Message
from app.providers.budget import RequestBudget
from app.providers.kind import KeyField
from app.providers.transport import Transport

stripe.enable_telemetry = False

API_BASE = "https://api.stripe.com"
BASE_VARIABLE = "STRIPE_API_BASE"
SECRET_KEY = KeyField(
    "secret_key",
    Message("Secret key"),
    ("STRIPE_SECRET_KEY", "STRIPE_API_KEY", "STRIPE_SECRET"),
    prefixes=("sk_", "rk_"),
    live_prefixes=("sk_live_", "rk_live_"),
    test_prefixes=("sk_test_", "rk_test_"),
)
PUBLISHABLE_KEY = KeyField(
    "publishable_key",
    Message("Publishable key"),
    ("STRIPE_PUBLISHABLE_KEY", "STRIPE_KEY"),
    prefixes=("pk_",),
    live_prefixes=("pk_live_",),
    test_prefixes=("pk_test_",),
)
WEBHOOK_SECRET = KeyField(
    "webhook_secret",
    Message("Webhook secret"),
    ("STRIPE_WEBHOOK_SECRET",),
    is_needed=False,
    may_be_two=True,
    prefixes=("whsec_",),
)


class TransportClient(stripe.HTTPClient):
    """Lets the SDK speak through a `Transport`; what that raises passes through the SDK as is."""

    name = "scantill"

    def __init__(self, transport: Transport) -> None:
        super().__init__()
        self._transport = transport

    async def request_async(
        self, method: str, url: str, headers: Mapping[str, str], post_data: Any = None
    ) -> tuple[bytes, int, Mapping[str, str]]:
        reply = await self._transport.send(method.upper(), url, headers, post_data)
        return reply.body, reply.status, reply.headers

    async def close_async(self) -> None:
        await self._transport.aclose()


def stripe_client(
    secret_key: str,
    *,
    api_base: str,
    clock: Clock,
    transport: httpx.AsyncBaseTransport | None = None,
    budget: RequestBudget | None = None,
) -> tuple[stripe.StripeClient, Transport]:
    """Build a client for one key, and give the transport beneath it."""
    wire = Transport(api_base, clock=clock, transport=transport, budget=budget)
    client = stripe.StripeClient(
        secret_key,
        base_addresses={"api": api_base},
        max_network_retries=0,
        http_client=TransportClient(wire),
    )
    return client, wire


def credential_digest(secret_key: str) -> str:
    """Tell keys apart without revealing them."""
    return hashlib.sha256(b"scantill credential " + secret_key.encode()).hexdigest()[:16]


def is_live_key(secret_key: str) -> bool:
    """Say whether a key moves real money, by its prefix."""
    return "_live_" in secret_key[:12]


def is_live(keys: Mapping[str, str]) -> bool | None:
    """Say whether an account's keys move real money."""
    return is_live_key(keys["secret_key"])
