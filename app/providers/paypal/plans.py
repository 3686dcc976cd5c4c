"""PayPal's plans: a product and, of it, a plan without an end. They cost nothing and move nothing.

Source: PayPal's REST reference, Catalog Products v1 and Subscriptions v1. A product's id may be the
shop's own, so that it is one product for ever; the ids of requests are kept for 72 hours, after
which the plans of that product are looked through.
"""

from collections.abc import AsyncIterator, Mapping
from typing import Any, Final, NamedTuple

from app.domain.catalog import BillingInterval
from app.domain.money import Money
from app.domain.subscription import PlanTerms
from app.errors import Message, Protocol, Rejected
from app.providers.paypal.amounts import amount_of, money_from
from app.providers.paypal.client import PayPalClient
from app.providers.paypal.documents import objects_in, pages_of, text_of

UNITS: Final = {
    BillingInterval.WEEKLY: "WEEK",
    BillingInterval.MONTHLY: "MONTH",
    BillingInterval.YEARLY: "YEAR",
}
_PRODUCTS: Final = "/v1/catalogs/products"
_PLANS: Final = "/v1/billing/plans"
_KNOWN: Final = "DUPLICATE_RESOURCE_IDENTIFIER"
_A_PAGE: Final = 20
_MOST_FAILURES: Final = 3


class Price(NamedTuple):
    """What a plan charges, and how often; None for an interval that the till does not have."""

    amount: Money
    interval: BillingInterval | None


def product_parameters(terms: PlanTerms) -> dict[str, Any]:
    """Build what a product is created with; plain JSON data, the same for the same terms."""
    return {"id": f"SCANTILL-{terms.digest}", "name": terms.name, "type": "SERVICE"}


def plan_parameters(terms: PlanTerms) -> dict[str, Any]:
    """Build what a plan is created with; plain JSON data, the same for the same terms.

    What a customer still owes is not added to the next payment: each is what one interval costs.
    """
    return {
        "product_id": product_parameters(terms)["id"],
        "name": terms.name,
        "status": "ACTIVE",
        "billing_cycles": [
            {
                "frequency": {"interval_unit": UNITS[terms.interval], "interval_count": 1},
                "tenure_type": "REGULAR",
                "sequence": 1,
                "total_cycles": 0,
                "pricing_scheme": {"fixed_price": amount_of(terms.amount)},
            }
        ],
        "payment_preferences": {
            "auto_bill_outstanding": False,
            "payment_failure_threshold": _MOST_FAILURES,
        },
    }


async def open_plan(client: PayPalClient, terms: PlanTerms, *, key: str) -> str:
    """Make a plan of these terms and give its id; under the same key it is the same plan.

    Raises Protocol where PayPal holds another plan under that key.
    """
    wanted = product_parameters(terms)
    try:
        product = await client.post(_PRODUCTS, wanted, key=f"{key}-product")
    except Rejected as refused:
        if refused.code != _KNOWN:
            raise
        async for plan in _plans_of(client, wanted["id"]):
            if _is_of(plan, terms):
                return text_of(plan, "id")
    else:
        if product.get("id") != wanted["id"]:
            raise Protocol(Message("PayPal holds another request under the same key"))
    plan = await client.post(_PLANS, plan_parameters(terms), key=key)
    if price_in(plan) != (terms.amount, terms.interval):
        raise Protocol(Message("PayPal holds another request under the same key"))
    return text_of(plan, "id")


def price_in(plan: Mapping[str, Any]) -> Price:
    """Read what a plan charges. Raises Protocol where it does not say, or begins with a trial."""
    cycles = list(objects_in(plan, "billing_cycles"))
    if len(cycles) != 1:
        raise Protocol(Message("PayPal sent a plan that is not the till's"))
    scheme, frequency = cycles[0].get("pricing_scheme"), cycles[0].get("frequency")
    fixed = scheme.get("fixed_price") if isinstance(scheme, Mapping) else None
    often = frequency if isinstance(frequency, Mapping) else {}
    known = {unit: interval for interval, unit in UNITS.items()}
    interval = known.get(str(often.get("interval_unit")))
    is_each = often.get("interval_count", 1) == 1
    return Price(money_from(fixed), interval if is_each else None)


async def _plans_of(client: PayPalClient, product_id: str) -> AsyncIterator[Mapping[str, Any]]:
    """Give the plans of a product that subscriptions may be made by, each whole."""
    query = {"product_id": product_id, "page_size": str(_A_PAGE)}
    async for page in pages_of(client, _PLANS, query):
        for listed in objects_in(page, "plans"):
            plan = await client.get(f"{_PLANS}/{text_of(listed, 'id')}")
            if plan.get("status") == "ACTIVE":
                yield plan


def _is_of(plan: Mapping[str, Any], terms: PlanTerms) -> bool:
    """Say whether a plan is what these terms would make; somebody may have changed its price."""
    cycles = list(objects_in(plan, "billing_cycles"))
    is_endless = all(cycle.get("total_cycles") == 0 for cycle in cycles)
    try:
        return is_endless and price_in(plan) == (terms.amount, terms.interval)
    except Protocol:
        return False
