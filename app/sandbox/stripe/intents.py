"""Payment intents that a shop makes by itself, for a page of its own: Stripe Elements.

Rules: docs.stripe.com/payments/paymentintents/lifecycle and the API reference. A Checkout session's
intent stays the session's: it can be read and described here, nothing else.
"""

from collections.abc import Mapping
from typing import Any

from app.sandbox.bench import Cause
from app.sandbox.books import JsonObject, Record
from app.sandbox.stripe import events, intent_payments
from app.sandbox.stripe.currencies import LARGEST, Currency, check_last_digit, shown, smallest
from app.sandbox.stripe.debits import CURRENCY, METHOD
from app.sandbox.stripe.errors import (
    StripeRefusal,
    bad_parameter,
    missing_parameter,
    not_allowed,
)
from app.sandbox.stripe.objects.payment import payment_intent
from app.sandbox.stripe.outcomes import Payer
from app.sandbox.stripe.parameters import (
    EXPAND,
    Absent,
    Choice,
    Email,
    Fields,
    Flag,
    Ignored,
    Metadata,
    Rule,
    Text,
    WebAddress,
    Whole,
    check_all,
)
from app.sandbox.stripe.presentation import presented
from app.sandbox.stripe.workbench import Call, Workbench

KIND = "payment_intent"
OPEN = ("requires_payment_method", "requires_confirmation", "requires_action")

_DESCRIBING: Mapping[str, Rule] = {
    "description": Text(1000),
    "expand": EXPAND,
    "metadata": Metadata(),
    "receipt_email": Email(),
}
_CREATE_RULES: Mapping[str, Rule] = {
    **_DESCRIBING,
    "amount": Whole(1, LARGEST),
    "automatic_payment_methods": Fields(
        {"enabled": Flag(), "allow_redirects": Choice(["always", "never"])}, ("enabled",)
    ),
    "capture_method": Absent("capture methods of one's own"),
    "confirm": Absent("confirming while creating"),
    "currency": Currency(),
    "customer": Absent("customers of payment intents"),
    "payment_method": Absent("payment methods of payment intents that are just created"),
    "setup_future_usage": Absent("saved payment methods"),
}
_UPDATE_RULES: Mapping[str, Rule] = {**_DESCRIBING, "amount": Whole(1, LARGEST)}
_CANCEL_RULES: Mapping[str, Rule] = {
    "cancellation_reason": Choice(
        ["abandoned", "duplicate", "fraudulent", "requested_by_customer"]
    ),
    "expand": EXPAND,
}
_CARD = Fields(
    {"number": Text(40), "exp_month": Whole(0, 99), "exp_year": Whole(0, 9999), "cvc": Text(10)},
    ("number", "exp_month", "exp_year"),
)
_METHOD_DATA = Fields(
    {
        "type": Choice(["card", METHOD]),
        "card": _CARD,
        METHOD: Fields({"iban": Text(60)}, ("iban",)),
        "billing_details": Fields({"name": Text(200), "email": Email()}),
    },
    ("type",),
)
_CONFIRM_RULES: Mapping[str, Rule] = {
    "client_secret": Text(500),
    "expand": EXPAND,
    "payment_method": Text(200),
    "payment_method_data": _METHOD_DATA,
    "return_url": WebAddress(),
    "use_stripe_sdk": Ignored(),
}


def create(bench: Workbench, call: Call) -> JsonObject:
    params = check_all(call.form, _CREATE_RULES, ("amount", "currency"))
    amount, currency = params["amount"], params["currency"]
    _check_amount(amount, currency)
    automatic = params.get("automatic_payment_methods")
    id = bench.new_id(KIND, "pi_3", 23)
    body = payment_intent(
        id=id,
        secret=bench.ids(f"{id}_secret_", 25),
        created=bench.now(),
        amount=amount,
        currency=currency,
        methods=["card", METHOD] if automatic and currency == CURRENCY else ["card"],
        data=params,
        livemode=False,
    )
    if automatic is not None:
        body["automatic_payment_methods"] = {"allow_redirects": "always", **automatic}
    record = bench.add(call.account, KIND, body, {"session": None, "payment_intent": id})
    events.record(bench, "payment_intent.created", record, call.cause)
    return presented(bench, record)


def update(bench: Workbench, call: Call) -> JsonObject:
    params = check_all(call.form, _UPDATE_RULES)
    record = bench.need(call.account, KIND, call.id, "intent")
    if "amount" in params:
        _refuse_session(record)
        _refuse_state(record, "update its amount")
        _check_amount(params["amount"], record.body["currency"])
    metadata = {**record.body["metadata"], **params.pop("metadata", {})}
    params.pop("expand", None)
    record.body.update(params, metadata=metadata)
    bench.books.save(record)
    return presented(bench, record)


def cancel(bench: Workbench, call: Call) -> JsonObject:
    params = check_all(call.form, _CANCEL_RULES)
    record = bench.need(call.account, KIND, call.id, "intent")
    _refuse_session(record)
    _refuse_state(record, "cancel it")
    close(bench, record, params.get("cancellation_reason"), call.cause)
    return presented(bench, record)


def close(bench: Workbench, record: Record, reason: str | None, cause: Cause) -> None:
    """Turn an open intent into a canceled one, for good."""
    record.body.update(
        status="canceled",
        canceled_at=bench.now(),
        cancellation_reason=reason,
        next_action=None,
    )
    bench.books.save(record)
    events.record(bench, "payment_intent.canceled", record, cause)


def confirm(bench: Workbench, call: Call) -> JsonObject:
    """Try to pay. A decline is an error whose effect stays: see `declined` in the answer."""
    params = check_all(call.form, _CONFIRM_RULES)
    record = bench.need(call.account, KIND, call.id, "intent")
    _refuse_session(record)
    _refuse_state(record, "confirm it")
    billing = params.get("payment_method_data", {}).get("billing_details", {})
    payer = Payer(billing.get("name"), billing.get("email"))
    way = intent_payments.way_of(params)
    if way is None:
        raise missing_parameter("payment_method")
    outcome = intent_payments.pay(bench, record, way, payer)
    if outcome.problem is None:
        return presented(bench, record)
    return intent_payments.refusal_of(bench, record, outcome.problem)


def is_own(record: Record | None) -> bool:
    """Say whether a shop made it by itself, for a page of its own."""
    if record is None or record.private.get("subscription"):
        return False
    return record.private["session"] is None


def _check_amount(amount: int, currency: str) -> None:
    least = smallest(currency)
    if amount < least:
        raise bad_parameter(
            f"Amount must be at least {shown(least, currency)} {currency}",
            "amount",
            "amount_too_small",
        )
    check_last_digit(amount, currency, "amount")


def _refuse_session(record: Record) -> None:
    if not is_own(record):
        raise not_allowed(
            "You cannot perform this action on a PaymentIntent created by Checkout. Expire its"
            " Checkout Session instead."
        )


def _refuse_state(record: Record, what: str) -> None:
    status: Any = record.body["status"]
    if status not in OPEN:
        raise unexpected_state(
            f"This PaymentIntent's status is {status}: you cannot {what}. Only a PaymentIntent with"
            f" one of the following statuses allows that: {', '.join(OPEN)}."
        )


def unexpected_state(message: str) -> StripeRefusal:
    return not_allowed(message, code="payment_intent_unexpected_state")
