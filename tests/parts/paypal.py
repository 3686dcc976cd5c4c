"""PayPal's side in small: its objects, its signature, and a desk that answers by path."""

import base64
import json
import zlib
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cache
from typing import Any, NamedTuple

import httpx
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from app.domain.attempt import Reference
from app.providers.kinds.paypal import PayPal
from app.providers.strategy import WebhookRequest
from tests.parts.clock import START, VirtualClock
from tests.parts.stripe import Raw

REFERENCE = Reference("t11111", "0rder0000001", 1)
ORDER, CAPTURE, REFUND = "5O190127TN364715T", "3C679366HH908993F", "1JU08902781691411"
PAGE = f"https://www.sandbox.paypal.com/checkoutnow?token={ORDER}"
API = "https://api-m.sandbox.paypal.com"
WEBHOOK_ID = "1JE4291016473214C"
CERT_URL = "https://api.sandbox.paypal.com/v1/notifications/certs/CERT-360caa42-fca2a594"
TOKEN = {"access_token": "A21AAtoken", "token_type": "Bearer", "expires_in": 32_400}
NAME = "messageverificationcerts.sandbox.paypal.com"


def money(value: str = "5.00", currency: str = "EUR") -> dict[str, str]:
    return {"currency_code": currency, "value": value}


def order(status: str = "PAYER_ACTION_REQUIRED", *captures: Any, **changes: Any) -> dict[str, Any]:
    """Give an order of 5.00 EUR as PayPal sends it."""
    unit: dict[str, Any] = {
        "reference_id": "default",
        "custom_id": str(REFERENCE),
        "invoice_id": str(REFERENCE),
        "amount": money(),
        "payee": {"merchant_id": "PPMERCHANT"},
    }
    if captures:
        unit["payments"] = {"captures": list(captures)}
    return {
        "id": ORDER,
        "intent": "CAPTURE",
        "status": status,
        "purchase_units": [unit],
        "links": [{"href": PAGE, "rel": "payer-action", "method": "GET"}],
        **changes,
    }


def capture(status: str = "COMPLETED", **changes: Any) -> dict[str, Any]:
    return {
        "id": CAPTURE,
        "status": status,
        "amount": money(),
        "custom_id": str(REFERENCE),
        "final_capture": True,
        "supplementary_data": {"related_ids": {"order_id": ORDER}},
        "seller_receivable_breakdown": {
            "gross_amount": money(),
            "paypal_fee": money("0.66"),
            "net_amount": money("4.34"),
        },
        **changes,
    }


def refund(status: str = "COMPLETED", **changes: Any) -> dict[str, Any]:
    return {
        "id": REFUND,
        "status": status,
        "amount": money("2.00"),
        "custom_id": REFERENCE.key("refund-1"),
        "links": [
            {"href": f"{API}/v2/payments/refunds/{REFUND}", "rel": "self"},
            {"href": f"{API}/v2/payments/captures/{CAPTURE}", "rel": "up"},
        ],
        **changes,
    }


def dispute(status: str = "WAITING_FOR_SELLER_RESPONSE", **changes: Any) -> dict[str, Any]:
    return {
        "dispute_id": "PP-R-1",
        "create_time": "2026-11-20T09:00:00.000Z",
        "update_time": "2026-11-21T08:00:00.000Z",
        "reason": "UNAUTHORISED",
        "status": status,
        "dispute_amount": money(),
        "dispute_life_cycle_stage": "CHARGEBACK",
        "seller_response_due_date": "2026-12-01T09:00:00.000Z",
        "disputed_transactions": [{"seller_transaction_id": CAPTURE}],
        **changes,
    }


def event(kind: str, resource: Any, **changes: Any) -> dict[str, Any]:
    return {
        "id": "WH-19973212T1154-1",
        "event_type": kind,
        "create_time": "2026-11-21T08:59:00.000Z",
        "resource": resource,
        **changes,
    }


def refusal(status: int, issue: str = "", name: str = "UNPROCESSABLE_ENTITY") -> Raw:
    body: dict[str, Any] = {"name": name, "message": "because", "debug_id": "f1"}
    if issue:
        body["details"] = [{"issue": issue, "description": "the reason"}]
    return Raw(status, json.dumps(body).encode())


Answer = Raw | Exception | dict[str, Any]


