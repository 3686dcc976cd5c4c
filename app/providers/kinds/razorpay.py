"""Razorpay payment links: a hosted page for each sale, for one account; subscriptions beside them.

Source: Razorpay's API reference, Payment Links. Creating one has no idempotency key: our reference
is unique there instead, and a refusal is answered by looking whether the link is there already.
"""

import logging
from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import Any, Final

from app.domain.attempt import Reference
from app.domain.capabilities import Capabilities, Method
from app.domain.catalog import BillingInterval
from app.domain.delivery import Delivery
from app.domain.observation import Observation, Source
from app.errors import Message, Protocol, Rejected
from app.providers.connected import HostedAccount
from app.providers.kind import AccountSetup, Kind
from app.providers.razorpay import links, subscriptions
from app.providers.razorpay.account import (
    KEY_LIFETIME,
    LIFETIME,
    check_key,
    check_same,
    options_of,
    page_origin_of,
)
from app.providers.razorpay.amounts import (
    AMOUNT_STEP,
    CURRENCIES,
    MAXIMUM_MINOR,
    MINIMUM_MINOR,
    money_from,
)
from app.providers.razorpay.client import (
    API_BASE,
    BASE_VARIABLE,
    FIELDS,
    LIVE_HINT,
    PROVIDER,
    TEST_HINT,
    is_live,
)
from app.providers.razorpay.documents import moment_from, objects_in, text_of
from app.providers.razorpay.events import LINK_EVENTS, SUBSCRIPTION_EVENTS, seen_of_links
from app.providers.razorpay.subscribing import RazorpaySubscriptions
from app.providers.strategy import OpenedSession, Recheck, Seen, SessionRequest

_log = logging.getLogger(__name__)

_HOSTS: Final = frozenset({"rzp.io"})
_PATH: Final = "/v1/payment_links"


