"""What else a reconciliation reads up on: refunds, disputes and fees.

Each is a chore of `app.reconcile.Reconciliation`; all of them go the way of any other news.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import partial
from typing import Final

from app.clock import Clock
from app.domain.observation import Source
from app.domain.reconciliation import Report
from app.domain.refund import RefundObservation, SeenRefund
from app.errors import ScantillError, StoreError, Unavailable
from app.failpoints import reach
from app.gateway import Gateway
from app.providers.strategy import PaymentStrategy
from app.reconcile import DISPUTES, REFUNDS, Reconciliation
from app.refunds import Refunds
from app.settle_disputes import Disputes, settle_dispute
from app.settle_fees import Fees
from app.settle_refunds import settle_refund
from app.store import Store, Transaction
from app.store.decisions import waiting_payments
from app.store.epochs import needs_reconciliation

_BATCH: Final = 100
_DISPUTES_A_RUN: Final = 25
_DISPUTES_AFTER_RESTORE: Final = 10_000
_FEES_A_RUN: Final = 25
_PAYMENTS_A_RUN: Final = 20
_PAYMENT_EACH_S: Final = 3600.0


class MoneyChores:
    """Plugs refunds, disputes and fees into a reconciliation."""

    def __init__(
        self,
        store: Store,
        gateway: Gateway,
        refunds: Refunds,
        *,
        clock: Clock,
    ) -> None:
        self._store = store
        self._gateway = gateway
        self._clock = clock
        self._refunds = refunds
        self._disputes = Disputes(store, gateway, clock=clock)
        self._fees = Fees(store, gateway, clock=clock)
        self._looked_at: dict[tuple[str, str], float] = {}

    def add_to(self, reconciliation: Reconciliation) -> None:
        """Have them done in every run, after the payments that they belong to were read."""
        reconciliation.add("refunds", self.refunds)
        reconciliation.add(
            REFUNDS, partial(reconciliation.each_account, REFUNDS, self._read_refunds)
        )
        reconciliation.add(
            DISPUTES, partial(reconciliation.each_account, DISPUTES, self._read_disputes)
        )
        reconciliation.add("open disputes", self.disputes)
        reconciliation.add("fees", self.fees)

    async def refunds(self, report: Report) -> None:
        """Ask about refunds without an end, and whether waiting money went back meanwhile."""
        await self._refunds.sweep()
        now = self._clock.monotonic()
        payments = await self._store.read(waiting_payments)
        keys = {(payment.provider, payment.payment_id): payment for payment in payments}
        self._looked_at = {key: at for key, at in self._looked_at.items() if key in keys}
        due = [key for key in keys if self._looked_at.get(key, -_PAYMENT_EACH_S) <= now]
        silent: set[str] = set()
        for key in due[:_PAYMENTS_A_RUN]:
            payment = keys[key]
            if payment.account in silent:
                continue
            self._looked_at[key] = now + _PAYMENT_EACH_S
            if not await _tried(report, partial(self._refunds.look_at, payment)):
                silent.add(payment.account)

    async def disputes(self, report: Report) -> None:
        """Look at disputes that are not over; at all of them where the books were restored."""
        del report
        is_restored = await self._store.read(needs_reconciliation)
        await self._disputes.catch_up(_DISPUTES_AFTER_RESTORE if is_restored else _DISPUTES_A_RUN)

    async def fees(self, report: Report) -> None:
        """Ask for some of the fees that are not known yet."""
        del report
        await self._fees.catch_up(_FEES_A_RUN)

    async def _read_refunds(
        self, strategy: PaymentStrategy, since: datetime, until: datetime | None, report: Report
    ) -> None:
        """Settle the refunds made since then, the oldest first.

        The list tells even of those that no event is left of.
        """
        del report
        listed = [seen async for seen in strategy.refunds_since(since, until=until)]
        listed.reverse()
        for begin in range(0, len(listed), _BATCH):
            observed = [self._observed(strategy, seen) for seen in listed[begin : begin + _BATCH]]
            await self._store.write(partial(_settle_refunds, observed=observed))
            reach("reconcile.page_saved")

    async def _read_disputes(
        self, strategy: PaymentStrategy, since: datetime, until: datetime | None, report: Report
    ) -> None:
        """Settle the disputes opened since then; the list is always read to its end."""
        del until, report
        async for seen in strategy.list_disputes(since, source=Source.SWEEP):
            await self._store.write(partial(settle_dispute, seen=seen))

    def _observed(self, strategy: PaymentStrategy, seen: SeenRefund) -> RefundObservation:
        return RefundObservation(
            source=Source.SWEEP,
            provider=strategy.provider,
            provider_account=strategy.provider_account,
            live=strategy.live,
            refund=seen,
            observed_at=self._clock.now(),
        )


def _settle_refunds(tx: Transaction, *, observed: list[RefundObservation]) -> None:
    for seen in observed:
        settle_refund(tx, seen)


async def _tried(report: Report, ask: Callable[[], Awaitable[object]]) -> bool:
    """Ask about one thing; an error is reported and keeps no other from being asked about.

    False where the provider is silent, so that asking it more is of no use now.
    """
    try:
        await ask()
    except StoreError:
        raise
    except ScantillError as error:
        if error.words not in report.problems:
            report.problems.append(error.words)
        return not isinstance(error, Unavailable)
    return True
