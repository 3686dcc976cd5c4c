"""What every account has in common that is spoken to over a line of the till's own.

Whose it is, what the line tells of the provider's clock, which pages may be shown, and the events
on the provider's list. A provider adds what its own API makes of a payment.
"""

import logging
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import ClassVar

from app.clock import Clock
from app.domain.capabilities import Capabilities
from app.domain.delivery import Delivery
from app.domain.dispute import DisputeObservation, SeenDispute
from app.domain.observation import Source
from app.errors import InvariantError, WebhookRejected
from app.providers.pages import is_own_page
from app.providers.strategy import ProviderAccount, WebhookRequest
from app.providers.transport import Transport

_log = logging.getLogger(__name__)


class ConnectedAccount(ABC):
    """The verbs of `PaymentStrategy` that are the same at every provider."""

    provider: str
    account: str
    live: bool
    provider_account: str
    capabilities: Capabilities
    _clock: Clock
    _transport: Transport

    @abstractmethod
    async def identify(self) -> ProviderAccount:
        """Ask whose the keys are."""

    def adopt(self, provider_account: str) -> None:
        self.provider_account = provider_account

    def clock_off(self) -> timedelta | None:
        return self._transport.clock_off()

    @property
    def requests_made(self) -> int:
        return self._transport.budget.spent

    async def aclose(self) -> None:
        await self._transport.aclose()

    async def _known(self) -> None:
        """Learn whose sessions these are; a new key's account is not in the books yet."""
        if not self.provider_account:
            await self.identify()

    def _provider_now(self) -> datetime:
        """Give the time as the provider has it, as far as that is known; ours may be wrong."""
        return self._transport.provider_now() or self._clock.now()

    async def _by_provider(self) -> datetime:
        """Give the time as the provider has it; it is asked where that is not known."""
        if self._transport.provider_now() is None:
            await self.identify()
        return self._provider_now()

    async def _listed_events(
        self, bodies: AsyncIterator[bytes], read: Callable[[WebhookRequest], Delivery]
    ) -> AsyncIterator[Delivery]:
        """Read the events of the provider's own list; one that is none does not hide the others."""
        async for body in bodies:
            # It came over the till's own line, from the account itself: nothing is signed.
            try:
                listed = read(WebhookRequest({}, body, self._clock.now()))
            except WebhookRejected as error:
                _log.warning("%s lists an event that is none: %s", self.account, error)
            else:
                yield listed

    def _seen_dispute(
        self,
        dispute: SeenDispute,
        source: Source,
        *,
        told_at: datetime | None = None,
        live: bool | None = None,
    ) -> DisputeObservation:
        """Make a look at a dispute an observation; `told_at` and `live` where that is not ours.

        Without a time of its own it is told as of now by the provider's clock, in whole seconds as
        providers' events have them.
        """
        return DisputeObservation(
            source=source,
            provider=self.provider,
            provider_account=self.provider_account,
            live=self.live if live is None else live,
            dispute=dispute,
            told_at=told_at or self._provider_now().replace(microsecond=0),
            observed_at=self._clock.now(),
        )


class HostedAccount(ConnectedAccount):
    """An account whose provider has the page that a customer pays on; `owner` is its name."""

    owner: ClassVar[str]

    def move_pages(self, origin: str) -> None:
        """Take pages at this origin, too: a simulator's, while phones may come; nothing ends it.

        Raises InvariantError for a provider that is not on this computer: its pages never move.
        """
        if origin and not self.capabilities.page_origin:
            raise InvariantError(
                f"The pages of {self.account} are {self.owner}'s own and do not move"
            )
        self.capabilities = replace(self.capabilities, phones_origin=origin)

    def _own_page(self, url: str) -> str:
        """Give a page's address as it may be shown: nothing for one that is not the provider's.

        Without its page a session is closed again; an error would leave it in doubt.
        """
        if self._is_own_page(url):
            return url
        _log.warning(
            "a session of %s has no page of %s's: it is not shown", self.account, self.owner
        )
        return ""

    def _is_own_page(self, url: str) -> bool:
        takes = self.capabilities
        return is_own_page(url, takes.page_hosts, takes.page_origin, takes.phones_origin)
