"""One account at Stripe: what each kind of payment there has in common.

Who it is, its refunds, disputes, fees, events and webhooks are the same, whichever page the
customer pays on. A kind adds how its sessions are made, looked at, closed and listed.
"""

import logging
from collections.abc import AsyncIterator, Awaitable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final, Self

import httpx
import stripe

from app.clock import Clock
from app.domain.capabilities import Capabilities, Method
from app.domain.catalog import BillingInterval
from app.domain.delivery import Delivery
from app.domain.dispute import DisputeObservation, SeenDispute
from app.domain.fee import SeenFee
from app.domain.observation import Observation, Source
from app.domain.refund import SeenRefund
from app.domain.subscription import SubscriptionObservation
from app.errors import InvariantError, Protocol, Rejected, WebhookRejected
from app.providers.budget import RequestBudget
from app.providers.kind import AccountSetup
from app.providers.pages import is_loopback, is_own_page, origin_of
from app.providers.strategy import (
    OpenedSession,
    ProviderAccount,
    Recheck,
    RefundRequest,
    Seen,
    WebhookRequest,
)
from app.providers.stripe import refunds, subscriptions
from app.providers.stripe.amounts import AMOUNT_STEP, CURRENCIES, MAXIMUM_MINOR, MINIMUM_MINOR
from app.providers.stripe.client import (
    API_BASE,
    SECRET_KEY,
    WEBHOOK_SECRET,
    credential_digest,
    is_live_key,
    stripe_client,
)
from app.providers.stripe.disputes import dispute_from, disputes_since, observed
from app.providers.stripe.endpoints import register
from app.providers.stripe.errors import in_our_words
from app.providers.stripe.events import seen_in
from app.providers.stripe.fees import fees_of
from app.providers.stripe.links import news_of_visit
from app.providers.stripe.listing import EVENT_MEMORY, events_since
from app.providers.stripe.sessions import (
    PROVIDER,
    link_of,
    observation_from,
    reference_of,
    text_of,
)
from app.providers.stripe.webhooks import read_event, verify

_log = logging.getLogger(__name__)

STRIPE_TAKES: Final = Capabilities(
    currencies=CURRENCIES,
    minimum_minor=MINIMUM_MINOR,
    maximum_minor=MAXIMUM_MINOR,
    amount_step=AMOUNT_STEP,
    max_lines=20,
    max_lines_recurring=20,
    intervals=frozenset(BillingInterval) - {BillingInterval.ONETIME},
    mixes_recurring=True,
    session_lifetime=timedelta(minutes=35),
    key_lifetime=timedelta(hours=23),
    page_hosts=frozenset(),
    methods=frozenset({Method.CARD, Method.WALLET, Method.BANK}),
    reports_fees=True,
)
"""What holds for every kind; a kind says the rest."""


