"""Plans: what some providers want to have been made before a subscription, once for each version.

A plan costs nothing and moves nothing. Its key is a digest of its terms, so that asking again after
a lost answer, or after a crash, gives the same plan. One that the provider has no more, or that
somebody switched off there, is set aside; the next one's key carries the next number.
"""

import logging
from dataclasses import replace
from functools import partial

from app.domain.catalog import BillingInterval
from app.domain.money import Money
from app.domain.order import Order
from app.domain.presentation import named, shortened
from app.domain.subscription import PlanTerms
from app.errors import Rejected
from app.failpoints import reach
from app.gateway import Gateway
from app.providers.strategy import PaymentStrategy, SessionRequest
from app.providers.subscribing import KeepsPlans, PlanGone
from app.store import Store
from app.store.accounts import KnownAccount
from app.store.plans import dead_plans, find_plan, forget_plan, save_plan


def terms_of(order: Order, request: SessionRequest) -> PlanTerms | None:
    """Say what plan a session needs, or None where it begins no subscription.

    Its name is that of the goods and never the order's own, so that the next one has the same.
    """
    charged = [line for line in request.lines if line.is_recurring]
    if not charged:
        return None
    goods = [line for line in order.snapshot.lines if line.is_recurring]
    return PlanTerms(
        name=shortened(" + ".join(map(named, goods))),
        amount=Money(sum(line.amount_minor for line in charged), request.amount.currency),
        interval=BillingInterval(charged[0].billing_interval),
    )


_log = logging.getLogger(__name__)


class Plans:
    """Finds the plan of a session's terms in the books, or has the provider make it."""

    def __init__(self, store: Store, gateway: Gateway) -> None:
        self._store = store
        self._gateway = gateway

    async def planned(
        self,
        request: SessionRequest,
        order: Order,
        strategy: PaymentStrategy,
        known: KnownAccount,
    ) -> SessionRequest:
        """Give the request with its plan, where there has to be one. Raises ProviderError."""
        if not isinstance(strategy, KeepsPlans):
            return request
        terms = terms_of(order, request)
        if terms is None:
            return request
        plan_id = await self._store.read(lambda db: find_plan(db, known, terms))
        if plan_id is None:
            dead = await self._store.read(lambda db: dead_plans(db, known, terms))
            make = partial(strategy.open_plan, terms, key=_key(terms, 1 + dead))
            plan_id = made = await self._gateway.asked(strategy.account, make)
            reach("plan.made")
            await self._store.write(lambda tx: save_plan(tx, known, terms, made))
            reach("plan.saved")
        return replace(request, plan_id=plan_id)

    async def forgot(
        self, request: SessionRequest, order: Order, known: KnownAccount, refused: Rejected
    ) -> bool:
        """Set the plan of a session aside that was refused for it; False for another refusal."""
        terms = terms_of(order, request)
        if terms is None or not isinstance(refused, PlanGone):
            return False
        _log.info("%s has the plan %s no more: %s", known.name, request.plan_id, refused)
        await self._store.write(lambda tx: forget_plan(tx, known, terms, request.plan_id))
        return True


def _key(terms: PlanTerms, number: int) -> str:
    return f"{terms.digest}-plan" if number == 1 else f"{terms.digest}-plan-{number}"
