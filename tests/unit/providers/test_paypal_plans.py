"""PayPal's plans: made once of each terms, whatever is lost on the way, and found again later."""

import asyncio
import json
from typing import Any

import pytest

from app.domain.catalog import BillingInterval
from app.domain.money import Money
from app.domain.subscription import PlanTerms
from app.errors import Protocol, Rejected
from app.providers.paypal.plans import plan_parameters, price_in, product_parameters
from tests.integration.sandbox.paypal.official import check_named
from tests.parts.paypal import Desk, money, refusal, strategy
from tests.parts.paypal_subscriptions import PLAN, TERMS, cycle, plan
from tests.parts.stripe import Raw

PRODUCTS, PLANS = "/v1/catalogs/products", "/v1/billing/plans"
PRODUCT = f"SCANTILL-{TERMS.digest}"
KEY = f"{TERMS.digest}-plan"


def desk() -> Desk:
    return Desk().on("POST", PRODUCTS, {"id": PRODUCT}).on("POST", PLANS, plan())


def opened(desk: Desk) -> str:
    return asyncio.run(strategy(desk).open_plan(TERMS, key=KEY))


def sent(desk: Desk) -> list[tuple[str, str]]:
    return [(each.method, each.url.path) for each in desk.requests]


@pytest.mark.parametrize(
    "interval, unit",
    [
        (BillingInterval.WEEKLY, "WEEK"),
        (BillingInterval.MONTHLY, "MONTH"),
        (BillingInterval.YEARLY, "YEAR"),
    ],
)
def test_a_plan_charges_each_interval_without_end(interval: BillingInterval, unit: str) -> None:
    asked = plan_parameters(PlanTerms("Club", Money(1050, "EUR"), interval))
    assert json.loads(json.dumps(asked)) == asked
    (only,) = asked["billing_cycles"]
    assert only["frequency"] == {"interval_unit": unit, "interval_count": 1}
    assert (only["tenure_type"], only["total_cycles"]) == ("REGULAR", 0)
    assert only["pricing_scheme"] == {"fixed_price": money("10.50")}
    assert price_in(asked) == (Money(1050, "EUR"), interval)
    # What is owed comes on top of no other payment: each is one interval's.
    assert asked["payment_preferences"]["auto_bill_outstanding"] is False


def test_what_is_asked_for_is_what_the_official_descriptions_take() -> None:
    for interval in (BillingInterval.WEEKLY, BillingInterval.MONTHLY, BillingInterval.YEARLY):
        for amount in (Money(1, "EUR"), Money(500, "JPY"), Money(12_300, "HUF")):
            terms = PlanTerms("\u2615" * 120, amount, interval)
            check_named("catalogs_products_v1", "product_request_POST", product_parameters(terms))
            check_named("billing_subscriptions_v1", "plan_request_POST", plan_parameters(terms))


def test_other_terms_are_another_product() -> None:
    others = [
        TERMS,
        PlanTerms("Other", TERMS.amount, TERMS.interval),
        PlanTerms(TERMS.name, Money(501, "EUR"), TERMS.interval),
        PlanTerms(TERMS.name, Money(500, "USD"), TERMS.interval),
        PlanTerms(TERMS.name, TERMS.amount, BillingInterval.YEARLY),
    ]
    ids = {product_parameters(terms)["id"] for terms in others}
    assert len(ids) == len(others) and all(6 <= len(id) <= 50 for id in ids)


def test_product_and_plan_are_made_each_under_a_key_of_its_own() -> None:
    made = desk()
    assert opened(made) == PLAN
    assert sent(made) == [("POST", PRODUCTS), ("POST", PLANS)]
    keys = [each.headers["paypal-request-id"] for each in made.requests]
    assert keys == [f"{KEY}-product", KEY] and all(len(key) <= 108 for key in keys)


def test_a_product_that_is_there_leads_to_the_plan_that_is_there() -> None:
    found = desk().on("POST", PRODUCTS, refusal(422, "DUPLICATE_RESOURCE_IDENTIFIER"))
    found.on("GET", PLANS, {"plans": [{"id": "P-OLD"}, {"id": PLAN}]})
    found.on("GET", f"{PLANS}/P-OLD", plan(id="P-OLD", status="INACTIVE"))
    found.on("GET", f"{PLANS}/{PLAN}", plan())
    assert opened(found) == PLAN
    assert ("POST", PLANS) not in sent(found)
    (asked,) = [each for each in found.requests if each.url.path == PLANS]
    assert asked.url.params["product_id"] == PRODUCT


@pytest.mark.parametrize(
    "there",
    [
        [],
        [plan(status="INACTIVE")],
        [plan("6.00")],
        [plan(billing_cycles=[cycle(total_cycles=12)])],
        [plan(billing_cycles=[cycle(frequency={"interval_unit": "YEAR"})])],
        [plan(billing_cycles=[cycle(), cycle()])],
    ],
)
def test_a_product_without_a_plan_of_these_terms_gets_one(there: list[Any]) -> None:
    known = desk().on("POST", PRODUCTS, refusal(422, "DUPLICATE_RESOURCE_IDENTIFIER"))
    ids = [{"id": f"P-{place}"} for place, _ in enumerate(there)]
    known.on("GET", PLANS, {"plans": ids})
    for place, each in enumerate(there):
        known.on("GET", f"{PLANS}/P-{place}", each)
    assert opened(known) == PLAN
    assert sent(known)[-1] == ("POST", PLANS)


def test_any_other_refusal_is_one() -> None:
    for path in (PRODUCTS, PLANS):
        refused = desk().on("POST", path, refusal(422, "CURRENCY_NOT_SUPPORTED_FOR_RECEIVER"))
        with pytest.raises(Rejected):
            opened(refused)


@pytest.mark.parametrize(
    "path, answer",
    [
        (PRODUCTS, {"id": "SCANTILL-OTHER"}),
        (PLANS, plan("6.00")),
        (PLANS, plan("5.00", "USD")),
        (PLANS, plan(billing_cycles=[cycle(frequency={"interval_unit": "WEEK"})])),
        (PLANS, plan(billing_cycles=[])),
        (PLANS, plan(id="")),
        (PLANS, Raw(201, b"[]")),
    ],
)
def test_another_plan_under_the_same_key_proves_nothing(path: str, answer: Any) -> None:
    with pytest.raises(Protocol):
        opened(desk().on("POST", path, answer))


def test_what_a_plan_charges_every_second_month_is_none_of_the_tills_intervals() -> None:
    often = {"interval_unit": "MONTH", "interval_count": 2}
    assert price_in(plan(billing_cycles=[cycle(frequency=often)])).interval is None
    often = {"interval_unit": "DAY", "interval_count": 1}
    assert price_in(plan(billing_cycles=[cycle(frequency=often)])).interval is None
