"""The parts of the till that mind what goes on after a sale: subscriptions, and cards to keep."""

from collections.abc import Callable, Coroutine, Iterable
from datetime import datetime, timedelta
from typing import Any, Final

from app.cards import Cards
from app.checkout import ReturnPages
from app.clock import Clock
from app.domain.catalog import Shop
from app.domain.ids import Ids
from app.gateway import Gateway
from app.providers.retry import Jitter
from app.sessions import Sessions
from app.store import Store
from app.subscriptions import Subscriptions
from app.watch import CardWatch, Pace, SubscriptionWatch

_LEAST_PAUSE_S: Final = 15.0


class _Unhurried:
    """The till's clock for a watch whose every second would only make a day longer to live."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def now(self) -> datetime:
        return self._clock.now()

    def monotonic(self) -> float:
        return self._clock.monotonic()

    def elapsed(self) -> float:
        return self._clock.elapsed()

    async def sleep(self, seconds: float) -> None:
        await self._clock.sleep(max(seconds, _LEAST_PAUSE_S))


class Members:
    """Built at each boot, as the composition root does."""

    def __init__(
        self,
        store: Store,
        gateway: Gateway,
        sessions: Sessions,
        *,
        shop: Callable[[], Shop],
        accounts: Iterable[str],
        clock: Clock,
        ids: Ids,
        jitter: Jitter,
        deadline: timedelta,
        pace: Pace,
    ) -> None:
        self.subscriptions = Subscriptions(store, gateway, sessions, clock=clock, jitter=jitter)
        self.cards = Cards(
            store,
            gateway,
            shop=shop,
            pages={account: ReturnPages() for account in accounts},
            clock=clock,
            ids=ids,
            jitter=jitter,
            deadline=deadline,
        )
        self.subscription_watch = SubscriptionWatch(
            store, self.subscriptions, clock=_Unhurried(clock)
        )
        self.card_watch = CardWatch(store, self.cards, clock=clock, pace=pace)

    def heard(self) -> None:
        """Say that there is news of either in the books."""
        self.subscription_watch.wake()
        self.card_watch.wake()

    def watching(self) -> tuple[Coroutine[Any, Any, None], ...]:
        """Give what is to go on for as long as the till is on."""
        return self.subscription_watch.run(), self.card_watch.run()
