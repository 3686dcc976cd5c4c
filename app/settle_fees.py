"""Fees into the books: asked for after a sale, at a gentle pace, so that they never delay one."""

import logging
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Final

from app.clock import Clock
from app.domain.fee import FeeKind, SeenFee
from app.domain.ledger_disputes import fee_entries
from app.errors import InvariantError, ProviderError, Rejected
from app.gateway import Gateway
from app.providers.strategy import PaymentStrategy
from app.store import Store, Transaction
from app.store.fees import (
    BookedPayment,
    WantedFee,
    find_booked_payment,
    insert_fee,
    mark_unreported,
    wanted_fees,
    wanted_fees_of_refunds,
)

GIVE_UP_AFTER: Final = timedelta(days=14)
"""A bank debit's fee is told within days; what was not told by then never was."""
_PAUSE_S: Final = 0.2
_AGAIN_AT_LEAST_S: Final = 300.0
_AGAIN_AT_MOST_S: Final = 6 * 3600.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class FeesFound:
    """What one round brought: payments asked about, fees booked, payments given up."""

    asked: int = 0
    booked: int = 0
    given_up: int = 0

    def __add__(self, other: "FeesFound") -> "FeesFound":
        return FeesFound(
            self.asked + other.asked, self.booked + other.booked, self.given_up + other.given_up
        )


class Fees:
    """Asks providers for fees that are not known yet; whoever reconciles calls it."""

    def __init__(self, store: Store, gateway: Gateway, *, clock: Clock) -> None:
        self._store = store
        self._gateway = gateway
        self._clock = clock
        self._known_before: dict[tuple[str, str], int] = {}
        self._not_before: dict[str, float] = {}

    async def catch_up(self, limit: int) -> FeesFound:
        """Ask about at most `limit` payments, oldest first; a provider that is silent is left be.

        What is not told yet is asked about again later, the longer it lasts the more seldom.
        """
        found = FeesFound()
        seen: set[tuple[str, str]] = set()
        for name in self._gateway.accounts:
            strategy = self._gateway.strategy(name)
            if not strategy.capabilities.reports_fees:
                continue
            try:
                if not strategy.provider_account:
                    await self._gateway.identified(strategy)
                # Several of our accounts may be one of the provider's.
                owner = (strategy.provider, strategy.provider_account)
                if owner not in seen:
                    seen.add(owner)
                    found = await self._ask(strategy, found, limit)
            except ProviderError as error:
                _log.info("fees of %s wait: %s", name, error)
        return found

    async def _ask(self, strategy: PaymentStrategy, found: FeesFound, limit: int) -> FeesFound:
        for wanted in await self._wanted(strategy, limit - found.asked):
            await self._clock.sleep(_PAUSE_S)
            found += await self._ask_about(strategy, wanted)
        return found

    async def _wanted(self, strategy: PaymentStrategy, limit: int) -> list[WantedFee]:
        """Give what may be asked about now, each payment once."""
        if limit <= 0:
            return []
        owner = (strategy.provider, strategy.provider_account)
        place = self._known_before.get(owner, 0)
        reach = limit + len(self._not_before)
        payments = await self._store.read(
            lambda db: wanted_fees(db, *owner, limit=reach, from_place=place)
        )
        refunds = await self._store.read(lambda db: wanted_fees_of_refunds(db, *owner, limit=reach))
        if payments:
            # Before it everything is known, and need not be looked through again.
            self._known_before[owner] = payments[0].place
        now = self._clock.monotonic()
        due = {
            wanted.payment_id: wanted
            for wanted in (*payments, *refunds)
            if self._not_before.get(wanted.source_id, now) <= now
        }
        return list(due.values())[:limit]

    async def _ask_about(self, strategy: PaymentStrategy, wanted: WantedFee) -> FeesFound:
        try:
            fees = await self._gateway.asked(
                strategy.account, partial(strategy.fetch_fees, wanted.payment_id)
            )
        except Rejected as refused:
            if refused.is_of_the_key:
                raise
            # It has no such payment, or tells this key nothing of it.
            _log.info("no fee is told of %s: %s", wanted.payment_id, refused)
            fees = None
        booked = 0
        if fees:
            provider = strategy.provider
            booked = await self._store.write(lambda tx: settle_fees(tx, provider, fees))
        if booked:
            self._not_before.pop(wanted.source_id, None)
            return FeesFound(1, booked)
        age = self._clock.now() - wanted.since
        if age < GIVE_UP_AFTER:
            wait_s = min(max(age.total_seconds() / 2, _AGAIN_AT_LEAST_S), _AGAIN_AT_MOST_S)
            self._not_before[wanted.source_id] = self._clock.monotonic() + wait_s
            return FeesFound(1)
        self._not_before.pop(wanted.source_id, None)
        await self._store.write(lambda tx: _give_up(tx, strategy.provider, wanted))
        return FeesFound(1, given_up=1)


def settle_fees(tx: Transaction, provider: str, fees: tuple[SeenFee, ...]) -> int:
    """Book the fees that are not in the books yet, and say how many those were."""
    booked = 0
    for fee in fees:
        payment = find_booked_payment(tx.connection, provider, fee.payment_id)
        if payment is None:
            raise InvariantError(f"A fee was told of {fee.payment_id}, which is not in the books")
        booked += book_fee(tx, provider, payment, fee)
    return booked


def book_fee(tx: Transaction, provider: str, payment: BookedPayment, fee: SeenFee) -> bool:
    """Write a fee and its ledger lines, once for each entry of the provider's; False where known.

    A fee of nothing is written, too: then it is known.
    """
    if not insert_fee(tx, provider, fee):
        return False
    data = {
        "fee": fee.fee_id,
        "payment": fee.payment_id,
        "kind": fee.kind.value,
        "amount_minor": fee.amount.minor,
        "currency": fee.amount.currency,
    }
    if fee.amount.minor:
        tx.post(
            "fee",
            fee.amount.currency,
            fee_entries(payment.account, fee.amount.minor),
            order_id=payment.order_id,
            payment_id=fee.payment_id,
        )
        tx.record("fee.booked", order_id=payment.order_id, data=data)
        tx.audit(f"provider:{provider}", "fee.booked", fee.payment_id, data)
    return True


def _give_up(tx: Transaction, provider: str, wanted: WantedFee) -> None:
    if mark_unreported(tx, provider, wanted):
        data = {"payment": wanted.payment_id, "kind": FeeKind.UNREPORTED.value}
        tx.audit("till", "fee.given_up", wanted.source_id, data)
