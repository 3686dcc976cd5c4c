"""What a UPI code says: the payee, the amount and the currency, compared with what was asked for.

Source: NPCI's UPI linking specification (`upi://pay` with `pa`, `am`, `cu`).
"""

import re
from typing import Final

from app.domain.money import Money
from app.errors import Message, Protocol
from app.providers.pages import upi_fields
from app.providers.razorpay.amounts import RUPEES

_AMOUNT: Final = re.compile(r"(?P<rupees>[0-9]{1,9})(?:\.(?P<paise>[0-9]{1,2}))?")


def checked(text: str, amount: Money) -> str:
    """Give a code's text back if it asks for exactly `amount`. Raises Protocol where it does not.

    A least amount below it would let the payer give less.
    """
    fields = upi_fields(text)
    if fields is None:
        raise Protocol(Message("Razorpay's code is not a UPI payment"))
    if fields.get("cu") != RUPEES or amount.currency != RUPEES:
        raise Protocol(Message("Razorpay's code is not in rupees"), repr(fields.get("cu")))
    for name in ("am", "mam"):
        asked = fields.get(name) if name == "am" else fields.get(name, fields.get("am"))
        if _paise(asked or "") != amount.minor:
            raise Protocol(
                Message("Razorpay's code asks for another amount"),
                Message("It asks for {asked}, the order for {amount}.", asked=asked, amount=amount),
            )
    return text


def _paise(amount: str) -> int | None:
    match = _AMOUNT.fullmatch(amount)
    if match is None:
        return None
    return 100 * int(match["rupees"]) + int((match["paise"] or "").ljust(2, "0"))
