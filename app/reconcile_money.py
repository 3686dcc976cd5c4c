"""What else a reconciliation reads up on: refunds, disputes and fees.

Each is a chore of `app.reconcile.Reconciliation`; all of them go the way of any other news.
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from typing import Final

from app.clock import Clock
from app.domain.observation import Source
from app.domain.reconciliation import Report
from app.errors import ScantillError, StoreError, Unavailable
from app.failpoints import reach
from app.gateway import Gateway
from app.reconcile import Reconciliation
from app.refunds import Refunds
from app.settle_disputes import Disputes, settle_dispute
from app.settle_fees import Fees
from app.store import Store
from app.store.cursors import find_cursor, save_cursor
from app.store.decisions import waiting_payments

DISPUTES: Final = "disputes"
_FIRST_SPAN: Final = timedelta(days=30)
_OVERLAP: Final = timedelta(hours=1)
_DISPUTES_A_RUN: Final = 25
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
        """Have the three done in every run."""
        reconciliation.add("refunds", self.refunds)
        reconciliation.add(DISPUTES, self.disputes)
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
        """Read each account's list of disputes from where it was read to; look at open ones."""
        for account in self._gateway.accounts:
            await _tried(report, partial(self._read_disputes, account))
        await self._disputes.catch_up(_DISPUTES_A_RUN)

    async def fees(self, report: Report) -> None:
        """Ask for some of the fees that are not known yet."""
        del report
        await self._fees.catch_up(_FEES_A_RUN)

    async def _read_disputes(self, account: str) -> None:
        strategy = self._gateway.strategy(account)
        whose = (await self._gateway.identified(strategy)).provider_account
        off = strategy.clock_off() or timedelta(0)
        now = self._clock.now() - off
        cursor = await self._store.read(lambda db: find_cursor(db, account, whose, DISPUTES))
        since = now - _FIRST_SPAN if cursor is None else min(cursor, now) - _OVERLAP

        async def read() -> None:
            async for seen in strategy.list_disputes(since, source=Source.SWEEP):
                await self._store.write(partial(settle_dispute, seen=seen))

        await self._gateway.asked(account, read)
        await self._store.write(
            lambda tx: save_cursor(
                tx, account=account, provider_account=whose, kind=DISPUTES, position=now
            )
        )
        reach("reconcile.cursor_saved")


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
