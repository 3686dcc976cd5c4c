"""Subscriptions: begun by the first payment of a link with a plan, renewed as time passes.

Each renewal has an order, a payment and an invoice of its own; the link's order is the first
payment's alone. A cancelled one runs until the end of what was paid for.
"""

import calendar
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta

from app.sandbox.bench import Cause
from app.sandbox.books import JsonObject, Record
from app.sandbox.square import catalog, events, fees, listing, merchants, orders, payment_body
from app.sandbox.square.cards import DECLINED, Card
from app.sandbox.square.errors import bad_request, not_found
from app.sandbox.square.parameters import Each, Fields, Rule, Text, Whole, body_of, query_of
from app.sandbox.square.workbench import (
    CATALOG,
    CUSTOMER,
    INVOICE,
    PAYMENT,
    SUBSCRIPTION,
    Call,
    Workbench,
)

SCHEMA = """
CREATE INDEX IF NOT EXISTS square_renewals_due ON objects (json_extract(private, '$.renews_at'))
    WHERE kind = 'square.subscription' AND json_extract(private, '$.renews_at') IS NOT NULL;
"""
_DUE = (
    "kind = 'square.subscription' AND json_extract(private, '$.renews_at') IS NOT NULL"
    " AND json_extract(private, '$.renews_at') <= ?"
)
_SEARCH: Mapping[str, Rule] = {
    "cursor": Text(1024),
    "include": Each(Text(40), 5),
    "limit": Whole(1, 200),
    "query": Fields(
        {
            "filter": Fields(
                {
                    "customer_ids": Each(Text(191, 1), 100),
                    "location_ids": Each(Text(50, 1), 100),
                    "source_names": Each(Text(255, 1), 100),
                }
            )
        }
    ),
}


def begin(bench: Workbench, link: Record, order: Record, payment: Record) -> None:
    """Begin what the payer of this link subscribed to, if it is a link for that."""
    plan = link.body.get("checkout_options", {}).get("subscription_plan_id")
    if plan is None or link.private.get("subscription"):
        return
    customer = _customer(bench, order.account, payment.body)
    start = datetime.fromtimestamp(bench.now(), UTC).date()
    through = _end(start, catalog.cadence_of(catalog.plan_of(bench, order.account, plan)))
    id = bench.unique(SUBSCRIPTION)
    body: JsonObject = {
        "id": id,
        "location_id": order.body["location_id"],
        "plan_variation_id": plan,
        "customer_id": customer.id,
        "start_date": start.isoformat(),
        "charged_through_date": through.isoformat(),
        "status": "ACTIVE",
        "invoice_ids": [],
        "version": 1,
        "created_at": bench.stamp(),
        "card_id": "ccof:" + bench.ids("", 19),
        "timezone": merchants.timezone(order.account),
        "source": order.body["source"],
    }
    card = payment.body.get("card_details", {}).get("card")
    private = {"renews_at": _after(through), "card": card, "link": link.id}
    subscription = bench.keep(order.account, SUBSCRIPTION, id, body, private)
    link.private["subscription"] = id
    bench.books.save(link)
    _invoice(bench, subscription, order, payment)
    _tell(bench, subscription, "subscription.created")


