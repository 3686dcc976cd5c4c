"""A card machine that is not connected: the operator confirms what it took, by its reference."""

from app.clock import Clock
from app.domain.capabilities import Method
from app.domain.confirmation import TERMINAL
from app.errors import Message
from app.providers.counter.by_hand import ByHand
from app.providers.kind import AccountSetup, Kind


class Terminal(ByHand):
    """The strategy `terminal`: each account is one machine, whose references are its own."""

    provider = TERMINAL
    needs_reference = True

    def __init__(self, account: str, *, clock: Clock, live: bool = False) -> None:
        super().__init__(account, whose=account, method=Method.CARD, live=live, clock=clock)

    def payment_id(self, session_id: str, reference: str) -> str:
        """Name the payment as the machine does, so that one reference counts once."""
        return f"{self.account}:{reference}"


def _built(setup: AccountSetup) -> Terminal:
    return Terminal(setup.name, clock=setup.clock, live=setup.is_live)


KIND = Kind(
    name="terminal", provider=TERMINAL, label=Message("Card machine"), fields=(), build=_built
)
