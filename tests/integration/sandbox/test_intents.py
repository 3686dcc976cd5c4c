"""Payment intents of a shop's own page, as Stripe's SDK and a customer's browser see them."""

import json
import os
import re
from pathlib import Path
from typing import Any

import httpx
import pytest
import stripe

from tests.integration.sandbox.shop import DECLINED, GOOD_CARD, NO_FUNDS, Receiver, Shop

PUBLISHABLE = "pk_test_scantill_sandbox"
CHALLENGED = "4000002500003155"
_SPECS = os.environ.get("SCANTILL_API_SPECS")


def make(shop: Shop, **changes: Any) -> stripe.PaymentIntent:
    params: Any = {
        "amount": 1234,
        "currency": "eur",
        "automatic_payment_methods": {"enabled": True},
        "metadata": {"reference": "till1-7-1"},
        **changes,
    }
    return shop.client.v1.payment_intents.create(params)


def browser(shop: Shop, method: str, path: str, **fields: str) -> httpx.Response:
    """Ask as Stripe.js does, with the key that a page has."""
    headers = {"Authorization": f"Bearer {PUBLISHABLE}"}
    given = {"params": fields} if method == "GET" else {"data": fields}
    return shop.http.request(method, f"/v1/{path}", headers=headers, **given)  # type: ignore[arg-type]


def confirm(
    shop: Shop, intent: stripe.PaymentIntent, card: str = GOOD_CARD, **changes: str
) -> httpx.Response:
    fields = {
        "client_secret": str(intent.client_secret),
        "payment_method_data[type]": "card",
        "payment_method_data[card][number]": card,
        "payment_method_data[card][exp_month]": "12",
        "payment_method_data[card][exp_year]": "2049",
        "payment_method_data[card][cvc]": "123",
        **changes,
    }
    return browser(shop, "POST", f"payment_intents/{intent.id}/confirm", **fields)


def read(shop: Shop, intent: stripe.PaymentIntent) -> stripe.PaymentIntent:
    return shop.client.v1.payment_intents.retrieve(intent.id)


def test_an_intent_is_made_with_a_secret_and_waits_for_a_way_to_pay(shop: Shop) -> None:
    intent = make(shop)
    assert (intent.amount, intent.currency, intent.status) == (
        1234,
        "eur",
        "requires_payment_method",
    )
    assert re.fullmatch(rf"{intent.id}_secret_\w{{25}}", str(intent.client_secret))
    assert intent.automatic_payment_methods is not None
    assert intent.automatic_payment_methods.allow_redirects == "always"
    assert intent.payment_method_types == ["card", "sepa_debit"]
    assert make(shop, currency="usd").payment_method_types == ["card"]


@pytest.mark.skipif(_SPECS is None, reason="SCANTILL_API_SPECS is not set")
def test_it_has_the_fields_of_stripes_own_example(shop: Shop) -> None:
    text = (Path(str(_SPECS)) / "stripe" / "fixtures3.json").read_text("utf-8")
    example = json.loads(text)["resources"]["payment_intent"]
    assert set(example) - set(make(shop).to_dict()) <= {"customer_account", "source"}


@pytest.mark.parametrize(
    "changes, code, param",
    [
        ({"amount": 49}, "amount_too_small", "amount"),
        ({"amount": 0}, "parameter_invalid_integer", "amount"),
        ({"amount": 100_000_000}, "parameter_invalid_integer", "amount"),
        ({"currency": "xxx"}, None, "currency"),
        ({"currency": "kwd", "amount": 1001}, "parameter_invalid_integer", "amount"),
        ({"payment_method_types": ["card"]}, "parameter_unknown", "payment_method_types"),
        ({"confirm": True}, None, "confirm"),
    ],
)
def test_what_stripe_would_refuse_is_refused(
    shop: Shop, changes: dict[str, Any], code: str | None, param: str
) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        make(shop, **changes)
    assert (refused.value.http_status, refused.value.code) == (400, code)
    assert (refused.value.param or "").startswith(param)


def test_the_same_key_makes_one_intent(shop: Shop) -> None:
    body = {"amount": "500", "currency": "eur"}
    headers = {"Idempotency-Key": "till-key-1"}
    answers = [
        shop.api("POST", "/v1/payment_intents", data=body, headers=headers) for _ in range(3)
    ]
    assert len({answer.json()["id"] for answer in answers}) == 1
    other = {**body, "amount": "501"}
    refused = shop.api("POST", "/v1/payment_intents", data=other, headers=headers)
    assert refused.json()["error"]["type"] == "idempotency_error"


