"""The steps of which payments are made: intent, charge, capture, decline, complete session.

Each is an effect with its events, in the caller's transaction; which one is due is decided in
`payments`.
"""

from app.sandbox.bench import Cause
from app.sandbox.books import JsonObject, Record
from app.sandbox.stripe import balance, events, payment_links, subscriptions
from app.sandbox.stripe.cards import Card, Decline
from app.sandbox.stripe.debits import Debit
from app.sandbox.stripe.objects import payment
from app.sandbox.stripe.objects.session import customer_details
from app.sandbox.stripe.objects.subscription import customer
from app.sandbox.stripe.outcomes import Payer
from app.sandbox.stripe.workbench import Workbench

NOBODY = Cause()


def intent_of(bench: Workbench, session: Record) -> Record:
    """The session's payment intent, created when the payer first tries."""
    known = session.private["payment_intent"]
    if known is not None:
        return bench.need(session.account, "payment_intent", known, "intent")
    in_payment_mode = session.body["mode"] == "payment"
    id = bench.new_id("payment_intent", "pi_3", 23)
    intent = bench.add(
        session.account,
        "payment_intent",
        payment.payment_intent(
            id=id,
            secret=bench.ids(f"{id}_secret_", 25),
            created=bench.now(),
            amount=session.body["amount_total"],
            currency=session.body["currency"],
            methods=session.body["payment_method_types"],
            data=session.private["data"] if in_payment_mode else {},
            livemode=session.body["livemode"],
        ),
        {"session": session.id},
    )
    session.private["payment_intent"] = id
    if in_payment_mode:
        session.body["payment_intent"] = id
    bench.books.save(session)
    events.record(bench, "payment_intent.created", intent, NOBODY)
    return intent


def new_charge(
    bench: Workbench, intent: Record, method: JsonObject, way: Card | Debit | None = None
) -> Record:
    """A charge that has not been decided yet; `way` rules what becomes of its money later."""
    body = payment.charge(
        id=bench.new_id("charge", "ch_3", 23),
        created=bench.now(),
        intent=intent.body,
        method=method,
    )
    private = {
        "disputed_as": way.disputed_as if isinstance(way, Card) else None,
        "refunds": way.refunds if isinstance(way, Card) else "succeeds",
        "session": intent.private["session"],
    }
    return bench.add(intent.account, "charge", body, private)


def capture(bench: Workbench, intent: Record, charge: Record) -> None:
    payment.approve(charge.body)
    balance.post_charge(bench, charge)
    intent.body.update(status="succeeded", amount_received=charge.body["amount"], next_action=None)
    bench.books.save(charge)
    bench.books.save(intent)
    events.record(bench, "charge.succeeded", charge, NOBODY)
    events.record(bench, "payment_intent.succeeded", intent, NOBODY)


def decline(
    bench: Workbench, intent: Record, charge: Record, method: JsonObject, why: Decline
) -> None:
    payment.decline(charge.body, why)
    bench.books.save(charge)
    events.record(bench, "charge.failed", charge, NOBODY)
    refuse(bench, intent, method, why, charge=charge.id)


def refuse(
    bench: Workbench, intent: Record, method: JsonObject, why: Decline, *, charge: str | None
) -> None:
    """Have the intent wait for another try; without a charge the bank was never asked for money."""
    intent.body.update(
        status="requires_payment_method",
        next_action=None,
        payment_method=None,
        latest_charge=charge or intent.body["latest_charge"],
        last_payment_error=payment.payment_error(why, charge=charge, method=method),
    )
    bench.books.save(intent)
    events.record(bench, "payment_intent.payment_failed", intent, NOBODY)


def complete(
    bench: Workbench,
    session: Record,
    payer: Payer,
    payment_status: str,
    intent: Record | None = None,
) -> None:
    email = payer.email or session.body["customer_email"]
    session.body.update(
        status="complete",
        payment_status=payment_status,
        customer_details=customer_details(email, payer.name),
    )
    subscribing = session.body["mode"] == "subscription"
    if subscribing or session.body["customer_creation"] == "always":
        body = customer(
            id=bench.new_id("customer", "cus_", 14),
            created=bench.now(),
            email=email,
            name=payer.name,
        )
        patron = bench.add(session.account, "customer", body)
        session.body["customer"] = patron.id
        if intent is not None:
            intent.body["customer"] = patron.id
            bench.books.save(intent)
        if subscribing:
            subscriptions.begin(bench, session, patron, intent)
    bench.books.save(session)
    events.record(bench, "checkout.session.completed", session, NOBODY)
    payment_links.count_completed(bench, session)
