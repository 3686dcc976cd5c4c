"""Disputes into the books, and on the list "needs a person", in one transaction.

Whatever way the news comes, by webhook or by asking, it comes in here as a `DisputeObservation`.
"""

import logging
from dataclasses import replace
from functools import partial
from typing import Final

from app.clock import Clock
from app.domain.dispute import (
    Dispute,
    DisputeObservation,
    DisputeState,
    dispute_after,
    is_worth_another_word,
    needs_person,
)
from app.domain.dispute_words import end_words, words_of, words_of_unknown
from app.domain.exceptions import ExceptionKind
from app.domain.fee import FeeKind, SeenFee
from app.domain.judgement import Standing
from app.domain.ledger_disputes import dispute_entries
from app.domain.observation import Source
from app.errors import Message, ProviderError, Rejected
from app.failpoints import reach
from app.gateway import Gateway
from app.settle_fees import book_fee
from app.store import Store, Transaction
from app.store.disputes import (
    clear_dispute,
    find_dispute,
    tell_of_dispute,
    tell_once_of_payment,
    unfinished_disputes,
    write_dispute,
)
from app.store.fees import BookedPayment, find_booked_payment
from app.store.inbox import is_foreign_payment

_EACH_S: Final = 3600.0

_log = logging.getLogger(__name__)


def settle_dispute(tx: Transaction, seen: DisputeObservation) -> Standing:
    """Write down what a provider says of a dispute, whatever it said before.

    One of a payment that is not in the books waits for it: it may be foreign, or merely early.
    One that another account or mode tells of is quarantined, and a person is told. The order stays
    as it is: what was captured stays captured.
    """
    told = seen.dispute
    payment = find_booked_payment(tx.connection, seen.provider, told.payment_id)
    if payment is None:
        is_foreign = is_foreign_payment(tx.connection, seen.provider, told.payment_id)
        return Standing.FOREIGN if is_foreign else Standing.WAITING
    before = find_dispute(tx.connection, seen.provider, told.dispute_id)
    stranger = _strangeness(payment, before, seen)
    if stranger is not None:
        tell_once_of_payment(
            tx,
            ExceptionKind.MISMATCH,
            told.amount,
            order_id=payment.order_id,
            provider=seen.provider,
            payment_id=told.payment_id,
            detail=stranger,
        )
        return Standing.QUARANTINED
    withdrawn_minor = _book_entries(tx, seen, payment)
    now = dispute_after(before, told, seen.told_at)
    now = replace(now, withdrawn_minor=now.withdrawn_minor + withdrawn_minor)
    is_news = before is None or replace(now, told_at=before.told_at) != before
    if now != before:
        write_dispute(tx, seen.provider, before, now, order_id=payment.order_id)
    if is_news:
        _tell(tx, seen, before, now, payment.order_id)
    if _is_unknown_word(now, seen):
        tell_once_of_payment(
            tx,
            ExceptionKind.DISPUTED,
            now.amount,
            order_id=payment.order_id,
            provider=seen.provider,
            payment_id=now.payment_id,
            detail=words_of_unknown(now, told.word),
        )
    reach("dispute.settled")
    return Standing.SETTLED if is_news else Standing.NOTHING_NEW


def _is_unknown_word(now: Dispute, seen: DisputeObservation) -> bool:
    """Say whether the newest word on a dispute is one that the till does not know."""
    is_unknown = seen.dispute.state is DisputeState.UNKNOWN
    return is_unknown and now.state is not DisputeState.UNKNOWN and seen.told_at >= now.told_at


def _strangeness(
    payment: BookedPayment, before: Dispute | None, seen: DisputeObservation
) -> Message | None:
    """Say what does not belong to the payment or to what was told before, or None."""
    if seen.provider_account != payment.provider_account:
        return Message(
            "Dispute {dispute} was told of by account {seen}, expected {expected}.",
            dispute=seen.dispute.dispute_id,
            seen=seen.provider_account,
            expected=payment.provider_account,
        )
    if seen.live != payment.live:
        return Message(
            "Dispute {dispute} is of the other mode: test and real money never mix.",
            dispute=seen.dispute.dispute_id,
        )
    if before is not None and (before.payment_id, before.amount.currency) != (
        seen.dispute.payment_id,
        seen.dispute.amount.currency,
    ):
        return Message(
            "Dispute {dispute} is told of with another payment or currency than before.",
            dispute=seen.dispute.dispute_id,
        )
    return None


