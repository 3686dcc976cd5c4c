"""Webhooks: registered, signed with RSA, verified offline and by the API, listed, sent again."""

import json
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature

from app.sandbox import SandboxServer
from tests.integration.sandbox.paypal.notices import Headers, is_genuine
from tests.integration.sandbox.paypal.shop import PayPalShop, capture_of, issue_of
from tests.integration.sandbox.shop import Receiver, eventually

VERIFY = "/v1/notifications/verify-webhook-signature"


def _notice(paypal: PayPalShop, receiver: Receiver) -> tuple[str, Headers, bytes]:
    webhook = paypal.listen(receiver, "PAYMENT.CAPTURE.COMPLETED")["id"]
    paypal.sold(description="Käse ½ 🧀")
    receiver.wait(1)
    headers, body = receiver.received[0]
    return webhook, headers, body


def _certificate(paypal: PayPalShop, headers: Headers) -> str:
    answer = paypal.http.get(headers["Paypal-Cert-Url"])
    assert answer.status_code == 200
    return answer.text


def _types(receiver: Receiver) -> list[str]:
    return sorted(json.loads(body)["event_type"] for _, body in receiver.received)


def test_a_notice_is_genuine_for_who_trusts_the_authority(
    paypal: PayPalShop, receiver: Receiver
) -> None:
    webhook, headers, body = _notice(paypal, receiver)
    authority = paypal.control("GET", "paypal/signing")["authority"]
    pem = _certificate(paypal, headers)
    assert headers["Paypal-Auth-Algo"] == "SHA256withRSA"
    assert "/v1/notifications/certs/CERT-" in headers["Paypal-Cert-Url"]
    assert is_genuine(headers, body, webhook, pem, authority)
    assert not is_genuine(headers, body + b" ", webhook, pem, authority)
    assert not is_genuine(headers, body, "WEBHOOK_ID", pem, authority)
    late = {**headers, "Paypal-Transmission-Time": "2026-01-01T00:00:00Z"}
    assert not is_genuine(late, body, webhook, pem, authority)


def test_another_authority_does_not_vouch_for_it(paypal: PayPalShop, receiver: Receiver) -> None:
    webhook, headers, body = _notice(paypal, receiver)
    pem = _certificate(paypal, headers)
    leaf = pem.split("-----END CERTIFICATE-----\n")[0] + "-----END CERTIFICATE-----\n"
    with pytest.raises((ValueError, InvalidSignature)):
        is_genuine(headers, body, webhook, pem, leaf)


def test_a_new_certificate_has_a_new_address_and_the_same_authority(
    paypal: PayPalShop, receiver: Receiver
) -> None:
    webhook, headers, _ = _notice(paypal, receiver)
    before = paypal.control("GET", "paypal/signing")
    after = paypal.control("POST", "paypal/signing", {"rotate": True})
    assert before["authority"] == after["authority"] and before["cert_url"] != after["cert_url"]
    assert paypal.http.get(headers["Paypal-Cert-Url"]).status_code == 404
    paypal.sold()
    receiver.wait(2)
    headers, body = receiver.received[1]
    assert is_genuine(headers, body, webhook, _certificate(paypal, headers), after["authority"])


def test_a_notice_may_name_any_address_of_a_certificate(
    paypal: PayPalShop, receiver: Receiver
) -> None:
    url = "https://api.sandbox.paypal.com/v1/notifications/certs/CERT-1"
    paypal.control("POST", "paypal/signing", {"cert_url": url})
    _, headers, _ = _notice(paypal, receiver)
    assert headers["Paypal-Cert-Url"] == url


def _asked(webhook: str, headers: Headers, event: bytes) -> bytes:
    asked = {
        "auth_algo": headers["Paypal-Auth-Algo"],
        "cert_url": headers["Paypal-Cert-Url"],
        "transmission_id": headers["Paypal-Transmission-Id"],
        "transmission_sig": headers["Paypal-Transmission-Sig"],
        "transmission_time": headers["Paypal-Transmission-Time"],
        "webhook_id": webhook,
    }
    return json.dumps(asked)[:-1].encode() + b', "webhook_event": ' + event + b"}"


