"""`mode=setup`: a session that keeps a card for later and takes no money.

Rules: docs.stripe.com/payments/save-and-reuse and the API reference. Whoever calls commits.
"""

from app.sandbox.bench import Cause
from app.sandbox.books import JsonObject, Record
from app.sandbox.stripe import cards, debits, events
from app.sandbox.stripe.objects.payment import payment_error
from app.sandbox.stripe.objects.session import PAGE_PATH, customer_details
from app.sandbox.stripe.objects.setup_intent import setup_intent
from app.sandbox.stripe.objects.subscription import customer
from app.sandbox.stripe.outcomes import Outcome, Payer, new_method
from app.sandbox.stripe.parameters import EXPAND, LISTING, Span, Text, check_all
from app.sandbox.stripe.presentation import listed_page, presented
from app.sandbox.stripe.workbench import Call, Workbench

KIND = "setup_intent"

_LIST_RULES = {
    **LISTING,
    "created": Span(),
    "customer": Text(200),
    "payment_method": Text(200),
}
_NOBODY = Cause()
_CARDS_ONLY = cards.Unusable("iban", "payment_method_unavailable", "Give a card, please.")


def retrieve(bench: Workbench, call: Call) -> JsonObject:
    check_all(call.form, {"expand": EXPAND, "client_secret": Text(500)})
    return presented(bench, bench.need(call.account, KIND, call.id, "intent"))


def listing(bench: Workbench, call: Call) -> JsonObject:
    params = check_all(call.form, _LIST_RULES)
    return listed_page(bench, call, KIND, params, equal=("customer", "payment_method"))


def retrieve_method(bench: Workbench, call: Call) -> JsonObject:
    check_all(call.form, {"expand": EXPAND})
    return presented(bench, bench.need(call.account, "payment_method", call.id, "payment_method"))


def retrieve_customer(bench: Workbench, call: Call) -> JsonObject:
    check_all(call.form, {"expand": EXPAND})
    return presented(bench, bench.need(call.account, "customer", call.id, "customer"))


def attach(bench: Workbench, session: Record, cause: Cause) -> None:
    """Give a new session the intent that its card will be kept by."""
    id = bench.new_id(KIND, "seti_1", 23)
    body = setup_intent(
        id=id,
        secret=bench.ids(f"{id}_secret_", 25),
        created=bench.now(),
        customer=session.body["customer"],
        data=session.private["data"],
    )
    intent = bench.add(session.account, KIND, body, {"session": session.id})
    session.body["setup_intent"] = id
    bench.books.save(session)
    events.record(bench, "setup_intent.created", intent, cause)


def save(
    bench: Workbench, session: Record, way: cards.Entry | debits.Mandate, payer: Payer
) -> Outcome:
    """Try to keep a card for an open session: its bank is asked, and takes nothing."""
    if isinstance(way, debits.Mandate):
        return Outcome("unusable", _CARDS_ONLY)
    verdict = cards.read(way, bench.now())
    if isinstance(verdict, cards.Unusable):
        return Outcome("unusable", verdict)
    card, refusal = verdict
    intent = intent_of(bench, session)
    method = new_method(bench, session.account, card, payer)
    if refusal is not None and not card.fails_later:
        return _refuse(bench, intent, method, refusal)
    if card.is_challenged:
        _challenge(bench, session, intent, method)
        return Outcome("requires_action")
    _keep(bench, session, intent, method, payer)
    return Outcome("saved")


def challenged_method(bench: Workbench, session: Record) -> JsonObject | None:
    """The card whose holder is asked for a proof just now; None where nobody is."""
    intent = bench.books.get(KIND, session.body["setup_intent"] or "")
    if intent is None or intent.body["status"] != "requires_action":
        return None
    id = intent.body["payment_method"]
    return bench.need(intent.account, "payment_method", id, "payment_method").body


def authenticate(
    bench: Workbench, session: Record, method: JsonObject, *, succeeded: bool
) -> Outcome:
    """Let the holder prove to the bank whose card it is, or fail to."""
    intent = intent_of(bench, session)
    if not succeeded:
        return _refuse(bench, intent, method, cards.SETUP_NOT_AUTHENTICATED)
    billing = method["billing_details"]
    _keep(bench, session, intent, method, Payer(billing["name"], billing["email"]))
    return Outcome("saved")


def cancel(bench: Workbench, session: Record, cause: Cause) -> None:
    """End what an expired session would have kept a card by."""
    intent = intent_of(bench, session)
    intent.body.update(status="canceled", cancellation_reason="abandoned", next_action=None)
    bench.books.save(intent)
    events.record(bench, "setup_intent.canceled", intent, cause)


def intent_of(bench: Workbench, session: Record) -> Record:
    return bench.need(session.account, KIND, session.body["setup_intent"], "setup_intent")


def _refuse(bench: Workbench, intent: Record, method: JsonObject, why: cards.Decline) -> Outcome:
    intent.body.update(
        status="requires_payment_method",
        next_action=None,
        payment_method=None,
        last_setup_error=payment_error(why, charge=None, method=method),
    )
    bench.books.save(intent)
    events.record(bench, "setup_intent.setup_failed", intent, _NOBODY)
    return Outcome("declined", why)


def _challenge(bench: Workbench, session: Record, intent: Record, method: JsonObject) -> None:
    intent.body.update(
        status="requires_action",
        payment_method=method["id"],
        last_setup_error=None,
        next_action={
            "type": "use_stripe_sdk",
            "use_stripe_sdk": {
                "source": bench.ids("src_1", 23),
                "stripe_js": f"{bench.origin()}{PAGE_PATH}{session.id}/challenge",
                "type": "three_d_secure_redirect",
            },
        },
    )
    bench.books.save(intent)
    events.record(bench, "setup_intent.requires_action", intent, _NOBODY)


def _keep(
    bench: Workbench, session: Record, intent: Record, method: JsonObject, payer: Payer
) -> None:
    """Complete the session: the card is the customer's, who may be a new one."""
    email = payer.email or session.body["customer_email"]
    patron = session.body["customer"]
    if patron is None and session.body["customer_creation"] == "always":
        body = customer(
            id=bench.new_id("customer", "cus_", 14),
            created=bench.now(),
            email=email,
            name=payer.name,
        )
        patron = bench.add(session.account, "customer", body).id
    kept = bench.need(session.account, "payment_method", method["id"], "payment_method")
    kept.body["customer"] = patron
    bench.books.save(kept)
    intent.body.update(
        status="succeeded",
        customer=patron,
        payment_method=kept.id,
        last_setup_error=None,
        next_action=None,
    )
    bench.books.save(intent)
    session.body.update(
        status="complete",
        customer=patron,
        customer_details=customer_details(email, payer.name),
    )
    bench.books.save(session)
    if patron is not None:
        events.record(bench, "payment_method.attached", kept, _NOBODY)
    events.record(bench, "setup_intent.succeeded", intent, _NOBODY)
    events.record(bench, "checkout.session.completed", session, _NOBODY)
