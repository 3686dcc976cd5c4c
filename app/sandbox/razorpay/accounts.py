"""Accounts: every test key is one of its own, unless it is made as one more of another's.

The secret that a key is first used with is its secret from then on. It is kept, since the
redirect after a payment is signed with it.
"""

import base64
import binascii
import hashlib
import hmac
import json
import re

from app.sandbox.books import Books, JsonObject
from app.sandbox.razorpay.errors import unauthorized

ACCOUNT_PREFIX = "acc_"

_KEY_ID = re.compile(r"rzp_test_[A-Za-z0-9]{4,40}")
_KEY, _SIGNING = "razorpay_key:", "razorpay_signs_by:"
_NO_KEY = "Please provide your api key for authentication purposes."


def authenticate(books: Books, authorization: str | None) -> str:
    """The account behind an Authorization header, or Razorpay's 401."""
    key_id, secret = _credentials(authorization or "")
    if not is_key_id(key_id) or not secret:
        raise unauthorized()
    known = _known(books, key_id)
    if known is None:
        return put_key(books, key_id, secret)
    if not hmac.compare_digest(known["secret"].encode(), secret.encode()):
        raise unauthorized()
    return str(known["account"])


def account_of(books: Books, key_id: str) -> str:
    """A key that nobody has used yet has an account as well."""
    known = _known(books, key_id)
    if known is not None:
        return str(known["account"])
    return ACCOUNT_PREFIX + hashlib.sha256(key_id.encode()).hexdigest()[:14]


def put_key(books: Books, key_id: str, secret: str, account: str | None = None) -> str:
    """Make a key, or give it another secret, in a transaction of its own; answers its account.

    With `account` it is one more key of that one; those it had stay good.
    """
    account = account or account_of(books, key_id)
    with books.transaction():
        books.set_fact(_KEY + key_id, json.dumps({"account": account, "secret": secret}))
        books.set_fact(_SIGNING + account, secret)
    return account


def is_key_id(text: str) -> bool:
    return _KEY_ID.fullmatch(text) is not None


def signature(books: Books, account: str, *parts: str) -> str:
    """What proves that a redirect comes from Razorpay: HMAC-SHA256 over `a|b|...`, in hex.

    By the secret of the account's newest key.
    """
    secret = books.fact(_SIGNING + account) or ""
    return hmac.new(secret.encode(), "|".join(parts).encode(), hashlib.sha256).hexdigest()


def _credentials(authorization: str) -> tuple[str, str]:
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        raise unauthorized(_NO_KEY)
    try:
        key_id, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise unauthorized() from error
    return key_id, secret


def _known(books: Books, key_id: str) -> JsonObject | None:
    kept = books.fact(_KEY + key_id)
    return None if kept is None else dict(json.loads(kept))
