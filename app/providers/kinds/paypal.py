"""PayPal: orders that the customer approves on PayPal's page and the till captures.

A subscription is agreed to on such a page, too, and the till has it begin; what it costs PayPal
takes by itself from then on.
Source: PayPal's REST reference: Orders v2, Payments v2, Subscriptions v1, Catalog Products v1,
Webhooks v1, Customer Disputes v1, Transaction Search v1.
"""

import logging
from collections.abc import AsyncIterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import httpx

from app.clock import Clock
from app.domain.capabilities import Capabilities, Method
from app.domain.delivery import Delivery
from app.domain.dispute import DisputeObservation
from app.domain.fee import SeenFee
from app.domain.money import Money
from app.domain.observation import Observation, SessionState, Source
from app.domain.refund import SeenRefund
from app.domain.subscription import PlanTerms, SubscriptionObservation
from app.errors import Message, Protocol, Rejected
from app.providers.budget import RequestBudget
from app.providers.connected import HostedAccount
from app.providers.kind import AccountSetup, Kind
from app.providers.pages import is_loopback, origin_of
from app.providers.paypal import disputes, plans, refunds, reports, subscriptions, webhooks
from app.providers.paypal.amounts import AMOUNT_STEP, CURRENCIES, MAXIMUM_MINOR, MINIMUM_MINOR
from app.providers.paypal.billing import Billing
from app.providers.paypal.client import (
    BASE_VARIABLE,
    CLIENT_ID,
    CLIENT_SECRET,
    LIVE_BASE,
    PROVIDER,
    TEST_BASE,
    WEBHOOK_ID,
    PayPalClient,
    account_of,
    credential_digest,
)
from app.providers.paypal.declines import CUSTOMERS_TURN, Declines
from app.providers.paypal.documents import link_of, text_of
from app.providers.paypal.events import seen_in
from app.providers.paypal.fees import fees_of
from app.providers.paypal.orders import (
    PAGE_LINKS,
    Look,
    amount_asked,
    capture_observation,
    closed,
    observation_from,
    order_parameters,
    reference_of,
)
from app.providers.paypal.plans import UNITS
from app.providers.paypal.signers import Line, Signers
from app.providers.strategy import (
    OpenedSession,
    ProviderAccount,
    Recheck,
    RefundRequest,
    Seen,
    SessionRequest,
    WebhookRequest,
)
from app.providers.transport import Transport

_log = logging.getLogger(__name__)

_ORDERS: Final = "/v2/checkout/orders"
_LIFETIME: Final = subscriptions.LIFETIME
_KEYS_LAST: Final = timedelta(hours=5)
_HOSTS: Final = {True: "www.paypal.com", False: "www.sandbox.paypal.com"}
_POLL_PAUSE: Final = timedelta(seconds=5)
_GONE: Final = 404
_LOOK_AGAIN: Final = frozenset(
    {"ORDER_ALREADY_CAPTURED", "ORDER_ALREADY_COMPLETED", "ORDER_NOT_APPROVED"}
)


