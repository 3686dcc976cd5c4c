"""What happens when a customer pays an intent on a shop's own page; the caller commits.

The steps are those of a Checkout session's payment. There is no session that could be complete: an
intent that was refused waits for another try until it is canceled.
"""

from typing import Any

from app.sandbox.books import JsonObject, Record
from app.sandbox.control_request import Refused
from app.sandbox.stripe import cards, charges, debits, disputes, events
from app.sandbox.stripe.charges import NOBODY
from app.sandbox.stripe.errors import StripeRefusal
from app.sandbox.stripe.oddities import Oddity
from app.sandbox.stripe.outcomes import Outcome, Payer, new_method
from app.sandbox.stripe.payments import debits_take, method_of, take
from app.sandbox.stripe.presentation import presented
from app.sandbox.stripe.workbench import Workbench

Way = cards.Entry | debits.Mandate

_TEST_METHODS = {
    "pm_card_visa": "4242424242424242",
    "pm_card_visa_chargeDeclined": "4000000000000002",
    "pm_card_chargeDeclined": "4000000000000002",
    "pm_card_chargeDeclinedInsufficientFunds": "4000000000009995",
    "pm_card_authenticationRequired": "4000002500003155",
}


def way_of(params: dict[str, Any]) -> Way | None:
    """What the customer pays with, out of a confirmation's parameters; None for nothing."""
    data = params.get("payment_method_data")
    if data is None:
        number = _TEST_METHODS.get(params.get("payment_method", ""))
        return None if number is None else cards.Entry(number, "12/49", "123")
    if debits.METHOD in data:
        name = data.get("billing_details", {}).get("name")
        return debits.Mandate(data[debits.METHOD]["iban"], name)
    if "card" not in data:
        return None
    card = data["card"]
    expiry = f"{card['exp_month']:02d}/{card['exp_year'] % 100:02d}"
    return cards.Entry(card["number"], expiry, card.get("cvc", ""))


def pay(
    bench: Workbench, intent: Record, way: Way, payer: Payer, *, delayed: bool = False
) -> Outcome:
    """Try to pay. `delayed` leaves a card's money on its way until somebody decides."""
    status = intent.body["status"]
    if status in ("succeeded", "processing"):
        return Outcome("already_complete")
    if status == "canceled":
        return Outcome("expired")
    verdict = debits.read(way) if isinstance(way, debits.Mandate) else cards.read(way, bench.now())
    if isinstance(verdict, cards.Unusable):
        return Outcome("unusable", verdict)
    if isinstance(verdict, debits.Debit):
        return _debit(bench, intent, verdict, payer)
    card, refusal = verdict
    method = new_method(bench, intent.account, card, payer)
    if refusal is None and card.is_challenged:
        return _challenge(bench, intent, method)
    charge = charges.new_charge(bench, intent, method, card)
    if refusal is not None:
        charges.decline(bench, intent, charge, method, refusal)
        return Outcome("declined", refusal)
    take(intent, method, charge)
    if delayed:
        return _process(bench, intent, charge)
    charges.capture(bench, intent, charge)
    disputes.begin_by_card(bench, charge)
    return Outcome("paid")


def pay_oddly(
    bench: Workbench, intent: Record, way: Way, payer: Payer, odd: Oddity, *, delayed: bool
) -> Outcome:
    """Pay another sum, in another currency or mode, or what was canceled; never a second time."""
    if intent.body["status"] in ("succeeded", "processing"):
        raise Refused("a payment intent is paid once")
    if intent.body["status"] == "canceled" and odd.force:
        intent.body.update(status="requires_payment_method", canceled_at=None)
    intent.body.update(
        amount=odd.amount or intent.body["amount"],
        currency=odd.currency or intent.body["currency"],
        livemode=odd.livemode or intent.body["livemode"],
    )
    outcome = pay(bench, intent, way, payer, delayed=delayed)
    if outcome.state not in ("paid", "processing"):
        raise Refused(f"such a payment has to succeed: {outcome.state}")
    return outcome


def authenticate(bench: Workbench, intent: Record, *, succeeded: bool) -> Outcome:
    """Let the payer prove to the bank who is paying, or fail to."""
    if intent.body["status"] != "requires_action":
        return Outcome("nothing_to_prove")
    method = method_of(bench, intent)
    if not succeeded:
        charges.refuse(bench, intent, method, cards.NOT_AUTHENTICATED, charge=None)
        return Outcome("declined", cards.NOT_AUTHENTICATED)
    charge = charges.new_charge(bench, intent, method)
    take(intent, method, charge)
    charges.capture(bench, intent, charge)
    return Outcome("paid")


def refusal_of(
    bench: Workbench, intent: Record, problem: cards.Decline | cards.Unusable
) -> JsonObject:
    """The body of a 402. What cannot be used at all is raised instead: nothing has begun."""
    if isinstance(problem, cards.Unusable):
        raise StripeRefusal(
            402, problem.message, code=problem.code, param=problem.field, type="card_error"
        )
    return {
        "error": {**intent.body["last_payment_error"], "payment_intent": presented(bench, intent)}
    }


def _debit(bench: Workbench, intent: Record, debit: debits.Debit, payer: Payer) -> Outcome:
    if debits.METHOD not in intent.body["payment_method_types"]:
        why = cards.Unusable("iban", "payment_method_unavailable", "Pay by card, please.")
        return Outcome("unusable", why)
    method = new_method(bench, intent.account, debit, payer)
    charge = charges.new_charge(bench, intent, method, debit)
    intent.private["settles_at"] = bench.now() + debits_take(bench) + debit.slower_s
    intent.private["succeeds"] = debit.succeeds
    take(intent, method, charge)
    return _process(bench, intent, charge)


def _process(bench: Workbench, intent: Record, charge: Record) -> Outcome:
    intent.body["status"] = "processing"
    bench.books.save(intent)
    events.record(bench, "charge.pending", charge, NOBODY)
    events.record(bench, "payment_intent.processing", intent, NOBODY)
    return Outcome("processing")


def _challenge(bench: Workbench, intent: Record, method: JsonObject) -> Outcome:
    intent.body.update(
        status="requires_action",
        payment_method=method["id"],
        last_payment_error=None,
        next_action={
            "type": "use_stripe_sdk",
            "use_stripe_sdk": {
                "source": bench.ids("src_1", 23),
                "stripe_js": f"{bench.origin()}/v3/",
                "type": "three_d_secure_redirect",
            },
        },
    )
    bench.books.save(intent)
    events.record(bench, "payment_intent.requires_action", intent, NOBODY)
    return Outcome("requires_action")
