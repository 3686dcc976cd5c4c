"""Plans: what a subscription costs, and how often. They cost nothing and never go away."""

from collections.abc import Mapping
from typing import Final

from app.sandbox.books import JsonObject
from app.sandbox.razorpay import currencies
from app.sandbox.razorpay.errors import bad_request
from app.sandbox.razorpay.listings import page
from app.sandbox.razorpay.objects import notes_of
from app.sandbox.razorpay.parameters import Listing, NewPlan, NoFilter, read
from app.sandbox.razorpay.workbench import Call, Workbench

KIND: Final = "razorpay.plan"
_SHORTEST_DAYS = 7
_LONGEST: Mapping[str, int] = {
    "daily": 36_500,
    "weekly": 5_200,
    "monthly": 1_200,
    "quarterly": 400,
    "yearly": 100,
}
"""How many periods a hundred years have, which no subscription outlasts."""


def create(bench: Workbench, call: Call) -> JsonObject:
    asked = read(NewPlan, call.params)
    currencies.check(asked.item.amount, asked.item.currency)
    if asked.period == "daily" and asked.interval < _SHORTEST_DAYS:
        raise bad_request("For daily plans, the minimum interval is 7.", "interval")
    now = bench.now()
    body = {
        "id": bench.id_for(KIND, "plan_"),
        "entity": "plan",
        "interval": asked.interval,
        "period": asked.period,
        "item": {
            "id": bench.ids("item_", 14),
            "active": True,
            **asked.item.model_dump(),
            "unit_amount": asked.item.amount,
            "type": "plan",
            "unit": None,
            "tax_inclusive": False,
            "tax_id": None,
            "tax_group_id": None,
            "created_at": now,
            "updated_at": now,
        },
        "notes": notes_of(asked.notes),
        "created_at": now,
    }
    return bench.keep(call.account, KIND, body).body


def retrieve(bench: Workbench, call: Call) -> JsonObject:
    read(NoFilter, call.params)
    return bench.need(call.account, KIND, call.id).body


def listing(bench: Workbench, call: Call) -> JsonObject:
    return page(bench, call.account, KIND, read(Listing, call.params))


def most_periods(plan: JsonObject) -> int:
    """For how many of its periods a subscription may be made."""
    return _LONGEST[plan["period"]] // int(plan["interval"])
