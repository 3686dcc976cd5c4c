"""What PayPal is asked about its notices, and how seldom: its own check is the last resort."""

import asyncio
import json
from dataclasses import replace
from typing import Any

import httpx
import pytest

from app.errors import WebhookRejected
from app.providers.kinds.paypal import PayPal
from app.providers.paypal import signers
from app.providers.strategy import LearnsSigners, WebhookRequest
from tests.parts.clock import VirtualClock
from tests.parts.paypal import (
    CERT_URL,
    WEBHOOK_ID,
    Authority,
    Desk,
    capture,
    certified,
    delivered,
    event,
    refusal,
    strategy,
)
from tests.parts.stripe import Raw

PATH = "/v1/notifications/certs/CERT-360caa42-fca2a594"
CHECK = "/v1/notifications/verify-webhook-signature"
EVENT = event("PAYMENT.CAPTURE.COMPLETED", capture())
BODY = json.dumps(EVENT).encode()
ROOT = Authority()
SIGNER = certified(by=ROOT)


@pytest.fixture(autouse=True)
def _trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the system trust the tests' root, and nothing else."""
    monkeypatch.setattr(signers, "_system_authorities", lambda: [ROOT.root])


def desk_with(pem: str | None = None) -> Desk:
    return Desk().on("GET", PATH, Raw(200, (SIGNER.pem if pem is None else pem).encode()))


def is_genuine(till: PayPal, request: WebhookRequest) -> bool:
    """Take a delivery in as the door does."""
    assert isinstance(till, LearnsSigners)
    asyncio.run(till.learn_signer(request))
    try:
        delivery = till.read_webhook(request)
    except WebhookRejected:
        return False
    return delivery.body == request.body


@pytest.mark.parametrize(
    "answer",
    [
        Raw(302, b"", {"Location": "https://evil.example/cert"}),
        Raw(404, b""),
        Raw(200, b"x" * (2 * 1024 * 1024)),
        httpx.ConnectError("down"),
    ],
    ids=["redirect", "gone", "huge", "no answer"],
)
def test_what_cannot_be_checked_by_a_certificate_is_put_before_paypal(answer: Any) -> None:
    desk = Desk().on("GET", PATH, answer).on("POST", CHECK, {"verification_status": "SUCCESS"})
    body = b'{ "id":"WH-1" ,"event_type":"X",\n"resource":{"n":1.50,"\\u00e9":"\xc3\xa9"}}'
    request = delivered(body, SIGNER)
    assert is_genuine(strategy(desk), request)
    asked = desk.requests[-1]
    assert asked.url.host == "api-m.sandbox.paypal.com"
    assert b'"webhook_event":' + body + b"}" in asked.content
    sent = json.loads(asked.content)
    assert sent["webhook_id"] == WEBHOOK_ID and sent["cert_url"] == CERT_URL
    assert sent["transmission_sig"] == request.headers["paypal-transmission-sig"]
    assert len([each for each in desk.requests if each.url.host == "evil.example"]) == 0


@pytest.mark.parametrize(
    "answer",
    [
        {"verification_status": "FAILURE"},
        {"verification_status": "success"},
        {},
        refusal(400),
        refusal(401),
        httpx.ConnectError("down"),
    ],
    ids=str,
)
def test_paypals_own_check_says_yes_or_it_is_no(answer: Any) -> None:
    desk = Desk().on("POST", CHECK, answer)
    assert not is_genuine(strategy(desk), delivered(BODY, SIGNER))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"nonsense",
        b"[1]",
        b'{"id":"WH-1"},"webhook_id":"OTHER"',
        b'{"id":"WH-1"},"transmission_id":"x","webhook_event":{"a":1}',
        b'{"id":NaN}',
    ],
)
def test_what_is_no_object_by_itself_is_never_spliced_into_the_question(body: bytes) -> None:
    desk = Desk().on("POST", CHECK, {"verification_status": "SUCCESS"})
    assert not is_genuine(strategy(desk), delivered(body, SIGNER))
    assert CHECK not in [each.url.path for each in desk.requests]


def test_what_paypal_vouched_for_is_that_delivery_alone() -> None:
    desk = Desk().on("POST", CHECK, {"verification_status": "SUCCESS"})
    till = strategy(desk)
    request = delivered(BODY, SIGNER)
    assert is_genuine(till, request)
    for other in (
        replace(request, body=BODY + b" "),
        replace(request, headers={**request.headers, "paypal-transmission-id": "t-2"}),
    ):
        with pytest.raises(WebhookRejected):
            till.read_webhook(other)


def test_however_many_ask_to_be_checked_few_questions_are_asked() -> None:
    desk = Desk().on("POST", CHECK, {"verification_status": "FAILURE"})
    clock = VirtualClock()
    till = strategy(desk, clock=clock)
    for number in range(50):
        url = f"{CERT_URL}{number}"
        assert not is_genuine(till, delivered(BODY, SIGNER, id=f"t-{number}", cert_url=url))
    assert len(desk.requests) == 2 * signers.MOST_QUESTIONS
    clock.advance(signers.WITHIN_S)
    desk.on("GET", PATH, Raw(200, SIGNER.pem.encode()))
    assert is_genuine(till, delivered(BODY, SIGNER))


def test_many_at_once_wait_for_one_certificate_and_others_do_not_wait() -> None:
    desk = desk_with()
    desk.before = lambda request: asyncio.sleep(0.05)
    till = strategy(desk)
    genuine = [delivered(BODY, SIGNER, id=f"t-{number}") for number in range(20)]

    async def run() -> None:
        first = [asyncio.create_task(till.learn_signer(each)) for each in genuine]
        await asyncio.sleep(0.02)
        other = delivered(BODY, SIGNER, cert_url=f"{CERT_URL}x")
        await asyncio.wait_for(till.learn_signer(other), 0.02)
        assert not first[0].done()
        await asyncio.gather(*first)

    asyncio.run(run())
    assert [each.url.path for each in desk.requests] == [PATH]
    for request in genuine:
        assert till.read_webhook(request).body == BODY


def test_a_certificate_that_does_not_come_is_not_waited_for_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(signers, "PATIENCE_S", 0.05)
    desk = desk_with()
    desk.before = lambda request: asyncio.sleep(5)
    assert not is_genuine(strategy(desk), delivered(BODY, SIGNER))
