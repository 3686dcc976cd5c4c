"""Giving money back: written down first, asked for under one key, and watched until it has ended.

What a provider answers goes through `app.settle_refunds`, as its webhooks do. Without an answer a
refund stays `requested`: it is looked up among the payment's refunds and, where it is not there,
asked for again under the same key while that lives. Only a person asks anew, under a new key.
"""

import logging
from functools import partial
from typing import Final, TypeVar

from app.asking import answer_to
from app.clock import Clock
from app.domain.judgement import Standing
from app.domain.money import Money
from app.domain.observation import Source
from app.domain.payment import Payment
from app.domain.refund import Refund, RefundObservation, RefundState, SeenRefund
from app.errors import (
    CheckoutRefused,
    InvariantError,
    Message,
    Protocol,
    ProviderError,
    Rejected,
    ScantillError,
)
from app.failpoints import reach
from app.gateway import Gateway
from app.providers.retry import Jitter
from app.providers.strategy import PaymentStrategy
from app.refund_answers import known_refund, write_answer, write_refusal
from app.refund_requests import begin_refund, check_person, check_press, check_same
from app.settle_refunds import settle_refund
from app.store import Store, Transaction
from app.store.decisions import find_payment, payments_called
from app.store.intents import (
    Intent,
    Outcome,
    unanswered_refund,
)
from app.store.refunds import (
    refund_by_press,
    refunds_of,
    unfinished,
)
from app.turns import Turns

T = TypeVar("T")

ASK_BUDGET_S: Final = 10.0
SWEEP_S: Final = 30.0

_log = logging.getLogger(__name__)


