"""Lists: newest first, by time of creation, at most a hundred at once."""

from collections.abc import Mapping

from app.sandbox.books import JsonObject, Query
from app.sandbox.razorpay.parameters import Listing
from app.sandbox.razorpay.workbench import Workbench, collection


def page(
    bench: Workbench,
    account: str,
    kind: str,
    asked: Listing,
    *,
    only: Mapping[str, str | None] | None = None,
) -> JsonObject:
    """One page of an account's objects as they are kept; the span includes both its ends.

    `only` names what their fields have to say; None is for anything.
    """
    conditions: list[tuple[str, list[str | int]]] = []
    if asked.since is not None:
        conditions.append(("created >= ?", [asked.since]))
    if asked.to is not None:
        conditions.append(("created <= ?", [asked.to]))
    for field, value in (only or {}).items():
        if value is not None:
            conditions.append((f"json_extract(body, '$.{field}') = ?", [value]))
    query = Query(account=account, kind=kind, conditions=conditions, limit=asked.skip + asked.count)
    found = bench.books.page(query)[0]
    return collection([record.body for record in found[asked.skip :]])
