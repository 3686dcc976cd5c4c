"""API versions: what a request may ask for, and what an account is pinned to.

A request without a `Stripe-Version` is served in its account's version, which also rules what its
webhooks are written in, unless an endpoint has one of its own. Within one named release (`endive`)
Stripe only adds; so the objects here are the same in each. Source: docs.stripe.com/api/versioning.
"""

from app.sandbox.books import Books
from app.sandbox.stripe import API_VERSION
from app.sandbox.stripe.errors import StripeRefusal

KNOWN = ("2026-09-30.endive", API_VERSION)


def asked(books: Books, account: str, header: str | None) -> str:
    """The version a request is served in, or Stripe's 400."""
    if not header:
        return pinned(books, account)
    if header not in KNOWN:
        raise StripeRefusal(
            400,
            f"Invalid Stripe API version: {header}. This simulator has {' and '.join(KNOWN)}.",
        )
    return header


def pinned(books: Books, account: str) -> str:
    """The version that an account was made with or moved to."""
    return books.fact(_fact(account)) or API_VERSION


def pin(books: Books, account: str, version: str) -> bool:
    """Move an account to a version, in a transaction of its own; False for one not known."""
    if version not in KNOWN:
        return False
    with books.transaction():
        books.set_fact(_fact(account), version)
    return True


def _fact(account: str) -> str:
    return f"stripe_version {account}"
