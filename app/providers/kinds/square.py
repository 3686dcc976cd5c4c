"""Square: hosted payment links, for one location of one merchant.

A session is known by its order, by which Square's events name it. Source: Square's API reference,
version 2026-09-16.
"""

import logging
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

import httpx

from app.clock import Clock
from app.domain.capabilities import Capabilities, Method
from app.domain.delivery import Delivery
from app.domain.dispute import DisputeObservation
from app.domain.fee import SeenFee
from app.domain.money import Money
from app.domain.observation import Observation, Source
from app.domain.refund import SeenRefund
from app.domain.subscription import PlanTerms, SubscriptionObservation, SubscriptionState
from app.errors import Message, Rejected
from app.providers.budget import RequestBudget
from app.providers.connected import HostedAccount
from app.providers.kind import AccountSetup, Kind
from app.providers.pages import is_loopback, origin_of
from app.providers.square import refunds
from app.providers.square.amounts import CURRENCIES, MAXIMUM_MINOR, MINIMUM_MINOR, money_from
from app.providers.square.client import (
    ACCESS_TOKEN,
    BASE_VARIABLE,
    LIVE_BASE,
    LOCATION_ID,
    SIGNATURE_KEY,
    TEST_BASE,
    SquareClient,
    credential_digest,
)
from app.providers.square.disputes import dispute_from, disputes_since
from app.providers.square.documents import moment_from, object_of, text_of
from app.providers.square.endpoints import register
from app.providers.square.events import seen_in
from app.providers.square.fees import fees_of
from app.providers.square.links import WAY, Links, order_in
from app.providers.square.listing import KeptEvents
from app.providers.square.locations import locate
from app.providers.square.modes import check_mode
from app.providers.square.payments import PROVIDER
from app.providers.square.plan_sessions import (
    is_of_its_plan,
    order_id_of,
    parameters_of,
    session_of,
)
from app.providers.square.plans import INTERVALS, open_plan
from app.providers.square.sessions import Sessions
from app.providers.square.subscriptions import Subscriptions
from app.providers.square.webhooks import Signer, read_event, verify
from app.providers.strategy import (
    OpenedSession,
    ProviderAccount,
    Recheck,
    RefundRequest,
    Seen,
    SessionRequest,
    WebhookRequest,
)
from app.providers.subscribing import PlanGone

_log = logging.getLogger(__name__)

_LIFETIME: Final = timedelta(hours=3)
"""Ours: Square's links never end by themselves."""
_KEY_LIFETIME: Final = timedelta(hours=4)
"""Square does not say for how long it remembers a key; after that an order is looked for."""
_LISTS_AFTER: Final = timedelta(minutes=1)
"""How late Square's list of payments may be, which it says are seconds."""
_LIVE_HOSTS: Final = frozenset({"square.link", "checkout.square.site"})
_TEST_HOSTS: Final = frozenset({"sandbox.square.link"})