class Refunds:
    """Speaks to the providers about money that goes back: one call at a time per refund."""

    def __init__(self, store: Store, gateway: Gateway, *, clock: Clock, jitter: Jitter) -> None:
        self._store = store
        self._gateway = gateway
        self._clock = clock
        self._jitter = jitter
        self._turns = Turns()
        self._unasked: set[int] = set()

    async def ask(
        self,
        payment_id: str,
        amount: Money,
        *,
        press: str,
        by: str,
        reason: str,
        provider: str = "",
    ) -> Refund:
        """Give `amount` of a payment back; the same `press` again gives the same refund.

        `provider` tells payments with one id apart; it may be left out where there is but one.
        The result says how it stands: `requested` while no answer has come (the till keeps
        asking), `failed` with the provider's words where it refused. Raises CheckoutRefused before
        anything is done.
        """
        check_person(by, reason)
        check_press(press)
        known = await self._store.read(lambda db: refund_by_press(db, press))
        is_new = False
        if known is None:
            payment = await self.payment(payment_id, provider)
            is_new, known = await self._begun(payment, amount, press=press, by=by, reason=reason)
        check_same(known, payment_id, amount, provider)
        return await self.finish(known, is_new=is_new)

    async def _begun(
        self, payment: Payment, amount: Money, *, press: str, by: str, reason: str
    ) -> tuple[bool, Refund]:
        """Write a refund down, unless the same press did so meanwhile; say whether it is new."""
        strategy = await self.strategy_for(payment)

        def write(tx: Transaction) -> tuple[bool, Refund]:
            meanwhile = refund_by_press(tx.connection, press)
            if meanwhile is not None:
                return False, meanwhile
            return True, begin_refund(
                tx, payment, amount, strategy, press=press, by=by, reason=reason
            )

        return await self._store.write(write)

    async def finish(self, refund: Refund, *, is_new: bool) -> Refund:
        """Have the provider asked for a refund that is written down, until it answers or not.

        `is_new` says that the caller has just written it, so that nobody can have asked before.
        """
        if is_new:
            reach("refund.intended")
        if refund.state is not RefundState.REQUESTED:
            return refund
        if is_new:
            self._unasked.add(refund.id)
        return await self._take_up(refund.id, Source.MANUAL, budget_s=ASK_BUDGET_S)

    async def payment(self, payment_id: str, provider: str = "") -> Payment:
        """Find a payment by the provider's id. Raises CheckoutRefused where that is not one."""
        called = await self._store.read(lambda db: payments_called(db, payment_id))
        found = [payment for payment in called if provider in ("", payment.provider)]
        if len(found) != 1:
            raise CheckoutRefused(
                Message("The payment {payment} is not in the books", payment=payment_id)
                if not found
                else Message("Several providers have a payment {payment}", payment=payment_id),
                action=Message("A stranger's payment is given back where it was taken."),
            )
        return found[0]

    async def strategy_for(self, payment: Payment) -> PaymentStrategy:
        """Give a strategy that speaks for a payment's own account.

        Raises CheckoutRefused in words where there is none; then nothing was begun.
        """
        try:
            return await self._gateway.speaking_for_payment(payment)
        except ProviderError as error:
            raise CheckoutRefused(
                error.title,
                Message("Nothing was given back. {detail}", detail=error.detail),
                action=error.action or Message("Check the network and the keys, then try again."),
            ) from error

    async def sweep(self) -> int:
        """Ask about every refund whose end is awaited, and say how many there were.

        To be called at start, and now and then. An answer that does not come leaves them as they
        are.
        """
        refunds = await self._store.read(unfinished)
        for refund in refunds:
            try:
                await self._take_up(refund.id, Source.SWEEP, budget_s=0.0)
            except ScantillError as error:
                _log.info("refund %s is still awaited: %s", refund.id, error)
        return len(refunds)

    async def keep_sweeping(self) -> None:
        """Sweep for ever; a fault is logged and does not end it."""
        while True:
            try:
                await self.sweep()
            except Exception:  # noqa: BLE001 - logged; who watches the money must not die of it
                _log.exception("the refunds could not be looked at")
            await self._clock.sleep(SWEEP_S)

    async def look_at(self, payment: Payment) -> tuple[Refund, ...]:
        """Ask the provider for all refunds of a payment and settle them; somebody else's too.

        Raises ProviderError where no usable answer came, CheckoutRefused where nobody can be
        asked.
        """
        strategy = await self._gateway.speaking_for_payment(payment)
        found = await self._listed(strategy, payment)
        # The oldest first, as they happened.
        for seen in reversed(found):
            observation = self._observed(strategy, seen, Source.SWEEP)
            await self._store.write(partial(settle_refund, seen=observation))
        return await self._store.read(lambda db: refunds_of(db, payment))

    async def _take_up(self, row_id: int, source: Source, *, budget_s: float) -> Refund:
        async with self._turns.alone_with(row_id):
            refund = await self._find(row_id)
            if refund.is_over:
                return refund
            payment = await self._payment_of(refund)
            strategy = await self._gateway.speaking_for_payment(payment)
            # In one snapshot: a webhook may have settled it meanwhile.
            refund, intent = await self._store.read(
                lambda db: (known_refund(db, row_id), unanswered_refund(db, row_id))
            )
            if refund.is_over:
                return refund
            if refund.state is RefundState.PENDING:
                return await self._look(refund, strategy, source)
            if intent is None:
                raise InvariantError(f"Refund {row_id} is asked for without an intent")
            if refund.id not in self._unasked and (
                done := await self._asked_before(payment, refund, intent, strategy)
            ):
                return done
            return await self._asked(
                payment, refund, intent, strategy, source=source, budget_s=budget_s
            )

    async def _asked_before(
        self, payment: Payment, refund: Refund, intent: Intent, strategy: PaymentStrategy
    ) -> Refund | None:
        """Look up by our key what an earlier call has come to; None where it may be made again.

        The provider may have forgotten the key, whatever age a wall clock gives it that may have
        been wrong: then the same call would give the money back a second time.
        """
        try:
            listed = await self._listed(strategy, payment)
        except ProviderError as error:
            _log.info("no answer about %s: %s", intent.key, error)
            return refund
        for seen in listed:
            if seen.key == intent.key:
                observed = self._observed(strategy, seen, Source.SWEEP)
                return await self._answered(payment, refund, intent, observed)
        if not intent.may_be_forgotten(self._clock.now(), strategy.capabilities.key_lifetime):
            return None
        words = Message("It never came to be: the provider has no such refund.")
        return await self._refused(
            payment, refund, intent, Outcome.SUPERSEDED, words, is_told=False
        )

    async def _asked(
        self,
        payment: Payment,
        refund: Refund,
        intent: Intent,
        strategy: PaymentStrategy,
        *,
        source: Source,
        budget_s: float,
    ) -> Refund:
        """Ask under the intent's key."""
        was_asked = refund.id not in self._unasked
        self._unasked.discard(refund.id)

        async def call() -> SeenRefund:
            reach("refund.calling")
            return await strategy.refund(intent.parameters, key=intent.key)

        try:
            seen = await answer_to(
                call,
                gateway=self._gateway,
                account=strategy.account,
                clock=self._clock,
                jitter=self._jitter,
                budget_s=budget_s,
                was_asked=was_asked,
            )
        except Rejected as refused:
            is_told = source is Source.MANUAL
            return await self._refused(
                payment, refund, intent, Outcome.REJECTED, refused.reason, is_told=is_told
            )
        except ProviderError as error:
            _log.info("no answer about %s: %s", intent.key, error)
            return refund
        reach("refund.called")
        return await self._answered(payment, refund, intent, self._observed(strategy, seen, source))

    async def _answered(
        self, payment: Payment, refund: Refund, intent: Intent, seen: RefundObservation
    ) -> Refund:
        """Commit the answer. Where it is no refund of this call's, ours came to nothing."""
        now, standing = await self._store.write(
            lambda tx: write_answer(tx, payment, refund, intent, seen)
        )
        reach("refund.saved")
        if standing is Standing.QUARANTINED:
            raise Protocol(
                Message("What the provider answered does not belong to this payment"),
                seen.refund.refund_id,
                action=Message("Somebody has to look at it; it is on the list."),
            )
        return now

    async def _refused(
        self,
        payment: Payment,
        refund: Refund,
        intent: Intent,
        outcome: Outcome,
        words: str,
        *,
        is_told: bool,
    ) -> Refund:
        await self._store.write(
            lambda tx: write_refusal(tx, payment, refund, intent, outcome, words, is_told=is_told)
        )
        return await self._find(refund.id)

    async def _look(self, refund: Refund, strategy: PaymentStrategy, source: Source) -> Refund:
        seen = await self._gateway.asked(
            strategy.account, lambda: strategy.fetch_refund(refund.refund_id)
        )
        observed = self._observed(strategy, seen, source)
        await self._store.write(lambda tx: settle_refund(tx, observed))
        reach("refund.saved")
        return await self._find(refund.id)

    async def _listed(self, strategy: PaymentStrategy, payment: Payment) -> list[SeenRefund]:
        async def search() -> list[SeenRefund]:
            return [seen async for seen in strategy.list_refunds(payment.payment_id)]

        return await self._gateway.asked(strategy.account, search)

    def _observed(
        self, strategy: PaymentStrategy, seen: SeenRefund, source: Source
    ) -> RefundObservation:
        return RefundObservation(
            source=source,
            provider=strategy.provider,
            provider_account=strategy.provider_account,
            live=strategy.live,
            refund=seen,
            observed_at=self._clock.now(),
        )

    async def _find(self, row_id: int) -> Refund:
        return await self._store.read(lambda db: known_refund(db, row_id))

    async def _payment_of(self, refund: Refund) -> Payment:
        payment = await self._store.read(
            lambda db: find_payment(db, refund.provider, refund.payment_id)
        )
        if payment is None:
            raise InvariantError(f"Payment {refund.payment_id} is gone")
        return payment
