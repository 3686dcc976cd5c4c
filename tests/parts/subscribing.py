"""The fake provider with subscriptions: it charges again when a test says so, and tells of it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from app.clock import Clock
from app.domain.catalog import BillingInterval
from app.domain.delivery import Delivery
from app.domain.money import Money
from app.domain.observation import Observation, SeenPayment, SessionState, Source
from app.domain.subscription import PlanTerms, SubscriptionObservation, SubscriptionState
from app.errors import Rejected, Unavailable
from app.providers.strategy import OpenedSession, Seen, SessionRequest
from app.providers.subscribing import PlanGone, SubscriptionNews
from app.store.verify import TakenPayment
from tests.parts.fake_session import FakeSession
from tests.parts.giving_back import Call
from tests.parts.provider import FakeProvider, FakeStrategy

MONTH = timedelta(days=30)
_NEWS = "subscription"


@dataclass
class FakeSubscription:
    """A subscription as the provider has it; the first of `payments` is the session's own."""

    id: str
    reference: str
    amount: Money
    current_until: datetime
    payments: list[SeenPayment] = field(default_factory=list)
    state: SubscriptionState = SubscriptionState.ACTIVE
    ends_at: datetime | None = None
    ended_at: datetime | None = None
    decline: str = ""


class SubscribingProvider(FakeProvider):
    """`recurring` says by session what it is to charge each month, before anybody has paid."""

    def __init__(self, clock: Clock, *, account: str = "acct_fake", live: bool = False) -> None:
        super().__init__(clock, account=account, live=live)
        self.recurring: dict[str, Money] = {}
        self.subscriptions: dict[str, FakeSubscription] = {}
        self.plans: dict[str, tuple[str, PlanTerms]] = {}
        self.dead_plans: set[str] = set()

    def pay(self, session_id: str, amount: Money | None = None) -> bool:
        """Pay as a customer would, which begins a subscription where the session is for one."""
        is_paid = super().pay(session_id, amount)
        if is_paid and session_id in self.recurring:
            session = self.sessions[session_id]
            subscription = FakeSubscription(
                f"sub_{session_id}",
                session.reference,
                self.recurring[session_id],
                self.now() + MONTH,
                payments=[*session.payments],
            )
            self.subscriptions[subscription.id] = subscription
        return is_paid

    def renew(self, subscription_id: str, amount: Money | None = None) -> str:
        """Charge for another month and give the payment's id, whatever the state is."""
        subscription = self.subscriptions[subscription_id]
        payment_id = f"fp_{subscription_id}_{len(subscription.payments) + 1}"
        taken = SeenPayment(payment_id, amount or subscription.amount)
        subscription.payments.append(taken)
        self.refunds.captured[payment_id] = taken.amount
        subscription.current_until += MONTH
        subscription.decline = ""
        if subscription.state is SubscriptionState.PAST_DUE:
            subscription.state = SubscriptionState.ACTIVE
        return payment_id

    def refuse(self, subscription_id: str, code: str = "card_declined") -> None:
        """Have the customer's bank refuse a renewal."""
        subscription = self.subscriptions[subscription_id]
        subscription.state, subscription.decline = SubscriptionState.PAST_DUE, code

    def end(self, subscription_id: str, *, at_period_end: bool = False) -> None:
        """End it, as the till's call or somebody's dashboard does."""
        subscription = self.subscriptions[subscription_id]
        if subscription.state is SubscriptionState.ENDED:
            return
        if at_period_end:
            subscription.ends_at = subscription.current_until
        else:
            subscription.state, subscription.ended_at = SubscriptionState.ENDED, self.now()

    def news(self, subscription_id: str, event_id: str, *, account: str = "fake") -> Delivery:
        """Give an event that says something happened to a subscription."""
        return Delivery(
            account=account,
            provider="fakepay",
            provider_account=self.account,
            live=self.live,
            event_id=event_id,
            event_type=_NEWS,
            body=json.dumps({"subscription": subscription_id}).encode(),
        )

    def taken(self) -> list[TakenPayment]:
        """Give the books with the renewals."""
        known = {line.payment_id for line in super().taken()}
        return super().taken() + [
            TakenPayment(
                p.payment_id,
                each.reference,
                p.amount.currency,
                p.amount.minor,
                self.refunds.of(p.payment_id),
                "fakepay",
                self.account,
            )
            for each in self.subscriptions.values()
            for p in each.payments
            if p.payment_id not in known
        ]


