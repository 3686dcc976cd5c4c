"""`list`: how Stripe gives more than one object."""

from collections.abc import Sequence

from app.sandbox.books import JsonObject


def listed(items: Sequence[JsonObject], url: str, *, has_more: bool = False) -> JsonObject:
    return {"object": "list", "data": list(items), "has_more": has_more, "url": url}