def test_a_browser_pays_with_the_secret_and_the_books_say_so(shop: Shop) -> None:
    intent = make(shop)
    answer = confirm(shop, intent)
    assert (answer.status_code, answer.json()["status"]) == (200, "succeeded")
    assert "metadata" not in answer.json() and "latest_charge" not in answer.json()
    paid = read(shop, intent)
    assert (paid.status, paid.amount_received) == ("succeeded", 1234)
    charge = shop.client.v1.charges.retrieve(str(paid.latest_charge))
    assert (charge.amount_captured, charge.metadata["reference"]) == (1234, "till1-7-1")
    again = confirm(shop, intent)
    assert again.json()["error"]["code"] == "payment_intent_unexpected_state"
    (line,) = next(iter(shop.control("GET", "books")["accounts"].values()))["payments"]
    assert (line["session_id"], line["captured_minor"]) == (intent.id, 1234)


@pytest.mark.parametrize("secret", ["", "pi_1_secret_x", "{id}_secret_" + "0" * 25])
def test_without_its_secret_a_browser_neither_sees_nor_pays_an_intent(
    shop: Shop, secret: str
) -> None:
    intent = make(shop)
    wrong = secret.replace("{id}", intent.id)
    for answer in (
        browser(shop, "GET", f"payment_intents/{intent.id}", client_secret=wrong),
        confirm(shop, intent, client_secret=wrong),
        browser(
            shop,
            "POST",
            f"payment_intents/{intent.id}/authenticate",
            client_secret=wrong,
            verdict="complete",
        ),
    ):
        assert answer.status_code == 400 and answer.json()["error"]["param"] == "client_secret"
    assert read(shop, intent).status == "requires_payment_method"


@pytest.mark.parametrize(
    "method, path",
    [
        ("GET", "payment_intents"),
        ("POST", "payment_intents"),
        ("POST", "payment_intents/{id}"),
        ("POST", "payment_intents/{id}/cancel"),
        ("POST", "refunds"),
        ("GET", "events"),
        ("GET", "account"),
        ("POST", "webhook_endpoints"),
    ],
)
def test_a_publishable_key_can_do_nothing_else(shop: Shop, method: str, path: str) -> None:
    intent = make(shop)
    answer = browser(
        shop, method, path.replace("{id}", intent.id), client_secret=str(intent.client_secret)
    )
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "secret_key_required")


@pytest.mark.parametrize(
    "card, code", [(DECLINED, "generic_decline"), (NO_FUNDS, "insufficient_funds")]
)
def test_a_decline_is_an_error_that_stays_in_the_books_and_leaves_it_payable(
    shop: Shop, card: str, code: str
) -> None:
    intent = make(shop)
    answer = confirm(shop, intent, card)
    error = answer.json()["error"]
    assert (answer.status_code, error["type"], error["decline_code"]) == (402, "card_error", code)
    assert error["payment_intent"]["status"] == "requires_payment_method"
    seen = read(shop, intent)
    assert seen.last_payment_error is not None
    assert (seen.status, seen.last_payment_error.decline_code) == ("requires_payment_method", code)
    assert confirm(shop, intent).json()["status"] == "succeeded"


def test_a_number_that_is_none_begins_nothing(shop: Shop) -> None:
    intent = make(shop)
    answer = confirm(shop, intent, "4242424242424241")
    assert (answer.status_code, answer.json()["error"]["code"]) == (402, "incorrect_number")
    assert read(shop, intent).last_payment_error is None


@pytest.mark.parametrize("verdict", ["complete", "fail"])
def test_a_bank_that_asks_is_answered_by_the_customer(shop: Shop, verdict: str) -> None:
    intent = make(shop)
    answer = confirm(shop, intent, CHALLENGED)
    assert answer.json()["status"] == "requires_action"
    assert answer.json()["next_action"]["type"] == "use_stripe_sdk"
    answer = browser(
        shop,
        "POST",
        f"payment_intents/{intent.id}/authenticate",
        client_secret=str(intent.client_secret),
        verdict=verdict,
    )
    if verdict == "complete":
        assert answer.json()["status"] == "succeeded"
    else:
        assert answer.status_code == 402
        assert answer.json()["error"]["code"] == "payment_intent_authentication_failure"
    expected = "succeeded" if verdict == "complete" else "requires_payment_method"
    assert read(shop, intent).status == expected


def test_only_an_open_intent_is_canceled_or_changes_its_amount(shop: Shop) -> None:
    intents = shop.client.v1.payment_intents
    intent = make(shop)
    assert intents.update(intent.id, {"amount": 999, "metadata": {"more": "x"}}).amount == 999
    metadata = read(shop, intent).to_dict()["metadata"]
    assert metadata == {"reference": "till1-7-1", "more": "x"}
    canceled = intents.cancel(intent.id, {"cancellation_reason": "abandoned"})
    assert (canceled.status, canceled.cancellation_reason) == ("canceled", "abandoned")
    assert confirm(shop, intent).json()["error"]["code"] == "payment_intent_unexpected_state"
    paid = make(shop)
    confirm(shop, paid)
    for over in (intent, paid):
        with pytest.raises(stripe.InvalidRequestError) as refused:
            intents.cancel(over.id)
        assert refused.value.code == "payment_intent_unexpected_state"
        with pytest.raises(stripe.InvalidRequestError) as refused:
            intents.update(over.id, {"amount": 998})
        assert refused.value.code == "payment_intent_unexpected_state"


