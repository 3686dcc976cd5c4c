"""The kinds of account, a file each: having read one you can read any.

Another kind is a file beside these and a line here.
"""

from typing import Final

from app.providers.kind import Kind
from app.providers.kinds import (
    cash,
    paypal,
    razorpay,
    razorpay_upi,
    square,
    stripe_checkout,
    stripe_elements,
    stripe_links,
    terminal,
)

KINDS: Final[dict[str, Kind]] = {
    kind.name: kind
    for kind in (
        stripe_checkout.KIND,
        stripe_elements.KIND,
        stripe_links.KIND,
        paypal.KIND,
        square.KIND,
        razorpay.KIND,
        razorpay_upi.KIND,
        cash.KIND,
        terminal.KIND,
    )
}