def renew(bench: Workbench, subscription: Record, *, succeeded: bool) -> None:
    """Charge the next period, or fail to; the caller commits."""
    body = subscription.body
    variation = bench.known(CATALOG, body["plan_variation_id"]).body
    price = catalog.price_of(variation)
    name = variation["subscription_plan_variation_data"]["name"]
    line = {"name": name, "quantity": 1, "base_price_money": price}
    said = {"location_id": body["location_id"], "line_items": [line]}
    order = orders.new(bench, subscription.account, said, "subscription")
    problem = None if succeeded else DECLINED
    card = _card(subscription.private["card"])
    status = "COMPLETED" if succeeded else "FAILED"
    made = payment_body.payment(bench, order, price, card, status, problem)
    made["customer_id"] = body["customer_id"]
    private = {"link": None, "refunding": 0, "fee_at": None}
    payment = bench.keep(subscription.account, PAYMENT, made["id"], made, private)
    about = events.About("payment", payment.id, "payment", payment.body)
    events.record(bench, payment.account, "payment.created", about, Cause())
    if succeeded:
        events.record(bench, payment.account, "payment.updated", about, Cause())
        fees.schedule(bench, payment)
        paid = {**price, "amount": 0}
        tenders = [payment_body.tender(payment.body)]
        orders.change(
            bench, order, Cause(), tenders=tenders, state="COMPLETED", net_amount_due_money=paid
        )
        start = date.fromisoformat(body["charged_through_date"]) + timedelta(days=1)
        through = _end(start, catalog.cadence_of(variation))
        body["charged_through_date"] = through.isoformat()
        subscription.private["renews_at"] = _after(through)
    else:
        subscription.private["renews_at"] = bench.now() + 86_400
    _invoice(bench, subscription, order, payment)
    _tell(bench, subscription, "subscription.updated")


def settle_due(bench: Workbench) -> bool:
    """Renew what is due, and end what was cancelled, in a transaction of its own."""
    happened = False
    while due := bench.books.select(_DUE, (bench.now(),), index="square_renewals_due"):
        happened = True
        with bench.books.transaction():
            for subscription in due:
                if subscription.body.get("canceled_date"):
                    subscription.private["renews_at"] = None
                    subscription.body.update(status="CANCELED")
                    _tell(bench, subscription, "subscription.updated")
                else:
                    renew(bench, subscription, succeeded=True)
    return happened


def retrieve(bench: Workbench, call: Call) -> JsonObject:
    asked = query_of(call.query, {"include": Text(40)})
    subscription = bench.need(call.account, SUBSCRIPTION, call.id, "subscription_id")
    return {"subscription": _shown(subscription, actions="actions" in asked.get("include", ""))}


def search(bench: Workbench, call: Call) -> JsonObject:
    said = body_of(call.body, _SEARCH)
    filters = said.get("query", {}).get("filter", {})
    conditions: list[listing.Condition] = []
    paths = {
        "customer_ids": "customer_id",
        "location_ids": "location_id",
        "source_names": "source.name",
    }
    for name, path in paths.items():
        if filters.get(name):
            marks = ", ".join("?" * len(filters[name]))
            conditions.append((f"json_extract(body, '$.{path}') IN ({marks})", filters[name]))
    wanted = listing.Wanted(
        account=call.account,
        kind=SUBSCRIPTION,
        conditions=conditions,
        downwards=False,
        limit=said.get("limit", 200),
        cursor=said.get("cursor"),
        shape=(filters,),
    )
    found, cursor = listing.page(bench, wanted)
    bodies = [_shown(each, actions="actions" in said.get("include", [])) for each in found]
    return listing.in_page("subscriptions", bodies, cursor)


def cancel(bench: Workbench, call: Call) -> JsonObject:
    """Let it end with what was paid for."""
    body_of(call.body, {})
    subscription = bench.need(call.account, SUBSCRIPTION, call.id, "subscription_id")
    body = subscription.body
    if body["status"] != "ACTIVE" or body.get("canceled_date"):
        raise bad_request("The subscription is cancelled already.", "subscription_id")
    body["canceled_date"] = body["charged_through_date"]
    action = {
        "id": bench.unique(SUBSCRIPTION),
        "type": "CANCEL",
        "effective_date": body["canceled_date"],
    }
    body["actions"] = [action]
    _tell(bench, subscription, "subscription.updated")
    return {"subscription": _shown(subscription, actions=False), "actions": [action]}


def undo(bench: Workbench, call: Call) -> JsonObject:
    """Take back a cancellation that has not come to pass."""
    subscription = bench.need(call.account, SUBSCRIPTION, call.id, "subscription_id")
    body = subscription.body
    rest = [action for action in body.get("actions", []) if action["id"] != call.ids[1]]
    if body["status"] != "ACTIVE" or len(rest) == len(body.get("actions", [])):
        raise not_found("action", call.ids[1], "action_id")
    del body["canceled_date"], body["actions"]
    _tell(bench, subscription, "subscription.updated")
    return {"subscription": _shown(subscription, actions=False)}


