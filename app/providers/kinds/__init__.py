"""The kinds of account, a file each: having read one you can read any.

Another kind is a file beside these and a line here.
"""

from typing import Final

from app.providers.kind import Kind
from app.providers.kinds import cash, stripe_checkout, terminal

KINDS: Final[dict[str, Kind]] = {
    kind.name: kind for kind in (stripe_checkout.KIND, cash.KIND, terminal.KIND)
}