class FakeSubscribing(FakeStrategy):
    """Satisfies `Subscribes`, too."""

    books: SubscribingProvider

    def __init__(self, books: FakeProvider, *, account: str = "fake") -> None:
        super().__init__(books, account=account)
        assert isinstance(books, SubscribingProvider)
        self.first_is_told = True

    async def prepare_session(self, request: SessionRequest) -> dict[str, Any]:
        parameters = await super().prepare_session(request)
        charged = [line.amount_minor for line in request.lines if line.is_recurring]
        return {**parameters, "recurring_minor": sum(charged), "plan": request.plan_id}

    async def open_session(self, parameters: Mapping[str, Any], *, key: str) -> OpenedSession:
        opened = await super().open_session(parameters, key=key)
        if parameters["recurring_minor"]:
            each = Money(parameters["recurring_minor"], parameters["currency"])
            self.books.recurring[opened.session_id] = each
        return opened

    async def fetch_subscription(
        self, subscription_id: str, *, source: Source
    ) -> SubscriptionObservation:
        lost = await self._call(Call("fetch_subscription", subject=subscription_id))
        if lost:
            raise Unavailable("The answer was lost")
        return self.seen_of(self._subscription(subscription_id), source)

    async def cancel_subscription(
        self, subscription_id: str, *, at_period_end: bool, key: str
    ) -> SubscriptionObservation:
        lost = await self._call(Call("cancel_subscription", key, subscription_id))
        self.books.end(self._subscription(subscription_id).id, at_period_end=at_period_end)
        if lost:
            raise Unavailable("The answer was lost")
        return self.seen_of(self._subscription(subscription_id), Source.CLOSE)

    def observe(self, delivery: Delivery, *, at: datetime) -> Seen | None:
        if delivery.event_type == _NEWS:
            return SubscriptionNews(json.loads(delivery.body)["subscription"])
        return super().observe(delivery, at=at)

    def seen_of(self, each: FakeSubscription, source: Source) -> SubscriptionObservation:
        return SubscriptionObservation(
            source=source,
            provider=self.provider,
            provider_account=self._provider_account or self.books.account,
            live=self.books.live,
            reference=each.reference,
            subscription_id=each.id,
            state=each.state,
            observed_at=self.books.clock.now(),
            amount=each.amount,
            interval=BillingInterval.MONTHLY,
            payments=tuple(each.payments),
            first_payment_id=each.payments[0].payment_id if self.first_is_told else "",
            current_until=each.current_until,
            ends_at=each.ends_at,
            ended_at=each.ended_at,
            decline=each.decline,
        )

    def _subscription(self, subscription_id: str) -> FakeSubscription:
        found = self.books.subscriptions.get(subscription_id)
        if found is None:
            raise Rejected("The fake has no such subscription", status=404)
        return found

    def _seen(self, session: FakeSession, source: Source) -> Observation:
        seen = super()._seen(session, source)
        begun = f"sub_{session.id}"
        if session.state is SessionState.PAID and begun in self.books.subscriptions:
            return replace(seen, subscription_id=begun)
        return seen


class FakePlanning(FakeSubscribing):
    """Satisfies `KeepsPlans`, too: a session with a subscription needs a plan that is alive."""

    async def open_session(self, parameters: Mapping[str, Any], *, key: str) -> OpenedSession:
        if parameters["plan"] in self.books.dead_plans:
            raise PlanGone(Rejected("The fake has that plan no more", code="gone", status=404))
        return await super().open_session(parameters, key=key)

    async def open_plan(self, terms: PlanTerms, *, key: str) -> str:
        lost = await self._call(Call("open_plan", key))
        plan_id, _ = self.books.plans.setdefault(key, (f"plan_{len(self.books.plans) + 1}", terms))
        if lost:
            raise Unavailable("The answer was lost")
        return plan_id
