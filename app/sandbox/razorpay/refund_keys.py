"""What Razorpay says about `X-Refund-Idempotency`; nothing else there has such a key.

Rules: razorpay.com/docs/api/refunds/normal-refunds-idempotent.
"""

import re

from app.sandbox.razorpay.errors import RazorpayRefusal, bad_request
from app.sandbox.razorpay.short_urls import PAGE_PATH

HEADER = "X-Refund-Idempotency"
KEPT_S = 30 * 86_400
"""Razorpay does not say for how long; no test of a till may rely on more than a day."""

_FORM = re.compile(r"[A-Za-z0-9_-]{10,}")


class RefundKeyRules:
    """A key belongs to one payment and one body."""

    provider = "razorpay"
    kept_s = KEPT_S
    page_paths = (PAGE_PATH,)

    def too_long(self, key: str) -> RazorpayRefusal | None:
        if _FORM.fullmatch(key):
            return None
        return bad_request(
            "The idempotency key must be at least 10 characters long and can contain alphabets,"
            " numbers, hyphens and underscores only."
        )

    def in_use(self, key: str) -> RazorpayRefusal:
        return RazorpayRefusal(
            409,
            "A request with this idempotency key is still being processed.",
            reason="NA",
            step="NA",
        )

    def other_path(self, key: str, path: str, first_path: str) -> RazorpayRefusal:
        return self.other_parameters(key)

    def other_parameters(self, key: str) -> RazorpayRefusal:
        return bad_request("Different request body was passed with the same idempotency key.")
