"""Tokens, and who may do what: the OAuth call, its errors, nine hours, limits and faults."""

import httpx
import pytest

from app.sandbox import SandboxServer
from app.sandbox.paypal import ROOT, TRAINING_CLIENT_ID, TRAINING_SECRET
from tests.integration.sandbox.paypal.shop import PayPalShop, order


def test_a_token_is_given_for_nine_hours_and_given_again(paypal: PayPalShop) -> None:
    first = paypal.ask_token().json()
    assert (first["token_type"], first["expires_in"]) == ("Bearer", 32_400)
    assert first["access_token"].startswith("A21AA") and len(first["access_token"]) == 97
    paypal.control("POST", "clock", {"advance_s": 3600})
    second = paypal.ask_token().json()
    assert second["access_token"] == first["access_token"]
    assert 28_700 <= second["expires_in"] <= 28_800
    paypal.control("POST", "clock", {"advance_s": 28_770})
    assert paypal.ask_token().json()["access_token"] != first["access_token"]


def test_a_token_ends(paypal: PayPalShop) -> None:
    sold = paypal.sell()
    paypal.control("POST", "clock", {"advance_s": 32_401})
    answer = paypal.api("GET", f"/v2/checkout/orders/{sold['id']}")
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_token")


@pytest.mark.parametrize(
    "client, secret",
    [
        ("", ""),
        (TRAINING_CLIENT_ID, ""),
        (TRAINING_SECRET, TRAINING_CLIENT_ID),
        ("sk_test_1234567890abcdef", "E" * 40),
    ],
)
def test_wrong_credentials_are_an_invalid_client(
    server: SandboxServer, client: str, secret: str
) -> None:
    shop = PayPalShop(server.origin, client, secret)
    answer = shop.ask_token()
    shop.close()
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


def test_another_grant_is_refused(paypal: PayPalShop) -> None:
    answer = paypal.ask_token(grant_type="password")
    assert (answer.status_code, answer.json()["error"]) == (400, "unsupported_grant_type")


@pytest.mark.parametrize("authorization", [None, "Bearer", "Bearer nobody", "Basic QTpC"])
def test_nothing_is_done_without_a_token(paypal: PayPalShop, authorization: str | None) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}
    answer = paypal.http.post(f"{ROOT}/v2/checkout/orders", json=order(), headers=headers)
    assert answer.status_code == 401
    assert answer.json().get("name", answer.json().get("error")) in (
        "AUTHENTICATION_FAILURE",
        "invalid_token",
    )


def test_too_many_requests_are_told_to_wait(paypal: PayPalShop) -> None:
    paypal.sell()
    paypal.control("POST", "limits", {"per_second": 1})
    answers = [paypal.api("GET", "/v1/notifications/webhooks") for _ in range(3)]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused and refused[0].json()["name"] == "RATE_LIMIT_REACHED"
    assert refused[0].headers["Retry-After"] == "1"


def test_a_fault_answers_in_paypals_words(paypal: PayPalShop) -> None:
    paypal.sell()
    fault = {"match": {"path": "/paypal/v2/*"}, "fault": {"status": 503}}
    paypal.control("POST", "faults", fault)
    answer = paypal.api("GET", "/v2/checkout/orders/1")
    assert (answer.status_code, answer.json()["name"]) == (503, "SERVICE_UNAVAILABLE")
    assert answer.json()["debug_id"] == answer.headers["Paypal-Debug-Id"]


def test_a_reply_may_be_lost_after_its_effect(paypal: PayPalShop) -> None:
    paypal.sell()
    fault = {"match": {"path": "/paypal/v2/checkout/orders"}, "fault": {"drop": "after_effect"}}
    paypal.control("POST", "faults", fault)
    with pytest.raises(httpx.HTTPError):
        paypal.api("POST", "/v2/checkout/orders", order(), id="lost")
    again = paypal.api("POST", "/v2/checkout/orders", order(), id="lost")
    assert again.status_code == 200
    assert len(paypal.books()["sessions"]) == 2
