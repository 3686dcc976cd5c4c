"""Cash: the operator takes it and says so. Amounts go to the smallest coin that there is."""

from app.clock import Clock
from app.domain.capabilities import Method
from app.domain.cash import CashSteps
from app.domain.confirmation import CASH
from app.domain.money import Money
from app.errors import Message
from app.providers.counter.by_hand import ByHand
from app.providers.kind import AccountSetup, Kind


class Cash(ByHand):
    """The strategy `cash`. All cash is one: any account of this kind gives back any of it."""

    provider = CASH
    needs_reference = False

    def __init__(
        self, account: str, *, clock: Clock, live: bool = False, round_to: CashSteps | None = None
    ) -> None:
        super().__init__(account, whose=CASH, method=Method.CASH, live=live, clock=clock)
        self._round_to = round_to or CashSteps()

    def due(self, amount: Money) -> Money:
        """Give the nearest amount that can be handed over."""
        return self._round_to.due(amount)


def _built(setup: AccountSetup) -> Cash:
    return Cash(setup.name, clock=setup.clock, live=setup.is_live, round_to=setup.round_to)


KIND = Kind(name="cash", provider=CASH, label=Message("Cash"), fields=(), build=_built)
