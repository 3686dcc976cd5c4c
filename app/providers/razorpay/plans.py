"""Razorpay's plans: what a subscription costs and how often, made once under a key.

Source: Razorpay's API reference, Plans. Making one has no idempotency key and a plan never goes
away: ours stands in its notes, and a plan that was made before is looked for by it.
"""

from collections.abc import Mapping
from typing import Any, Final

from app.domain.catalog import BillingInterval
from app.domain.money import Money
from app.domain.subscription import PlanTerms
from app.errors import Message, Protocol
from app.providers.razorpay.amounts import money_from
from app.providers.razorpay.client import RazorpayClient
from app.providers.razorpay.documents import note_of, text_of

PATH: Final = "/v1/plans"
PERIODS: Final = {
    BillingInterval.WEEKLY: "weekly",
    BillingInterval.MONTHLY: "monthly",
    BillingInterval.YEARLY: "yearly",
}
_INTERVALS: Final = {period: interval for interval, period in PERIODS.items()}


async def open_plan(client: RazorpayClient, terms: PlanTerms, *, key: str) -> str:
    """Make a plan, or find the one that was made under this key, and give its id."""
    plan = await _made_before(client, key)
    if plan is None:
        plan = await client.post(PATH, plan_parameters(terms, key=key))
    if (amount_of(plan), interval_of(plan)) != (terms.amount, terms.interval):
        raise Protocol(
            Message("Razorpay holds another plan under the same key"),
            Message("The key is {key}.", key=key),
        )
    return text_of(plan, "id")


def plan_parameters(terms: PlanTerms, *, key: str) -> dict[str, Any]:
    """Build what a plan is created with; plain JSON data, the same for the same terms."""
    return {
        "period": PERIODS[terms.interval],
        "interval": 1,
        "item": {
            "name": terms.name,
            "amount": terms.amount.minor,
            "currency": terms.amount.currency,
        },
        "notes": {"key": key},
    }


def amount_of(plan: Mapping[str, Any], quantity: Any = 1) -> Money:
    """Say what so many of a plan cost each interval. Raises Protocol where it does not say so."""
    item = plan.get("item")
    if not isinstance(item, Mapping) or type(quantity) is not int or quantity < 1:
        raise Protocol(Message("Razorpay sent a plan without its price"))
    each = money_from(item.get("amount"), item.get("currency"))
    return money_from(each.minor * quantity, each.currency)


def interval_of(plan: Mapping[str, Any]) -> BillingInterval | None:
    """Say how often a plan is charged; None for a rhythm that the till does not have."""
    return _INTERVALS.get(str(plan.get("period"))) if plan.get("interval") == 1 else None


async def _made_before(client: RazorpayClient, key: str) -> Mapping[str, Any] | None:
    # Razorpay filters plans by nothing that helps.
    async for page in client.pages(PATH):
        for plan in page:
            if note_of(plan, "key") == key:
                return plan
    return None
