"""What Stripe's kinds have in common whose customers pay on a Checkout Session of Stripe's own."""

import logging
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final, Self

from app.domain.capabilities import Capabilities, Method
from app.domain.catalog import BillingInterval
from app.domain.delivery import Delivery
from app.domain.observation import Observation, Source
from app.domain.subscription import SubscriptionObservation
from app.errors import Protocol, Rejected
from app.providers.connected import HostedAccount
from app.providers.kind import AccountSetup
from app.providers.pages import is_loopback, origin_of
from app.providers.strategy import Recheck, Seen
from app.providers.stripe import subscriptions
from app.providers.stripe.account import StripeAccount, answer, options_of
from app.providers.stripe.amounts import AMOUNT_STEP, CURRENCIES, MAXIMUM_MINOR, MINIMUM_MINOR
from app.providers.stripe.client import API_BASE
from app.providers.stripe.endpoints import EVENTS
from app.providers.stripe.events import seen_in
from app.providers.stripe.links import news_of_visit
from app.providers.stripe.sessions import link_of, observation_from, reference_of
from app.providers.stripe.setups import SETUP_EVENTS

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


class StripePages(HostedAccount, StripeAccount):
    """Most of a `PaymentStrategy`, and `Subscribes`; `takes` is what its kind takes.

    `custom_host` is a domain of the owner's that replaces Stripe's.
    """

    owner = "Stripe"
    told_of = (*EVENTS, *SETUP_EVENTS)
    listed = EVENTS
    takes: ClassVar[Capabilities] = STRIPE_TAKES

    def __init__(
        self,
        account: str,
        secret_key: str,
        *,
        api_base: str = API_BASE,
        custom_host: str = "",
        **options: Any,
    ) -> None:
        capabilities = replace(
            self.takes,
            page_hosts=self.takes.page_hosts | ({custom_host} if custom_host else frozenset()),
            page_origin=origin_of(api_base) if is_loopback(api_base) else "",
        )
        super().__init__(
            account, secret_key, capabilities=capabilities, api_base=api_base, **options
        )

    @classmethod
    def of(cls, setup: AccountSetup) -> Self:
        """Build it as the settings ask for it."""
        return cls(custom_host=setup.page_host, **options_of(setup))

    def observe(self, delivery: Delivery, *, at: datetime) -> Seen | None:
        return seen_in(delivery, at=at)

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