def _verify(paypal: PayPalShop, webhook: str, headers: Headers, event: bytes) -> str:
    content = _asked(webhook, headers, event)
    answer = paypal.raw("POST", VERIFY, content)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["verification_status"])


def test_the_api_verifies_the_event_as_it_came(paypal: PayPalShop, receiver: Receiver) -> None:
    webhook, headers, body = _notice(paypal, receiver)
    assert _verify(paypal, webhook, headers, body) == "SUCCESS"
    assert _verify(paypal, webhook, headers, body.replace(b"12.34", b"12.35")) == "FAILURE"
    assert _verify(paypal, "0ANOTHERWEBHOOK00", headers, body) == "FAILURE"
    forged = {**headers, "Paypal-Transmission-Sig": "bm90IGEgc2lnbmF0dXJl"}
    assert _verify(paypal, webhook, forged, body) == "FAILURE"
    elsewhere = {**headers, "Paypal-Cert-Url": "https://example.com/cert"}
    assert _verify(paypal, webhook, elsewhere, body) == "FAILURE"


def test_an_event_that_was_written_anew_is_not_verified(
    paypal: PayPalShop, receiver: Receiver
) -> None:
    webhook, headers, body = _notice(paypal, receiver)
    anew = json.dumps(json.loads(body), indent=1).encode()
    assert _verify(paypal, webhook, headers, anew) == "FAILURE"


def test_a_mock_event_is_signed_for_a_webhook_that_nobody_has(
    paypal: PayPalShop, receiver: Receiver
) -> None:
    webhook = paypal.listen(receiver, "PAYMENT.CAPTURE.COMPLETED")["id"]
    asked = {"webhook_id": webhook, "event_type": "PAYMENT.CAPTURE.COMPLETED"}
    assert paypal.api("POST", "/v1/notifications/simulate-event", asked).status_code == 202
    receiver.wait(1)
    headers, body = receiver.received[0]
    authority = paypal.control("GET", "paypal/signing")["authority"]
    pem = _certificate(paypal, headers)
    assert is_genuine(headers, body, "WEBHOOK_ID", pem, authority)
    assert not is_genuine(headers, body, webhook, pem, authority)
    assert _verify(paypal, webhook, headers, body) == "FAILURE"
    assert _events(paypal) == []


def test_a_simulator_that_comes_back_signs_with_the_same_key(
    paypal: PayPalShop, server: SandboxServer
) -> None:
    before = paypal.control("GET", "paypal/signing")
    server.stop()
    again = PayPalShop(server.start())
    try:
        assert again.control("GET", "paypal/signing") == before
    finally:
        again.close()


def test_a_verification_without_its_parts_is_a_bad_request(paypal: PayPalShop) -> None:
    answer = paypal.api("POST", VERIFY, {"webhook_id": "1AB"})
    assert (answer.status_code, issue_of(answer)) == (400, "MISSING_REQUIRED_PARAMETER")
    assert len(answer.json()["details"]) == 6


def test_an_order_tells_of_its_approval_and_its_capture(
    paypal: PayPalShop, receiver: Receiver
) -> None:
    paypal.listen(receiver)
    capture = paypal.sold()
    paypal.refund(capture["id"])
    receiver.wait(3)
    assert _types(receiver) == [
        "CHECKOUT.ORDER.APPROVED",
        "PAYMENT.CAPTURE.COMPLETED",
        "PAYMENT.CAPTURE.REFUNDED",
    ]
    told = {json.loads(body)["event_type"]: json.loads(body) for _, body in receiver.received}
    approved = told["CHECKOUT.ORDER.APPROVED"]["resource"]
    assert approved["purchase_units"][0]["custom_id"] == "till1-7-1"
    captured = told["PAYMENT.CAPTURE.COMPLETED"]
    assert captured["resource"]["supplementary_data"]["related_ids"]["order_id"] == approved["id"]
    assert captured["resource"]["custom_id"] == "till1-7-1"
    refund = told["PAYMENT.CAPTURE.REFUNDED"]
    assert refund["resource_type"] == "refund"
    (up,) = [link["href"] for link in refund["resource"]["links"] if link["rel"] == "up"]
    assert up.endswith(capture["id"])


