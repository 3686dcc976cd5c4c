"""What Stripe says about idempotency keys.

Rules: docs.stripe.com/api/idempotent_requests.
"""

from app.sandbox.stripe.errors import StripeRefusal, bad_parameter, key_in_use, key_reused
from app.sandbox.stripe.objects.payment_link import LINK_PATH
from app.sandbox.stripe.objects.session import PAGE_PATH

KEPT_S = 24 * 3600
LONGEST = 255


class StripeKeyRules:
    """A key belongs to one path and one set of parameters, for a day."""

    provider = "stripe"
    kept_s = KEPT_S
    page_paths = (PAGE_PATH, LINK_PATH)

    def too_long(self, key: str) -> StripeRefusal | None:
        if len(key) <= LONGEST:
            return None
        return bad_parameter(
            f"Idempotency keys can be at most {LONGEST} characters long, but yours has {len(key)}.",
            "idempotency_key",
        )

    def in_use(self, key: str) -> StripeRefusal:
        return key_in_use(key)

    def other_path(self, key: str, path: str, first_path: str) -> StripeRefusal:
        return key_reused(
            key, f"for the same endpoint they were first used for ('{path}' vs '{first_path}')"
        )

    def other_parameters(self, key: str) -> StripeRefusal:
        return key_reused(key, "with the same parameters they were first used with")
