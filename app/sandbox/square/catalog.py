"""The part of Square's catalog that subscriptions need: plans and their variations."""

from collections.abc import Mapping
from typing import Any

from app.sandbox.bench import Cause
from app.sandbox.books import JsonObject, Record
from app.sandbox.square import events, listing
from app.sandbox.square.errors import bad_request, invalid, not_found
from app.sandbox.square.money import Amount, check_currency
from app.sandbox.square.parameters import (
    Absent,
    Choice,
    Each,
    Fields,
    Flag,
    Ignored,
    Rule,
    Text,
    Whole,
    body_of,
    query_of,
)
from app.sandbox.square.workbench import CATALOG, Call, Workbench

PLAN = "SUBSCRIPTION_PLAN"
VARIATION = "SUBSCRIPTION_PLAN_VARIATION"
CADENCES: Mapping[str, tuple[int, int]] = {
    "DAILY": (1, 0),
    "WEEKLY": (7, 0),
    "EVERY_TWO_WEEKS": (14, 0),
    "THIRTY_DAYS": (30, 0),
    "SIXTY_DAYS": (60, 0),
    "NINETY_DAYS": (90, 0),
    "MONTHLY": (0, 1),
    "EVERY_TWO_MONTHS": (0, 2),
    "QUARTERLY": (0, 3),
    "EVERY_FOUR_MONTHS": (0, 4),
    "EVERY_SIX_MONTHS": (0, 6),
    "ANNUAL": (0, 12),
    "EVERY_TWO_YEARS": (0, 24),
}
"""Each as days and months."""

_PHASE = Fields(
    {
        "cadence": Choice(list(CADENCES)),
        "ordinal": Whole(0, 100),
        "periods": Whole(1, 10_000),
        "pricing": Fields(
            {
                "discount_ids": Absent("discounts"),
                "price_money": Amount(1),
                "type": Choice(["STATIC", "RELATIVE"]),
            },
            ("type",),
        ),
        "recurring_price_money": Amount(1),
        "uid": Text(255),
    },
    ("cadence",),
)
_OBJECT = Fields(
    {
        "id": Text(192, 1),
        "present_at_all_locations": Flag(),
        "subscription_plan_data": Fields(
            {
                "all_items": Flag(),
                "eligible_category_ids": Ignored(),
                "eligible_item_ids": Ignored(),
                "name": Text(255, 1),
                "phases": Absent("phases of a plan: they are its variations'"),
            },
            ("name",),
        ),
        "subscription_plan_variation_data": Fields(
            {
                "can_prorate": Flag(),
                "monthly_billing_anchor_date": Whole(1, 31),
                "name": Text(255, 1),
                "phases": Each(_PHASE, 10, 1),
                "subscription_plan_id": Text(192, 1),
            },
            ("name", "phases"),
        ),
        "type": Choice([PLAN, VARIATION]),
        "version": Whole(0, 10**15),
    },
    ("type", "id"),
)
_DATA = {PLAN: "subscription_plan_data", VARIATION: "subscription_plan_variation_data"}


def upsert(bench: Workbench, call: Call) -> JsonObject:
    """Make a plan or a variation of one, or write a new version of it."""
    rules: Mapping[str, Rule] = {"idempotency_key": Text(128, 1), "object": _OBJECT}
    said = body_of(call.body, rules, ("idempotency_key", "object"))["object"]
    name = _DATA[said["type"]]
    if name not in said:
        raise invalid("MISSING_REQUIRED_PARAMETER", "Missing required parameter.", f"object.{name}")
    data = said[name]
    if said["type"] == VARIATION:
        _check_variation(bench, call.account, data)
    is_new = said["id"].startswith("#")
    id = bench.code(CATALOG, 24) if is_new else said["id"]
    body = {
        "type": said["type"],
        "id": id,
        "updated_at": bench.stamp(),
        "version": int(bench.clock.precise() * 1000),
        "is_deleted": False,
        "present_at_all_locations": True,
        name: data,
    }
    if is_new:
        bench.keep(call.account, CATALOG, id, body)
        mappings = [{"client_object_id": said["id"], "object_id": id}]
    else:
        record = bench.need(call.account, CATALOG, id, "object.id")
        if said.get("version") != record.body["version"]:
            raise invalid("CONFLICT", "The version is not the newest.", "object.version")
        record.body.update(body)
        bench.books.save(record)
        mappings = []
    told = {"updated_at": body["updated_at"]}
    about = events.About("catalog_version", bench.unique(CATALOG), "catalog_version", told)
    events.record(bench, call.account, "catalog.version.updated", about, Cause())
    answer: JsonObject = {"catalog_object": body}
    return {**answer, "id_mappings": mappings} if mappings else answer


