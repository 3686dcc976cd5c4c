"""Stripe's refusals: the status, the body, and the SDK's exception that comes of them."""

import time
from typing import Any

import pytest
import stripe

from tests.integration.sandbox.shop import Shop, line, order

_REFUSED: list[tuple[str, dict[str, Any], str | None, str | None]] = [
    ("unknown", {"colour": "red"}, "parameter_unknown", "colour"),
    (
        "unknown inside",
        {"line_items": [{**line(), "colour": "red"}]},
        "parameter_unknown",
        "line_items[0][colour]",
    ),
    ("removed", {"payment_method_types": ["card"]}, "parameter_unknown", "payment_method_types"),
    ("no mode", {"mode": None}, "parameter_missing", "mode"),
    ("no success page", {"success_url": None}, "parameter_missing", "success_url"),
    ("no lines", {"line_items": None}, "parameter_missing", "line_items"),
    (
        "no name",
        {"line_items": [line(product_data={})]},
        "parameter_missing",
        "line_items[0][price_data][product_data]",
    ),
    ("empty", {"client_reference_id": ""}, "parameter_invalid_empty", "client_reference_id"),
    ("long reference", {"client_reference_id": "x" * 201}, None, "client_reference_id"),
    ("no integer", {"expires_at": "soon"}, "parameter_invalid_integer", "expires_at"),
    (
        "a fraction",
        {"line_items": [line(unit_amount="3.80")]},
        "parameter_invalid_integer",
        "line_items[0][price_data][unit_amount]",
    ),
    (
        "nothing of it",
        {"line_items": [line(quantity=0)]},
        "parameter_invalid_integer",
        "line_items[0][quantity]",
    ),
    (
        "currency",
        {"line_items": [line(currency="xxx")]},
        None,
        "line_items[0][price_data][currency]",
    ),
    ("two currencies", {"line_items": [line(), line(currency="usd")]}, None, "line_items"),
    ("too little", {"line_items": [line(unit_amount=49)]}, "amount_too_small", None),
    ("too much", {"line_items": [line(unit_amount=100_000_000)]}, "amount_too_large", None),
    (
        "a thousandth",
        {"line_items": [line(unit_amount=1505, currency="kwd")]},
        "parameter_invalid_integer",
        "line_items",
    ),
    ("101 lines", {"line_items": [line()] * 101}, None, "line_items"),
    ("no address", {"success_url": "shop/thanks"}, "url_invalid", "success_url"),
    ("a script", {"cancel_url": "javascript:alert(1)"}, "url_invalid", "cancel_url"),
    ("mode", {"mode": "gift"}, None, "mode"),
    (
        "recurring in payment",
        {"line_items": [line(recurring={"interval": "month"})]},
        None,
        "mode",
    ),
    ("once in subscription", {"mode": "subscription"}, None, "line_items"),
    ("51 keys", {"metadata": {f"k{n}": "v" for n in range(51)}}, None, "metadata"),
    ("long key", {"metadata": {"k" * 41: "v"}}, None, f"metadata[{'k' * 41}]"),
    ("long value", {"metadata": {"k": "v" * 501}}, None, "metadata[k]"),
    ("customer", {"customer": "cus_1"}, "resource_missing", "customer"),
    ("discount", {"discounts": [{"coupon": "x"}]}, None, "discounts"),
    (
        "no cards",
        {"excluded_payment_method_types": ["card"]},
        None,
        "allowed_payment_method_types",
    ),
    ("lines in set-up mode", {"mode": "setup"}, None, "line_items"),
    (
        "a price of old",
        {"line_items": [{"price": "price_1", "quantity": 1}]},
        "resource_missing",
        "line_items[0][price]",
    ),
    (
        "a product of old",
        {"line_items": [line(product="prod_1")]},
        "resource_missing",
        "line_items[0][price_data][product]",
    ),
    (
        "no price",
        {"line_items": [{"quantity": 1}]},
        "parameter_missing",
        "line_items[0][price_data]",
    ),
    (
        "no quantity",
        {"line_items": [{"price_data": line()["price_data"]}]},
        "parameter_missing",
        "line_items[0][quantity]",
    ),
    (
        "no amount",
        {
            "line_items": [
                {"quantity": 1, "price_data": {"currency": "eur", "product_data": {"name": "x"}}}
            ]
        },
        "parameter_missing",
        "line_items[0][price_data][unit_amount]",
    ),
    (
        "allowed and excluded",
        {"allowed_payment_method_types": ["card"], "excluded_payment_method_types": ["link"]},
        None,
        "excluded_payment_method_types",
    ),
    ("another currency", {"currency": "usd"}, None, "line_items"),
    (
        "an astronomical sum",
        {"line_items": [line(unit_amount=10**15, quantity=999_999)]},
        "amount_too_large",
        None,
    ),
    ("embedded", {"ui_mode": "elements"}, None, "ui_mode"),
    ("e-mail", {"customer_email": "nobody"}, "email_invalid", "customer_email"),
]


