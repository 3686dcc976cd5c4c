"""Registering the till's address, and building the client."""

import asyncio
from typing import Any

import pytest
import stripe

from app.errors import Protocol, Rejected
from app.providers.kinds.stripe_checkout import StripeCheckout
from app.providers.stripe.client import credential_digest, is_live_key
from app.providers.stripe.endpoints import EVENTS
from app.providers.stripe.intents import INTENT_EVENTS
from app.providers.stripe.setups import SETUP_EVENTS
from tests.parts.clock import VirtualClock
from tests.parts.stripe import SECRET, Wire, delivered, event, refusal, session


def strategy(wire: Wire) -> StripeCheckout:
    return StripeCheckout("main", "sk_test_1", clock=VirtualClock(), transport=wire)


def endpoint(**changes: Any) -> dict[str, Any]:
    return {"id": "we_1", "object": "webhook_endpoint", "metadata": {}, "secret": SECRET, **changes}


def listed(*endpoints: dict[str, Any]) -> dict[str, Any]:
    return {"object": "list", "data": list(endpoints), "has_more": False, "url": "/v1/x"}


def test_the_tills_own_earlier_addresses_are_replaced_and_no_others() -> None:
    wire = Wire(
        listed(
            endpoint(id="we_ours", metadata={"owner": "t11111 main"}),
            endpoint(id="we_theirs", metadata={"owner": "t22222 main"}),
            endpoint(id="we_other_account", metadata={"owner": "t11111 links"}),
            endpoint(id="we_shop"),
        ),
        {"id": "we_ours", "object": "webhook_endpoint", "deleted": True},
        endpoint(id="we_new"),
    )
    till = strategy(wire)
    asyncio.run(till.register_webhook("http://127.0.0.1:1/webhooks/main", owner="t11111"))
    assert [f"{r.method} {r.url.path}" for r in wire.requests] == [
        "GET /v1/webhook_endpoints",
        "DELETE /v1/webhook_endpoints/we_ours",
        "POST /v1/webhook_endpoints",
    ]
    body = wire.requests[-1].content.decode()
    assert "metadata[owner]=t11111+main" in body.replace("%5B", "[").replace("%5D", "]")
    assert body.count("enabled_events") == len(EVENTS) + len(SETUP_EVENTS)
    assert till.read_webhook(delivered(event("x", session()))).event_id == "evt_1"


def test_stripes_list_of_events_takes_no_more_types_than_are_asked_for() -> None:
    """Stripe refuses more than 20 of them, and with them the whole list."""
    assert len(EVENTS) <= 20 and len(INTENT_EVENTS) <= 20


def test_the_secret_before_the_last_still_counts_and_older_ones_do_not() -> None:
    secrets = ["whsec_1", "whsec_2", "whsec_3"]
    wire = Wire(*[a for s in secrets for a in (listed(), endpoint(secret=s))])
    till = strategy(wire)
    for _ in secrets:
        asyncio.run(till.register_webhook("http://127.0.0.1:1/w", owner="t"))
    for secret in secrets[1:]:
        till.read_webhook(delivered(event("x", session()), secret=secret))
    with pytest.raises(Exception, match="signature"):
        till.read_webhook(delivered(event("x", session()), secret=secrets[0]))


def test_an_answer_without_a_secret_is_no_registration() -> None:
    wire = Wire(listed(), endpoint(secret=None))
    with pytest.raises(Protocol, match="without giving a secret"):
        asyncio.run(strategy(wire).register_webhook("http://127.0.0.1:1/w", owner="t"))


def test_a_refused_registration_says_so() -> None:
    with pytest.raises(Rejected):
        asyncio.run(strategy(Wire(refusal(403))).register_webhook("http://x/w", owner="t"))


def test_keys_are_told_apart_without_being_revealed() -> None:
    assert credential_digest("sk_test_1") == credential_digest("sk_test_1")
    assert credential_digest("sk_test_1") != credential_digest("sk_test_2")
    assert "sk_test" not in credential_digest("sk_test_1")


@pytest.mark.parametrize(
    "key, live",
    [
        ("sk_live_1", True),
        ("rk_live_1", True),
        ("sk_test_1", False),
        ("sk_test_about_live_things", False),
    ],
)
def test_a_keys_prefix_says_whether_it_moves_real_money(key: str, live: bool) -> None:
    assert is_live_key(key) is live


def test_telemetry_is_off_and_no_key_is_global() -> None:
    assert stripe.enable_telemetry is False
    assert stripe.__dict__.get("api_key") is None


def test_the_client_tells_no_one_about_itself_and_asks_for_no_compression() -> None:
    wire = Wire({"id": "acct_1", "object": "account"})
    asyncio.run(strategy(wire).identify())
    headers = wire.requests[0].headers
    assert "x-stripe-client-telemetry" not in headers
    assert headers["accept-encoding"] == "identity"
    assert headers["authorization"] == "Bearer sk_test_1"
