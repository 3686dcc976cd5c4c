"""Payment accounts by the names that people know."""

from typing import Final

_BRANDS: Final = (
    ("stripe", "Stripe"),
    ("paypal", "PayPal"),
    ("square", "Square"),
    ("razorpay", "Razorpay"),
)


def account_label(name: str) -> str:
    """Give an account's name as people know it."""
    for prefix, brand in _BRANDS:
        if name.startswith(prefix):
            return brand
    return name.replace("_", " ").capitalize()