def _error(error: stripe.StripeError) -> Any:
    body: Any = error.json_body
    return body["error"]


@pytest.mark.parametrize(
    "changes, code, param", [row[1:] for row in _REFUSED], ids=[row[0] for row in _REFUSED]
)
def test_a_session_that_stripe_would_refuse_is_refused_in_its_words(
    new_shop: Shop, changes: dict[str, Any], code: str | None, param: str | None
) -> None:
    with pytest.raises(stripe.InvalidRequestError) as error:
        new_shop.sell(**changes)
    assert error.value.code == code
    assert error.value.param == param
    assert error.value.request_id is not None and error.value.request_id.startswith("req_")
    body = _error(error.value)
    assert body["type"] == "invalid_request_error" and body["message"]
    assert ("doc_url" in body) is (code is not None)
    assert new_shop.client.v1.checkout.sessions.list().data == []


@pytest.mark.parametrize(
    "ahead_s, taken",
    [(29 * 60, False), (30 * 60 + 2, True), (24 * 3600 - 2, True), (24 * 3600 + 60, False)],
)
def test_a_session_lives_from_half_an_hour_to_a_day(
    new_shop: Shop, ahead_s: int, taken: bool
) -> None:
    expires_at = int(time.time()) + ahead_s
    if taken:
        assert new_shop.sell(expires_at=expires_at).expires_at == expires_at
    else:
        with pytest.raises(stripe.InvalidRequestError, match="expires_at"):
            new_shop.sell(expires_at=expires_at)


def test_what_only_changes_the_looks_is_taken(new_shop: Shop) -> None:
    session = new_shop.sell(
        allowed_payment_method_types=["card", "link"],
        billing_address_collection="auto",
        branding_settings={"display_name": "Another Shop"},
        custom_text={"submit": {"message": "Thanks"}},
        locale="de",
        submit_type="donate",
        payment_intent_data={"description": "Order 7", "metadata": {"reference": "r"}},
    )
    assert session.allowed_payment_method_types == ["card", "link"]
    page = new_shop.http.get(session.url or "").text
    assert "Another Shop" in page and "Donate €3.80" in page


@pytest.mark.parametrize("key", ["sk_live_4242424242424242", "pk_live_abcdefgh1234", "nonsense"])
def test_only_test_keys_are_let_in(new_shop: Shop, key: str) -> None:
    stranger = Shop(new_shop.origin, key)
    with pytest.raises(stripe.AuthenticationError, match="Invalid API Key") as error:
        stranger.sell()
    assert key not in str(error.value)
    stranger.close()


def test_a_missing_key_is_answered_in_stripes_way(new_shop: Shop) -> None:
    response = new_shop.http.get("/v1/account")
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == 'Basic realm="Stripe"'
    assert "did not provide an API key" in response.json()["error"]["message"]


