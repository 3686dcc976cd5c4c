"""Plans at Square: things of its catalog, each with the one variation that is subscribed to.

Source: Square's API reference, Catalog, and its documents on subscription plans and on checkouts of
one: a link takes a variation with one paid phase, at a price of its own. Both are made under a key.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from app.domain.catalog import BillingInterval
from app.domain.money import Money
from app.domain.subscription import PlanTerms
from app.errors import Message, Protocol, Rejected
from app.providers.square.amounts import money_from, written
from app.providers.square.client import SquareClient
from app.providers.square.documents import each_of, object_of, text_of

INTERVALS: Final = {
    "WEEKLY": BillingInterval.WEEKLY,
    "MONTHLY": BillingInterval.MONTHLY,
    "ANNUAL": BillingInterval.YEARLY,
}
"""At which of Square's cadences the till sells."""
_CADENCES: Final = {interval: cadence for cadence, interval in INTERVALS.items()}
_WAY: Final = ("catalog", "object")
_PLAN: Final = "#plan"
_VARIATION: Final = "#variation"
_NOT_FOUND: Final = 404


class Agreed(NamedTuple):
    """What a variation says is paid, and how often, where it is something that the till sells."""

    amount: Money | None = None
    interval: BillingInterval | None = None


async def open_plan(client: SquareClient, terms: PlanTerms, *, key: str) -> str:
    """Make a plan and its variation, whose id it gives; under the same key they are the same.

    Raises Protocol where Square made something else of it: nobody may subscribe to that.
    """
    plan = await _made(client, _plan(terms), f"{key}-plan")
    made = await _made(client, _variation(terms, text_of(plan, "id")), f"{key}-variation")
    phase = _phase_of(made)
    if phase.get("periods") or agreed_in(made) != Agreed(terms.amount, terms.interval):
        raise Protocol(Message("Square made another plan than it was asked for"), repr(phase))
    return text_of(made, "id")


async def agreed_by(client: SquareClient, variation_id: str) -> Agreed:
    """Ask what a variation says; nothing where it is not in the catalog any more."""
    try:
        answer = await client.get(*_WAY, variation_id)
    except Rejected as refused:
        if refused.status != _NOT_FOUND:
            raise
        return Agreed()
    return agreed_in(object_of(answer, "object"))


def agreed_in(variation: Mapping[str, Any]) -> Agreed:
    """Read a variation. Raises Protocol where its price is none."""
    phase = _phase_of(variation)
    pricing = phase.get("pricing")
    price = pricing.get("price_money") if isinstance(pricing, Mapping) else None
    return Agreed(
        None if price is None else money_from(price), INTERVALS.get(str(phase.get("cadence")))
    )


def _phase_of(variation: Mapping[str, Any]) -> Mapping[str, Any]:
    """Give the phase that goes on: the last one."""
    phases = list(each_of(object_of(variation, "subscription_plan_variation_data"), "phases"))
    return phases[-1] if phases else {}


def _plan(terms: PlanTerms) -> dict[str, Any]:
    return {
        "type": "SUBSCRIPTION_PLAN",
        "id": _PLAN,
        "present_at_all_locations": True,
        "subscription_plan_data": {"name": terms.name},
    }


def _variation(terms: PlanTerms, plan_id: str) -> dict[str, Any]:
    """Without a number of periods it goes on until it is ended."""
    phase = {
        "cadence": _CADENCES[terms.interval],
        "ordinal": 0,
        "pricing": {"type": "STATIC", "price_money": written(terms.amount)},
    }
    return {
        "type": "SUBSCRIPTION_PLAN_VARIATION",
        "id": _VARIATION,
        "present_at_all_locations": True,
        "subscription_plan_variation_data": {
            "name": terms.name,
            "phases": [phase],
            "subscription_plan_id": plan_id,
        },
    }


async def _made(client: SquareClient, thing: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    answer = await client.post(*_WAY, body={"idempotency_key": key, "object": thing})
    return object_of(answer, "catalog_object")