def _book_entries(tx: Transaction, seen: DisputeObservation, payment: BookedPayment) -> int:
    """Book what the provider moved for a dispute, each of its entries once; give the sum."""
    told = seen.dispute
    sum_minor = 0
    for entry in told.entries:
        fee = SeenFee(entry.entry_id, told.payment_id, FeeKind.DISPUTE, entry.fee)
        if not book_fee(tx, seen.provider, payment, fee) or not entry.withdrawn_minor:
            continue
        sum_minor += entry.withdrawn_minor
        is_taken = entry.withdrawn_minor > 0
        tx.post(
            "dispute_withdrawn" if is_taken else "dispute_reinstated",
            told.amount.currency,
            dispute_entries(payment.account, entry.withdrawn_minor),
            order_id=payment.order_id,
            payment_id=told.payment_id,
        )
        name = "dispute.funds_withdrawn" if is_taken else "dispute.funds_reinstated"
        data = {
            "dispute": told.dispute_id,
            "payment": told.payment_id,
            "entry": entry.entry_id,
            "amount_minor": abs(entry.withdrawn_minor),
            "currency": told.amount.currency,
        }
        tx.record(name, order_id=payment.order_id, data=data)
        tx.audit(f"provider:{seen.provider}", name, told.dispute_id, data)
    return sum_minor


def _tell(
    tx: Transaction,
    seen: DisputeObservation,
    before: Dispute | None,
    now: Dispute,
    order_id: str,
) -> None:
    if not needs_person(now):
        clear_dispute(tx, seen.provider, now, end_words(now.state))
        return
    has_moved = before is None or before.state is not now.state
    # Its money may turn out to be gone only after its end was told.
    is_needed_anew = before is not None and not needs_person(before)
    tell_of_dispute(
        tx,
        seen.provider,
        now,
        words_of(now, seen.dispute.word),
        order_id=order_id,
        is_news=is_needed_anew or (has_moved and is_worth_another_word(now.state)),
    )


class Disputes:
    """Asks providers about disputes that are not over; whoever reconciles calls it."""

    def __init__(self, store: Store, gateway: Gateway, *, clock: Clock) -> None:
        self._store = store
        self._gateway = gateway
        self._clock = clock
        self._not_before: dict[str, float] = {}

    async def observe_dispute(self, account: str, dispute_id: str, source: Source) -> Standing:
        """Look at one dispute and settle what is seen. Raises ProviderError."""
        strategy = self._gateway.strategy(account)
        if not strategy.provider_account:
            await self._gateway.identified(strategy)
        seen = await self._gateway.asked(
            account, partial(strategy.fetch_dispute, dispute_id, source=source)
        )
        return await self._store.write(lambda tx: settle_dispute(tx, seen))

    async def catch_up(self, limit: int) -> int:
        """Look again at no more than `limit` disputes that are not over; give how many had news.

        Each is looked at once an hour; a provider that is silent is left be.
        """
        news = asked = 0
        for account in self._gateway.accounts:
            strategy = self._gateway.strategy(account)
            try:
                if not strategy.provider_account:
                    await self._gateway.identified(strategy)
                for dispute_id in await self._due(strategy.provider, strategy.provider_account):
                    if asked == limit:
                        return news
                    asked += 1
                    self._not_before[dispute_id] = self._clock.monotonic() + _EACH_S
                    news += await self._has_news(account, dispute_id)
            except ProviderError as error:
                _log.info("disputes of %s wait: %s", account, error)
        return news

    async def _due(self, provider: str, provider_account: str) -> list[str]:
        open_now = await self._store.read(
            lambda db: unfinished_disputes(db, provider, provider_account)
        )
        now = self._clock.monotonic()
        return [each for each in open_now if self._not_before.get(each, now) <= now]

    async def _has_news(self, account: str, dispute_id: str) -> bool:
        try:
            standing = await self.observe_dispute(account, dispute_id, Source.SWEEP)
        except Rejected as refused:
            if refused.is_of_the_key:
                raise
            _log.warning("the provider does not give dispute %s: %s", dispute_id, refused)
            return False
        return standing is not Standing.NOTHING_NEW