class PayPal(HostedAccount):
    """The strategy `paypal`: satisfies `PaymentStrategy`, `Captures` and `Subscribes`.

    `webhook_ids` may hold an old and a new one while a webhook is replaced.
    """

    provider = PROVIDER
    owner = "PayPal"
    event_memory = reports.EVENT_MEMORY

    def __init__(
        self,
        account: str,
        client_id: str,
        client_secret: str,
        *,
        clock: Clock,
        live: bool = False,
        webhook_ids: tuple[str, ...] = (),
        api_base: str = "",
        transport: httpx.AsyncBaseTransport | None = None,
        budget: RequestBudget | None = None,
    ) -> None:
        self.account = account
        self.live = live
        self.credential_digest = credential_digest(client_id, client_secret)
        self.provider_account = ""
        self._account_id = account_of(client_id)
        self._clock = clock
        self._webhook_ids = webhook_ids
        self._base = api_base or (LIVE_BASE if live else TEST_BASE)
        self._declines = Declines(clock)

        def line(budget: RequestBudget | None = None) -> Line:
            wire = Transport(self._base, clock=clock, transport=transport, budget=budget)
            client = PayPalClient(
                client_id, client_secret, base=self._base, clock=clock, transport=wire
            )
            return Line(wire, client)

        self._transport, self._client = line(budget)
        self._billing = Billing(self._client, self._provider_now, self._declines)
        self._signers = Signers(api_base=self._base, live=live, clock=clock, connect=line)
        self.capabilities = Capabilities(
            currencies=CURRENCIES,
            minimum_minor=MINIMUM_MINOR,
            maximum_minor=MAXIMUM_MINOR,
            amount_step=AMOUNT_STEP,
            max_lines=100,
            max_lines_recurring=1,
            session_lifetime=_LIFETIME,
            key_lifetime=_KEYS_LAST,
            page_hosts=frozenset({_HOSTS[live]}),
            intervals=frozenset(UNITS),
            cancels_at_period_end=False,
            page_origin=origin_of(self._base) if is_loopback(self._base) else "",
            methods=frozenset({Method.PAYPAL}),
            reports_fees=True,
            poll_pause=_POLL_PAUSE,
            lists_after=reports.LATE,
            lists_unpaid=False,
            forgets_unpaid=True,
        )

    async def identify(self) -> ProviderAccount:
        await self._client.authorize()
        self.provider_account = self._account_id
        return ProviderAccount(self.provider_account, self.live)

    async def register_webhook(self, url: str, *, owner: str) -> None:
        """Have events sent to `url` and accept what is signed for that."""
        webhook_id = await webhooks.register(self._client, url, owner=owner)
        self._webhook_ids = (*self._webhook_ids[-1:], webhook_id)

    async def open_plan(self, terms: PlanTerms, *, key: str) -> str:
        """Make a product and a plan of these terms; both are there but once."""
        return await plans.open_plan(self._client, terms, key=key)

    async def prepare_session(self, request: SessionRequest) -> dict[str, Any]:
        if any(line.is_recurring for line in request.lines):
            return subscriptions.parameters_of(request)
        return order_parameters(request)

    async def open_session(self, parameters: Mapping[str, Any], *, key: str) -> OpenedSession:
        if "plan_id" in parameters:
            begun = await self._billing.begin(parameters, key=key)
            return self._opened(begun, subscriptions.price_of(begun).amount)
        order = await self._client.post(_ORDERS, parameters, key=key)
        if reference_of(order) != reference_of(parameters):
            # A key brings back what it brought about first, whatever is asked under it later.
            raise Protocol(Message("PayPal holds another request under the same key"))
        return self._opened(order, amount_asked(order))

    async def page_of(self, session_id: str) -> str:
        """Ask where a session's page is now; nothing where it has none that may be shown."""
        if subscriptions.is_subscription(session_id):
            session = await self._billing.retrieve(session_id)
        else:
            session = await self._client.get(f"{_ORDERS}/{session_id}")
        url = link_of(session, *PAGE_LINKS)
        return url if self._is_own_page(url) else ""

    async def fetch(self, session_id: str, *, source: Source) -> Observation:
        if subscriptions.is_subscription(session_id):
            return await self._billing.session(session_id, self._look(source))
        order = await self._client.get(f"{_ORDERS}/{session_id}")
        seen = observation_from(order, self._look(source))
        if seen.state is SessionState.APPROVED:
            return self._declines.unless_declined(seen, order)
        return seen

    async def capture(self, session_id: str, *, key: str) -> Observation:
        if subscriptions.is_subscription(session_id):
            return await self._billing.activate(session_id, self._look(Source.POLL))
        try:
            order = await self._client.post(f"{_ORDERS}/{session_id}/capture", {}, key=key)
        except Rejected as refused:
            if refused.code in _LOOK_AGAIN:
                return await self.fetch(session_id, source=Source.POLL)
            if refused.code in CUSTOMERS_TURN:
                order = await self._client.get(f"{_ORDERS}/{session_id}")
                seen = observation_from(order, self._look(Source.POLL))
                return self._declines.add(seen, order, refused.code)
            raise
        try:
            return observation_from(order, self._look(Source.POLL))
        except Protocol as error:
            # The money may be there all the same: what there is of it is looked at in full.
            _log.info("the answer to a capture is read again: %s", error)
            return await self.fetch(session_id, source=Source.POLL)

    async def close_session(self, session_id: str, *, key: str) -> Observation:
        if subscriptions.is_subscription(session_id):
            return await self._billing.close(session_id, self._look(Source.CLOSE))
        return closed(await self.fetch(session_id, source=Source.CLOSE))

    async def fetch_subscription(
        self, subscription_id: str, *, source: Source
    ) -> SubscriptionObservation:
        return await self._billing.subscription(subscription_id, self._look(source))

    async def cancel_subscription(
        self, subscription_id: str, *, at_period_end: bool, key: str
    ) -> SubscriptionObservation:
        if at_period_end:
            raise Rejected(
                Message("PayPal ends a subscription at once, not when what was paid for is over"),
                action=Message("End it now, or wait until its last day and end it then."),
            )
        return await self._billing.end(subscription_id, self._look(Source.MANUAL))

    def prepare_refund(self, request: RefundRequest) -> dict[str, Any]:
        return refunds.parameters_of(request)

    async def refund(self, parameters: Mapping[str, Any], *, key: str) -> SeenRefund:
        return await refunds.create(self._client, parameters, key=key)

    async def fetch_refund(self, refund_id: str) -> SeenRefund:
        return await refunds.fetch(self._client, refund_id)

    async def list_refunds(self, payment_id: str) -> AsyncIterator[SeenRefund]:
        now = self._provider_now()
        for document in await reports.refunds_of(self._client, payment_id, now=now):
            yield refunds.refund_from(document, of_payment=payment_id)

    def refunds_since(
        self, since: datetime, *, until: datetime | None = None
    ) -> AsyncIterator[SeenRefund]:
        return reports.refunds_since(self._client, since, until, self._provider_now())

    async def learn_signer(self, request: WebhookRequest) -> None:
        await self._signers.learn(request, self._webhook_ids)

    def read_webhook(self, request: WebhookRequest) -> Delivery:
        self._signers.verify(request, self._webhook_ids)
        return self._delivery(request)

    def observe(self, delivery: Delivery, *, at: datetime) -> Seen | None:
        return seen_in(delivery, at=at)

    async def list_since(
        self, since: datetime, *, source: Source, until: datetime | None = None
    ) -> AsyncIterator[Observation | Recheck]:
        now = self._provider_now()
        async for taken in reports.taken_since(self._client, since, until, now):
            try:
                yield await self._listed(taken, source)
            except Protocol as error:
                _log.warning("a payment of %s is not understood: %s", self.account, error)
                yield Recheck(taken.reference)
            except Rejected as refused:
                if refused.status != _GONE:
                    raise
                yield Recheck(taken.reference)

    async def events_since(
        self, since: datetime, *, until: datetime | None = None
    ) -> AsyncIterator[Delivery]:
        bodies = reports.events_since(self._client, since, until)
        async for delivery in self._listed_events(bodies, self._delivery):
            yield delivery

    async def fetch_dispute(self, dispute_id: str, *, source: Source) -> DisputeObservation:
        dispute = await self._client.get(f"/v1/customer/disputes/{dispute_id}")
        return disputes.observed(dispute, self._look(source))

    async def list_disputes(
        self, since: datetime, *, source: Source
    ) -> AsyncIterator[DisputeObservation]:
        async for dispute in disputes.disputes_since(self._client, since):
            yield disputes.observed(dispute, self._look(source))

    async def fetch_fees(self, payment_id: str) -> tuple[SeenFee, ...] | None:
        return await fees_of(self._client, payment_id, now=self._provider_now())

    def _opened(self, session: Mapping[str, Any], amount: Money) -> OpenedSession:
        return OpenedSession(
            session_id=text_of(session, "id"),
            url=self._own_page(link_of(session, *PAGE_LINKS)),
            amount=amount,
            expires_at=self._clock.now() + _LIFETIME,
        )

    async def _listed(self, taken: reports.Taken, source: Source) -> Observation:
        if taken.subscription_id:
            return await self._billing.session(taken.subscription_id, self._look(source))
        return capture_observation(taken.capture, self._look(source))

    def _look(self, source: Source) -> Look:
        # A client id is one merchant's: its name needs no asking.
        self.provider_account = self.provider_account or self._account_id
        return Look(source, self.provider_account, self.live, self._clock.now())

    def _delivery(self, request: WebhookRequest) -> Delivery:
        return webhooks.read_event(
            request,
            account=self.account,
            provider_account=self.provider_account,
            live=self.live,
        )


def _built(setup: AccountSetup) -> PayPal:
    return PayPal(
        setup.name,
        setup.keys[CLIENT_ID.name],
        setup.keys[CLIENT_SECRET.name],
        clock=setup.clock,
        live=setup.is_live,
        webhook_ids=setup.both(WEBHOOK_ID.name),
        api_base=setup.api_base,
        transport=setup.transport,
        budget=setup.budget,
    )


KIND: Final = Kind(
    "paypal",
    provider=PROVIDER,
    label=Message("PayPal"),
    fields=(CLIENT_ID, CLIENT_SECRET, WEBHOOK_ID),
    build=_built,
    base_variable=BASE_VARIABLE,
)
