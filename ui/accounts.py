"""Payment accounts by the names that people know."""

from typing import Final

from ui.i18n import _

_BRANDS: Final = (
    ("stripe", "Stripe"),
    ("paypal", "PayPal"),
    ("square", "Square"),
    ("razorpay", "Razorpay"),
)


def account_label(name: str) -> str:
    """Give an account's name as people know it."""
    if name in {"cash", "terminal"}:
        return {"cash": _("Cash"), "terminal": _("Card machine")}[name]
    for prefix, brand in _BRANDS:
        if name.startswith(prefix):
            return brand
    return name.replace("_", " ").capitalize()
