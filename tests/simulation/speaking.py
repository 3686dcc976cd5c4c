"""Strategies that speak to a simulated bank about subscriptions, plans, and cards to be kept."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from app.clock import Clock
from app.domain.catalog import BillingInterval
from app.domain.delivery import Delivery
from app.domain.money import Money
from app.domain.observation import Observation, SessionState, Source
from app.domain.renewal import EndWanted
from app.domain.subscription import PlanTerms, SubscriptionObservation
from app.errors import Rejected
from app.providers.saving import OpenedSetup, SeenSetup, SetupNews, SetupRequest, SetupState
from app.providers.strategy import OpenedSession, Recheck, Seen, SessionRequest
from app.providers.subscribing import PlanGone, SubscriptionNews
from tests.parts.fake_provider import PAGES
from tests.parts.fake_session import FakeSession
from tests.parts.saving import FakeSetup
from tests.parts.subscribing import FakeSubscription
from tests.simulation.capturing import CapturingBank, CapturingStrategy
from tests.simulation.provider import Bank, DayStrategy
from tests.simulation.saving import SETUP
from tests.simulation.subscribing import NEWS


class Subscribing(DayStrategy):
    """Satisfies `Subscribes`, too. `clock` is that of the till, which may be wrong."""

    def __init__(self, books: Bank) -> None:
        super().__init__(books)
        self.clock: Clock = books.clock
        terms = books.subscriptions.terms
        self.capabilities = replace(
            self.capabilities,
            intervals=frozenset({BillingInterval.MONTHLY}),
            mixes_recurring=terms.mixes,
            cancels_now=EndWanted.NOW in terms.ends,
            cancels_at_period_end=EndWanted.PERIOD_END in terms.ends,
        )

    async def prepare_session(self, request: SessionRequest) -> dict[str, Any]:
        parameters = await super().prepare_session(request)
        charged = sum(line.amount_minor for line in request.lines if line.is_recurring)
        return {**parameters, "recurring_minor": charged, "plan": request.plan_id}

    async def open_session(self, parameters: Mapping[str, Any], *, key: str) -> OpenedSession:
        subscriptions = self.books.subscriptions
        if parameters["recurring_minor"] and parameters["plan"] in subscriptions.dead_plans:
            raise PlanGone(Rejected("The fake has that plan no more", code="gone", status=404))
        opened = await super().open_session(parameters, key=key)
        if parameters["recurring_minor"]:
            each = Money(parameters["recurring_minor"], parameters["currency"])
            subscriptions.recurring[opened.session_id] = each
        return opened

    async def fetch_subscription(
        self, subscription_id: str, *, source: Source
    ) -> SubscriptionObservation:
        return self._seen_of(self.books.subscriptions.known(subscription_id), source)

    async def cancel_subscription(
        self, subscription_id: str, *, at_period_end: bool, key: str
    ) -> SubscriptionObservation:
        each = self.books.subscriptions.end(subscription_id, key, at_period_end=at_period_end)
        return replace(self._seen_of(each, Source.CLOSE), ends_at=each.ends_at)

    def observe(self, delivery: Delivery, *, at: datetime) -> Seen | None:
        if delivery.event_type == NEWS:
            return SubscriptionNews(json.loads(delivery.body)["subscription"])
        seen = super().observe(delivery, at=at)
        is_own = (delivery.provider_account, delivery.live) == (self.books.account, self.books.live)
        if isinstance(seen, Observation) and seen.payments and is_own:
            # What began with it, the event does not say.
            is_recurring = seen.session_id in self.books.subscriptions.recurring
            return Recheck(seen.reference) if is_recurring else seen
        return seen

    def _seen(self, session: FakeSession, source: Source) -> Observation:
        seen = super()._seen(session, source)
        begun = f"sub_{session.id}"
        if session.state is SessionState.PAID and begun in self.books.subscriptions.all:
            return replace(seen, subscription_id=begun)
        return seen

    def _seen_of(self, each: FakeSubscription, source: Source) -> SubscriptionObservation:
        tells_end = self.books.subscriptions.terms.tells_end
        return SubscriptionObservation(
            source=source,
            provider=self.provider,
            provider_account=self._provider_account or self.books.account,
            live=self.books.live,
            reference=each.reference,
            subscription_id=each.id,
            state=each.state,
            observed_at=self.clock.now(),
            amount=each.amount,
            interval=BillingInterval.MONTHLY,
            payments=tuple(each.payments),
            first_payment_id=each.payments[0].payment_id,
            current_until=each.current_until,
            ends_at=each.ends_at if tells_end else None,
            ended_at=each.ended_at,
            decline=each.decline,
            tells_end=tells_end,
        )


class Planning(Subscribing):
    """Satisfies `KeepsPlans`, too."""

    async def open_plan(self, terms: PlanTerms, *, key: str) -> str:
        return self.books.subscriptions.plan(key)


class Saving(DayStrategy):
    """Satisfies `SavesCards`, too."""

    def __init__(self, books: Bank) -> None:
        super().__init__(books)
        self.capabilities = replace(self.capabilities, saves_cards=True)

    async def prepare_setup(self, request: SetupRequest) -> dict[str, Any]:
        return {
            "reference": request.reference,
            "currency": request.currency,
            "success_url": request.success_url,
            "cancel_url": request.cancel_url,
        }

    async def open_setup(self, parameters: Mapping[str, Any], *, key: str) -> OpenedSetup:
        setup = self.books.setups.create(parameters, key)
        ends = self.books.clock.now() + self.capabilities.session_lifetime
        return OpenedSetup(setup.id, f"{PAGES}/{setup.id}", ends)

    async def fetch_setup(self, setup_id: str, *, source: Source) -> SeenSetup:
        return self._seen_setup(self.books.setups.known(setup_id), source)

    async def close_setup(self, setup_id: str, *, key: str) -> SeenSetup:
        return self._seen_setup(self.books.setups.close(setup_id), Source.CLOSE)

    def setup_told(self, delivery: Delivery) -> SetupNews | None:
        if delivery.event_type != SETUP:
            return None
        told = json.loads(delivery.body)
        return SetupNews(told["setup"], told["reference"])

    def observe(self, delivery: Delivery, *, at: datetime) -> Seen | None:
        return None if delivery.event_type == SETUP else super().observe(delivery, at=at)

    def _seen_setup(self, setup: FakeSetup, source: Source) -> SeenSetup:
        is_saved = setup.state is SetupState.SAVED
        return SeenSetup(
            source=source,
            provider=self.provider,
            provider_account=self._provider_account or self.books.account,
            live=self.books.live,
            reference=setup.reference,
            setup_id=setup.id,
            state=setup.state,
            observed_at=self.books.clock.now(),
            decline=setup.decline,
            customer_id=f"fcus_{setup.id}" if is_saved else "",
            method_id=f"fpm_{setup.id}" if is_saved else "",
            brand="visa" if is_saved else "",
            last4="4242" if is_saved else "",
        )


def speaker_to(bank: Bank, clock: Clock) -> DayStrategy:
    """Give a strategy with all that the till can ask of a bank; `clock` is the till's."""
    abilities: list[type[DayStrategy]] = []
    if bank.has_subscriptions:
        abilities.append(Planning if bank.subscriptions.terms.keeps_plans else Subscribing)
    if bank.saves_cards:
        abilities.append(Saving)
    abilities.append(CapturingStrategy if isinstance(bank, CapturingBank) else DayStrategy)
    speaker: DayStrategy = type("Speaker", tuple(abilities), {})(bank)
    if isinstance(speaker, Subscribing):
        speaker.clock = clock
    return speaker
