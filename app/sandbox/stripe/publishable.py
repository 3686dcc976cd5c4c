"""What a publishable key may do: pay one intent whose client secret it knows, and look at it.

This is what Stripe.js asks for from a customer's browser. No amount and no state can be set here.
"""

import hmac
from collections.abc import Mapping

from app.sandbox.books import JsonObject
from app.sandbox.stripe import intent_payments, intents
from app.sandbox.stripe.errors import StripeRefusal, bad_parameter, missing_parameter, no_such
from app.sandbox.stripe.parameters import Choice, Rule, Text, check_all
from app.sandbox.stripe.presentation import presented
from app.sandbox.stripe.workbench import Call, Workbench

PREFIX = "pk_test_"

_SHOWN = (
    *("id", "object", "amount", "automatic_payment_methods", "canceled_at", "cancellation_reason"),
    *("capture_method", "client_secret", "confirmation_method", "created", "currency"),
    *("description", "last_payment_error", "livemode", "next_action", "payment_method"),
    *("payment_method_types", "processing", "receipt_email", "setup_future_usage", "shipping"),
    *("source", "status"),
)

_VERDICT_RULES: Mapping[str, Rule] = {
    "client_secret": Text(500),
    "verdict": Choice(["complete", "fail"]),
}


def retrieve(bench: Workbench, call: Call) -> JsonObject:
    check_all(call.form, {"client_secret": Text(500)}, ("client_secret",))
    _check_secret(bench, call)
    return _public(presented(bench, bench.need(call.account, intents.KIND, call.id, "intent")))


def confirm(bench: Workbench, call: Call) -> JsonObject:
    _check_secret(bench, call)
    answer = intents.confirm(bench, call)
    error = answer.get("error")
    if error is None:
        return _public(answer)
    return {"error": {**error, "payment_intent": _public(error["payment_intent"])}}


def authenticate(bench: Workbench, call: Call) -> JsonObject:
    """Answer the bank's challenge, as its own page would."""
    params = check_all(call.form, _VERDICT_RULES, ("client_secret", "verdict"))
    _check_secret(bench, call)
    intent = bench.need(call.account, intents.KIND, call.id, "intent")
    succeeded = params["verdict"] == "complete"
    outcome = intent_payments.authenticate(bench, intent, succeeded=succeeded)
    if outcome.state == "nothing_to_prove":
        raise intents.unexpected_state("This PaymentIntent does not wait for its customer's bank.")
    if outcome.problem is None:
        return _public(presented(bench, intent))
    error = intent_payments.refusal_of(bench, intent, outcome.problem)["error"]
    return {"error": {**error, "payment_intent": _public(error["payment_intent"])}}


def secret_key_required() -> StripeRefusal:
    return StripeRefusal(
        401,
        "This API call cannot be made with a publishable API key. Please use a secret API key. You"
        " can find a list of your API keys at https://dashboard.stripe.com/account/apikeys.",
        code="secret_key_required",
    )


def _check_secret(bench: Workbench, call: Call) -> None:
    given = call.form.get("client_secret")
    if not isinstance(given, str) or not given:
        raise missing_parameter("client_secret")
    record = bench.books.get(intents.KIND, call.id, call.account)
    if record is None:
        raise no_such(intents.KIND, call.id, "intent")
    if not hmac.compare_digest(given.encode(), str(record.body["client_secret"]).encode()):
        raise bad_parameter(
            "The client_secret provided does not match any associated PaymentIntent on this"
            " account. Ensure the publishable key used belongs to the same account that created"
            " the PaymentIntent.",
            "client_secret",
            "payment_intent_invalid_parameter",
        )


def _public(intent: JsonObject) -> JsonObject:
    return {name: intent[name] for name in _SHOWN}