class Square(HostedAccount):
    """The strategy `square`: satisfies `PaymentStrategy`.

    `signers` are the addresses and keys that webhooks may be signed with, an old and a new one
    while they are changed; `custom_host` is a domain of the owner's that replaces Square's.
    """

    provider = PROVIDER
    owner = "Square"

    def __init__(
        self,
        account: str,
        access_token: str,
        location_id: str,
        *,
        clock: Clock,
        is_live: bool = False,
        signers: tuple[Signer, ...] = (),
        api_base: str = TEST_BASE,
        custom_host: str = "",
        transport: httpx.AsyncBaseTransport | None = None,
        budget: RequestBudget | None = None,
        lists_after: timedelta = _LISTS_AFTER,
    ) -> None:
        self.account = account
        self.live = is_live
        self.credential_digest = credential_digest(access_token, location_id)
        self._location_id = location_id
        self._clock = clock
        self._signers = signers
        self._client = SquareClient(
            access_token, api_base=api_base, clock=clock, transport=transport, budget=budget
        )
        self._transport = self._client.transport
        self._links = Links(self._client)
        self._events = KeptEvents(self._client)
        self._sessions = Sessions(account, self._client, location_id, clock, lists_after)
        self._subscriptions = Subscriptions(self._client)
        self._is_located = False
        self.provider_account = ""
        hosts = _LIVE_HOSTS if is_live else _TEST_HOSTS
        self.capabilities = Capabilities(
            currencies=CURRENCIES,
            minimum_minor=MINIMUM_MINOR,
            maximum_minor=MAXIMUM_MINOR,
            amount_step={},
            max_lines=500,
            max_lines_recurring=1,
            session_lifetime=_LIFETIME,
            key_lifetime=_KEY_LIFETIME,
            intervals=frozenset(INTERVALS.values()),
            cancels_now=False,
            page_hosts=hosts | ({custom_host} if custom_host else frozenset()),
            page_origin=origin_of(api_base) if is_loopback(api_base) else "",
            methods=frozenset({Method.CARD, Method.WALLET}),
            reports_fees=True,
        )

    async def identify(self) -> ProviderAccount:
        location = await locate(self._client, self._location_id)
        self.provider_account = location.merchant_id
        # Nothing else is taken there; from now on that is said before anything is asked.
        takes = {location.currency: MINIMUM_MINOR[location.currency]}
        self.capabilities = replace(
            self.capabilities, currencies=frozenset(takes), minimum_minor=takes
        )
        self._is_located = True
        return self._owner

    async def register_webhook(self, url: str, *, owner: str) -> None:
        """Have events sent to `url`, and kept; accept what is signed for that."""
        key = await register(self._client, url, owner=owner)
        self._signers = (*self._signers[-1:], Signer(url, key))
        await self._events.keep()

    async def prepare_session(self, request: SessionRequest) -> dict[str, Any]:
        await self._check_currency(request.amount)
        return parameters_of(request, self._location_id)

    async def open_plan(self, terms: PlanTerms, *, key: str) -> str:
        await self._check_currency(terms.amount)
        return await open_plan(self._client, terms, key=key)

    async def open_session(self, parameters: Mapping[str, Any], *, key: str) -> OpenedSession:
        body = {**parameters, "idempotency_key": key}
        try:
            answer = await self._client.post(*WAY, body=body)
        except Rejected as refused:
            if is_of_its_plan(refused, parameters):
                raise PlanGone(refused) from refused
            raise
        link = object_of(answer, "payment_link")
        order_id = text_of(link, "order_id")
        self._links.remember(order_id, text_of(link, "id"))
        order = order_in(answer, order_id) or await self._sessions.order(order_id)
        return OpenedSession(
            session_id=session_of(parameters, order_id),
            url=self._own_page(str(link.get("url") or "")),
            amount=money_from(order.get("total_money")),
            expires_at=self._clock.now() + _LIFETIME,
        )

    async def page_of(self, session_id: str) -> str:
        """Ask where a session's page is now; nothing where it has none that may be shown."""
        url = await self._links.page_of(order_id_of(session_id))
        return url if self._is_own_page(url) else ""

    async def fetch(self, session_id: str, *, source: Source) -> Observation:
        await self._known()
        return await self._sessions.look(session_id, source, self._owner)

    async def close_session(self, session_id: str, *, key: str) -> Observation:
        await self._links.delete(order_id_of(session_id))
        return await self.fetch(session_id, source=Source.CLOSE)

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
        return refunds.changed_since(self._client, since, until)

    def read_webhook(self, request: WebhookRequest) -> Delivery:
        verify(request, self._signers)
        return self._delivery(request)

    def observe(self, delivery: Delivery, *, at: datetime) -> Seen | None:
        seen = seen_in(delivery, at=at)
        if isinstance(seen, Recheck):
            self._sessions.hear(seen)
        return seen

    async def list_since(
        self, since: datetime, *, source: Source, until: datetime | None = None
    ) -> AsyncIterator[Observation | Recheck]:
        await self._known()
        async for seen in self._sessions.since(since, until, source, self._owner):
            yield seen

    async def events_since(
        self, since: datetime, *, until: datetime | None = None
    ) -> AsyncIterator[Delivery]:
        await self._known()
        bodies = self._events.since(since, until)
        async for delivery in self._listed_events(bodies, self._delivery):
            yield delivery

    @property
    def event_memory(self) -> timedelta:
        return self._events.memory

    async def fetch_dispute(self, dispute_id: str, *, source: Source) -> DisputeObservation:
        await self._known()
        dispute = object_of(await self._client.get("disputes", dispute_id), "dispute")
        told_at = moment_from(dispute.get("updated_at"))
        return self._seen_dispute(
            dispute_from(dispute), source, told_at=told_at or self._clock.now()
        )

    async def list_disputes(
        self, since: datetime, *, source: Source
    ) -> AsyncIterator[DisputeObservation]:
        await self._known()
        async for dispute, told_at in disputes_since(self._client, since):
            yield self._seen_dispute(dispute, source, told_at=told_at or self._clock.now())

    async def fetch_subscription(
        self, subscription_id: str, *, source: Source
    ) -> SubscriptionObservation:
        await self._known()
        now = self._clock.now()
        return await self._subscriptions.look(subscription_id, source, self._owner, at=now)

    async def fetch_subscription_on(
        self, subscription_id: str, *, read_to: str, source: Source
    ) -> SubscriptionObservation:
        await self._known()
        now = self._clock.now()
        return await self._subscriptions.look(
            subscription_id, source, self._owner, at=now, read_to=read_to
        )

    async def cancel_subscription(
        self, subscription_id: str, *, at_period_end: bool, key: str
    ) -> SubscriptionObservation:
        refused = await self._subscriptions.end(subscription_id, at_period_end=at_period_end)
        seen = await self.fetch_subscription(subscription_id, source=Source.CLOSE)
        if refused and seen.state is not SubscriptionState.ENDED and seen.ends_at is None:
            raise refused
        return seen

    async def fetch_fees(self, payment_id: str) -> tuple[SeenFee, ...] | None:
        return await fees_of(self._client, payment_id)

    @property
    def _owner(self) -> ProviderAccount:
        return ProviderAccount(self.provider_account, self.live)

    def _delivery(self, request: WebhookRequest) -> Delivery:
        return read_event(request, account=self.account, live=self.live)

    async def _check_currency(self, amount: Money) -> None:
        if not self._is_located:
            await self.identify()
        if amount.currency not in self.capabilities.currencies:
            raise Rejected(
                Message(
                    "The Square location takes {currencies} alone",
                    currencies=", ".join(self.capabilities.currencies),
                ),
                Message("Asked for was {amount}.", amount=amount),
                status=400,
            )


def _built(setup: AccountSetup) -> Square:
    base = setup.api_base or (LIVE_BASE if setup.is_live else TEST_BASE)
    check_mode(setup, base)
    keys = setup.both(SIGNATURE_KEY.name)
    if keys and not setup.webhook_urls and not is_loopback(base):
        _log.warning("%s: without BASE_URL no webhook of Square's can be verified", setup.name)
    return Square(
        setup.name,
        setup.keys[ACCESS_TOKEN.name],
        setup.keys[LOCATION_ID.name],
        clock=setup.clock,
        is_live=setup.is_live,
        signers=tuple(Signer(url, key) for key in keys for url in setup.webhook_urls),
        api_base=base,
        custom_host=setup.page_host,
        transport=setup.transport,
        budget=setup.budget,
    )


KIND: Final = Kind(
    "square",
    provider=PROVIDER,
    label=Message("Square"),
    fields=(ACCESS_TOKEN, LOCATION_ID, SIGNATURE_KEY),
    build=_built,
    base_variable=BASE_VARIABLE,
)
