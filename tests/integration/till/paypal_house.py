"""A till whose account is at PayPal: how it is set up, and when its webhook is registered."""

import asyncio
from pathlib import Path
from typing import Any

from app.bootstrap import Till
from tests.integration.till.house import Customer, until

ORDERS = "/paypal/v2/checkout/orders"
WEBHOOKS = "/paypal/v1/notifications/webhooks"


def set_up(root: Path) -> None:
    """Have the tills of a data directory sell by PayPal."""
    (root / "scantill.toml").write_text("[accounts.paypal]\n", "utf-8")


async def until_registered(till: Till, customer: Customer) -> None:
    """Wait until the simulator knows where to send its events."""

    async def is_known() -> bool:
        return bool(await asyncio.to_thread(customer.requests, "POST", WEBHOOKS))

    await until(is_known)
    await until(lambda: till.health.accounts[0].is_reachable)


def approve(customer: Customer, session_id: str | None, **order: Any) -> str:
    """Agree to pay as a customer would, and give what came of it."""
    order = {"funding": "balance", **order}
    done = customer.control("POST", f"sessions/{session_id}/pay", **order)
    return str(done["outcome"])


def captures(customer: Customer, session_id: str | None) -> list[str]:
    """Give the keys under which the till asked for the money."""
    asked = customer.requests("POST", f"{ORDERS}/{session_id}/capture")
    return [str(request["idempotency_key"]) for request in asked]