class StripeAccount:
    """Most of a `PaymentStrategy`, and `Subscribes`; `takes` is what its kind takes.

    `webhook_secrets` may hold an old and a new one while they are rotated; `custom_host` is a
    domain of the owner's that replaces Stripe's. A key that may not read its own account is told
    apart by the account's name.
    """

    provider = PROVIDER
    event_memory = EVENT_MEMORY
    takes: ClassVar[Capabilities] = STRIPE_TAKES

    def __init__(
        self,
        account: str,
        secret_key: str,
        *,
        clock: Clock,
        webhook_secrets: tuple[str, ...] = (),
        api_base: str = API_BASE,
        custom_host: str = "",
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
        self.capabilities = replace(
            self.takes,
            page_hosts=self.takes.page_hosts | ({custom_host} if custom_host else frozenset()),
            page_origin=origin_of(api_base) if is_loopback(api_base) else "",
        )

    @classmethod
    def of(cls, setup: AccountSetup) -> Self:
        """Build it as the settings ask for it."""
        return cls(
            setup.name,
            setup.keys[SECRET_KEY.name],
            clock=setup.clock,
            webhook_secrets=setup.both(WEBHOOK_SECRET.name),
            api_base=setup.api_base or API_BASE,
            custom_host=setup.page_host,
            transport=setup.transport,
            budget=setup.budget,
        )

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

    def adopt(self, provider_account: str) -> None:
        self.provider_account = provider_account

    async def register_webhook(self, url: str, *, owner: str) -> None:
        """Have events sent to `url` and accept what is signed with the secret of that."""
        # Another account of the till may be the same at Stripe: each has an address of its own.
        secret = await register(self._client, url, owner=f"{owner} {self.account}")
        self._secrets = (*self._secrets[-1:], secret)

    def move_pages(self, origin: str) -> None:
        """Take pages at this origin, too: a simulator's, while phones may come; nothing ends it.

        Raises InvariantError for a provider that is not on this computer: its pages never move.
        """
        if origin and not self.capabilities.page_origin:
            raise InvariantError(f"The pages of {self.account} are Stripe's own and do not move")
        self.capabilities = replace(self.capabilities, phones_origin=origin)

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

    def observe(self, delivery: Delivery, *, at: datetime) -> Seen | None:
        return seen_in(delivery, at=at)

    async def events_since(
        self, since: datetime, *, until: datetime | None = None
    ) -> AsyncIterator[Delivery]:
        await self._known()
        async for body in events_since(self._client, since, until):
            # It came over the till's own line, from the account itself: nothing is signed.
            try:
                listed = self._delivery(WebhookRequest({}, body, self._clock.now()))
            except WebhookRejected as error:
                _log.warning("%s lists an event that is none: %s", self.account, error)
            else:
                yield listed

    def clock_off(self) -> timedelta | None:
        return self._transport.clock_off()

    @property
    def requests_made(self) -> int:
        return self._transport.budget.spent

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

    async def fetch_subscription(
        self, subscription_id: str, *, source: Source
    ) -> SubscriptionObservation:
        await self._known()
        return await subscriptions.look(
            self._client,
            subscription_id,
            source=source,
            provider_account=self.provider_account,
            at=self._clock.now(),
        )

    async def cancel_subscription(
        self, subscription_id: str, *, at_period_end: bool, key: str
    ) -> SubscriptionObservation:
        await self._known()
        try:
            await subscriptions.cancel(
                self._client, subscription_id, at_period_end=at_period_end, key=key
            )
        except Rejected as refused:
            # Of one that is over Stripe says 400 or 404, whoever ended it: what it is now, counts.
            if refused.status not in (400, 404):
                raise
            seen = await self.fetch_subscription(subscription_id, source=Source.CLOSE)
            if not subscriptions.is_ending(seen, at_period_end=at_period_end):
                raise
            return seen
        return await self.fetch_subscription(subscription_id, source=Source.CLOSE)

    async def aclose(self) -> None:
        await self._transport.aclose()

    async def _by_stripes_clock(self) -> datetime:
        """Give the time as Stripe has it; ours may be wrong."""
        if self._transport.provider_now() is None:
            await self.identify()
        return self._transport.provider_now() or self._clock.now()

    def _shown(self, opened: OpenedSession) -> OpenedSession:
        """Give a session as it may be shown: one whose page is not Stripe's own is not."""
        if self._is_own_page(opened.url):
            return opened
        # Without its page the session is closed again; an error would leave it in doubt.
        _log.warning("a session of %s has no page of Stripe's: it is not shown", self.account)
        return replace(opened, url="")

    def _is_own_page(self, url: str) -> bool:
        takes = self.capabilities
        return is_own_page(url, takes.page_hosts, takes.page_origin, takes.phones_origin)

    def _delivery(self, request: WebhookRequest) -> Delivery:
        return read_event(
            request,
            account=self.account,
            provider=self.provider,
            provider_account=self.provider_account,
        )

    async def _known(self) -> None:
        """Learn whose sessions these are; a new key's account is not in the books yet."""
        if not self.provider_account:
            await self.identify()

    async def _expire(self, session_id: str, *, key: str) -> None:
        """Expire a session; what it is where that is refused, the next look tells."""
        try:
            await answer(
                self._client.v1.checkout.sessions.expire_async(
                    session_id, options={"idempotency_key": key}
                )
            )
        except Rejected as refused:
            if refused.status != 400:
                raise

    def _seen(self, session: Mapping[str, Any], source: Source) -> Observation:
        return observation_from(
            session,
            source=source,
            provider_account=self.provider_account,
            at=self._clock.now(),
        )

    def _seen_or_named(
        self, session: Mapping[str, Any], source: Source
    ) -> Observation | Recheck | None:
        """Read a listed session; one that is not understood must not hide the others.

        A visit to a payment link tells of that link, and None where it brought no money.
        """
        link_id = link_of(session)
        try:
            seen = self._seen(session, source)
        except Protocol as error:
            _log.warning("a session of %s is not understood: %s", self.account, error)
            return Recheck(reference_of(session), session_id=link_id)
        return news_of_visit(seen, link_id) if link_id else seen

    def _seen_dispute(
        self, dispute: SeenDispute, source: Source, *, live: bool
    ) -> DisputeObservation:
        now = self._clock.now()
        return observed(
            dispute,
            source=source,
            provider_account=self.provider_account,
            live=live,
            # Whole seconds, as Stripe's events have them.
            told_at=(self._transport.provider_now() or now).replace(microsecond=0),
            at=now,
        )


async def answer(call: Awaitable[stripe.StripeObject]) -> dict[str, Any]:
    """Await a call of the SDK and give its object as plain data."""
    with in_our_words():
        return (await call).to_dict()
