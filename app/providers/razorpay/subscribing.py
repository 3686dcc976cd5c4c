"""What an account at Razorpay does with subscriptions, beside its other sessions.

Source: Razorpay's API reference, Plans, Subscriptions and Invoices. Neither a plan nor a
subscription is made under a key: what an earlier call may have made is looked for first. The list
of subscriptions is by when they were made: one that the books do not have is found by that, and
looked at from then on, since no list of Razorpay's tells of its later payments by time.
"""

import logging
from collections.abc import AsyncIterator, Awaitable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from app.domain.attempt import Reference
from app.domain.observation import Observation, Source
from app.domain.subscription import PlanTerms, SubscriptionObservation, SubscriptionState
from app.errors import Protocol, Rejected
from app.providers.razorpay import invoices, plans, subscriptions
from app.providers.razorpay.account import LIFETIME, RazorpayAccount, check_key, check_same
from app.providers.razorpay.amounts import money_from
from app.providers.razorpay.documents import moment_from, text_of
from app.providers.razorpay.errors import NOT_FOUND, is_switched_off
from app.providers.strategy import OpenedSession, Recheck, SessionRequest
from app.providers.subscribing import PlanGone

_log = logging.getLogger(__name__)

_BEFORE: Final = timedelta(minutes=1)
"""How much before it was asked for one is looked for: clocks are never quite the same."""


