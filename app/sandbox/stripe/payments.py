"""What happens when a customer pays: one judge for the page, the control API and tests.

Everything is decided in the caller's transaction and only while the session is open, so that
a second tap finds the first one's result instead of charging again.
"""

from app.sandbox.books import JsonObject, Record
from app.sandbox.stripe import cards, charges, debits, disputes, events, setups, subscriptions
from app.sandbox.stripe.charges import NOBODY
from app.sandbox.stripe.objects.session import PAGE_PATH
from app.sandbox.stripe.outcomes import Outcome, Payer, new_method
from app.sandbox.stripe.workbench import Workbench

SCHEMA = """
CREATE INDEX IF NOT EXISTS stripe_debits_due ON objects (json_extract(private, '$.settles_at'))
    WHERE kind = 'payment_intent' AND json_extract(private, '$.settles_at') IS NOT NULL;
"""
DEBITS_TAKE_S = 10
"""How long a bank debit takes where nothing else was asked for; Stripe's tests take seconds."""

_DEBITS_TAKE = "debits_take_s"
_DUE = (
    "kind = 'payment_intent' AND json_extract(private, '$.settles_at') IS NOT NULL"
    " AND json_extract(private, '$.settles_at') <= ?"
)


def pay(
    bench: Workbench,
    session: Record,
    way: cards.Entry | debits.Mandate,
    payer: Payer,
    *,
    delayed: bool = False,
) -> Outcome:
    """Try to pay an open session; the caller commits.

    A bank debit completes the session without money and settles by itself later. `delayed` does
    the same with a card, and settles only when told to.
    """
    if over := _over(session):
        return over
    if session.body["mode"] == "setup":
        return setups.save(bench, session, way, payer)
    if session.body["amount_total"] == 0:
        charges.complete(bench, session, payer, "no_payment_required")
        return Outcome("paid")
    if isinstance(way, debits.Mandate):
        return _pay_by_debit(bench, session, way, payer)
    verdict = cards.read(way, bench.now())
    if isinstance(verdict, cards.Unusable):
        return Outcome("unusable", verdict)
    card, refusal = verdict
    intent = charges.intent_of(bench, session)
    method = new_method(bench, session.account, card, payer)
    if refusal is None and card.is_challenged:
        return _challenge(bench, session, intent, method, payer)
    charge = charges.new_charge(bench, intent, method, card)
    if refusal is not None:
        charges.decline(bench, intent, charge, method, refusal)
        return Outcome("declined", refusal)
    take(intent, method, charge)
    if delayed:
        return _process(bench, session, intent, charge, payer)
    charges.capture(bench, intent, charge)
    charges.complete(bench, session, payer, "paid", intent)
    disputes.begin_by_card(bench, charge)
    return Outcome("paid")


def challenged_method(bench: Workbench, session: Record) -> JsonObject | None:
    """The card whose holder is asked for a proof just now; None where nobody is."""
    if session.body["mode"] == "setup":
        return setups.challenged_method(bench, session)
    intent = bench.books.get("payment_intent", session.private["payment_intent"] or "")
    if intent is None or intent.body["status"] != "requires_action":
        return None
    return method_of(bench, intent)


def is_processing(bench: Workbench, session: Record) -> bool:
    """Say whether the payer has done everything and the money is still to come."""
    intent = bench.books.get("payment_intent", session.private["payment_intent"] or "")
    return intent is not None and intent.body["status"] == "processing"


def authenticate(bench: Workbench, session: Record, *, succeeded: bool) -> Outcome:
    """Let the payer prove to the bank who is paying, or fail to; the caller commits."""
    if over := _over(session):
        return over
    method = challenged_method(bench, session)
    if method is None:
        return Outcome("nothing_to_prove")
    if session.body["mode"] == "setup":
        return setups.authenticate(bench, session, method, succeeded=succeeded)
    intent = charges.intent_of(bench, session)
    if not succeeded:
        charges.refuse(bench, intent, method, cards.NOT_AUTHENTICATED, charge=None)
        return Outcome("declined", cards.NOT_AUTHENTICATED)
    billing = method["billing_details"]
    charge = charges.new_charge(bench, intent, method)
    take(intent, method, charge)
    charges.capture(bench, intent, charge)
    payer = Payer(billing["name"], billing["email"])
    charges.complete(bench, session, payer, "paid", intent)
    return Outcome("paid")


