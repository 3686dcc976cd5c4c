"""Payment links: created by a shop, open until they are paid, cancelled or expired."""

from typing import Final

from app.sandbox.books import JsonObject, Query, Record
from app.sandbox.razorpay import charges, currencies, events, objects, short_urls
from app.sandbox.razorpay.errors import bad_request, not_allowed
from app.sandbox.razorpay.parameters import LinkFilter, NewLink, NoFilter, Nothing, read
from app.sandbox.razorpay.periods import months_later
from app.sandbox.razorpay.workbench import Call, Workbench

KIND: Final = "razorpay.payment_link"
SHORTEST_S = 15 * 60
_MONTHS = 6
SCHEMA = """
CREATE INDEX IF NOT EXISTS razorpay_links_by_reference
    ON objects (account, json_extract(body, '$.reference_id'))
    WHERE kind = 'razorpay.payment_link';
"""
OPEN = ("created", "partially_paid")


def create(bench: Workbench, call: Call) -> JsonObject:
    asked = read(NewLink, call.params)
    currencies.check(asked.amount, asked.currency)
    if asked.upi_link:
        raise bad_request("UPI Payment Links is not supported in Test Mode", "upi_link")
    if asked.callback_url and asked.callback_method != "get":
        raise bad_request("callback_method: must be get where there is a callback_url.")
    if asked.callback_url and not asked.callback_url.startswith(("http://", "https://")):
        raise bad_request("callback_url: must be a valid URL.", "callback_url")
    if asked.first_min_partial_amount is not None and not asked.accept_partial:
        raise bad_request("first_min_partial_amount: is taken with accept_partial only.")
    closes_at = _expiry(asked.expire_by, bench.now())
    if asked.reference_id and by_reference(bench, call.account, asked.reference_id):
        # Whatever became of the first one: a reference is never free again.
        raise bad_request("payment link creation with reference ID already attempted")
    body = objects.payment_link(
        id=bench.id_for(KIND, "plink_"), created=bench.now(), params=asked.model_dump()
    )
    slug = short_urls.add(bench, call.account, KIND, body["id"])
    private = {"slug": slug, "closes_at": closes_at, "order": None, "challenged": None}
    return presented(bench, bench.keep(call.account, KIND, body, private))


def retrieve(bench: Workbench, call: Call) -> JsonObject:
    read(NoFilter, call.params)
    return presented(bench, bench.need(call.account, KIND, call.id))


def listing(bench: Workbench, call: Call) -> JsonObject:
    asked = read(LinkFilter, call.params)
    if asked.reference_id is not None:
        found = by_reference(bench, call.account, asked.reference_id)
    elif asked.payment_id is not None:
        payment = bench.books.get(charges.KIND, asked.payment_id, call.account)
        link = payment and bench.books.get(KIND, payment.private["session"], call.account)
        found = [link] if link else []
    else:
        query = Query(account=call.account, kind=KIND, limit=asked.count + asked.skip)
        found = bench.books.page(query)[0]
    page = found[asked.skip : asked.skip + asked.count]
    return {"payment_links": [presented(bench, link) for link in page]}


def cancel(bench: Workbench, call: Call) -> JsonObject:
    read(Nothing, call.params)
    link = bench.need(call.account, KIND, call.id)
    if link.body["status"] != "created":
        raise not_allowed(f"Payment Link cannot be cancelled as it is {_word(link)}")
    close(bench, link, "cancelled")
    return presented(bench, link)


def close(bench: Workbench, link: Record, status: str) -> None:
    """Let an open link be `cancelled` or `expired`; the caller commits."""
    link.private["closes_at"] = None
    link.body.update({"status": status, f"{status}_at": bench.now(), "updated_at": bench.now()})
    bench.books.save(link)
    events.record(
        bench, f"payment_link.{status}", link.account, payment_link=presented(bench, link)
    )


def expire_due(bench: Workbench) -> bool:
    """Expire what has outlived its time, in a transaction of its own."""
    due = bench.due(KIND, "closes_at")
    if not due:
        return False
    with bench.books.transaction():
        for link in due:
            close(bench, link, "expired")
    return True


def order_of(bench: Workbench, link: Record) -> Record:
    """The link's order, made when somebody first tries to pay it."""
    order = bench.books.get(charges.ORDER, link.private["order"] or "")
    if order is None:
        order = charges.new_order(
            bench,
            link.account,
            amount=link.body["amount"],
            currency=link.body["currency"],
            receipt=link.body["reference_id"],
            notes=link.body["notes"],
        )
        link.private["order"] = link.body["order_id"] = order.id
        bench.books.save(link)
    order.body.update(status="attempted", attempts=order.body["attempts"] + 1)
    bench.books.save(order)
    return order


def credit(bench: Workbench, link: Record, payment: Record) -> None:
    """Note it on the link, whatever its state: money that comes late is money all the same."""
    paid = link.body["amount_paid"] + payment.body["amount"]
    is_part = link.body["accept_partial"] and paid < link.body["amount"]
    link.body.update(
        amount_paid=paid,
        payments=[*(link.body["payments"] or []), objects.link_payment(payment.body, link.id)],
        status="partially_paid" if is_part else "paid",
        updated_at=bench.now(),
    )
    if not is_part:
        link.private["closes_at"] = None
    bench.books.save(link)
    order = bench.books.get(charges.ORDER, payment.body["order_id"])
    if order is None:
        return
    order.body.update(
        amount_paid=paid,
        amount_due=max(0, order.body["amount"] - paid),
        status="attempted" if is_part else "paid",
    )
    bench.books.save(order)
    account = link.account
    if not is_part:
        events.record(bench, "order.paid", account, payment=payment.body, order=order.body)
    events.record(
        bench,
        f"payment_link.{link.body['status']}",
        account,
        order=order.body,
        payment=payment.body,
        payment_link=presented(bench, link),
    )


def by_reference(bench: Workbench, account: str, reference: str) -> list[Record]:
    return bench.books.select(
        "account = ? AND kind = 'razorpay.payment_link'"
        " AND json_extract(body, '$.reference_id') = ?",
        (account, reference),
        index="razorpay_links_by_reference",
    )


def presented(bench: Workbench, link: Record) -> JsonObject:
    """The link as its API shows it now; its page may have moved."""
    return {**link.body, "short_url": short_urls.url(bench, link.private["slug"])}


def _word(link: Record) -> str:
    words = {"paid": "already paid", "partially_paid": "partially paid"}
    return words.get(link.body["status"], f"already {link.body['status']}")


def _expiry(wanted: int | None, now: int) -> int:
    latest = months_later(now, _MONTHS)
    if wanted is None or wanted == 0:
        return latest
    if wanted < now + SHORTEST_S:
        raise bad_request("timestamp must be atleast 15 minutes in future", "expire_by")
    if wanted > latest:
        raise bad_request("expire_by: cannot exceed more than six months.", "expire_by")
    return wanted
