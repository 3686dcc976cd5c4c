"""What time brings to subscriptions: the next period, its invoice, its payment, another try.

A period that is over brings a draft, which is finalized and paid an hour later. What is refused is
tried again on the dashboard's schedule, and after the last try the subscription is over.
"""

from dataclasses import asdict

from app.sandbox.books import JsonObject, Record
from app.sandbox.stripe import cards, charges, events, invoices, payments
from app.sandbox.stripe import subscriptions as subs
from app.sandbox.stripe.charges import NOBODY
from app.sandbox.stripe.objects import payment as objects
from app.sandbox.stripe.objects.invoice import DRAFT_S
from app.sandbox.stripe.outcomes import Payer, new_method
from app.sandbox.stripe.workbench import Workbench

SCHEMA = """
CREATE INDEX IF NOT EXISTS stripe_billing_due ON objects (json_extract(private, '$.due_at'))
    WHERE kind IN ('subscription', 'invoice') AND json_extract(private, '$.due_at') IS NOT NULL;
"""
_DUE = (
    "kind IN ('subscription', 'invoice') AND json_extract(private, '$.due_at') IS NOT NULL"
    " AND json_extract(private, '$.due_at') <= ?"
)
_MOST_AT_ONCE = 10_000
_LATER_REFUSED = cards.Decline(
    "authentication_required",
    "authentication_required",
    "Your card was declined. This transaction requires authentication.",
)


def charge_due(bench: Workbench) -> bool:
    """Let happen what was due, oldest first, each in a transaction of its own."""
    happened = False
    for _ in range(_MOST_AT_ONCE):
        due = bench.books.select(_DUE, (bench.now(),), index="stripe_billing_due")
        if not due:
            break
        record = min(due, key=lambda each: int(each.private["due_at"]))
        with bench.books.transaction():
            if record.kind == subs.KIND:
                renew(bench, record)
            else:
                advance(bench, record, record.private["due_at"])
        happened = True
    return happened


def renew(bench: Workbench, subscription: Record) -> Record | None:
    """Begin the next period, or end with the one that is over; give the invoice, a draft."""
    body, at = subscription.body, subs.next_due(subscription)
    if body["cancel_at"] is not None and body["cancel_at"] <= at:
        subs.end(bench, subscription, NOBODY, at=at)
        return None
    lines = {line["price"]["id"]: line for line in subscription.private["lines"]}
    over = [item for item in body["items"]["data"] if item["current_period_end"] <= at]
    start = over[0]["current_period_start"]
    for item in over:
        recurring, anchor = item["price"]["recurring"], body["billing_cycle_anchor"]
        item["current_period_start"] = at
        item["current_period_end"] = subs.period_end(at, recurring, anchor)
    again = [(lines[item["price"]["id"]], at, item["current_period_end"]) for item in over]
    invoice = invoices.draft(
        bench, subscription, again, reason="subscription_cycle", period=(start, at), at=at
    )
    body["latest_invoice"] = invoice.id
    subscription.private["due_at"] = subs.next_due(subscription)
    subs.tell(bench, subscription)
    if body["pause_collection"] is None:
        invoice.private["due_at"] = at + DRAFT_S
        bench.books.save(invoice)
    else:
        _leave(bench, invoice, body["pause_collection"]["behavior"], at)
    return invoice


def advance(bench: Workbench, invoice: Record, at: int) -> None:
    """Finalize a draft, and try to have the money."""
    invoice.private["due_at"] = None
    if invoice.body["status"] == "draft":
        invoices.finalize(bench, invoice, at)
    subscription = subs.of_invoice(bench, invoice)
    invoices.tried(invoice)
    if invoice.body["amount_due"] == 0:
        subs.collected(bench, invoice)
        return
    intent = _intent_of(bench, invoice, subscription)
    invoice.body["next_payment_attempt"] = None
    bench.books.save(invoice)
    method_id = subscription.body["default_payment_method"]
    method = bench.need(subscription.account, "payment_method", method_id, "payment_method")
    charge = charges.new_charge(bench, intent, method.body)
    if (why := method.private.get("refusal")) is not None:
        charges.decline(bench, intent, charge, method.body, cards.Decline(**why))
        subs.uncollected(bench, invoice, at)
        return
    payments.take(intent, method.body, charge)
    charges.capture(bench, intent, charge)
    subs.collected(bench, invoice)


def set_card(bench: Workbench, subscription: Record, entry: cards.Entry) -> cards.Unusable | None:
    """Have the payments to come be made by another card, as its holder would at the portal."""
    verdict = cards.read(entry, bench.now())
    if isinstance(verdict, cards.Unusable):
        return verdict
    card, refusal = verdict
    if card.is_challenged:
        # Nobody is there whom the bank could ask.
        refusal = _LATER_REFUSED
    made = new_method(bench, subscription.account, card, Payer())
    method = bench.need(subscription.account, "payment_method", made["id"], "payment_method")
    method.body["customer"] = subscription.body["customer"]
    method.private["refusal"] = None if refusal is None else asdict(refusal)
    bench.books.save(method)
    subscription.body["default_payment_method"] = method.id
    subs.tell(bench, subscription)
    return None


def _intent_of(bench: Workbench, invoice: Record, subscription: Record) -> Record:
    known = invoice.private["intent"]
    if known is not None:
        return bench.need(invoice.account, "payment_intent", known, "intent")
    id = bench.new_id("payment_intent", "pi_3", 23)
    body = objects.payment_intent(
        id=id,
        secret=bench.ids(f"{id}_secret_", 25),
        created=bench.now(),
        amount=invoice.body["amount_due"],
        currency=invoice.body["currency"],
        methods=["card"],
        data={"description": "Subscription update"},
        livemode=False,
    )
    body["customer"] = invoice.body["customer"]
    private: JsonObject = {"session": None, "subscription": subscription.id}
    intent = bench.add(invoice.account, "payment_intent", body, private)
    events.record(bench, "payment_intent.created", intent, NOBODY)
    invoices.bind(bench, invoice, intent)
    return intent


def _leave(bench: Workbench, invoice: Record, behavior: str, at: int) -> None:
    """Do with an invoice what the owner wants while nothing is collected."""
    if behavior == "keep_as_draft":
        invoices.stop(bench, invoice)
        return
    invoices.finalize(bench, invoice, at)
    invoices.close(bench, invoice, "void" if behavior == "void" else "uncollectible")
