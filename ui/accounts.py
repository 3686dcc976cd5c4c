"""Payment accounts by the names that people know."""

from collections.abc import Collection
from typing import Final

from app.errors import ConfigError
from ui.i18n import _

_BRANDS: Final = (
    ("stripe", "Stripe"),
    ("paypal", "PayPal"),
    ("square", "Square"),
    ("razorpay", "Razorpay"),
)
_PRODUCTS: Final = {
    "stripe_checkout": "Checkout",
    "stripe_links": "Links",
    "stripe_elements": "Elements",
    "razorpay_upi": "UPI",
}
"""What a brand calls what an account of that name is, where it has several."""
_PLAIN: Final = frozenset({"stripe_checkout"})
"""What goes by the brand alone while there is nothing else of it."""


def account_label(name: str) -> str:
    """Give an account's name as people know it."""
    if name in {"cash", "terminal"}:
        return {"cash": _("Cash"), "terminal": _("Card machine")}[name]
    brand = _brand_of(name)
    if brand and name in _PRODUCTS and name not in _PLAIN:
        return f"{brand} {_PRODUCTS[name]}"
    return brand or name.replace("_", " ").capitalize()


def label_among(name: str, names: Collection[str]) -> str:
    """Give an account's name as people know it, told apart from others of the same brand."""
    label, brand = account_label(name), _brand_of(name)
    if label == brand and sum(_brand_of(each) == brand for each in names) > 1:
        if name in _PRODUCTS:
            return f"{brand} {_PRODUCTS[name]}"
        if sum(account_label(each) == label for each in names) > 1:
            return f"{label}{name[len(brand) :].replace('_', ' ')}"
    return label


def _brand_of(name: str) -> str:
    return next((brand for prefix, brand in _BRANDS if name.startswith(prefix)), "")


def no_account() -> ConfigError:
    """Say that there is no account to take money with."""
    return ConfigError(
        _("No way of payment is set up"),
        _("The till knows no key of a payment provider."),
        action=_("Set its keys under Settings, then start the till again."),
    )