@pytest.mark.parametrize(
    "funding, verb", [("echeck", "DECLINED"), ("review", "DENIED")], ids=["bank", "paypal"]
)
def test_a_pending_capture_tells_how_it_ended(
    paypal: PayPalShop, receiver: Receiver, funding: str, verb: str
) -> None:
    paypal.listen(receiver, "PAYMENT.CAPTURE.PENDING", f"PAYMENT.CAPTURE.{verb}")
    sold = paypal.sell()
    paypal.approve(sold, funding)
    assert capture_of(paypal.capture(sold["id"]).json())["status"] == "PENDING"
    paypal.control("POST", f"sessions/{sold['id']}/settle", {"succeeded": False})
    receiver.wait(2)
    assert _types(receiver) == sorted([f"PAYMENT.CAPTURE.{verb}", "PAYMENT.CAPTURE.PENDING"])


def test_an_approval_that_nobody_used_is_reversed(paypal: PayPalShop, receiver: Receiver) -> None:
    paypal.listen(receiver, "CHECKOUT.PAYMENT-APPROVAL.REVERSED")
    sold = paypal.sell()
    paypal.approve(sold)
    paypal.control("POST", "clock", {"advance_s": 3 * 3600 + 1})
    receiver.wait(1)
    assert json.loads(receiver.received[0][1])["resource"]["order_id"] == sold["id"]


def test_a_refused_notice_is_sent_again_with_a_new_signature(
    paypal: PayPalShop, receiver: Receiver
) -> None:
    paypal.control("POST", "webhooks", {"speed_up": 1000})
    receiver.answers = [500, 503]
    webhook, *_ = _notice(paypal, receiver)
    receiver.wait(3)
    ids = {headers["Paypal-Transmission-Id"] for headers, _ in receiver.received}
    assert len(ids) == 3
    assert len({body for _, body in receiver.received}) == 1
    authority = paypal.control("GET", "paypal/signing")["authority"]
    headers, body = receiver.received[2]
    assert is_genuine(headers, body, webhook, _certificate(paypal, headers), authority)


def test_notices_may_be_withheld_doubled_and_falsified(
    paypal: PayPalShop, receiver: Receiver
) -> None:
    paypal.control("POST", "webhooks", {"mode": "withhold", "duplicate": 2})
    paypal.listen(receiver, "PAYMENT.CAPTURE.COMPLETED")
    paypal.sold()
    sent = paypal.control("POST", "webhooks/release")["sent"]
    assert [each["status"] for each in sent] == [200, 200]
    changes = {"object": {"amount": {"currency_code": "EUR", "value": "0.01"}}}
    path = f"events/{sent[0]['event']}/deliver"
    assert paypal.control("POST", path, {"changes": changes})["statuses"] == [200]
    assert json.loads(receiver.received[2][1])["resource"]["amount"]["value"] == "0.01"


def _events(paypal: PayPalShop, **query: str) -> Any:
    answer = paypal.http_get("/v1/notifications/webhooks-events", query)
    assert answer.status_code == 200, answer.text
    return answer.json()["events"]


def test_events_are_listed_for_who_had_a_webhook(paypal: PayPalShop, receiver: Receiver) -> None:
    paypal.sold()
    assert _events(paypal) == []
    paypal.listen(receiver)
    capture = paypal.sold()
    types = [event["event_type"] for event in _events(paypal)]
    assert types == ["PAYMENT.CAPTURE.COMPLETED", "CHECKOUT.ORDER.APPROVED"]
    (event,) = _events(paypal, event_type="PAYMENT.CAPTURE.COMPLETED", page_size="1")
    assert event["resource"]["id"] == capture["id"]
    assert _events(paypal, transaction_id=capture["id"])[0]["id"] == event["id"]
    assert _events(paypal, start_time="2030-01-01T00:00:00Z") == []
    assert len(_events(paypal, end_time="2030-01-01T00:00:00Z")) == 2
    alone = paypal.api("GET", f"/v1/notifications/webhooks-events/{event['id']}")
    assert alone.json() == event