class RazorpaySubscriptions(RazorpayAccount):
    """Satisfies `KeepsPlans` and `Subscribes`; a subscription is a session of its own as well."""

    async def open_plan(self, terms: PlanTerms, *, key: str) -> str:
        return await plans.open_plan(self._client, terms, key=key)

    async def fetch_subscription(
        self, subscription_id: str, *, source: Source
    ) -> SubscriptionObservation:
        await self._known()
        return await self._seen_whole(await self._subscription(subscription_id), source)

    async def cancel_subscription(
        self, subscription_id: str, *, at_period_end: bool, key: str
    ) -> SubscriptionObservation:
        await self._known()
        refusal = await self._refused_to_cancel(subscription_id, at_period_end=at_period_end)
        subscription = await self._subscription(subscription_id)
        seen = await self._seen_whole(subscription, Source.MANUAL)
        if seen.state is SubscriptionState.ENDED:
            return seen
        # One that is paid for the last time is refused, since it ends as it was asked to.
        if refusal is not None and not (at_period_end and subscriptions.is_last(subscription)):
            raise refusal
        # Razorpay agreed, which its subscription does not say.
        return (
            replace(seen, ends_at=subscriptions.period_end_of(subscription))
            if at_period_end
            else seen
        )

    async def _prepare_subscription(self, request: SessionRequest) -> dict[str, Any]:
        now = await self._by_razorpay()
        return subscriptions.subscription_parameters(
            request,
            since=int((now - _BEFORE).timestamp()),
            expire_by=int((now + LIFETIME).timestamp()),
        )

    async def _open_subscription(
        self, parameters: Mapping[str, Any], since: int, wanted: Mapping[str, Any], *, key: str
    ) -> OpenedSession:
        reference = subscriptions.reference_of(wanted)
        check_key(key, reference)
        plan = await _of_its_plan(self._client.get(f"{plans.PATH}/{wanted['plan_id']}"))
        asked = money_from(parameters["amount"], parameters["currency"])
        # A subscription does not say what it costs: its plan is looked at before anybody pays.
        check_same(asked, plans.amount_of(plan))
        subscription = await self._begun_before(reference, wanted["plan_id"], since)
        if subscription is None:
            subscription = await _of_its_plan(self._client.post(subscriptions.PATH, wanted))
        amount = plans.amount_of(plan, subscription.get("quantity", 1))
        check_same(asked, amount)
        return OpenedSession(
            session_id=text_of(subscription, "id"),
            url=self._shown(subscriptions.page_of(subscription)),
            amount=amount,
            expires_at=moment_from(subscription.get("expire_by")) or self._now() + LIFETIME,
        )

    async def _page_of_subscription(self, session_id: str) -> str:
        return self._shown(subscriptions.page_of(await self._subscription(session_id)))

    async def _fetch_begun(self, session_id: str, source: Source) -> Observation:
        await self._known()
        return await self._seen_begun(await self._subscription(session_id), source)

    async def _close_subscription(self, session_id: str) -> Observation:
        """Close what nobody paid. Razorpay would cancel one that was, which a customer then lost.

        Between the look and the cancel it may be paid: then that is what is seen.
        """
        await self._known()
        subscription = await self._subscription(session_id)
        if subscriptions.was_paid(subscription):
            return await self._seen_begun(subscription, Source.CLOSE)
        await self._refused_to_cancel(session_id, at_period_end=False)
        return await self._fetch_begun(session_id, Source.CLOSE)

    async def _subscriptions_since(
        self, since: datetime, until: datetime | None, source: Source
    ) -> AsyncIterator[Observation | Recheck]:
        async for subscription in self._listed_subscriptions(since, until):
            reference = subscriptions.reference_of(subscription)
            # Others sell through the account too; what they do need not be understood.
            if Reference.parse(reference) is None:
                continue
            try:
                yield await self._seen_begun(subscription, source)
            except Protocol as error:
                # One that is not understood must not hide the others.
                _log.warning("a subscription of %s is not understood: %s", self.account, error)
                yield Recheck(reference)

    async def _listed_subscriptions(
        self, since: datetime, until: datetime | None
    ) -> AsyncIterator[dict[str, Any]]:
        """List all that there are: none where Razorpay has not switched them on for the account."""
        try:
            async for subscription in self._client.listed(subscriptions.PATH, since, until):
                yield subscription
        except Rejected as refused:
            if not is_switched_off(refused):
                raise

    async def _begun_before(
        self, reference: str, plan_id: str, since: int
    ) -> Mapping[str, Any] | None:
        """Look for the one of this reference; of several one is kept, and the others are ended."""
        begun = datetime.fromtimestamp(since, UTC)
        found = [
            each
            async for each in self._client.listed(subscriptions.PATH, begun, None, plan_id=plan_id)
            if subscriptions.reference_of(each) == reference
        ]
        # What was paid counts most, then what can be; of equals the first that was made.
        found.reverse()
        found.sort(
            key=lambda each: (subscriptions.was_paid(each), subscriptions.is_payable(each)),
            reverse=True,
        )
        for orphan in found[1:]:
            if subscriptions.is_payable(orphan):
                await self._refused_to_cancel(text_of(orphan, "id"), at_period_end=False)
        return found[0] if found else None

    async def _refused_to_cancel(
        self, subscription_id: str, *, at_period_end: bool
    ) -> Rejected | None:
        """Have one cancelled; give the refusal, which the next look may explain."""
        path = f"{subscriptions.PATH}/{subscription_id}/cancel"
        try:
            await self._client.post(path, {"cancel_at_cycle_end": at_period_end})
        except Rejected as refused:
            if refused.status != 400:
                raise
            return refused
        return None

    async def _subscription(self, subscription_id: str) -> dict[str, Any]:
        return await self._client.get(f"{subscriptions.PATH}/{subscription_id}")

    async def _seen_whole(
        self, subscription: Mapping[str, Any], source: Source
    ) -> SubscriptionObservation:
        plan = await self._client.get(f"{plans.PATH}/{text_of(subscription, 'plan_id')}")
        found = await invoices.invoices_of(self._client, text_of(subscription, "id"))
        is_refused = subscriptions.state_of(subscription) is SubscriptionState.PAST_DUE
        return subscriptions.subscription_from(
            subscription,
            plan,
            await invoices.taken_of(self._client, found, self._now()),
            decline=await invoices.refusal_of(self._client, found) if is_refused else "",
            source=source,
            provider_account=self.provider_account,
            live=self.live,
            at=self._clock.now(),
        )

    async def _seen_begun(self, subscription: Mapping[str, Any], source: Source) -> Observation:
        found = await invoices.invoices_of(self._client, text_of(subscription, "id"))
        return subscriptions.observation_from(
            subscription,
            await invoices.tries_of_first(self._client, found),
            source=source,
            provider_account=self.provider_account,
            live=self.live,
            at=self._clock.now(),
            now=self._now(),
        )


async def _of_its_plan(call: Awaitable[dict[str, Any]]) -> Mapping[str, Any]:
    """Make a call in which only a plan can be what is not there."""
    try:
        return await call
    except Rejected as refused:
        if refused.status != NOT_FOUND:
            raise
        raise PlanGone(refused) from refused
