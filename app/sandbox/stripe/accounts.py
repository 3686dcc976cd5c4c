"""Accounts: every test key is one of its own, with nothing to sign up for."""

import base64
import binascii
import hashlib

from app.sandbox.books import JsonObject
from app.sandbox.stripe.errors import unauthorized
from app.sandbox.stripe.objects.account import account
from app.sandbox.stripe.publishable import PREFIX
from app.sandbox.stripe.workbench import Call, Workbench

ACCOUNT_PREFIX = "acct_"

_TEST_KEYS = ("sk_test_", "rk_test_", PREFIX)
_OPENED_AT = 1_700_000_000
_NO_KEY = (
    "You did not provide an API key. You need to provide your API key in the Authorization header,"
    " using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY'). See"
    " https://stripe.com/docs/api#authentication for details, or we can help at"
    " https://support.stripe.com/."
)


def authenticate(authorization: str | None) -> str:
    """The account behind an Authorization header, or Stripe's 401."""
    key = _key(authorization or "")
    if not key:
        raise unauthorized(_NO_KEY)
    if not key.startswith(_TEST_KEYS) or key in _TEST_KEYS:
        raise unauthorized(f"Invalid API Key provided: {_masked(key)}")
    return account_of(key)


def is_publishable(authorization: str | None) -> bool:
    """Whether the key is one that browsers have."""
    return _key(authorization or "").startswith(PREFIX)


def account_of(key: str) -> str:
    """Restricted, secret and publishable keys of the same account differ in their prefix only."""
    secret = key.split("_", 1)[1]
    return f"{ACCOUNT_PREFIX}1" + hashlib.sha256(secret.encode()).hexdigest()[:15]


def retrieve(bench: Workbench, call: Call) -> JsonObject:
    return account(id=call.account, created=_OPENED_AT, shop_name=bench.shop_name)


def _key(authorization: str) -> str:
    scheme, _, credentials = authorization.partition(" ")
    if scheme.lower() == "bearer":
        return credentials.strip()
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(credentials, validate=True).decode().partition(":")[0]
        except (binascii.Error, UnicodeDecodeError):
            return ""
    return ""


def _masked(key: str) -> str:
    if len(key) <= 12:
        return "*" * len(key)
    return f"{key[:8]}{'*' * (len(key) - 12)}{key[-4:]}"
