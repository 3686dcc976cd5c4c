"""One account at Stripe: what each kind of payment there has in common.

Who it is, its refunds, disputes, fees, events and webhooks are the same, whichever page the
customer pays on. A kind adds how its payments are made, looked at, closed and listed.
"""

import logging
from collections.abc import AsyncIterator, Awaitable, Mapping
from datetime import datetime
from typing import Any, ClassVar

import httpx
import stripe

from app.clock import Clock
from app.domain.capabilities import Capabilities
from app.domain.delivery import Delivery
from app.domain.dispute import DisputeObservation
from app.domain.fee import SeenFee
from app.domain.observation import Source
from app.domain.refund import SeenRefund
from app.errors import Rejected
from app.providers.budget import RequestBudget
from app.providers.connected import ConnectedAccount
from app.providers.kind import AccountSetup
from app.providers.strategy import (
    ProviderAccount,
    RefundRequest,
    WebhookRequest,
)
from app.providers.stripe import refunds
from app.providers.stripe.client import (
    API_BASE,
    SECRET_KEY,
    WEBHOOK_SECRET,
    credential_digest,
    is_live_key,
    stripe_client,
)
from app.providers.stripe.disputes import dispute_from, disputes_since
from app.providers.stripe.endpoints import register
from app.providers.stripe.errors import in_our_words
from app.providers.stripe.fees import fees_of
from app.providers.stripe.listing import EVENT_MEMORY, events_since
from app.providers.stripe.sessions import (
    PROVIDER,
    text_of,
)
from app.providers.stripe.webhooks import read_event, verify

_log = logging.getLogger(__name__)


class StripeAccount(ConnectedAccount):
    """The verbs of `PaymentStrategy` that are the same for each of Stripe's kinds.

    `webhook_secrets` may hold an old and a new one while they are rotated. A key that may not read
    its own account is told apart by the account's name. `told_of` are the events that Stripe is to
    send, `listed` those that its list is asked for.
    """

    provider = PROVIDER
    event_memory = EVENT_MEMORY
    told_of: ClassVar[tuple[str, ...]]
    listed: ClassVar[tuple[str, ...]]

    def __init__(
        self,
        account: str,
        secret_key: str,
        *,
        clock: Clock,
        capabilities: Capabilities,
        webhook_secrets: tuple[str, ...] = (),
        api_base: str = API_BASE,
        transport: httpx.AsyncBaseTransport | None = None,
        budget: RequestBudget | None = None,
    ) -> None:
        self.account = account
        self.live = is_live_key(secret_key)
        self.credential_digest = credential_digest(secret_key)
        self._clock = clock
        self._secrets = webhook_secrets
        self._client, self._transport = stripe_client(
            secret_key, api_base=api_base, clock=clock, transport=transport, budget=budget
        )
        self.provider_account = ""
        self.capabilities = capabilities

    async def identify(self) -> ProviderAccount:
        try:
            account = await answer(self._client.v1.accounts.retrieve_current_async())
        except Rejected as refused:
            if refused.status != 403:
                raise
            # What was known once stays: a right that was taken away makes it no other account.
            self.provider_account = self.provider_account or f"name:{self.account}"
        else:
            self.provider_account = text_of(account, "id")
        return ProviderAccount(self.provider_account, self.live)

    async def register_webhook(self, url: str, *, owner: str) -> None:
        """Have events sent to `url` and accept what is signed with the secret of that."""
        # Another account of the till may be the same at Stripe: each has an address of its own.
        owner = f"{owner} {self.account}"
        secret = await register(self._client, url, owner=owner, events=self.told_of)
        self._secrets = (*self._secrets[-1:], secret)

    def prepare_refund(self, request: RefundRequest) -> dict[str, Any]:
        return refunds.parameters_of(request)

    async def refund(self, parameters: Mapping[str, Any], *, key: str) -> SeenRefund:
        return await refunds.create(self._client, parameters, key=key)

    async def fetch_refund(self, refund_id: str) -> SeenRefund:
        return await refunds.fetch(self._client, refund_id)

    def list_refunds(self, payment_id: str) -> AsyncIterator[SeenRefund]:
        return refunds.listed(self._client, payment_id)

    def refunds_since(
        self, since: datetime, *, until: datetime | None = None
    ) -> AsyncIterator[SeenRefund]:
        return refunds.made_since(self._client, since, until)

    def read_webhook(self, request: WebhookRequest) -> Delivery:
        verify(request, self._secrets)
        return self._delivery(request)

    async def events_since(
        self, since: datetime, *, until: datetime | None = None
    ) -> AsyncIterator[Delivery]:
        await self._known()
        bodies = events_since(self._client, since, until, self.listed)
        async for delivery in self._listed_events(bodies, self._delivery):
            yield delivery

    async def fetch_dispute(self, dispute_id: str, *, source: Source) -> DisputeObservation:
        await self._known()
        dispute = await answer(self._client.v1.disputes.retrieve_async(dispute_id))
        return self._seen_dispute(
            dispute_from(dispute), source, live=dispute.get("livemode") is True
        )

    async def list_disputes(
        self, since: datetime, *, source: Source
    ) -> AsyncIterator[DisputeObservation]:
        await self._known()
        async for dispute, live in disputes_since(self._client, since):
            yield self._seen_dispute(dispute, source, live=live)

    async def fetch_fees(self, payment_id: str) -> tuple[SeenFee, ...] | None:
        try:
            return await fees_of(self._client, payment_id)
        except Rejected as refused:
            if refused.status != 403:
                raise
            # A key without that right sells all the same; to it nothing is told.
            return None

    def _delivery(self, request: WebhookRequest) -> Delivery:
        return read_event(
            request,
            account=self.account,
            provider=self.provider,
            provider_account=self.provider_account,
        )


async def answer(call: Awaitable[stripe.StripeObject]) -> dict[str, Any]:
    """Await a call of the SDK and give its object as plain data."""
    with in_our_words():
        return (await call).to_dict()


def options_of(setup: AccountSetup) -> dict[str, Any]:
    """Give what every kind is built from."""
    return {
        "account": setup.name,
        "secret_key": setup.keys[SECRET_KEY.name],
        "clock": setup.clock,
        "webhook_secrets": setup.both(WEBHOOK_SECRET.name),
        "api_base": setup.api_base or API_BASE,
        "transport": setup.transport,
        "budget": setup.budget,
    }
