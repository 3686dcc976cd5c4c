"""A subscription at each provider that has them: sold, renewed by webhook, and ended."""

import asyncio
from pathlib import Path
from typing import Any, Final

import pytest

from app.domain.subscription import SubscriptionState
from tests.integration.till.house import Customer, elsewhere, open_till, rows, until, violations
from tests.integration.till.subscription_house import (
    place_subscription,
    until_active,
    until_renewed,
)

CATALOG: Final = Path(__file__).parents[3] / "catalog.toml"
A_MONTH_S: Final = 32 * 86_400
PAYS: Final[dict[str, dict[str, str]]] = {
    "stripe_checkout": {"card": "4242424242424242"},
    "paypal": {"funding": "balance"},
    "square": {"card": "4111111111111111"},
    "razorpay": {},
}


def set_up(root: Path, kind: str) -> None:
    (root / "scantill.toml").write_text(f"[accounts.{kind}]\n", "utf-8")
    if kind == "razorpay":
        in_india = CATALOG.read_text("utf-8").replace('currency = "EUR"', 'currency = "INR"')
        (root / "catalog.toml").write_text(in_india, "utf-8")


def let_a_month_pass(customer: Customer, kind: str, name: str) -> None:
    """Have the next month charged: told to, or as the simulator's time passes."""
    if kind == "stripe_checkout":
        customer.control("POST", f"stripe/subscriptions/{name}/renew")
    elif kind == "square":
        customer.control("POST", f"square/subscriptions/{name}/renew", succeeded=True)
    else:
        customer.control("POST", "clock", advance_s=A_MONTH_S)


@pytest.mark.parametrize("kind", PAYS)
def test_it_is_sold_renewed_and_ended_and_the_provider_agrees(
    root: Path, customer: Customer, kind: str
) -> None:
    async def live() -> None:
        async with open_till(root, customer.origin) as till:
            order = await place_subscription(till)
            attempt = await till.checkout.open_session(order.id, till.accounts[0])
            await till.checkout.mark_shown(attempt.id)
            path, body = f"sessions/{attempt.session_id}/pay", dict[str, Any](PAYS[kind])
            done = await elsewhere(customer.control, "POST", path, **body)
            assert done["outcome"] in {"paid", "approved"}
            name = await until_active(root)
            await elsewhere(let_a_month_pass, customer, kind, name)
            await until_renewed(root)
            takes = till.strategies[till.accounts[0]].capabilities
            ended = await till.subscriptions.cancel(
                1, at_period_end=not takes.cancels_now, by="Ada", reason="moved away"
            )
            assert not ended.is_ending
            assert (ended.state is SubscriptionState.ENDED) is takes.cancels_now
            known = "SELECT 1 FROM inbox WHERE standing IS NULL"
            await until(lambda: not rows(root, known))

    set_up(root, kind)
    asyncio.run(live())
    assert rows(root, "SELECT state FROM orders") == [("paid",)]
    assert rows(root, "SELECT kind, detail FROM exceptions") == []
    assert violations(root, customer) == []