def test_a_list_goes_on_where_its_page_ended(paypal: PayPalShop, receiver: Receiver) -> None:
    paypal.listen(receiver)
    for _ in range(2):
        paypal.sold()
    seen: list[str] = []
    answer = paypal.http_get("/v1/notifications/webhooks-events", {"page_size": "3"})
    while True:
        seen += [event["id"] for event in answer.json()["events"]]
        ways = {link["rel"]: link["href"] for link in answer.json()["links"]}
        if "next" not in ways:
            break
        answer = paypal.http_get(ways["next"].partition("/paypal")[2], {})
    assert len(seen) == len(set(seen)) == 4


@pytest.mark.parametrize("query", [{"page_size": "0"}, {"page_size": "301"}, {"start_time": "now"}])
def test_a_senseless_list_is_refused(new_paypal: PayPalShop, query: dict[str, str]) -> None:
    answer = new_paypal.http_get("/v1/notifications/webhooks-events", query)
    assert (answer.status_code, issue_of(answer)) == (400, "INVALID_PARAMETER_VALUE")


def test_an_event_is_sent_again_when_asked_for(paypal: PayPalShop, receiver: Receiver) -> None:
    _notice(paypal, receiver)
    (event,) = _events(paypal)
    again = paypal.api("POST", f"/v1/notifications/webhooks-events/{event['id']}/resend", {})
    assert again.status_code == 202
    receiver.wait(2)
    assert receiver.received[0][1] == receiver.received[1][1]


def test_a_webhook_is_registered_changed_and_deleted(
    paypal: PayPalShop, receiver: Receiver
) -> None:
    made = paypal.listen(receiver, "PAYMENT.CAPTURE.COMPLETED")
    path = f"/v1/notifications/webhooks/{made['id']}"
    assert paypal.api("GET", path).json() == made
    changes = [{"op": "replace", "path": "/event_types", "value": [{"name": "*"}]}]
    changed = paypal.api("PATCH", path, changes).json()
    assert [each["name"] for each in changed["event_types"]] == ["*"]
    assert len(paypal.api("GET", "/v1/notifications/webhooks").json()["webhooks"]) == 1
    assert paypal.api("DELETE", path).status_code == 204
    assert paypal.api("GET", path).status_code == 404
    paypal.sold()
    assert receiver.received == []


@pytest.mark.parametrize(
    "url",
    ["http://shop.example/hook", "https://shop.example:8443/hook", "ftp://shop.example/x", "hook"],
)
def test_a_webhook_is_https_on_443(new_paypal: PayPalShop, url: str) -> None:
    body = {"url": url, "event_types": [{"name": "*"}]}
    assert new_paypal.api("POST", "/v1/notifications/webhooks", body).status_code == 400


def test_webhooks_are_ten_each_with_an_address_of_its_own(paypal: PayPalShop) -> None:
    for place in range(10):
        assert _register(paypal, f"https://shop.example/{place}").status_code == 201
    assert (
        _register(paypal, "https://shop.example/1").json()["name"] == "WEBHOOK_URL_ALREADY_EXISTS"
    )
    eleventh = _register(paypal, "https://shop.example/10")
    assert eleventh.json()["name"] == "WEBHOOK_NUMBER_LIMIT_EXCEEDED"
    unknown = _register(paypal, "https://shop.example/11", "PAYMENT.NONSENSE")
    assert unknown.json()["name"] == "VALIDATION_ERROR"


def _register(paypal: PayPalShop, url: str, name: str = "*") -> Any:
    body = {"url": url, "event_types": [{"name": name}]}
    return paypal.api("POST", "/v1/notifications/webhooks", body)


def test_nothing_is_left_waiting_once_all_is_taken(paypal: PayPalShop, receiver: Receiver) -> None:
    _notice(paypal, receiver)
    eventually(lambda: paypal.control("GET", "webhooks")["waiting"] == 0)
