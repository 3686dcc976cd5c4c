"""Merchants and their tokens: every well-formed client id is a merchant of its own.

Tokens are docs' "Get an access token": HTTP Basic, form-encoded, good for nine hours. A merchant
that asks again gets the same token for as long as it has some time left, as in life.
"""

import base64
import binascii
import hashlib
import re
from urllib.parse import parse_qs

from app.sandbox.books import JsonObject
from app.sandbox.paypal.errors import OAuthRefusal, PayPalRefusal
from app.sandbox.paypal.workbench import Call, Workbench

TOKEN = "paypal.token"  # noqa: S105 - the kind of a record
LASTS_S = 32_400

_RENEWED_BEFORE_S = 60
_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
_MERCHANT = re.compile(rf"PP[{_ALPHABET}]{{11}}")
_CLIENT = re.compile(r"A[A-Za-z0-9_-]{19,127}")
_SECRET = re.compile(r"E[A-Za-z0-9_-]{19,127}")
_SCOPE = " ".join(
    f"https://uri.paypal.com/{name}"
    for name in (
        "services/checkout/one-click-with-merchant-issued-token",
        "services/payments/payment",
        "services/payments/refund",
        "services/applications/webhooks",
        "services/disputes/read-seller",
        "services/disputes/update-seller",
        "services/reporting/search/read",
        "services/subscriptions",
    )
)


def is_merchant(account: str) -> bool:
    return _MERCHANT.fullmatch(account) is not None


def merchant_of(client_id: str) -> str:
    digest = hashlib.sha256(client_id.encode()).digest()
    return "PP" + "".join(_ALPHABET[byte % len(_ALPHABET)] for byte in digest[:11])


def of_client(authorization: str | None) -> str:
    """The merchant behind a client's id and secret, or the OAuth server's 401."""
    scheme, _, credentials = (authorization or "").partition(" ")
    try:
        client, _, secret = base64.b64decode(credentials, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        client = secret = ""
    is_known = _CLIENT.fullmatch(client) and _SECRET.fullmatch(secret)
    if scheme.lower() != "basic" or not is_known:
        raise OAuthRefusal(401, "invalid_client", "Client Authentication failed")
    return merchant_of(client)


def of_token(bench: Workbench, authorization: str | None) -> str:
    """The merchant behind a token, or PayPal's 401."""
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise PayPalRefusal(401)
    record = bench.books.get(TOKEN, token.strip())
    if record is None:
        raise OAuthRefusal(401, "invalid_token", "Token signature verification failed")
    if record.body["expires_at"] <= bench.now():
        raise OAuthRefusal(401, "invalid_token", "The token passed in has expired")
    return record.account


def give_token(bench: Workbench, call: Call) -> tuple[int, JsonObject]:
    """Answer `POST /v1/oauth2/token`."""
    form = parse_qs(call.raw.decode("ascii", "replace"))
    if form.get("grant_type") != ["client_credentials"]:
        words = "Grant Type is NULL" if "grant_type" not in form else "Unsupported grant_type"
        raise OAuthRefusal(400, "unsupported_grant_type", words)
    now, left = bench.now(), 0
    token = ""
    for record in bench.books.select("account = ? AND kind = ?", (call.account, TOKEN)):
        left = record.body["expires_at"] - now
        if left > _RENEWED_BEFORE_S:
            token = record.id
            break
        if left <= 0:
            bench.books.remove(record)
    if not token:
        token, left = bench.new_id(TOKEN, "A21AA", 92), LASTS_S
        bench.put(call.account, TOKEN, {"id": token, "expires_at": now + LASTS_S})
    return 200, {
        "scope": _SCOPE,
        "access_token": token,
        "token_type": "Bearer",
        "app_id": "APP-80W284485P519543T",
        "expires_in": left,
        "nonce": f"{bench.time()}{bench.ids('', 43)}",
    }