class RazorpayLinks(HostedAccount, RazorpaySubscriptions):
    """The strategy `razorpay`: satisfies `PaymentStrategy`, `KeepsPlans` and `Subscribes`.

    A session is a payment link, or a subscription where its only line recurs.
    """

    owner = "Razorpay"
    events = (*LINK_EVENTS, *SUBSCRIPTION_EVENTS)

    def __init__(
        self,
        account: str,
        key_id: str,
        key_secret: str,
        *,
        custom_host: str = "",
        api_base: str = API_BASE,
        **options: Any,
    ) -> None:
        capabilities = Capabilities(
            currencies=CURRENCIES,
            minimum_minor=MINIMUM_MINOR,
            maximum_minor=MAXIMUM_MINOR,
            amount_step=AMOUNT_STEP,
            max_lines=100,
            max_lines_recurring=1,
            session_lifetime=LIFETIME,
            key_lifetime=KEY_LIFETIME,
            page_hosts=_HOSTS | ({custom_host} if custom_host else frozenset()),
            page_origin=page_origin_of(api_base),
            intervals=frozenset(
                {BillingInterval.WEEKLY, BillingInterval.MONTHLY, BillingInterval.YEARLY}
            ),
            methods=frozenset({Method.CARD, Method.WALLET, Method.BANK, Method.UPI}),
            reports_fees=True,
        )
        super().__init__(
            account, key_id, key_secret, capabilities=capabilities, api_base=api_base, **options
        )

    async def prepare_session(self, request: SessionRequest) -> dict[str, Any]:
        if any(line.is_recurring for line in request.lines):
            return await self._prepare_subscription(request)
        now = await self._by_razorpay()
        return links.link_parameters(request, expire_by=int((now + LIFETIME).timestamp()))

    async def open_session(self, parameters: Mapping[str, Any], *, key: str) -> OpenedSession:
        if (begun := subscriptions.taken_apart(parameters)) is not None:
            return await self._open_subscription(parameters, *begun, key=key)
        reference = str(parameters["reference_id"])
        check_key(key, reference)
        try:
            link = await self._client.post(_PATH, parameters)
        except Rejected as refused:
            # Whatever it says: the link may be there, since an answer can be lost.
            found = None if refused.is_of_the_key else await self._by_reference(reference)
            if found is None:
                raise
            link = found
        amount = money_from(link.get("amount"), link.get("currency"))
        check_same(money_from(parameters["amount"], parameters["currency"]), amount)
        return OpenedSession(
            session_id=text_of(link, "id"),
            url=self._shown(links.page_of(link)),
            amount=amount,
            expires_at=moment_from(link.get("expire_by")) or self._now() + LIFETIME,
        )

    async def page_of(self, session_id: str) -> str:
        """Ask where a session's page is now; nothing where it has none that may be shown."""
        if subscriptions.is_subscription(session_id):
            return await self._page_of_subscription(session_id)
        link = await self._client.get(f"{_PATH}/{session_id}")
        return self._shown(links.page_of(link))

    async def fetch(self, session_id: str, *, source: Source) -> Observation:
        if subscriptions.is_subscription(session_id):
            return await self._fetch_begun(session_id, source)
        await self._known()
        return await self._seen(await self._client.get(f"{_PATH}/{session_id}"), source)

    async def close_session(self, session_id: str, *, key: str) -> Observation:
        if subscriptions.is_subscription(session_id):
            return await self._close_subscription(session_id)
        try:
            await self._client.post(f"{_PATH}/{session_id}/cancel", {})
        except Rejected as refused:
            if refused.status != 400:
                raise
        return await self.fetch(session_id, source=Source.CLOSE)

    def observe(self, delivery: Delivery, *, at: datetime) -> Seen | None:
        return seen_of_links(delivery, at=at)

    async def list_since(
        self, since: datetime, *, source: Source, until: datetime | None = None
    ) -> AsyncIterator[Observation | Recheck]:
        """Give the links, newest first, and then the subscriptions."""
        await self._known()
        async for seen in self._links_since(since, until, source):
            yield seen
        async for seen in self._subscriptions_since(since, until, source):
            yield seen

    async def _links_since(
        self, since: datetime, until: datetime | None, source: Source
    ) -> AsyncIterator[Observation | Recheck]:
        begun, ended = int(since.timestamp()), int(until.timestamp()) if until else None
        # Razorpay filters links by nothing but ids; they come newest first, as many as it likes.
        async for page in self._client.pages(_PATH, key="payment_links", ends_short=False):
            for link in page:
                made = link.get("created_at")
                if not isinstance(made, int):
                    raise Protocol(Message("Razorpay sent a link without the time of its making"))
                if made < begun:
                    return
                if ended is None or made < ended:
                    async for seen in self._listed(link, source):
                        yield seen

    async def _listed(
        self, link: Mapping[str, Any], source: Source
    ) -> AsyncIterator[Observation | Recheck]:
        """Read a listed link; one that is not understood must not hide the others."""
        reference = links.reference_of(link)
        # Others sell through the account too; what they do need not be understood.
        if Reference.parse(reference) is None:
            return
        try:
            yield await self._seen(link, source)
        except Protocol as error:
            _log.warning("a link of %s is not understood: %s", self.account, error)
            yield Recheck(reference)

    async def _seen(self, link: Mapping[str, Any], source: Source) -> Observation:
        return links.observation_from(
            link,
            await self._payments_of(link),
            source=source,
            provider_account=self.provider_account,
            live=self.live,
            at=self._clock.now(),
            now=self._now(),
        )

    async def _payments_of(self, link: Mapping[str, Any]) -> list[Mapping[str, Any]] | None:
        """Read the payments of a link, or what was tried for its order; None where neither is."""
        if paid := links.payment_ids(link):
            return [await self._client.get(f"/v1/payments/{each}") for each in paid]
        order = link.get("order_id")
        if not isinstance(order, str) or not order:
            return None
        return objects_in(await self._client.get(f"/v1/orders/{order}/payments"), "items")

    async def _by_reference(self, reference: str) -> dict[str, Any] | None:
        found = await self._client.get(_PATH, reference_id=reference)
        ours = [
            each
            for each in objects_in(found, "payment_links")
            if links.reference_of(each) == reference
        ]
        return dict(ours[0]) if ours else None


def _built(setup: AccountSetup) -> RazorpayLinks:
    return RazorpayLinks(custom_host=setup.page_host, **options_of(setup))


KIND: Final = Kind(
    "razorpay",
    provider=PROVIDER,
    label=Message("Razorpay"),
    fields=FIELDS,
    build=_built,
    base_variable=BASE_VARIABLE,
    is_live=is_live,
    live_hint=LIVE_HINT,
    test_hint=TEST_HINT,
)