def retrieve(bench: Workbench, call: Call) -> JsonObject:
    query_of(call.query, {"include_related_objects": Flag(), "catalog_version": Ignored()})
    return {"object": _need(bench, call.account, call.id, "object_id").body}


def list_objects(bench: Workbench, call: Call) -> JsonObject:
    rules: Mapping[str, Rule] = {"cursor": Text(1024), "types": Text(1000)}
    asked = query_of(call.query, rules)
    conditions: list[listing.Condition] = []
    if asked.get("types"):
        types = [type.strip().upper() for type in asked["types"].split(",")]
        marks = ", ".join("?" * len(types))
        conditions.append((f"json_extract(body, '$.type') IN ({marks})", types))
    wanted = listing.Wanted(
        account=call.account,
        kind=CATALOG,
        conditions=conditions,
        by="updated_at",
        downwards=False,
        cursor=asked.get("cursor"),
        shape=(asked.get("types"),),
    )
    found, cursor = listing.page(bench, wanted)
    return listing.in_page("objects", [each.body for each in found], cursor)


def check_plan(bench: Workbench, merchant: str, id: str) -> None:
    """Refuse a checkout of what is no plan variation."""
    field = "checkout_options.subscription_plan_id"
    variation = _need(bench, merchant, id, field)
    if variation.body["type"] != VARIATION:
        raise invalid("INVALID_VALUE", "The ID is not that of a plan variation.", field)


def plan_of(bench: Workbench, merchant: str, id: str) -> JsonObject:
    """The plan variation itself, or Square's 404."""
    return _need(bench, merchant, id, "subscription_plan_id").body


def price_of(variation: JsonObject) -> JsonObject:
    """What is paid for one period."""
    (phase,) = variation["subscription_plan_variation_data"]["phases"]
    found: JsonObject = phase["pricing"]["price_money"]
    return found


def cadence_of(variation: JsonObject) -> tuple[int, int]:
    """How many days and months one period has."""
    (phase,) = variation["subscription_plan_variation_data"]["phases"]
    return CADENCES[phase["cadence"]]


def _check_variation(bench: Workbench, merchant: str, data: dict[str, Any]) -> None:
    field = "object.subscription_plan_variation_data"
    plan = bench.books.get(CATALOG, data.get("subscription_plan_id", ""), merchant)
    if plan is None or plan.body["type"] != PLAN:
        raise not_found("catalog object", data.get("subscription_plan_id", ""), field)
    if len(data["phases"]) > 1:
        raise bad_request(
            "A checkout takes plans of one paid phase only, and so does this simulator.",
            f"{field}.phases",
        )
    (phase,) = data["phases"]
    old = phase.pop("recurring_price_money", None)
    phase.setdefault("pricing", {"type": "STATIC", "price_money": old} if old else {})
    price = phase["pricing"].get("price_money")
    if phase["pricing"].get("type") != "STATIC" or price is None:
        raise invalid(
            "INVALID_VALUE", "A phase must have a static price.", f"{field}.phases[0].pricing"
        )
    check_currency(merchant, price, f"{field}.phases[0].pricing.price_money")
    phase.setdefault("ordinal", 0)
    phase.setdefault("uid", bench.ids("", 24).upper())


def _need(bench: Workbench, merchant: str, id: str, field: str) -> Record:
    record = bench.books.get(CATALOG, id, merchant)
    if record is None:
        raise not_found("catalog object", id, field)
    return record
