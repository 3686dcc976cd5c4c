"""An account at Razorpay: what its kinds have in common, whatever a customer pays by."""

import logging
import secrets
from collections.abc import AsyncIterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import httpx

from app.clock import Clock
from app.domain.capabilities import Capabilities
from app.domain.delivery import Delivery
from app.domain.dispute import DisputeObservation
from app.domain.fee import SeenFee
from app.domain.money import Money
from app.domain.observation import Source
from app.domain.refund import SeenRefund
from app.errors import Message, Protocol
from app.providers.budget import RequestBudget
from app.providers.connected import ConnectedAccount
from app.providers.kind import AccountSetup
from app.providers.not_offered import TellsOfNoEvents
from app.providers.pages import is_loopback, may_be_shown, origin_of
from app.providers.razorpay import refunds
from app.providers.razorpay.client import (
    ACCOUNT_ID,
    API_BASE,
    KEY_ID,
    KEY_SECRET,
    PROVIDER,
    WEBHOOK_SECRET,
    RazorpayClient,
    credential_digest,
    is_live_key,
)
from app.providers.razorpay.disputes import dispute_from, disputes_since
from app.providers.razorpay.endpoints import register
from app.providers.razorpay.fees import fees_of
from app.providers.razorpay.webhooks import ACCOUNT_PREFIX, read_event, verify
from app.providers.strategy import ProviderAccount, RefundRequest, WebhookRequest

LIFETIME: Final = timedelta(minutes=35)
KEY_LIFETIME: Final = timedelta(hours=23)

_log = logging.getLogger(__name__)


class RazorpayAccount(TellsOfNoEvents, ConnectedAccount):
    """The verbs of `PaymentStrategy` that are the same for each of Razorpay's kinds.

    `webhook_secrets` may hold an old and a new one while they are rotated. Razorpay does not say
    whose a key is: `account_id` does, with or without its prefix; without it the key's own name
    stands for the account, and another key counts as another account.
    """

    provider = PROVIDER
    events: tuple[str, ...] = ()
    """Those that tell of the kind's own sessions."""

    def __init__(
        self,
        account: str,
        key_id: str,
        key_secret: str,
        *,
        clock: Clock,
        capabilities: Capabilities,
        webhook_secrets: tuple[str, ...] = (),
        account_id: str = "",
        api_base: str = API_BASE,
        transport: httpx.AsyncBaseTransport | None = None,
        budget: RequestBudget | None = None,
    ) -> None:
        self.account = account
        self.live = is_live_key(key_id)
        self.credential_digest = credential_digest(key_id, key_secret)
        self.provider_account = ""
        self.capabilities = capabilities
        self._clock = clock
        self._key_id = key_id
        self._account_id = f"{ACCOUNT_PREFIX}{account_id.removeprefix(ACCOUNT_PREFIX)}"
        self._secrets = webhook_secrets
        self._api_base = api_base
        self._client = RazorpayClient(
            key_id,
            key_secret,
            api_base=api_base,
            clock=clock,
            transport=transport,
            budget=budget,
        )
        self._transport = self._client.transport

    async def identify(self) -> ProviderAccount:
        await self._client.get("/v1/payments", count=1)
        is_named = self._account_id != ACCOUNT_PREFIX
        self.provider_account = self._account_id if is_named else self._key_id
        return ProviderAccount(self.provider_account, self.live)

    async def register_webhook(self, url: str, *, owner: str) -> None:
        """Have events sent to `url` and accept what is signed with the secret of that.

        Only by a simulator: Razorpay itself is told in its dashboard.
        """
        secret = secrets.token_hex(16)
        # It may be told at once, before the call has returned.
        self._secrets = (*self._secrets[-1:], secret)
        await register(
            self._transport,
            self._api_base,
            key_id=self._key_id,
            url=url,
            secret=secret,
            # Each account of a till listens at an address of its own.
            owner=f"{owner} {self.account}",
            of_sessions=self.events,
        )

    def prepare_refund(self, request: RefundRequest) -> dict[str, Any]:
        return refunds.parameters_of(request)

    async def refund(self, parameters: Mapping[str, Any], *, key: str) -> SeenRefund:
        return await refunds.create(self._client, parameters, key=key)

    async def fetch_refund(self, refund_id: str) -> SeenRefund:
        return await refunds.fetch(self._client, refund_id)

    async def list_refunds(self, payment_id: str) -> AsyncIterator[SeenRefund]:
        async for document in refunds.documents_of(self._client, payment_id):
            yield refunds.refund_from(document)

    def refunds_since(
        self, since: datetime, *, until: datetime | None = None
    ) -> AsyncIterator[SeenRefund]:
        return refunds.made_since(self._client, since, until)

    def read_webhook(self, request: WebhookRequest) -> Delivery:
        verify(request, self._secrets)
        return read_event(
            request,
            account=self.account,
            provider_account=self.provider_account,
            live=self.live,
        )

    async def fetch_dispute(self, dispute_id: str, *, source: Source) -> DisputeObservation:
        await self._known()
        document = await self._client.get(f"/v1/disputes/{dispute_id}")
        return self._seen_dispute(dispute_from(document), source)

    async def list_disputes(
        self, since: datetime, *, source: Source
    ) -> AsyncIterator[DisputeObservation]:
        await self._known()
        async for dispute in disputes_since(self._client, since):
            yield self._seen_dispute(dispute, source)

    async def fetch_fees(self, payment_id: str) -> tuple[SeenFee, ...] | None:
        return await fees_of(self._client, payment_id)

    async def _by_razorpay(self) -> datetime:
        """Give the time by Razorpay's clock: a wrong one of ours would make deadlines refusals."""
        return await self._by_provider()

    def _now(self) -> datetime:
        return self._provider_now()

    def _shown(self, text: str) -> str:
        """Give what a code may lead to; nothing for what is not Razorpay's own.

        Without it the session is closed again; an error would leave it in doubt.
        """
        if not text or may_be_shown(text, self.capabilities):
            return text
        _log.warning("a session of %s has nothing of Razorpay's: it is not shown", self.account)
        return ""


def page_origin_of(api_base: str) -> str:
    """Give the one origin besides Razorpay's hosts: a loopback simulator's own."""
    return origin_of(api_base) if is_loopback(api_base) else ""


def options_of(setup: AccountSetup) -> dict[str, Any]:
    """Give what every kind is built from."""
    return {
        "account": setup.name,
        "key_id": setup.keys[KEY_ID.name],
        "key_secret": setup.keys[KEY_SECRET.name],
        "clock": setup.clock,
        "webhook_secrets": setup.both(WEBHOOK_SECRET.name),
        "account_id": setup.keys.get(ACCOUNT_ID.name, ""),
        "api_base": setup.api_base or API_BASE,
        "transport": setup.transport,
        "budget": setup.budget,
    }


def check_key(key: str, reference: str) -> None:
    """Make sure that a key is that of the session it is used for: Razorpay is never told it.

    Raises Protocol as a provider would that remembers another request under it.
    """
    if not (reference and key.startswith(f"{reference}-")):
        raise Protocol(
            Message("Another request is asked for under the same key"),
            Message("The key is {key}, the reference {reference}.", key=key, reference=reference),
        )


def check_same(asked: Money, found: Money) -> None:
    """Make sure that the session found under our reference is the one that is asked for."""
    if asked != found:
        raise Protocol(
            Message("Razorpay holds another request under the same reference"),
            Message("It is for {found}, asked for was {asked}.", found=found, asked=asked),
        )
