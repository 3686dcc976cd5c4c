"""Settles what the door has kept: each inbox entry once, apart from the acknowledgement.

Entries of one round are settled as units of work of their own and so share a commit.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Final

from app.clock import Clock
from app.domain.attempt import Reference
from app.domain.delivery import Delivery
from app.domain.dispute import DisputeObservation
from app.domain.exceptions import ExceptionKind
from app.domain.judgement import Standing
from app.domain.observation import Observation, SessionState
from app.domain.refund import RefundObservation
from app.errors import Message, StoreError
from app.failpoints import reach
from app.providers.saving import SavesCards, SetupNews
from app.providers.strategy import PaymentStrategy, Recheck, Seen
from app.providers.subscribing import SubscriptionNews
from app.settle import settle
from app.settle_disputes import settle_dispute
from app.settle_refunds import settle_refund
from app.store import Store, Transaction
from app.store.attempts import find_attempt_by_reference, find_attempt_by_session
from app.store.card_setups import hear_of_card
from app.store.inbox import (
    InboxEntry,
    disown_old_refunds,
    handled,
    have_waited_since,
    waiting,
)
from app.store.payments import open_exception
from app.store.subscriptions import hear_of

_ROUND: Final = 256
_PAUSE_AFTER_FAULT_S: Final = 1.0
_REFUND_WAITS: Final = timedelta(days=7)
"""Longer than any provider goes on telling of a payment, or a till's watch needs to find it."""
_DISOWN_EACH_S: Final = 3600.0
_STRANGE: Final = frozenset({Standing.FOREIGN, Standing.QUARANTINED})

_ToBeLookedAt = int | SubscriptionNews | SetupNews | None

_log = logging.getLogger(__name__)


class InboxWorker:
    """Runs on the door's loop. `recheck` is called with an attempt that has to be looked at.

    `heard` is called where there is news of a subscription, or of a card to be kept, which stands
    in the books by then.
    """

    def __init__(
        self,
        store: Store,
        strategies: Mapping[str, PaymentStrategy],
        *,
        clock: Clock,
        recheck: Callable[[int], None],
        heard: Callable[[], None] = lambda: None,
    ) -> None:
        self._store = store
        self._strategies = strategies
        self._clock = clock
        self._recheck = recheck
        self._heard = heard
        self._news = asyncio.Event()
        self._disown_at = 0.0

    def wake(self) -> None:
        """Say that there is something to settle; on the worker's own loop."""
        self._news.set()

    async def run(self) -> None:
        """Settle for ever; what was left from before the start comes first."""
        while True:
            self._news.clear()
            try:
                while await self.settle_round():
                    pass
                await self._disown_old_refunds()
            except StoreError as error:
                _log.error("deliveries wait, the books cannot be written: %s", error)
                await self._clock.sleep(_PAUSE_AFTER_FAULT_S)
                continue
            await self._news.wait()

    async def settle_round(self) -> int:
        """Settle the oldest entries that can be judged, and say how many there were.

        What was verified before the key's own account was known waits until it is.
        """
        known = [name for name, strategy in self._strategies.items() if strategy.provider_account]
        unknown = [name for name in self._strategies if name not in known]
        entries = await self._store.read(lambda db: waiting(db, _ROUND, leave_out=unknown))
        futures = [(entry, self._store.submit(self._unit(entry))) for entry in entries]
        for entry, future in futures:
            try:
                found = await asyncio.wrap_future(future)
                reach("inbox.settled")
            except StoreError:
                raise
            except Exception as error:  # noqa: BLE001 - logged; it must not hold up the others
                _log.exception("delivery %s could not be settled", entry.delivery.event_id)
                await self._store.write(_marked(entry, "failed", str(error)))
            else:
                if isinstance(found, SubscriptionNews | SetupNews):
                    self._heard()
                elif found is not None:
                    self._recheck(found)
        return len(entries)

    async def _disown_old_refunds(self) -> None:
        """Now and then, stop waiting for payments that never came: they are a stranger's."""
        now = self._clock.monotonic()
        if now < self._disown_at:
            return
        self._disown_at = now + _DISOWN_EACH_S
        before = self._clock.now() - _REFUND_WAITS
        if await self._store.read(lambda db: have_waited_since(db, before)):
            await self._store.write(lambda tx: disown_old_refunds(tx, before))

    def _unit(self, entry: InboxEntry) -> Callable[[Transaction], _ToBeLookedAt]:
        """Build the unit of work of one entry: it gives what is to be looked at, if anything."""
        strategy = self._strategies.get(entry.delivery.account)
        if strategy is None:
            return _marked(entry, "kept", "the account is not set up")
        delivery = entry.delivery
        if not delivery.provider_account:
            delivery = replace(delivery, provider_account=strategy.provider_account)
        try:
            seen, card = self._told(strategy, delivery)
        except Exception as error:  # noqa: BLE001 - logged; it must not hold up the others
            _log.exception("delivery %s cannot be understood", entry.delivery.event_id)
            return _marked(entry, "failed", f"{type(error).__name__}: {error}")
        if card is not None:
            return partial(_hear_card, entry, card)
        if seen is None:
            return _marked(entry, "kept")
        if isinstance(seen, Recheck):
            return partial(_recheck, entry, seen, self._store.till_id)
        if isinstance(seen, RefundObservation):
            return partial(_settle_refund, entry, seen)
        if isinstance(seen, DisputeObservation):
            return partial(_settle_dispute, entry, seen)
        if isinstance(seen, SubscriptionNews):
            return partial(_hear, entry, seen)
        return partial(_settle, entry, seen, self._store.till_id)

    def _told(
        self, strategy: PaymentStrategy, delivery: Delivery
    ) -> tuple[Seen | None, SetupNews | None]:
        """Read what a delivery says: by its own account's kind, else by the others of the account.

        An owner may have given the provider one address alone, and one that is told to two is
        there but once: what it says of a session must not be lost by the kind that reads it.
        """
        for each in (strategy, *self._others_of(strategy)):
            seen = each.observe(delivery, at=self._clock.now())
            card = _card_told(each, delivery) if seen is None else None
            if seen is not None or card is not None:
                return seen, card
        return None, None

    def _others_of(self, strategy: PaymentStrategy) -> list[PaymentStrategy]:
        """Give the other names of an account at its provider; the same keys are the same."""
        whose, keys = strategy.provider_account, strategy.credential_digest
        return [
            each
            for each in self._strategies.values()
            if each is not strategy
            and (each.provider, each.live) == (strategy.provider, strategy.live)
            and (each.provider_account == whose or each.credential_digest == keys)
        ]


