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


def account_label(name: str) -> str:
    """Give an account's name as people know it."""
    if name in {"cash", "terminal"}:
        return {"cash": _("Cash"), "terminal": _("Card machine")}[name]
    for prefix, brand in _BRANDS:
        if name.startswith(prefix):
            return brand
    return name.replace("_", " ").capitalize()


def label_among(name: str, names: Collection[str]) -> str:
    """Give an account's name as people know it, told apart from others of the same brand."""
    label = account_label(name)
    if sum(account_label(each) == label for each in names) > 1:
        brand = next((prefix for prefix, word in _BRANDS if word == label), name)
        return f"{label}{name[len(brand) :].replace('_', ' ')}"
    return label


def no_account() -> ConfigError:
    """Say that there is no account to take money with."""
    return ConfigError(
        _("No way of payment is set up"),
        _("The till knows no key of a payment provider."),
        action=_("Set STRIPE_SECRET_KEY, then start the till again."),
    )
