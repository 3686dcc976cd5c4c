"""What becomes of a link with a plan before there is a subscription: who pays, and which order.

The link's order stays a draft and the first payment has an order of its own, unless the simulator
is told that it pays the link's: Square's staff say the former, and sellers have seen both.
"""

from app.sandbox.bench import Cause
from app.sandbox.books import JsonObject, Record
from app.sandbox.square import events, orders
from app.sandbox.square.workbench import CUSTOMER, ORDER, Workbench

_PAYS_LINK = "square_subscribers_pay_the_links_order"


def plan_in(link: Record) -> str | None:
    """The plan variation that the payer of a link subscribes to."""
    plan: str | None = link.body.get("checkout_options", {}).get("subscription_plan_id")
    return plan


def order_of(bench: Workbench, link: Record) -> Record:
    """The order that says how a link stands: its own, or the one by which it was subscribed to."""
    own = bench.known(ORDER, link.body["order_id"])
    if link.private.get("paid_order") is None:
        return own
    paid = bench.known(ORDER, link.private["paid_order"])
    is_gone = paid.body["state"] == "DRAFT" and own.body["state"] == "CANCELED"
    return own if is_gone else paid


def order_to_pay(bench: Workbench, link: Record) -> Record:
    """The order that a payment pays, made where it is a subscriber's; the caller commits."""
    own = bench.known(ORDER, link.body["order_id"])
    if plan_in(link) is None or pays_link(bench):
        return own
    if link.private.get("paid_order") is not None:
        return bench.known(ORDER, link.private["paid_order"])
    (item,) = own.body["line_items"]
    line = {
        "name": item["name"],
        "quantity": 1,
        "base_price_money": item["base_price_money"],
    }
    said = {"location_id": own.body["location_id"], "line_items": [line]}
    order = orders.new(bench, own.account, said)
    link.private["paid_order"] = order.id
    bench.books.save(link)
    return order


def pays_link(bench: Workbench, *, pays: bool | None = None) -> bool:
    """Whether a first payment pays the link's order; `pays` sets it, in a transaction."""
    if pays is not None:
        with bench.books.transaction():
            bench.books.set_fact(_PAYS_LINK, "yes" if pays else "")
    return bool(bench.books.fact(_PAYS_LINK))


def enrol(bench: Workbench, link: Record, payment: JsonObject) -> None:
    """Have a payment be a subscriber's: by the card that is kept of them; the caller commits."""
    if plan_in(link) is None:
        return
    if "customer" not in link.private:
        link.private["customer"] = _customer(bench, link.account, payment).id
        bench.books.save(link)
    payment["customer_id"] = link.private["customer"]
    if "card_details" in payment:
        payment["card_details"]["entry_method"] = "ON_FILE"


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