def _settle(entry: InboxEntry, seen: Observation, till_id: str, tx: Transaction) -> int | None:
    """Settle what was told of a session.

    One whose money is to be taken is looked at at once, and so is one that is paid and might be
    paid again.
    """
    verdict = settle(tx, till_id, seen)
    detail = verdict.detail
    if verdict.standing is Standing.FOREIGN and seen.payments:
        # By it a refund that comes later is known for a stranger's, too.
        detail = seen.payments[0].payment_id
    handled(tx, entry.id, verdict.standing.value, detail)
    is_open_to_others = seen.state is SessionState.PAID and not seen.is_final
    is_to_be_seen = seen.state is SessionState.APPROVED or is_open_to_others
    if not is_to_be_seen or verdict.standing in _STRANGE:
        return None
    attempt = find_attempt_by_reference(tx.connection, seen.reference)
    return None if attempt is None else attempt.id


def _settle_refund(entry: InboxEntry, seen: RefundObservation, tx: Transaction) -> None:
    handled(tx, entry.id, settle_refund(tx, seen).value, seen.refund.payment_id)


def _settle_dispute(entry: InboxEntry, seen: DisputeObservation, tx: Transaction) -> None:
    handled(tx, entry.id, settle_dispute(tx, seen).value, seen.dispute.payment_id)


def _hear(entry: InboxEntry, seen: SubscriptionNews, tx: Transaction) -> SubscriptionNews:
    """Have a subscription looked at: the entry is handled once that cannot be forgotten."""
    hear_of(tx, entry.delivery.account, seen.subscription_id)
    handled(tx, entry.id, "rechecked", seen.subscription_id)
    return seen


def _card_told(strategy: PaymentStrategy, delivery: Delivery) -> SetupNews | None:
    return strategy.setup_told(delivery) if isinstance(strategy, SavesCards) else None


def _hear_card(entry: InboxEntry, told: SetupNews, tx: Transaction) -> SetupNews | None:
    """Have a card's set-up looked at, unless it is a stranger's."""
    provider, name = entry.delivery.provider, told.setup_id or told.reference
    is_ours = hear_of_card(tx, provider, setup_id=told.setup_id, reference=told.reference)
    handled(tx, entry.id, "rechecked" if is_ours else Standing.FOREIGN.value, name)
    return told if is_ours else None


def _recheck(entry: InboxEntry, seen: Recheck, till_id: str, tx: Transaction) -> int | None:
    """Have a session looked at; one of ours that is not in the books needs a person."""
    attempt = find_attempt_by_reference(tx.connection, seen.reference)
    if attempt is None and seen.session_id:
        provider = entry.delivery.provider
        attempt = find_attempt_by_session(tx.connection, provider, seen.session_id)
    if attempt is not None:
        handled(tx, entry.id, "rechecked")
        return attempt.id
    reference = Reference.parse(seen.reference)
    if reference is None or reference.till_id != till_id or seen.amount is None:
        handled(tx, entry.id, "kept")
        return None
    detail = Message("The order of {reference} is not known.", reference=str(seen.reference))
    open_exception(tx, ExceptionKind.MISMATCH, seen.amount, detail=detail)
    handled(tx, entry.id, Standing.NEEDS_PERSON.value, detail)
    return None


def _marked(
    entry: InboxEntry, standing: str, detail: str = ""
) -> Callable[[Transaction], int | None]:
    def work(tx: Transaction) -> None:
        handled(tx, entry.id, standing, detail)

    return work
