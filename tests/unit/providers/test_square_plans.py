"""Square's plans: what is made in its catalog, and what is read of it."""

import asyncio
from typing import Any

import pytest

from app.domain.catalog import BillingInterval
from app.domain.money import Money
from app.domain.subscription import PlanTerms
from app.errors import Protocol, Rejected, Unavailable
from app.providers.square.errors import LATER
from app.providers.square.plans import Agreed, agreed_in
from app.providers.subscribing import KeepsPlans, Subscribes
from tests.integration.sandbox.square.description import description, faults
from tests.parts.square import asked, location, money, refusal, said, strategy
from tests.parts.square_plans import VARIATION, variation
from tests.parts.stripe import Wire

TERMS = PlanTerms("Club", Money(500, "EUR"), BillingInterval.MONTHLY)
PLAN = {"catalog_object": {"type": "SUBSCRIPTION_PLAN", "id": "PLAN1"}}
CADENCES = {
    BillingInterval.WEEKLY: "WEEKLY",
    BillingInterval.MONTHLY: "MONTHLY",
    BillingInterval.YEARLY: "ANNUAL",
}


def made(*answers: Any, terms: PlanTerms = TERMS) -> tuple[str, Wire]:
    wire = Wire(location(), *answers)
    return asyncio.run(strategy(wire).open_plan(terms, key="the-plans-key-1")), wire


def answer(**changes: Any) -> dict[str, Any]:
    return {"catalog_object": variation(**changes)}


def test_square_keeps_plans_and_subscribes_a_cart_of_one_thing() -> None:
    till = strategy(Wire())
    for asked_for in (KeepsPlans, Subscribes):
        assert isinstance(till, asked_for)
    takes = till.capabilities
    assert takes.intervals == set(CADENCES) and not takes.mixes_recurring
    assert takes.cancels_at_period_end and not takes.cancels_now


@pytest.mark.parametrize("interval", CADENCES)
def test_a_plan_has_one_variation_with_one_phase_that_goes_on_at_a_price_of_its_own(
    interval: BillingInterval,
) -> None:
    terms = PlanTerms("Club", Money(500, "EUR"), interval)
    id, wire = made(PLAN, answer(cadence=CADENCES[interval]), terms=terms)
    assert id == VARIATION
    assert asked(wire)[1:] == [("POST", "/v2/catalog/object")] * 2
    plan, of_it = (said(request) for request in wire.requests[1:])
    for body in (plan, of_it):
        assert faults(body, "UpsertCatalogObjectRequest") == []
        assert body["object"]["present_at_all_locations"] is True
    assert plan["object"]["subscription_plan_data"] == {"name": "Club"}
    data = of_it["object"]["subscription_plan_variation_data"]
    assert (data["name"], data["subscription_plan_id"]) == ("Club", "PLAN1")
    (phase,) = data["phases"]
    assert phase["pricing"] == {"type": "STATIC", "price_money": money()}
    assert (phase["cadence"], "periods" in phase) == (CADENCES[interval], False)


def test_each_of_the_two_has_a_key_that_is_the_same_when_it_is_made_again() -> None:
    _, first = made(PLAN, answer())
    _, again = made(PLAN, answer())
    keys = [said(request)["idempotency_key"] for request in first.requests[1:]]
    assert keys == [said(request)["idempotency_key"] for request in again.requests[1:]]
    assert len(set(keys)) == 2
    request = description()["components"]["schemas"]["UpsertCatalogObjectRequest"]
    longest = request["properties"]["idempotency_key"]["maxLength"]
    assert len(f"{TERMS.digest}-variation-and-a-suffix-of-some-length") < longest


@pytest.mark.parametrize(
    "other",
    [
        {"cadence": "WEEKLY"},
        {"cadence": "NEWLY_INVENTED"},
        {"price": money(501)},
        {"price": money(500, "USD")},
        {"pricing": {"type": "RELATIVE"}},
        {"periods": 1},
    ],
)
def test_nobody_may_subscribe_to_another_plan_than_was_asked_for(other: dict[str, Any]) -> None:
    with pytest.raises(Protocol) as error:
        made(PLAN, answer(**other))
    assert error.value.title == "Square made another plan than it was asked for"


@pytest.mark.parametrize("told", [{}, {"catalog_object": {}}, {"catalog_object": {"id": "x"}}])
def test_an_answer_that_says_too_little_proves_nothing(told: dict[str, Any]) -> None:
    with pytest.raises(Protocol):
        made(PLAN, told)


def test_a_plan_in_a_currency_that_is_not_the_locations_is_refused_before_it_is_made() -> None:
    wire = Wire(location(currency="USD"))
    with pytest.raises(Rejected) as refused:
        asyncio.run(strategy(wire).open_plan(TERMS, key="the-plans-key-1"))
    assert refused.value.title == "The Square location takes USD alone"
    assert len(wire.requests) == 1


def test_another_change_of_the_catalog_at_the_same_time_means_to_ask_again() -> None:
    """Square makes one at a time for each seller, and says so by 429."""
    with pytest.raises(Unavailable):
        made(PLAN, refusal(429, "RATE_LIMITED"))


@pytest.mark.parametrize("code", sorted(LATER))
def test_a_code_that_says_later_is_no_refusal_of_the_plan(code: str) -> None:
    with pytest.raises(Unavailable):
        made(refusal(400, code))


def test_what_goes_on_is_the_last_phase_and_what_the_till_does_not_sell_is_not_named() -> None:
    assert agreed_in(variation("QUARTERLY")) == Agreed(Money(500, "EUR"), None)
    told = variation()
    free = {"cadence": "WEEKLY", "ordinal": 0, "periods": 1}
    told["subscription_plan_variation_data"]["phases"].insert(0, free)
    assert agreed_in(told) == Agreed(Money(500, "EUR"), BillingInterval.MONTHLY)
    told["subscription_plan_variation_data"]["phases"] = []
    assert agreed_in(told) == Agreed(None, None)
