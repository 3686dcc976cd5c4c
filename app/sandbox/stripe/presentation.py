"""Objects on their way out: what is computed at the last moment, `expand[]`, and list pages."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from app.sandbox.books import JsonObject, Query, Record
from app.sandbox.stripe.errors import StripeRefusal, bad_parameter, no_such
from app.sandbox.stripe.objects.listed import listed
from app.sandbox.stripe.objects.payment_link import LINK_PATH
from app.sandbox.stripe.objects.session import PAGE_PATH
from app.sandbox.stripe.workbench import Call, Workbench

_DEEPEST = 4
_KIND_OF_FIELD = {
    "balance_transaction": "balance_transaction",
    "charge": "charge",
    "customer": "customer",
    "default_payment_method": "payment_method",
    "failure_balance_transaction": "balance_transaction",
    "invoice": "invoice",
    "latest_charge": "charge",
    "latest_invoice": "invoice",
    "payment_intent": "payment_intent",
    "payment_link": "payment_link",
    "payment_method": "payment_method",
    "setup_intent": "setup_intent",
    "source": "charge",
    "subscription": "subscription",
}
_FOLDERS = {"checkout.session": "checkout/sessions", "payment_link": "payment_links"}
_KIND_OF_SOURCE = {"ch": "charge", "dp": "dispute", "re": "refund"}


def presented(bench: Workbench, record: Record) -> JsonObject:
    """The object as its API shows it now."""
    body = dict(record.body)
    if record.kind == "checkout.session" and body["status"] == "open":
        body["url"] = page_url(bench, record)
    if record.kind == "payment_link":
        body["url"] = f"{bench.origin()}{LINK_PATH}{record.private['code']}"
    if record.kind == "event":
        body["pending_webhooks"] = bench.queue.open_for(record.id)
    if record.kind == "balance_transaction":
        body["status"] = "available" if body["available_on"] <= bench.now() else "pending"
    if record.kind == "dispute":
        _complete_dispute(bench, record, body)
    return body


def page_url(bench: Workbench, session: Record) -> str:
    """As long as in life, so that its QR is as dense; the part behind `#` belongs to it."""
    return f"{bench.origin()}{PAGE_PATH}{session.id}#{session.private['fragment']}"


def listed_page(
    bench: Workbench,
    call: Call,
    kind: str,
    params: Mapping[str, Any],
    *,
    equal: Sequence[str] = (),
    conditions: Sequence[tuple[str, Sequence[str | int]]] = (),
) -> JsonObject:
    """A page of the account's objects, newest first; `equal` names parameters to filter by."""
    after, before = params.get("starting_after"), params.get("ending_before")
    if after is not None and before is not None:
        raise bad_parameter(
            "You cannot use `starting_after` and `ending_before` together.", "ending_before"
        )
    for param, cursor in (("starting_after", after), ("ending_before", before)):
        if cursor is not None and bench.books.get(kind, cursor, call.account) is None:
            raise no_such(kind, cursor, param)
    created = [(f"created {sign} ?", (at,)) for sign, at in params.get("created", ())]
    records, has_more = bench.books.page(
        Query(
            account=call.account,
            kind=kind,
            equal={name: params[name] for name in equal if name in params},
            conditions=[*created, *conditions],
            limit=params.get("limit", 10),
            after=after,
            before=before,
        )
    )
    return listed([presented(bench, r) for r in records], call.path, has_more=has_more)


def expanded(bench: Workbench, account: str, body: JsonObject, paths: Sequence[str]) -> JsonObject:
    """The object with ids replaced by what they stand for; raises for what cannot be."""
    for path in paths:
        fields = path.split(".")
        if len(fields) - (fields[0] == "data") > _DEEPEST:
            raise StripeRefusal(
                400,
                f"You cannot expand more than {_DEEPEST} levels of a property ({path}).",
                param="expand",
            )
        _expand(bench, account, body, fields, path)
    return body


def _expand(
    bench: Workbench, account: str, body: JsonObject, fields: Sequence[str], path: str
) -> None:
    name, *rest = fields
    if name not in body:
        included = _INCLUDED.get((str(body.get("object")), name))
        if included is None:
            raise _cannot(path)
        body[name] = included(bench, account, body)
    value = body[name]
    if isinstance(value, str):
        kind = _kind_of(name, value)
        record = None if kind is None else bench.books.get(kind, value, account)
        if record is None:
            raise _cannot(path)
        value = body[name] = presented(bench, record)
    elif name not in _KIND_OF_FIELD and not isinstance(value, (dict, list)):
        raise _cannot(path)
    if not rest:
        return
    for child in value if isinstance(value, list) else [value]:
        if isinstance(child, dict):
            _expand(bench, account, child, rest, path)


def _complete_dispute(bench: Workbench, record: Record, body: JsonObject) -> None:
    found = (bench.books.get("balance_transaction", id) for id in record.private["transactions"])
    body["balance_transactions"] = [presented(bench, one) for one in found if one is not None]
    details = body["evidence_details"]
    is_late = bench.now() > details["due_by"] and body["status"].endswith("needs_response")
    body["evidence_details"] = {**details, "past_due": is_late}


def _kind_of(name: str, id: str) -> str | None:
    """What an id stands for, by its field; a transaction's source may be of several kinds."""
    if name == "source":
        return _KIND_OF_SOURCE.get(id.partition("_")[0])
    return _KIND_OF_FIELD.get(name)


def _cannot(path: str) -> StripeRefusal:
    return StripeRefusal(400, f"This property cannot be expanded ({path}).", param="expand")


def _line_items(bench: Workbench, account: str, owner: JsonObject) -> JsonObject:
    kind = str(owner["object"])
    record = bench.books.get(kind, owner["id"], account)
    items = [] if record is None else record.private["line_items"]
    url = f"/v1/{_FOLDERS[kind]}/{owner['id']}/line_items"
    return listed(items[:10], url, has_more=len(items) > 10)


def _refunds(bench: Workbench, account: str, charge: JsonObject) -> JsonObject:
    return _newest(bench, account, "refund", "charge", charge["id"], "/v1/refunds")


def _invoice_payments(bench: Workbench, account: str, invoice: JsonObject) -> JsonObject:
    return _newest(
        bench, account, "invoice_payment", "invoice", invoice["id"], "/v1/invoice_payments"
    )


def _newest(bench: Workbench, account: str, kind: str, field: str, id: str, url: str) -> JsonObject:
    records, has_more = bench.books.page(Query(account=account, kind=kind, equal={field: id}))
    return listed([presented(bench, r) for r in records], url, has_more=has_more)


_INCLUDED: Mapping[tuple[str, str], Callable[[Workbench, str, JsonObject], JsonObject]] = {
    ("checkout.session", "line_items"): _line_items,
    ("payment_link", "line_items"): _line_items,
    ("charge", "refunds"): _refunds,
    ("invoice", "payments"): _invoice_payments,
}
"""Fields that are there only when they are expanded."""
