"""Accounts: every test key is one of its own, with nothing to sign up for.

The secret that a key is first used with is its secret from then on. It is kept, since the
redirect after a payment is signed with it.
"""

import base64
import binascii
import hashlib
import hmac
import re

from app.sandbox.books import Books
from app.sandbox.razorpay.errors import unauthorized

ACCOUNT_PREFIX = "acc_"

_KEY_ID = re.compile(r"rzp_test_[A-Za-z0-9]{4,40}")
_NO_KEY = "Please provide your api key for authentication purposes."


def authenticate(books: Books, authorization: str | None) -> str:
    """The account behind an Authorization header, or Razorpay's 401."""
    key_id, secret = _credentials(authorization or "")
    if _KEY_ID.fullmatch(key_id) is None or not secret:
        raise unauthorized()
    account = account_of(key_id)
    known = books.fact(_fact(account))
    if known is None:
        set_secret(books, key_id, secret)
    elif not hmac.compare_digest(known.encode(), secret.encode()):
        raise unauthorized()
    return account


def account_of(key_id: str) -> str:
    return ACCOUNT_PREFIX + hashlib.sha256(key_id.encode()).hexdigest()[:14]


def is_key_id(text: str) -> bool:
    return _KEY_ID.fullmatch(text) is not None


def secret_of(books: Books, account: str) -> str:
    return books.fact(_fact(account)) or ""


def set_secret(books: Books, key_id: str, secret: str) -> str:
    """Give a key another secret, in a transaction of its own; answers its account."""
    account = account_of(key_id)
    with books.transaction():
        books.set_fact(_fact(account), secret)
    return account


def signature(books: Books, account: str, *parts: str) -> str:
    """What proves that a redirect comes from Razorpay: HMAC-SHA256 over `a|b|...`, in hex."""
    signed = hmac.new(secret_of(books, account).encode(), "|".join(parts).encode(), hashlib.sha256)
    return signed.hexdigest()


def _credentials(authorization: str) -> tuple[str, str]:
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        raise unauthorized(_NO_KEY)
    try:
        key_id, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise unauthorized() from error
    return key_id, secret


def _fact(account: str) -> str:
    return f"razorpay_secret:{account}"