def test_a_checkout_sessions_intent_stays_the_sessions(shop: Shop) -> None:
    session = shop.sell()
    shop.pay(session.url, DECLINED)
    intent = read(shop, shop.client.v1.payment_intents.list().data[0])
    intents = shop.client.v1.payment_intents
    with pytest.raises(stripe.InvalidRequestError, match="Checkout"):
        intents.cancel(intent.id)
    with pytest.raises(stripe.InvalidRequestError, match="Checkout"):
        intents.update(intent.id, {"amount": 1000})
    with pytest.raises(stripe.InvalidRequestError, match="Checkout"):
        intents.confirm(intent.id, {"payment_method": "pm_card_visa"})
    assert intents.update(intent.id, {"metadata": {"a": "b"}}).metadata["a"] == "b"


def test_a_server_may_confirm_with_one_of_the_test_methods(shop: Shop) -> None:
    intents = shop.client.v1.payment_intents
    intent = make(shop)
    with pytest.raises(stripe.CardError):
        intents.confirm(intent.id, {"payment_method": "pm_card_visa_chargeDeclined"})
    assert intents.confirm(intent.id, {"payment_method": "pm_card_visa"}).status == "succeeded"
    with pytest.raises(stripe.InvalidRequestError):
        intents.confirm(make(shop).id)


@pytest.mark.parametrize("succeeded", [True, False])
def test_slow_money_is_decided_later_and_what_failed_may_be_paid_again(
    shop: Shop, succeeded: bool
) -> None:
    intent = make(shop)
    debit = {
        "payment_method_data[type]": "sepa_debit",
        "payment_method_data[sepa_debit][iban]": "DE08370400440532013003",
        "payment_method_data[billing_details][name]": "Ada",
        "client_secret": str(intent.client_secret),
    }
    answer = browser(shop, "POST", f"payment_intents/{intent.id}/confirm", **debit)
    assert answer.json()["status"] == "processing"
    with pytest.raises(stripe.InvalidRequestError):
        shop.client.v1.payment_intents.cancel(intent.id)
    shop.control("POST", f"sessions/{intent.id}/settle", {"succeeded": succeeded})
    seen = read(shop, intent)
    assert seen.status == ("succeeded" if succeeded else "requires_payment_method")
    if not succeeded:
        assert confirm(shop, intent).json()["status"] == "succeeded"


def test_slow_money_arrives_by_itself_when_its_time_has_come(shop: Shop) -> None:
    intent = make(shop)
    done = shop.control(
        "POST", f"sessions/{intent.id}/pay", {"iban": "DE89370400440532013000", "name": "Ada"}
    )
    assert done["outcome"] == "processing"
    shop.control("POST", "clock", {"advance_s": 11})
    assert read(shop, intent).status == "succeeded"


def test_the_shop_is_told_of_each_step(shop: Shop) -> None:
    receiver = Receiver()
    try:
        shop.listen(receiver, "payment_intent.*", "payment_intent.succeeded")
        intent = make(shop)
        confirm(shop, intent, DECLINED)
        confirm(shop, intent)
        receiver.wait(1)
        types = [event.type for event in shop.client.v1.events.list({"limit": 20}).data]
        mine = [name for name in reversed(types) if name.startswith("payment_intent.")]
        assert mine == [
            "payment_intent.created",
            "payment_intent.payment_failed",
            "payment_intent.succeeded",
        ]
    finally:
        receiver.close()


def test_what_was_paid_can_be_refunded_and_another_sum_can_be_paid_by_order(shop: Shop) -> None:
    intent = make(shop)
    paid = shop.control(
        "POST", f"sessions/{intent.id}/pay", {"card": GOOD_CARD, "amount_minor": 1233}
    )
    assert (paid["outcome"], paid["amount_total"]) == ("paid", 1233)
    refund = shop.client.v1.refunds.create({"payment_intent": intent.id, "amount": 33})
    assert (refund.amount, refund.status) == (33, "succeeded")
    late = make(shop)
    shop.control("POST", f"sessions/{late.id}/expire")
    assert read(shop, late).status == "canceled"
    forced = {"card": GOOD_CARD, "force": True}
    assert shop.control("POST", f"sessions/{late.id}/pay", forced)["outcome"] == "paid"


def test_the_script_and_its_frame_hold_no_data_and_may_load_nothing_else(shop: Shop) -> None:
    script = shop.http.get("/v3/")
    assert script.headers["Content-Type"].startswith("text/javascript")
    for known in ("confirmPayment", "retrievePaymentIntent", "elements(", "mount("):
        assert known in script.text
    frame = shop.http.get("/v3/frame")
    policy = frame.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "connect-src 'self'" in policy
    assert "unsafe" not in policy and "http" not in policy
    assert "Simulator: no real money" in frame.text
