"""Payment links: made by a shop, visited by anybody; each visit opens a Checkout session.

Whether a session that was opened before its link was deactivated, or used up, can still be paid
Stripe's documents do not say. Here it can: the worse of the two for a shop.
"""

import re
from collections.abc import Mapping

from app.sandbox.bench import Cause
from app.sandbox.books import JsonObject, Record
from app.sandbox.stripe import events, sessions
from app.sandbox.stripe.errors import StripeRefusal
from app.sandbox.stripe.objects.payment_link import after_completion, payment_link, restrictions
from app.sandbox.stripe.parameters import EXPAND, Email, check_all
from app.sandbox.stripe.payment_link_parameters import (
    LINK_CHANGES,
    LINK_LISTING,
    check_completion,
    check_methods,
    checked,
)
from app.sandbox.stripe.presentation import listed_page, presented
from app.sandbox.stripe.workbench import Call, Workbench

KIND = "payment_link"
SCHEMA = """
CREATE INDEX IF NOT EXISTS stripe_links ON objects (json_extract(private, '$.code'))
    WHERE kind = 'payment_link';
"""
_BY_CODE = "kind = 'payment_link' AND json_extract(private, '$.code') = ?"
_OPEN = (
    "account = ? AND kind = 'checkout.session' AND json_extract(body, '$.payment_link') = ?"
    " AND json_extract(body, '$.status') = 'open'"
)
_CLIENT_REFERENCE = re.compile(r"[A-Za-z0-9_-]{1,200}")


def create(bench: Workbench, call: Call) -> JsonObject:
    params = checked(call.form)
    items = sessions.priced(bench, params["line_items"])
    body = payment_link(
        id=bench.new_id(KIND, "plink_1", 23),
        currency=items[0]["currency"],
        mode=params["mode"],
        params=params,
    )
    private = {"code": bench.ids("", 18), "line_items": items, "mode": params["mode"]}
    private["data"] = params.get("payment_intent_data") or params.get("subscription_data") or {}
    # A link does not tell when it was made: its books have to know all the same.
    link = Record(KIND, body["id"], call.account, bench.now(), body, private)
    bench.books.add(link)
    events.record(bench, "payment_link.created", link, call.cause)
    return presented(bench, link)


def retrieve(bench: Workbench, call: Call) -> JsonObject:
    check_all(call.form, {"expand": EXPAND})
    return presented(bench, _need(bench, call))


def update(bench: Workbench, call: Call) -> JsonObject:
    params = check_all(call.form, LINK_CHANGES)
    check_completion(params)
    check_methods(params)
    link = _need(bench, call)
    for name, value in params.items():
        if name == "metadata":
            link.body[name] = {**link.body[name], **value}
        elif name == "after_completion":
            link.body[name] = after_completion(value)
        elif name == "restrictions":
            link.body[name] = restrictions(value, count=_count(link))
        elif name != "expand" and not isinstance(value, dict):
            link.body[name] = value
    bench.books.save(link)
    events.record(bench, "payment_link.updated", link, call.cause)
    return presented(bench, link)


def listing(bench: Workbench, call: Call) -> JsonObject:
    params = check_all(call.form, LINK_LISTING)
    conditions: list[tuple[str, list[str | int]]] = []
    if "active" in params:
        conditions.append(("json_extract(body, '$.active') = ?", [int(params["active"])]))
    return listed_page(bench, call, KIND, params, conditions=conditions)


def line_items(bench: Workbench, call: Call) -> JsonObject:
    return sessions.items_page(call, _need(bench, call).private["line_items"])


def by_code(bench: Workbench, code: str) -> Record | None:
    """The link behind an address."""
    return next(iter(bench.books.select(_BY_CODE, (code,), index="stripe_links")), None)


def takes_visits(link: Record) -> bool:
    """Say whether its address still opens sessions."""
    limit = link.body["restrictions"]
    is_used_up = limit is not None and _count(link) >= limit["completed_sessions"]["limit"]
    return bool(link.body["active"]) and not is_used_up


def visit(bench: Workbench, link: Record, query: Mapping[str, str]) -> Record:
    """Open a session for a visitor; the caller commits.

    What stands in the query is the visitor's own: a reference that is none is dropped, as is an
    address that nobody could write to.
    """
    items = [{**item, "id": bench.ids("li_1", 23)} for item in link.private["line_items"]]
    mode, completion = link.private["mode"], link.body["after_completion"]
    params = {
        "mode": mode,
        "payment_link": link.id,
        "metadata": dict(link.body["metadata"]),
        "success_url": (completion.get("redirect") or {}).get("url"),
        "client_reference_id": _reference(query.get("client_reference_id")),
        "customer_email": _email(query.get("prefilled_email")),
        "payment_intent_data" if mode == "payment" else "subscription_data": link.private["data"],
        "submit_type": None if link.body["submit_type"] == "auto" else link.body["submit_type"],
        "billing_address_collection": link.body["billing_address_collection"],
    }
    if mode == "payment":
        params["customer_creation"] = link.body["customer_creation"]
    if link.body["payment_method_types"] is not None:
        params["allowed_payment_method_types"] = link.body["payment_method_types"]
    expires_at = bench.now() + sessions.LONGEST_S
    return sessions.begin(bench, link.account, params, items, expires_at=expires_at)


def open_sessions(bench: Workbench, link: Record) -> list[Record]:
    """The sessions that visitors have open, oldest first."""
    return bench.books.select(_OPEN, (link.account, link.id))


def sessions_of(bench: Workbench, link: Record) -> list[Record]:
    """All sessions that visitors ever had, oldest first."""
    condition = _OPEN.rpartition(" AND ")[0]
    return bench.books.select(condition, (link.account, link.id))


def count_completed(bench: Workbench, session: Record) -> None:
    """Note that a link's session was completed; the one that uses the link up deactivates it."""
    link = bench.books.get(KIND, session.body["payment_link"] or "", session.account)
    if link is None or link.body["restrictions"] is None:
        return
    link.body["restrictions"]["completed_sessions"]["count"] += 1
    if link.body["active"] and not takes_visits(link):
        link.body["active"] = False
        events.record(bench, "payment_link.updated", link, Cause())
    bench.books.save(link)


def shut(bench: Workbench, link: Record) -> None:
    """End a link with all that it opened, as an owner would at the dashboard; for the caller."""
    if link.body["active"]:
        link.body["active"] = False
        bench.books.save(link)
        events.record(bench, "payment_link.updated", link, Cause())
    for session in open_sessions(bench, link):
        sessions.close(bench, session, Cause())


def _need(bench: Workbench, call: Call) -> Record:
    return bench.need(call.account, KIND, call.id, "payment_link")


def _count(link: Record) -> int:
    limit = link.body["restrictions"]
    return 0 if limit is None else int(limit["completed_sessions"]["count"])


def _reference(text: str | None) -> str | None:
    return text if text and _CLIENT_REFERENCE.fullmatch(text) else None


def _email(text: str | None) -> str | None:
    try:
        return Email().check(text, "prefilled_email") if text else None
    except StripeRefusal:
        return None