@pytest.mark.parametrize(
    "path, message",
    [
        ("/v1/checkout/sessions/cs_test_x", "No such checkout.session: 'cs_test_x'"),
        ("/v1/payment_intents/pi_x", "No such payment_intent: 'pi_x'"),
        ("/v1/refunds/re_x", "No such refund: 're_x'"),
        ("/v1/charges/ch_x", "No such charge: 'ch_x'"),
        ("/v1/events/evt_x", "No such event: 'evt_x'"),
        ("/v1/webhook_endpoints/we_x", "No such webhook_endpoint: 'we_x'"),
        ("/v1/subscriptions/sub_x", "No such subscription: 'sub_x'"),
        ("/v1/invoices/in_x", "No such invoice: 'in_x'"),
    ],
)
def test_what_is_not_there_is_a_404(new_shop: Shop, path: str, message: str) -> None:
    response = new_shop.api("GET", path)
    assert response.status_code == 404
    error = response.json()["error"]
    assert (error["code"], error["message"]) == ("resource_missing", message)


def test_a_line_item_cursor_must_be_one_of_the_session(new_shop: Shop) -> None:
    session = new_shop.sell()
    with pytest.raises(stripe.InvalidRequestError) as error:
        new_shop.client.v1.checkout.sessions.line_items.list(
            session.id, {"starting_after": "li_nobody"}
        )
    assert error.value.code == "resource_missing"


def test_an_address_that_stripe_does_not_have_is_named(new_shop: Shop) -> None:
    response = new_shop.api("GET", "/v1/unicorns")
    assert response.status_code == 404
    assert "Unrecognized request URL (GET: /v1/unicorns)" in response.json()["error"]["message"]


def test_json_is_not_stripes_way_in(new_shop: Shop) -> None:
    response = new_shop.api("POST", "/v1/checkout/sessions", json={"mode": "payment"})
    assert response.status_code == 400
    assert "content type" in response.json()["error"]["message"]


@pytest.mark.parametrize(
    "body", [b"a[=1", b"a=1&a[b]=2", b"a[b]=1&a=2", b"a=%ff", b"[a]=1", b"a" + b"[b]" * 40 + b"=1"]
)
def test_a_form_that_makes_no_sense_is_a_400(new_shop: Shop, body: bytes) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    response = new_shop.api("POST", "/v1/checkout/sessions", content=body, headers=headers)
    assert response.status_code == 400
    assert response.json()["error"]["type"] == "invalid_request_error"


def test_a_body_over_a_mebibyte_is_refused(new_shop: Shop) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    body = b"mode=" + b"x" * (1024 * 1024)
    response = new_shop.api("POST", "/v1/checkout/sessions", content=body, headers=headers)
    assert response.status_code == 413


def test_another_api_version_is_refused(new_shop: Shop) -> None:
    response = new_shop.api("GET", "/v1/account", headers={"Stripe-Version": "2020-08-27"})
    assert response.status_code == 400
    assert "Invalid Stripe API version" in response.json()["error"]["message"]


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=101",
        "limit=x",
        "starting_after=cs_test_x",
        "status=odd",
        "page=2",
        "starting_after=a&ending_before=b",
    ],
)
def test_a_list_is_asked_for_properly_or_not_at_all(new_shop: Shop, query: str) -> None:
    response = new_shop.api("GET", f"/v1/checkout/sessions?{query}")
    assert response.status_code == 400 or response.json()["error"]["code"] == "resource_missing"


def test_every_reply_carries_its_id_version_and_the_simulators_date(shop: Shop) -> None:
    shop.control("POST", "clock", {"offset_s": 86_400 * 365})
    for response in (shop.api("GET", "/v1/account"), shop.http.get("/v1/account")):
        assert response.headers["Request-Id"].startswith("req_")
        assert response.headers["Stripe-Version"] == "2026-10-28.endive"
        year = time.gmtime(time.time() + 86_400 * 365).tm_year
        assert str(year) in response.headers["Date"]
        assert len(response.headers.get_list("Date")) == 1


def test_a_subscription_has_at_most_twenty_lines_of_each_kind(new_shop: Shop) -> None:
    monthly = line(recurring={"interval": "month"})
    params = order(mode="subscription", line_items=[monthly] * 21)
    with pytest.raises(stripe.InvalidRequestError, match="at most 20"):
        new_shop.client.v1.checkout.sessions.create(params)
    assert new_shop.sell(mode="subscription", line_items=[monthly] * 20 + [line()] * 20).id