class Desk(httpx.AsyncBaseTransport):
    """Answers by method and path, each list to its last answer; a token is always there.

    `requests` are those for anything else than a token.
    """

    def __init__(self) -> None:
        self.answers: dict[str, list[Answer]] = {}
        self.requests: list[httpx.Request] = []
        self.tokens: list[Answer] = [TOKEN]
        self.tokens_asked = 0
        self.before: Callable[[httpx.Request], Any] = lambda request: None

    def on(self, method: str, path: str, *answers: Answer) -> "Desk":
        self.answers[f"{method} {path}"] = list(answers)
        return self

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        waits = self.before(request)
        if waits is not None:
            await waits
        if request.url.path == "/v1/oauth2/token":
            self.tokens_asked += 1
            listed = self.tokens
        else:
            self.requests.append(request)
            listed = self.answers.get(f"{request.method} {request.url.path}", [_NOT_FOUND])
        answer = listed.pop(0) if len(listed) > 1 else listed[0]
        if isinstance(answer, Exception):
            raise answer
        if not isinstance(answer, Raw):
            answer = Raw(200, json.dumps(answer).encode())
        return httpx.Response(
            answer.status, headers=dict(answer.headers), stream=httpx.ByteStream(answer.body)
        )


_NOT_FOUND = refusal(404, "INVALID_RESOURCE_ID", "RESOURCE_NOT_FOUND")


def strategy(desk: Desk, **changes: Any) -> PayPal:
    usual: dict[str, Any] = {"clock": VirtualClock(), "webhook_ids": (WEBHOOK_ID,)}
    return PayPal("main", "client", "secret", transport=desk, **usual | changes)


class Pair(NamedTuple):
    """A key and the certificate that names its owner."""

    key: rsa.RSAPrivateKey
    pem: str


def certified(
    name: str = NAME,
    *,
    by: "Authority",
    begins: datetime = START - timedelta(days=1),
    ends: datetime = START + timedelta(days=30),
    bits: int = 2048,
) -> Pair:
    """Make a key, and have an authority vouch for it."""
    key = _key(bits)
    return Pair(key, by.certificate(name, key, begins, ends))


@cache
def _key(bits: int) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


class Authority:
    """Vouches for names, as those do that a system trusts."""

    def __init__(self, name: str = "Root of the tests") -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _named(name)
        self.root = self._signed(
            self._name, self._key.public_key(), START - timedelta(days=9), _LATER, is_root=True
        )
        self.pem = self.root.public_bytes(serialization.Encoding.PEM).decode()

    def certificate(
        self, name: str, key: rsa.RSAPrivateKey, begins: datetime, ends: datetime
    ) -> str:
        made = self._signed(_named(name), key.public_key(), begins, ends, name=name)
        return made.public_bytes(serialization.Encoding.PEM).decode()

    def _signed(
        self,
        subject: x509.Name,
        key: Any,
        begins: datetime,
        ends: datetime,
        *,
        name: str = "",
        is_root: bool = False,
    ) -> x509.Certificate:
        own = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(begins)
            .not_valid_after(ends)
            .add_extension(x509.BasicConstraints(ca=is_root, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .add_extension(own, critical=False)
            .add_extension(_usage(is_root=is_root), critical=True)
        )
        if not is_root:
            builder = builder.add_extension(
                x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False
            ).add_extension(
                x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False
            )
        return builder.sign(self._key, hashes.SHA256())


_LATER = START + timedelta(days=3650)


def _usage(*, is_root: bool) -> x509.KeyUsage:
    unused = dict.fromkeys(
        (
            *("content_commitment", "data_encipherment", "key_agreement", "encipher_only"),
            *("decipher_only", "key_encipherment", "crl_sign"),
        ),
        False,
    )
    return x509.KeyUsage(digital_signature=not is_root, key_cert_sign=is_root, **unused)


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def delivered(
    body: bytes | dict[str, Any],
    signer: Pair,
    *,
    id: str = "69cd13f0-d67a-11e5-baa3-778b53f4ae55",
    webhook_id: str = WEBHOOK_ID,
    cert_url: str = CERT_URL,
    received_at: datetime = START,
    **headers: str,
) -> WebhookRequest:
    """Sign as PayPal's document says: RSA and SHA-256 over id, time, webhook and the body's CRC."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    at = "2026-11-21T08:59:30Z"
    text = f"{id}|{at}|{webhook_id}|{zlib.crc32(raw)}".encode()
    signature = signer.key.sign(text, padding.PKCS1v15(), hashes.SHA256())
    sent = {
        "paypal-auth-algo": "SHA256withRSA",
        "paypal-cert-url": cert_url,
        "paypal-transmission-id": id,
        "paypal-transmission-time": at,
        "paypal-transmission-sig": base64.b64encode(signature).decode(),
    }
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return WebhookRequest(sent | named, raw, received_at)
