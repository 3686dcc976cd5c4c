"""Subscriptions: begun by the first payment of a link with a plan, renewed as time passes.

Each renewal has an order, a payment and an invoice of its own. A cancelled one runs until the end
of what was paid for.
"""

import calendar
from datetime import UTC, date, datetime, time, timedelta

from app.sandbox.bench import Cause
from app.sandbox.books import JsonObject, Record
from app.sandbox.square import (
    catalog,
    events,
    fees,
    invoices,
    merchants,
    orders,
    payment_body,
    subscribers,
)
from app.sandbox.square.cards import DECLINED, Card
from app.sandbox.square.workbench import (
    CATALOG,
    INVOICE,
    ORDER,
    PAYMENT,
    SUBSCRIPTION,
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


def begin(bench: Workbench, link: Record, order: Record, payment: Record) -> None:
    """Begin what the payer of this link subscribed to, if it is a link for that."""
    plan = subscribers.plan_in(link)
    if plan is None or link.private.get("subscription"):
        return
    variation = catalog.plan_of(bench, order.account, plan)
    zone = merchants.zone(merchants.timezone(order.account))
    start = datetime.fromtimestamp(bench.now(), zone).date()
    through = _end(start, catalog.cadence_of(variation))
    id = bench.unique(SUBSCRIPTION)
    body: JsonObject = {
        "id": id,
        "location_id": order.body["location_id"],
        "plan_variation_id": plan,
        "customer_id": payment.body["customer_id"],
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
    price = order.body["total_money"]
    if price != catalog.price_of(variation):
        # developer.squareup.com, "Subscription Plan Checkout": it acts as a price override.
        body["price_override_money"] = price
    private = {
        "renews_at": _after(body),
        "card": payment.body.get("card_details", {}).get("card"),
        "link": link.id,
        "reference": link.body.get("payment_note"),
    }
    subscription = bench.keep(order.account, SUBSCRIPTION, id, body, private)
    link.private["subscription"] = id
    bench.books.save(link)
    invoices.send(bench, subscription, order, is_paid=True)
    tell(bench, subscription, "subscription.created")


def renew(bench: Workbench, subscription: Record, *, succeeded: bool) -> None:
    """Charge the next period, or what was refused before, or fail to; the caller commits."""
    body = subscription.body
    variation = bench.known(CATALOG, body["plan_variation_id"]).body
    price = body.get("price_override_money") or catalog.price_of(variation)
    unpaid = _unpaid(bench, subscription)
    if unpaid is None:
        name = variation["subscription_plan_variation_data"]["name"]
        line = {"name": name, "quantity": 1, "base_price_money": price}
        said = {"location_id": body["location_id"], "line_items": [line]}
        order = orders.new(bench, subscription.account, said, "subscription")
    else:
        order = bench.known(ORDER, unpaid.body["order_id"])
    _charge(bench, subscription, order, succeeded=succeeded)
    if succeeded:
        start = date.fromisoformat(body["charged_through_date"]) + timedelta(days=1)
        body["charged_through_date"] = _end(start, catalog.cadence_of(variation)).isoformat()
        subscription.private["renews_at"] = _after(body)
    else:
        subscription.private["renews_at"] = bench.now() + 86_400
    if unpaid is None:
        invoices.send(bench, subscription, order, is_paid=succeeded)
    else:
        invoices.charge_again(bench, unpaid, is_paid=succeeded)
    tell(bench, subscription, "subscription.updated")


def pass_period(bench: Workbench, subscription: Record, *, succeeded: bool) -> None:
    """Let happen what is to happen when a period is over; the caller commits."""
    if subscription.body.get("canceled_date"):
        end(bench, subscription)
    else:
        renew(bench, subscription, succeeded=succeeded)


def end(bench: Workbench, subscription: Record) -> None:
    """End it now; the caller commits."""
    subscription.private["renews_at"] = None
    subscription.body.setdefault("canceled_date", bench.stamp()[:10])
    subscription.body["status"] = "CANCELED"
    subscription.body.pop("actions", None)
    tell(bench, subscription, "subscription.updated")


def move(bench: Workbench, subscription: Record, status: str) -> None:
    """Pause it, resume it, or take it out of service; the caller commits."""
    subscription.body["status"] = status
    subscription.private["renews_at"] = _after(subscription.body) if status == "ACTIVE" else None
    tell(bench, subscription, "subscription.updated")


def settle_due(bench: Workbench) -> bool:
    """Renew what is due, and end what was cancelled, in a transaction of its own."""
    happened = False
    while due := bench.books.select(_DUE, (bench.now(),), index="square_renewals_due"):
        happened = True
        with bench.books.transaction():
            for subscription in due:
                pass_period(bench, subscription, succeeded=True)
    return happened


def shown(subscription: Record, *, actions: bool) -> JsonObject:
    """A subscription as the API has it; its scheduled actions only where they were asked for."""
    return {k: v for k, v in subscription.body.items() if actions or k != "actions"}


def tell(bench: Workbench, subscription: Record, type: str) -> None:
    """Write a new version of a subscription, and tell of it; the caller commits."""
    if type != "subscription.created":
        subscription.body["version"] += 1
    bench.books.save(subscription)
    body = shown(subscription, actions=False)
    about = events.About("subscription", subscription.id, "subscription", body)
    events.record(bench, subscription.account, type, about, Cause())


def _unpaid(bench: Workbench, subscription: Record) -> Record | None:
    """The newest invoice where its charge was refused."""
    newest = bench.known(INVOICE, subscription.body["invoice_ids"][0])
    return None if invoices.is_paid(newest) else newest


def _charge(bench: Workbench, subscription: Record, order: Record, *, succeeded: bool) -> None:
    """Take what an order is for from the card that is kept, or be refused."""
    price = order.body["total_money"]
    problem = None if succeeded else DECLINED
    card = _card(subscription.private["card"])
    status = "COMPLETED" if succeeded else "FAILED"
    made = payment_body.payment(bench, order, price, card, status, problem)
    made["customer_id"] = subscription.body["customer_id"]
    if "card_details" in made:
        made["card_details"]["entry_method"] = "ON_FILE"
    reference = subscription.private["reference"]
    private = {"link": None, "refunding": 0, "fee_at": None, "reference": reference}
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


def _after(subscription: JsonObject) -> int:
    """The moment, where it is sold, at which the day after what was paid for begins."""
    day = date.fromisoformat(subscription["charged_through_date"]) + timedelta(days=1)
    zone = merchants.zone(subscription["timezone"])
    return int(datetime.combine(day, time(), zone).astimezone(UTC).timestamp())
