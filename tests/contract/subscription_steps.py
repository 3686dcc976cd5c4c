"""What a customer, a bank, a clock and the till do in the suite of subscriptions."""

import asyncio
from collections.abc import Callable

from app.domain.catalog import BillingInterval
from app.domain.money import Money
from app.domain.observation import Observation, SessionState, Source
from app.domain.presentation import PresentedLine
from app.domain.subscription import PlanTerms, SubscriptionObservation
from app.providers.strategy import OpenedSession, PaymentStrategy, Seen, SessionRequest
from app.providers.subscribing import KeepsPlans, Subscribes, SubscriptionNews
from tests.contract.looks import looked, read
from tests.contract.rigs import a_request, opened
from tests.contract.subscription_ways import SubscriptionRig

CLUB = 1000
"""What the subscription costs each interval, in minor units."""


def terms_of(rig: SubscriptionRig, interval: BillingInterval) -> PlanTerms:
    return PlanTerms("Club", Money(CLUB, rig.currency), interval)


async def offered(
    rig: SubscriptionRig,
    strategy: PaymentStrategy,
    interval: BillingInterval = BillingInterval.MONTHLY,
) -> tuple[SessionRequest, OpenedSession]:
    """Open a session for a subscription, beside something else where the provider allows that."""
    terms = terms_of(rig, interval)
    lines = [PresentedLine(terms.name, CLUB, interval.value)]
    if strategy.capabilities.mixes_recurring:
        lines.append(PresentedLine("Cup", 234))
    plan_id = ""
    if isinstance(strategy, KeepsPlans):
        plan_id = await strategy.open_plan(terms, key=f"{terms.digest}-1")
    minor = sum(line.amount_minor for line in lines)
    request = a_request(minor, currency=rig.currency, lines=tuple(lines), plan_id=plan_id)
    session: OpenedSession = await opened(strategy, request)
    return request, session


async def begun(
    rig: SubscriptionRig,
    strategy: PaymentStrategy,
    interval: BillingInterval = BillingInterval.MONTHLY,
) -> tuple[SessionRequest, Observation]:
    """Have a customer subscribe and pay, and look at the session."""
    request, session = await offered(rig, strategy, interval)
    await asyncio.to_thread(rig.pay, session.session_id)
    seen = await looked(strategy, session.session_id)
    assert seen.state is SessionState.PAID and seen.subscription_id
    return request, seen


async def look(strategy: PaymentStrategy, subscription_id: str) -> SubscriptionObservation:
    return await subscribes(strategy).fetch_subscription(subscription_id, source=Source.POLL)


async def renewed(
    rig: SubscriptionRig,
    strategy: PaymentStrategy,
    subscription_id: str,
    *,
    succeeds: bool = True,
) -> SubscriptionObservation:
    """Let an interval pass, and look at what it brought."""
    await asyncio.to_thread(rig.let_interval_pass, subscription_id, succeeds=succeeds)
    return await look(strategy, subscription_id)


def subscribes(strategy: PaymentStrategy) -> Subscribes:
    assert isinstance(strategy, Subscribes)
    return strategy


async def news_of(
    rig: SubscriptionRig,
    strategy: PaymentStrategy,
    happens: Callable[[], None],
    suffices: Callable[[list[Seen]], bool],
) -> list[Seen]:
    """Have something happen, and read what is delivered of it until that suffices."""
    await strategy.identify()
    seen: list[Seen] = []
    count = 0
    async with rig.listening(strategy) as delivered:
        await asyncio.to_thread(happens)
        for _ in range(500):
            for request in delivered()[count:]:
                count += 1
                news = strategy.observe(await read(strategy, request), at=rig.now())
                seen += [] if news is None else [news]
            if suffices(seen):
                return seen
            await asyncio.sleep(0.01)
    raise AssertionError(f"nobody told of it: {seen}")


def tells_of(subscription_id: str) -> Callable[[list[Seen]], bool]:
    return lambda seen: any(
        isinstance(news, SubscriptionNews) and news.subscription_id == subscription_id
        for news in seen
    )


async def ended(
    strategy: PaymentStrategy, subscription_id: str, *, at_period_end: bool, number: int = 1
) -> SubscriptionObservation:
    """End one by what the provider can do of the two."""
    takes = strategy.capabilities
    can = takes.cancels_at_period_end if at_period_end else takes.cancels_now
    return await subscribes(strategy).cancel_subscription(
        subscription_id,
        at_period_end=at_period_end if can else not at_period_end,
        key=f"contract-end-{number}",
    )
