"""The search for orders: up to ten locations, by one time, newest first unless asked otherwise."""

from collections.abc import Mapping, Sequence

from app.sandbox.books import JsonObject
from app.sandbox.square import listing, merchants
from app.sandbox.square.errors import bad_request
from app.sandbox.square.orders import STATES
from app.sandbox.square.parameters import (
    Absent,
    Choice,
    Each,
    Fields,
    Flag,
    Moment,
    Rule,
    Text,
    Whole,
    body_of,
)
from app.sandbox.square.workbench import ORDER, Call, Workbench

_TIMES = ("created_at", "updated_at", "closed_at")
_RANGE = Fields({"start_at": Moment(), "end_at": Moment()})
_SEARCH: Mapping[str, Rule] = {
    "cursor": Text(1024),
    "limit": Whole(1, 1000),
    "location_ids": Each(Text(50, 1), 10, 1),
    "query": Fields(
        {
            "filter": Fields(
                {
                    "customer_filter": Absent("customers of an order"),
                    "date_time_filter": Fields(dict.fromkeys(_TIMES, _RANGE)),
                    "fulfillment_filter": Absent("a search by fulfillment"),
                    "source_filter": Absent("a search by source"),
                    "state_filter": Fields({"states": Each(Choice(STATES), 4, 1)}, ("states",)),
                }
            ),
            "sort": Fields(
                {
                    "sort_field": Choice([name.upper() for name in _TIMES]),
                    "sort_order": Choice(["ASC", "DESC"]),
                },
                ("sort_field",),
            ),
        }
    ),
    "return_entries": Flag(),
}


def search(bench: Workbench, call: Call) -> JsonObject:
    said = body_of(call.body, _SEARCH, ("location_ids",))
    for at, location in enumerate(said["location_ids"]):
        merchants.check(call.account, location, f"location_ids[{at}]")
    query = said.get("query", {})
    filters, sort = query.get("filter", {}), query.get("sort", {})
    times = {name: span for name, span in filters.get("date_time_filter", {}).items() if span}
    by = str(sort.get("sort_field", "CREATED_AT")).lower()
    if len(times) > 1:
        raise bad_request(
            "Only one date_time_filter can be given.", "query.filter.date_time_filter"
        )
    if times and by not in times:
        raise bad_request(
            f"sort_field must be {next(iter(times)).upper()}, as the date_time_filter has it.",
            "query.sort.sort_field",
        )
    states = filters.get("state_filter", {}).get("states", STATES)
    conditions: list[listing.Condition] = [
        _one_of("location_id", said["location_ids"]),
        _one_of("state", states),
        ("json_extract(private, '$.purged') IS NULL", ()),
        (f"json_extract(body, '$.{by}') IS NOT NULL", ()),
    ]
    for name, span in times.items():
        for end, comparison in (("start_at", ">="), ("end_at", "<=")):
            if end in span:
                conditions.append((f"json_extract(body, '$.{name}') {comparison} ?", [span[end]]))
    wanted = listing.Wanted(
        account=call.account,
        kind=ORDER,
        conditions=conditions,
        by=by,
        downwards=sort.get("sort_order", "DESC") == "DESC",
        limit=said.get("limit", 500),
        cursor=said.get("cursor"),
        shape=(said["location_ids"], states, times),
    )
    found, cursor = listing.page(bench, wanted)
    if said.get("return_entries"):
        names = ("location_id", "version")
        entries = [{"order_id": o.id, **{name: o.body[name] for name in names}} for o in found]
        return listing.in_page("order_entries", entries, cursor)
    return listing.in_page("orders", [order.body for order in found], cursor)


def _one_of(name: str, values: Sequence[str]) -> listing.Condition:
    return f"json_extract(body, '$.{name}') IN ({', '.join('?' * len(values))})", list(values)
