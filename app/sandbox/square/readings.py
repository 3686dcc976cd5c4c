"""Payments as the API shows them: one, or a list that learns of new ones a little late."""

from collections.abc import Mapping

from app.sandbox.books import JsonObject
from app.sandbox.square import listing, merchants
from app.sandbox.square.parameters import Choice, Flag, Rule, Text, Whole, query_of
from app.sandbox.square.workbench import PAYMENT, Call, Workbench

LAG_S = 2
"""How long a list of payments does not know of a new one; Square says "several seconds"."""

_LAG = "square_lists_lag_s"
_RULES: Mapping[str, Rule] = {
    **listing.PAGE,
    **listing.SPANS,
    "card_brand": Text(40),
    "is_offline_payment": Flag(),
    "last_4": Text(4, 4),
    "location_id": Text(50),
    "sort_field": Choice(["CREATED_AT", "OFFLINE_CREATED_AT", "UPDATED_AT"]),
    "total": Whole(0, 10**15, in_query=True),
}
_FILTERS = {
    "card_brand": "card_details.card.card_brand",
    "last_4": "card_details.card.last_4",
    "total": "total_money.amount",
}


def retrieve(bench: Workbench, call: Call) -> JsonObject:
    query_of(call.query, {})
    return {"payment": bench.need(call.account, PAYMENT, call.id, "payment_id").body}


def list_payments(bench: Workbench, call: Call) -> JsonObject:
    """List the main location's payments unless another is named; new ones come late."""
    asked = query_of(call.query, _RULES)
    location = asked.get("location_id") or merchants.main(call.account)
    merchants.check(call.account, location, "location_id")
    conditions: list[listing.Condition] = [
        ("created <= ?", [bench.now() - lag(bench)]),
        ("json_extract(body, '$.location_id') = ?", [location]),
        *listing.spans(asked),
    ]
    if not {"begin_time", "updated_at_begin_time"} & set(asked):
        conditions.append(("json_extract(body, '$.created_at') >= ?", [bench.stamp(-366 * 86_400)]))
    for name, path in _FILTERS.items():
        if name in asked:
            conditions.append((f"json_extract(body, '$.{path}') = ?", [asked[name]]))
    if asked.get("is_offline_payment"):
        conditions.append(("0", ()))
    wanted = listing.Wanted(
        account=call.account,
        kind=PAYMENT,
        conditions=conditions,
        by="updated_at" if asked.get("sort_field") == "UPDATED_AT" else "created_at",
        downwards=asked.get("sort_order", "DESC") == "DESC",
        limit=asked.get("limit", 100),
        cursor=asked.get("cursor"),
        shape=(location, *(asked.get(name) for name in (*listing.SPANS, *_FILTERS))),
    )
    found, cursor = listing.page(bench, wanted)
    return listing.in_page("payments", [payment.body for payment in found], cursor)


def lag(bench: Workbench, seconds: int | None = None) -> int:
    """How long lists do not know of what is new; `seconds` sets it, in a transaction."""
    if seconds is not None:
        with bench.books.transaction():
            bench.books.set_fact(_LAG, str(seconds))
    kept = bench.books.fact(_LAG)
    return LAG_S if kept is None else int(kept)
