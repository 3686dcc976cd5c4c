"""The till and its providers are introduced: whose account it is, and where events are to go.

Polling settles alone until that is done; deliveries of an account that is not known yet wait in
the inbox.
"""

import logging
from collections.abc import Callable
from typing import Final

from app.clock import Clock
from app.errors import ProviderError
from app.gateway import Gateway
from app.providers.strategy import PaymentStrategy, RegistersWebhooks
from app.status import Health

_AGAIN_S: Final = 5.0

_log = logging.getLogger(__name__)


class Introductions:
    """Introduces one account after the other, each until it is done.

    `address_for` says where an account's events are to be sent, nothing where they need not be.
    `registered` is called once they are, and `introduced` when all is known.
    """

    def __init__(
        self,
        gateway: Gateway,
        *,
        health: Health,
        clock: Clock,
        owner: str,
        address_for: Callable[[str], str],
        registered: Callable[[], None],
        introduced: Callable[[], None],
    ) -> None:
        self._gateway = gateway
        self._health = health
        self._clock = clock
        self._owner = owner
        self._address_for = address_for
        self._registered = registered
        self._introduced = introduced

    async def of(self, name: str, strategy: PaymentStrategy) -> None:
        """Learn whose account it is and, where asked to, have its events sent here."""
        while True:
            try:
                await self._gateway.identified(strategy)
                url = self._address_for(name)
                if url and isinstance(strategy, RegistersWebhooks):
                    await strategy.register_webhook(url, owner=self._owner)
                    # What was said until now went to where this till listened before.
                    self._registered()
            except ProviderError as error:
                self._health.failed(name, self._clock.now(), error)
                _log.info("%s is not introduced yet: %s", name, error)
                await self._clock.sleep(_AGAIN_S)
            else:
                self._health.answered(name, self._clock.now())
                self._introduced()
                return
