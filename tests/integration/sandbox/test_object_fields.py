"""The simulator's objects have the fields that Stripe's own example objects have.

Needs SCANTILL_API_SPECS, the folder of the providers' official descriptions.
"""

from typing import Any

import stripe

from tests.integration.sandbox.shop import Shop, line

_ONLY_EXPANDED = {"charge": {"refunds"}}
GOOD_IBAN = "DE89370400440532013000"
_CLASSES: dict[str, Any] = {
    "balance_transaction": stripe.BalanceTransaction,
    "charge": stripe.Charge,
    "dispute": stripe.Dispute,
    "event": stripe.Event,
    "refund": stripe.Refund,
}
_RETIRED = {"customer_account", "source"}
"""In the example objects, no longer in the SDK."""


def _intent(shop: Shop) -> str:
    return str(shop.sold().payment_intent)


def _objects(shop: Shop) -> dict[str, Any]:
    session = shop.sold()
    intent = shop.client.v1.payment_intents.retrieve(
        str(session.payment_intent), {"expand": ["latest_charge.balance_transaction"]}
    ).to_dict()
    club = shop.sell(mode="subscription", line_items=[line(recurring={"interval": "year"}), line()])
    shop.pay(club.url)
    paths = ("subscription", "invoice.payments", "customer", "line_items")
    club = shop.read(club.id, *paths)
    disputed = shop.control("POST", f"payments/{_intent(shop)}/dispute", {})
    charge = intent.pop("latest_charge")
    intent["latest_charge"] = charge["id"]
    found = {
        "checkout.session": session.to_dict(),
        "payment_intent": intent,
        "charge": charge,
        "balance_transaction": charge["balance_transaction"],
        "dispute": shop.client.v1.disputes.retrieve(disputed["dispute_id"]).to_dict(),
        "refund": shop.client.v1.refunds.create({"payment_intent": intent["id"]}).to_dict(),
        "event": shop.client.v1.events.list().data[0].to_dict(),
        "webhook_endpoint": shop.client.v1.webhook_endpoints.create(
            {"url": "http://127.0.0.1:9/", "enabled_events": ["*"]}
        ).to_dict(),
        "account": shop.client.v1.accounts.retrieve_current().to_dict(),
        "balance": shop.client.v1.balance.retrieve().to_dict(),
    }
    expanded = club.to_dict()
    invoice = expanded["invoice"]
    return {
        **found,
        "subscription": expanded["subscription"],
        "subscription_item": expanded["subscription"]["items"]["data"][0],
        "invoice": invoice,
        "line_item": invoice["lines"]["data"][0],
        "invoice_payment": invoice["payments"]["data"][0],
        "customer": expanded["customer"],
        "item": expanded["line_items"]["data"][0],
        "price": expanded["line_items"]["data"][0]["price"],
    }


def test_every_object_has_the_fields_of_the_real_one(
    new_shop: Shop, examples: dict[str, Any]
) -> None:
    for kind, made in _objects(new_shop).items():
        missing = set(examples[kind]) - set(made) - _ONLY_EXPANDED.get(kind, set())
        if kind == "invoice":
            missing -= {"subscription"}  # under `parent` since API version 2025-03-31
        assert not missing, f"{kind} lacks {sorted(missing)}"
        assert made["object"] == kind


def test_the_parts_of_a_dispute_are_those_of_the_real_one(
    new_shop: Shop, examples: dict[str, Any]
) -> None:
    control = new_shop.control("POST", f"payments/{_intent(new_shop)}/dispute", {})
    dispute = new_shop.client.v1.disputes.retrieve(control["dispute_id"]).to_dict()
    for part in ("evidence", "evidence_details"):
        assert set(examples["dispute"][part]) <= set(dispute[part])
    card = dispute["payment_method_details"]["card"]
    assert set(card) == set(examples["dispute"]["payment_method_details"]["card"])
    for transaction in dispute["balance_transactions"]:
        assert set(transaction) == set(examples["balance_transaction"])


def test_no_object_has_a_field_that_the_sdk_does_not_know(new_shop: Shop) -> None:
    """The SDK is newer than the example objects: what it does not know, Stripe does not send."""
    made = _objects(new_shop)
    for kind, known in _CLASSES.items():
        fields = set(known.__annotations__) | set(made[kind]) & _RETIRED
        assert set(made[kind]) <= fields, kind
    refund = new_shop.control("POST", f"payments/{_intent(new_shop)}/refund", {})
    new_shop.control("POST", f"refunds/{refund['refund_id']}/settle", {"status": "failed"})
    failed = new_shop.client.v1.refunds.retrieve(refund["refund_id"]).to_dict()
    assert set(failed) <= set(stripe.Refund.__annotations__)
    assert failed["failure_balance_transaction"] and failed["failure_reason"]


def _debited(shop: Shop) -> dict[str, Any]:
    """Pay by bank debit, and give what the payment is made of."""
    session = shop.sell()
    fields = {"method": "sepa_debit", "iban": GOOD_IBAN, "name": "Ada"}
    assert shop.http.post(session.url or "", data=fields).status_code == 303
    session = shop.read(session.id, "payment_intent.latest_charge")
    found = session.to_dict()
    intent = found["payment_intent"]
    charge = intent["latest_charge"]
    return {"checkout.session": found, "payment_intent": intent, "charge": charge}


def test_what_a_debit_makes_has_the_fields_of_the_real_ones(
    new_shop: Shop, examples: dict[str, Any]
) -> None:
    for kind, made in _debited(new_shop).items():
        missing = set(examples[kind]) - set(made) - _ONLY_EXPANDED.get(kind, set())
        assert not missing, f"{kind} lacks {sorted(missing)}"


def test_the_account_that_was_debited_is_told_as_stripe_tells_it(new_shop: Shop) -> None:
    """Stripe's examples know no debit; the classes of its SDK do, and need no description."""
    details = _debited(new_shop)["charge"]["payment_method_details"]
    assert details["type"] == "sepa_debit"
    assert set(details["sepa_debit"]) == set(
        stripe.Charge.PaymentMethodDetails.SepaDebit.__annotations__
    )


def test_every_object_becomes_its_own_class_of_the_sdk(new_shop: Shop) -> None:
    session = new_shop.sold()
    session = new_shop.read(session.id, "payment_intent.latest_charge", "line_items")
    assert isinstance(session, stripe.checkout.Session)
    assert isinstance(session.payment_intent, stripe.PaymentIntent)
    assert isinstance(session.payment_intent.latest_charge, stripe.Charge)
    assert session.line_items is not None
    assert isinstance(session.line_items.data[0], stripe.LineItem)
    assert isinstance(session.total_details, stripe.checkout.Session.TotalDetails)
