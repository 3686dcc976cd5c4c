"""PayPal's signature: everything that is not exactly right is refused, and garbage asks nobody."""

import asyncio
import base64
import json
import subprocess
import sys
import zlib
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import WebhookRejected
from app.providers.kinds.paypal import PayPal
from app.providers.paypal import signers
from app.providers.strategy import LearnsSigners, WebhookRequest
from tests.parts.clock import START, VirtualClock
from tests.parts.paypal import (
    CERT_URL,
    WEBHOOK_ID,
    Authority,
    Desk,
    Pair,
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


def test_a_refusal_is_a_4xx_and_what_cannot_be_checked_yet_is_told_apart() -> None:
    till = strategy(Desk())
    for headers, status in (({}, 400), (delivered(BODY, SIGNER).headers, 425)):
        with pytest.raises(WebhookRejected) as refused:
            till.read_webhook(WebhookRequest(headers, BODY, START))
        assert refused.value.status == status


def paths(desk: Desk) -> list[str]:
    return [f"{each.method} {each.url.host}{each.url.path}" for each in desk.requests]


def test_a_genuine_delivery_passes_and_its_certificate_is_fetched_once() -> None:
    desk = desk_with()
    till = strategy(desk)
    for number in range(5):
        assert is_genuine(till, delivered(BODY, SIGNER, id=f"t-{number}"))
    assert paths(desk) == [f"GET api.sandbox.paypal.com{PATH}"]
    (asked,) = desk.requests
    assert "authorization" not in asked.headers and desk.tokens_asked == 0


def test_the_same_delivery_again_is_genuine_again() -> None:
    till = strategy(desk_with())
    assert is_genuine(till, delivered(BODY, SIGNER)) and is_genuine(till, delivered(BODY, SIGNER))


def test_a_transmission_is_taken_with_one_body_though_its_check_sum_fits_another() -> None:
    till = strategy(desk_with())
    request = delivered(BODY, SIGNER)
    assert is_genuine(till, request)
    forged = bent(json.dumps(event("PAYMENT.CAPTURE.COMPLETED", {"amount": 9})).encode(), BODY)
    assert not is_genuine(till, replace(request, body=forged))
    # A till that has not seen the first has nothing to tell them apart by: that is the scheme's.
    assert is_genuine(strategy(desk_with()), replace(request, body=forged))


def bent(body: bytes, like: bytes) -> bytes:
    """Give JSON that means the same as `body` and has the CRC-32 of `like`: spaces and tabs do."""
    wanted = zlib.crc32(like)
    room = 64
    base = bytearray(body[:-1] + b" " * room + body[-1:])
    at = len(body) - 1
    start = zlib.crc32(bytes(base))
    rows = []
    for place in range(room):
        changed = bytearray(base)
        changed[at + place] = 0x09
        rows.append((zlib.crc32(bytes(changed)) ^ start, 1 << place))
    left, chosen = wanted ^ start, 0
    for bit in range(31, -1, -1):
        pivot = next((row for row in rows if row[0] >> bit & 1), None)
        if pivot is None:
            assert not left >> bit & 1
            continue
        rows = [
            (row[0] ^ pivot[0], row[1] ^ pivot[1]) if row[0] >> bit & 1 else row
            for row in rows
            if row is not pivot
        ]
        if left >> bit & 1:
            left, chosen = left ^ pivot[0], chosen ^ pivot[1]
    for place in range(room):
        if chosen >> place & 1:
            base[at + place] = 0x09
    assert zlib.crc32(bytes(base)) == wanted
    return bytes(base)


@pytest.fixture(scope="module")
def knowing() -> signers.Signers:
    """Give what knows the certificate already, and has seen no transmission."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(signers, "_system_authorities", lambda: [ROOT.root])
        till = strategy(desk_with())
        asyncio.run(till.learn_signer(delivered(BODY, SIGNER)))
    return till._signers


@given(st.integers(0, len(BODY) - 1), st.integers(0, 7))
def test_one_flipped_bit_of_the_body_is_refused(
    knowing: signers.Signers, place: int, bit: int
) -> None:
    flipped = bytearray(BODY)
    flipped[place] ^= 1 << bit
    request = delivered(BODY, SIGNER, id=f"body-{place}-{bit}")
    with pytest.raises(WebhookRejected):
        knowing.verify(replace(request, body=bytes(flipped)), (WEBHOOK_ID,))
    knowing.verify(request, (WEBHOOK_ID,))


@given(st.integers(0, 255), st.integers(0, 7))
def test_one_flipped_bit_of_the_signature_is_refused(
    knowing: signers.Signers, place: int, bit: int
) -> None:
    request = delivered(BODY, SIGNER, id=f"signature-{place}-{bit}")
    raw = bytearray(base64.b64decode(request.headers["paypal-transmission-sig"]))
    raw[place] ^= 1 << bit
    headers = {**request.headers, "paypal-transmission-sig": base64.b64encode(raw).decode()}
    with pytest.raises(WebhookRejected):
        knowing.verify(replace(request, headers=headers), (WEBHOOK_ID,))


NAMES = ("auth-algo", "cert-url", "transmission-id", "transmission-time", "transmission-sig")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "value", [None, "", " ", "nonsense", "x" * 5000, "\u00e9", "\u2603", "a|b"]
)
def test_a_missing_or_odd_header_is_refused_and_asks_nobody(name: str, value: str | None) -> None:
    desk = desk_with()
    request = delivered(BODY, SIGNER)
    headers = dict(request.headers)
    if value is None:
        del headers[f"paypal-{name}"]
    else:
        headers[f"paypal-{name}"] = value
    fits_nothing = name in ("auth-algo", "cert-url", "transmission-sig")
    odd = replace(request, headers=headers)
    assert not is_genuine(strategy(desk), odd)
    if fits_nothing or value != "nonsense":
        assert desk.requests == []


@pytest.mark.parametrize("algorithm", ["SHA1withRSA", "SHA256withECDSA", "none", "sha256withrsa"])
def test_another_algorithm_is_refused(algorithm: str) -> None:
    desk = desk_with()
    assert not is_genuine(strategy(desk), delivered(BODY, SIGNER, paypal_auth_algo=algorithm))
    assert desk.requests == []


@pytest.mark.parametrize(
    "url",
    [
        CERT_URL.replace("https", "http"),
        CERT_URL.replace("api.sandbox.paypal.com", "api.paypal.com"),
        CERT_URL.replace("api.sandbox.paypal.com", "api.sandbox.paypal.com.evil.example"),
        CERT_URL.replace("api.sandbox.paypal.com", "evil.example"),
        CERT_URL.replace("api.sandbox.paypal.com", "u:p@api.sandbox.paypal.com"),
        CERT_URL.replace("api.sandbox.paypal.com", "api.sandbox.paypal.com:444"),
        CERT_URL.replace("api.sandbox.paypal.com", "API.sandbox.paypal.com"),
        CERT_URL.replace("api.sandbox.paypal.com", "127.0.0.1"),
        CERT_URL.replace("api.sandbox.paypal.com", "169.254.169.254"),
        CERT_URL + "?x=1",
        CERT_URL + "#x",
        CERT_URL + "/../../../x",
        CERT_URL.replace("/certs/", "/certs/../"),
        CERT_URL.replace("/certs/", "/certs//"),
        CERT_URL.replace("/certs/", "/other/"),
        "https://api.sandbox.paypal.com/v1/notifications/certs/",
        "//api.sandbox.paypal.com/v1/notifications/certs/CERT-1",
        "file:///etc/passwd",
        "http://127.0.0.1:8080/paypal/v1/notifications/certs/CERT-1",
    ],
)
def test_a_certificate_from_elsewhere_is_never_fetched(url: str) -> None:
    desk = desk_with()
    assert not is_genuine(strategy(desk), delivered(BODY, SIGNER, cert_url=url))
    assert desk.requests == []


def test_live_certificates_are_paypals_live_hosts_only() -> None:
    live = CERT_URL.replace("api.sandbox", "api")
    desk = desk_with()
    assert is_genuine(strategy(desk, live=True), delivered(BODY, SIGNER, cert_url=live))
    assert not is_genuine(strategy(desk_with(), live=True), delivered(BODY, SIGNER))


def test_a_simulators_certificate_is_fetched_from_its_own_address_by_its_own_authority() -> None:
    base = "http://127.0.0.1:8484/paypal"
    url = f"{base}{PATH}"
    desk = Desk().on("GET", f"/paypal{PATH}", Raw(200, SIGNER.pem.encode()))
    desk.on("GET", "/_control/paypal/signing", {"authority": ROOT.pem})
    assert is_genuine(strategy(desk, api_base=base), delivered(BODY, SIGNER, cert_url=url))
    for other in (CERT_URL, url.replace("8484", "8485"), url.replace("127.0.0.1", "localhost")):
        asked = len(desk.requests)
        till = strategy(desk, api_base=base)
        assert not is_genuine(till, delivered(BODY, SIGNER, cert_url=other))
        assert len(desk.requests) == asked


@pytest.mark.parametrize(
    "signing", [{}, {"authority": 7}, {"authority": "none"}, refusal(404), Raw(200, b"no")]
)
def test_a_simulator_without_an_authority_vouches_for_nothing(signing: Any) -> None:
    base = "http://127.0.0.1:8484/paypal"
    desk = Desk().on("GET", f"/paypal{PATH}", Raw(200, SIGNER.pem.encode()))
    desk.on("GET", "/_control/paypal/signing", signing)
    till = strategy(desk, api_base=base)
    assert not is_genuine(till, delivered(BODY, SIGNER, cert_url=f"{base}{PATH}"))


def pem_of(**changes: Any) -> str:
    return certified(**({"by": ROOT} | changes)).pem


@pytest.mark.parametrize(
    "pem",
    [
        "",
        "nonsense",
        SIGNER.pem[:400],
        pem_of(by=Authority("A stranger")),
        pem_of(name="evil.example"),
        pem_of(name="api.paypal.com.evil.example"),
        pem_of(name="evilpaypal.com"),
        pem_of(begins=START + timedelta(days=1)),
        pem_of(ends=START - timedelta(seconds=1)),
        pem_of(bits=1024),
        ROOT.pem,
    ],
    ids=[
        *("empty", "nonsense", "cut", "another root", "another owner", "a longer name"),
        *("a name alike", "not begun", "over", "a short key", "the root itself"),
    ],
)
def test_a_certificate_that_proves_nothing_is_not_used(pem: str) -> None:
    desk = desk_with(pem).on("POST", CHECK, {"verification_status": "FAILURE"})
    assert not is_genuine(strategy(desk), delivered(BODY, SIGNER))


def test_a_wrong_signature_under_a_known_certificate_is_no_question_to_anybody() -> None:
    desk = desk_with().on("POST", CHECK, {"verification_status": "SUCCESS"})
    till = strategy(desk)
    assert is_genuine(till, delivered(BODY, SIGNER, id="t-1"))
    asked = len(desk.requests)
    for number in range(20):
        assert not is_genuine(till, delivered(BODY, SIGNER, id=f"x-{number}", webhook_id="OTHER"))
    assert len(desk.requests) == asked


def test_without_a_webhook_id_nothing_is_genuine_and_nobody_is_asked() -> None:
    desk = desk_with()
    assert not is_genuine(strategy(desk, webhook_ids=()), delivered(BODY, SIGNER, webhook_id=""))
    assert desk.requests == []


def test_while_a_webhook_is_replaced_the_old_and_the_new_one_count() -> None:
    both, new = ("OLD1", "NEW1"), ("NEW1",)
    for webhook_id in both:
        till = strategy(desk_with(), webhook_ids=both)
        assert is_genuine(till, delivered(BODY, SIGNER, webhook_id=webhook_id))
    till = strategy(desk_with(), webhook_ids=new)
    assert not is_genuine(till, delivered(BODY, SIGNER, webhook_id="OLD1"))


def test_a_certificate_whose_time_is_over_is_fetched_again() -> None:
    short = certified(by=ROOT, ends=START + timedelta(hours=1))
    desk, clock = desk_with(short.pem), VirtualClock()
    till = strategy(desk, clock=clock)
    assert is_genuine(till, delivered(BODY, short))
    clock.advance(3700)
    desk.on("GET", PATH, Raw(200, SIGNER.pem.encode()))
    assert is_genuine(till, delivered(BODY, SIGNER, id="t-2", received_at=clock.now()))
    assert len(desk.requests) == 2


def test_signatures_of_another_key_with_a_good_certificate_elsewhere_are_refused() -> None:
    stranger = Pair(certified(by=Authority("X"), bits=3072).key, SIGNER.pem)
    assert not is_genuine(strategy(desk_with()), delivered(BODY, stranger))


def test_the_library_of_certificates_is_loaded_with_the_first_notice_only() -> None:
    code = (
        "import sys, app.providers.kinds, app.sandbox.server\n"
        "assert 'cryptography' not in sys.modules, 'it costs the start'"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