def retrieve_invoice(bench: Workbench, call: Call) -> JsonObject:
    query_of(call.query, {})
    return {"invoice": bench.need(call.account, INVOICE, call.id, "invoice_id").body}


def retrieve_customer(bench: Workbench, call: Call) -> JsonObject:
    query_of(call.query, {})
    return {"customer": bench.need(call.account, CUSTOMER, call.id, "customer_id").body}


def _shown(subscription: Record, *, actions: bool) -> JsonObject:
    return {k: v for k, v in subscription.body.items() if actions or k != "actions"}


def _tell(bench: Workbench, subscription: Record, type: str) -> None:
    if type != "subscription.created":
        subscription.body["version"] += 1
    bench.books.save(subscription)
    shown = _shown(subscription, actions=False)
    about = events.About("subscription", subscription.id, "subscription", shown)
    events.record(bench, subscription.account, type, about, Cause())


def _customer(bench: Workbench, merchant: str, payment: JsonObject) -> Record:
    now, id = bench.stamp(), bench.code(CUSTOMER, 26)
    card = payment.get("card_details", {}).get("card", {})
    body: JsonObject = {
        "id": id,
        "created_at": now,
        "updated_at": now,
        "given_name": card.get("cardholder_name", "Sandbox buyer"),
        "creation_source": "THIRD_PARTY",
        "version": 0,
    }
    if "buyer_email_address" in payment:
        body["email_address"] = payment["buyer_email_address"]
    customer = bench.keep(merchant, CUSTOMER, id, body)
    about = events.About("customer", id, "customer", body)
    events.record(bench, merchant, "customer.created", about, Cause())
    return customer


def _invoice(bench: Workbench, subscription: Record, order: Record, payment: Record) -> None:
    now, is_paid = bench.stamp(), payment.body["status"] == "COMPLETED"
    id = "inv:0-" + bench.new_id(INVOICE, "Ch", 28)
    total = order.body["total_money"]
    request = {
        "uid": bench.unique(INVOICE),
        "request_type": "BALANCE",
        "due_date": now[:10],
        "automatic_payment_source": "CARD_ON_FILE",
        "card_id": subscription.body["card_id"],
        "computed_amount_money": total,
        "total_completed_amount_money": total if is_paid else {**total, "amount": 0},
    }
    body = {
        "id": id,
        "version": 1,
        "location_id": subscription.body["location_id"],
        "order_id": order.id,
        "primary_recipient": {"customer_id": subscription.body["customer_id"]},
        "payment_requests": [request],
        "status": "PAID" if is_paid else "UNPAID",
        "timezone": subscription.body["timezone"],
        "created_at": now,
        "updated_at": now,
        "subscription_id": subscription.id,
    }
    bench.keep(subscription.account, INVOICE, id, body)
    subscription.body["invoice_ids"] = [id, *subscription.body["invoice_ids"]]
    about = events.About("invoice", id, "invoice", body)
    result = "invoice.payment_made" if is_paid else "invoice.scheduled_charge_failed"
    for type in ("invoice.created", result):
        events.record(bench, subscription.account, type, about, Cause())


def _card(card: JsonObject | None) -> Card | None:
    if card is None:
        return None
    names = ("exp_month", "exp_year", "fingerprint")
    return Card(
        brand=card["card_brand"],
        bin=card["bin"],
        last4=card["last_4"],
        **{name: card[name] for name in names},
    )


def _end(start: date, cadence: tuple[int, int]) -> date:
    """The last day of the period that begins on `start`."""
    days, months = cadence
    if days:
        return start + timedelta(days=days - 1)
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(start.day, last)) - timedelta(days=1)


def _after(day: date) -> int:
    """The moment at which the day after begins."""
    return int(datetime.combine(day + timedelta(days=1), time(), UTC).timestamp())