def debits_take(bench: Workbench, seconds: int | None = None) -> int:
    """How long a bank debit takes; `seconds` sets it for those to come, in a transaction."""
    if seconds is not None:
        with bench.books.transaction():
            bench.books.set_fact(_DEBITS_TAKE, str(seconds))
    kept = bench.books.fact(_DEBITS_TAKE)
    return DEBITS_TAKE_S if kept is None else int(kept)


def settle_due(bench: Workbench) -> bool:
    """Decide the debits whose time has come, in a transaction of its own."""
    due = bench.books.select(_DUE, (bench.now(),), index="stripe_debits_due")
    if not due:
        return False
    with bench.books.transaction():
        for intent in due:
            settle_intent(bench, intent, succeeded=intent.private["succeeds"])
    return True


def settle_delayed(bench: Workbench, session: Record, *, succeeded: bool) -> bool:
    """Let the money of a complete but unpaid session arrive, or fail; the caller commits.

    False where nothing is being processed.
    """
    intent = bench.books.get("payment_intent", session.private["payment_intent"] or "")
    return intent is not None and settle_intent(bench, intent, succeeded=succeeded)


def settle_intent(bench: Workbench, intent: Record, *, succeeded: bool) -> bool:
    """Let an intent's money arrive, or fail; its session, if it has one, says the same."""
    if intent.body["status"] != "processing":
        return False
    intent.private.pop("settles_at", None)
    session = bench.books.get("checkout.session", intent.private["session"] or "")
    charge = bench.need(intent.account, "charge", intent.body["latest_charge"], "charge")
    if succeeded:
        charges.capture(bench, intent, charge)
        if session is not None:
            session.body["payment_status"] = "paid"
            bench.books.save(session)
            events.record(bench, "checkout.session.async_payment_succeeded", session, NOBODY)
        subscriptions.settled(bench, intent, succeeded=True)
        disputes.begin_by_card(bench, charge)
        return True
    method = method_of(bench, intent)
    why = debits.NOT_DEBITED if method["type"] == debits.METHOD else cards.GENERIC_DECLINE
    charges.decline(bench, intent, charge, method, why)
    if session is not None:
        events.record(bench, "checkout.session.async_payment_failed", session, NOBODY)
    subscriptions.settled(bench, intent, succeeded=False)
    return True


def _over(session: Record) -> Outcome | None:
    if session.body["status"] == "complete":
        return Outcome("already_complete")
    return Outcome("expired") if session.body["status"] == "expired" else None


def _pay_by_debit(
    bench: Workbench, session: Record, mandate: debits.Mandate, payer: Payer
) -> Outcome:
    if debits.METHOD not in session.body["payment_method_types"]:
        why = cards.Unusable("iban", "payment_method_unavailable", "Pay by card, please.")
        return Outcome("unusable", why)
    debit = debits.read(mandate)
    if isinstance(debit, cards.Unusable):
        return Outcome("unusable", debit)
    intent = charges.intent_of(bench, session)
    method = new_method(bench, session.account, debit, payer)
    charge = charges.new_charge(bench, intent, method, debit)
    intent.private["settles_at"] = bench.now() + debits_take(bench) + debit.slower_s
    intent.private["succeeds"] = debit.succeeds
    take(intent, method, charge)
    return _process(bench, session, intent, charge, payer)


def _process(
    bench: Workbench, session: Record, intent: Record, charge: Record, payer: Payer
) -> Outcome:
    intent.body["status"] = "processing"
    bench.books.save(intent)
    events.record(bench, "charge.pending", charge, NOBODY)
    events.record(bench, "payment_intent.processing", intent, NOBODY)
    charges.complete(bench, session, payer, "unpaid", intent)
    return Outcome("processing")


def _challenge(
    bench: Workbench, session: Record, intent: Record, method: JsonObject, payer: Payer
) -> Outcome:
    intent.body.update(
        status="requires_action",
        payment_method=method["id"],
        last_payment_error=None,
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
    events.record(bench, "payment_intent.requires_action", intent, NOBODY)
    return Outcome("requires_action")


def take(intent: Record, method: JsonObject, charge: Record) -> None:
    intent.body.update(
        payment_method=method["id"],
        latest_charge=charge.id,
        last_payment_error=None,
        next_action=None,
    )


def method_of(bench: Workbench, intent: Record) -> JsonObject:
    return bench.need(intent.account, "payment_method", intent.body["payment_method"], "id").body
