"""Payment intents and charges as they are read: one by its id, or many by a list."""

from app.sandbox.books import JsonObject
from app.sandbox.stripe.parameters import EXPAND, LISTING, Span, Text, check_all
from app.sandbox.stripe.presentation import listed_page, presented
from app.sandbox.stripe.workbench import Call, Workbench

_INTENT_RULES = {**LISTING, "created": Span(), "customer": Text(200)}
_CHARGE_RULES = {**_INTENT_RULES, "payment_intent": Text(200), "transfer_group": Text(200)}


def retrieve_intent(bench: Workbench, call: Call) -> JsonObject:
    check_all(call.form, {"expand": EXPAND, "client_secret": Text(500)})
    return presented(bench, bench.need(call.account, "payment_intent", call.id, "intent"))


def list_intents(bench: Workbench, call: Call) -> JsonObject:
    params = check_all(call.form, _INTENT_RULES)
    return listed_page(bench, call, "payment_intent", params, equal=("customer",))


def retrieve_charge(bench: Workbench, call: Call) -> JsonObject:
    check_all(call.form, {"expand": EXPAND})
    return presented(bench, bench.need(call.account, "charge", call.id, "id"))


def list_charges(bench: Workbench, call: Call) -> JsonObject:
    params = check_all(call.form, _CHARGE_RULES)
    filters = ("customer", "payment_intent", "transfer_group")
    return listed_page(bench, call, "charge", params, equal=filters)
