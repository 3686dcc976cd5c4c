"""Subscriptions as they are used: looked at, ended at a person's wish, and listed.

A look tells all that a subscription took and how it stands; what it comes to is settled by
`app.settle_subscriptions`. An end is written down before it is asked for, and asked for under one
key until there is an answer: it is never called ended before the provider says so.
"""

import logging
from dataclasses import replace
from typing import Final

from app.asking import answer_to
from app.clock import Clock
from app.domain.attempt import Reference
from app.domain.judgement import Standing
from app.domain.observation import Source
from app.domain.renewal import EndWanted, Subscription
from app.domain.subscription import SubscriptionObservation, SubscriptionState
from app.errors import (
    CheckoutRefused,
    Message,
    ProviderError,
    Rejected,
    Unavailable,
)
from app.failpoints import reach
from app.gateway import Gateway
from app.providers.retry import Jitter
from app.providers.strategy import PaymentStrategy
from app.providers.subscribing import Subscribes
from app.refund_requests import check_person
from app.sessions import Sessions
from app.settle_subscriptions import first_of, settle_subscription
from app.store import Store, Transaction
from app.store.attempts import find_attempt_by_reference
from app.store.intents import Intent, Outcome, finish_intent, unanswered_end
from app.store.payments import known_payments
from app.store.subscriptions import (
    find_subscription,
    subscription_called,
    subscriptions_page,
)
from app.store.subscriptions_due import is_unseen, put_off
from app.store.subscriptions_lost import keep_lost
from app.subscription_asking import Stranger, SubscribingStrategy, fetched, subscribing
from app.subscription_detail import SubscriptionDetail, detail_of, not_known
from app.subscription_ends import (
    check_end,
    clear_up_end,
    known_subscription,
    write_end_intent,
    write_refused_end,
)
from app.turns import Turns

ASK_BUDGET_S: Final = 10.0
_STRANGE: Final = frozenset({Standing.FOREIGN, Standing.QUARANTINED})

_log = logging.getLogger(__name__)


class Subscriptions:
    """Speaks to the providers about subscriptions: one call at a time for each."""

    def __init__(
        self,
        store: Store,
        gateway: Gateway,
        sessions: Sessions,
        *,
        clock: Clock,
        jitter: Jitter,
    ) -> None:
        self._store = store
        self._gateway = gateway
        self._sessions = sessions
        self._clock = clock
        self._jitter = jitter
        self._turns = Turns()

    async def page(self, *, before: int | None = None, limit: int = 50) -> list[Subscription]:
        """Give a page of all subscriptions, newest first, from below the row `before`."""
        return await self._store.read(lambda db: subscriptions_page(db, before=before, limit=limit))

    async def detail(self, row_id: int) -> SubscriptionDetail:
        """Give a subscription with all that it took. Raises CheckoutRefused without one."""
        detail = await self._store.read(lambda db: detail_of(db, row_id))
        if detail is None:
            raise not_known()
        return detail

    def ends_of(self, subscription: Subscription) -> tuple[EndWanted, ...]:
        """Say which ends can be asked for now, the gentler first; none where nothing can be."""
        if subscription.is_over or subscription.is_ending:
            return ()
        try:
            takes = self._gateway.strategy(subscription.account).capabilities
        except CheckoutRefused:
            return ()
        ends = []
        if takes.cancels_at_period_end and subscription.ends_at is None:
            ends.append(EndWanted.PERIOD_END)
        if takes.cancels_now:
            ends.append(EndWanted.NOW)
        return tuple(ends)

    async def look(self, row_id: int, source: Source) -> Subscription:
        """Ask the provider how a subscription stands and settle what it says.

        Where an end was asked for without an answer, that is asked for again. Raises ProviderError
        where no usable answer came; nothing was changed then.
        """
        async with self._turns.alone_with(row_id):
            subscription = await self._find(row_id)
            intent = await self._store.read(lambda db: unanswered_end(db, row_id))
            strategy = await self._strategy_of(subscription)
            if intent is None:
                return await self._looked(subscription, strategy, source)
            subscription = await self._seen_since_restored(subscription, strategy, intent)
            if subscription.is_over:
                return subscription
            return await self._asked_to_end(
                subscription, intent, strategy, budget_s=0.0, was_asked=True
            )

    async def cancel(
        self, row_id: int, *, at_period_end: bool, by: str, reason: str
    ) -> Subscription:
        """End a subscription, at once or when what was paid for is over.

        The result says how it stands: ended, or with the time of its end, or still going on with
        its end wanted, while the provider does not answer (then the till keeps asking). Raises
        CheckoutRefused before anything is done, and Rejected where the provider will not.
        """
        check_person(by, reason)
        if (trouble := self._store.trouble) is not None:
            raise CheckoutRefused(trouble.title, trouble.detail, action=trouble.action)
        wanted = EndWanted.PERIOD_END if at_period_end else EndWanted.NOW
        async with self._turns.alone_with(row_id):
            subscription = await self._find(row_id)
            if subscription.is_over:
                return subscription
            strategy = await self._strategy_for_person(subscription)
            check_end(strategy.capabilities, wanted)
            waiting = await self._store.read(lambda db: unanswered_end(db, row_id))
            subscription = await self._seen_for_person(subscription, strategy, waiting)
            intent = await self._store.write(
                lambda tx: write_end_intent(
                    tx, row_id, wanted, by=by.strip(), reason=reason.strip()
                )
            )
            if intent is None:
                return await self._find(row_id)
            reach("unsubscribe.intended")
            return await self._asked_to_end(
                subscription,
                intent,
                strategy,
                budget_s=ASK_BUDGET_S,
                was_asked=waiting is not None,
                is_told=True,
            )

    async def look_at(self, account: str, subscription_id: str, source: Source) -> None:
        """Look at one by the name that an account's provider gave it, in the books or not.

        Of a stranger's, or one that the provider does not have, nothing is to be known. Raises
        ProviderError where that may change, CheckoutRefused where the account is not set up.
        """
        strategy = self._gateway.strategy(account)
        if not strategy.provider_account:
            await self._gateway.identified(strategy)
        known = await self._store.read(
            lambda db: subscription_called(db, strategy.provider, subscription_id)
        )
        try:
            if known is not None:
                await self.look(known.id, source)
            else:
                await self._look_at_unknown(strategy, subscription_id, source)
        except Stranger as error:
            _log.info("news of subscription %s: %s", subscription_id, error)
        except Rejected as refused:
            if refused.is_of_the_key:
                raise
            _log.info("nothing is told of subscription %s: %s", subscription_id, refused)

    async def _look_at_unknown(
        self, strategy: PaymentStrategy, subscription_id: str, source: Source
    ) -> None:
        """Look at what is not in the books: a stranger's, or begun by a session just now."""
        like = self._subscribing_like(strategy)
        if like is None:
            _log.info("%s has no subscriptions; %s is none", strategy.account, subscription_id)
            return
        seen = await fetched(self._gateway, like, subscription_id, source)
        account = like.account
        reference = Reference.parse(seen.reference)
        if reference is not None and reference.till_id == self._store.till_id:
            attempt = await self._store.read(
                lambda db: find_attempt_by_reference(db, seen.reference)
            )
            if attempt is not None:
                await self._know_the_first(attempt.id, seen)

        def write(tx: Transaction) -> None:
            standing = settle_subscription(tx, self._store.till_id, seen)
            is_known = subscription_called(tx.connection, seen.provider, subscription_id)
            if standing not in _STRANGE and is_known is None:
                # It goes on to be charged, and nobody may ever tell of it again.
                keep_lost(tx, account, seen)

        await self._store.write(write)

    def _subscribing_like(self, strategy: PaymentStrategy) -> SubscribingStrategy | None:
        """Give whoever can look for the same account at the provider: all its ways are told."""
        whose = strategy.provider, strategy.provider_account
        for each in (strategy, *map(self._gateway.strategy, self._gateway.accounts)):
            if (each.provider, each.provider_account) == whose and isinstance(each, Subscribes):
                return each
        return None

    async def _looked(
        self,
        subscription: Subscription,
        strategy: SubscribingStrategy,
        source: Source,
        intent: Intent | None = None,
    ) -> Subscription:
        """Look, from where the books have all payments, and settle that.

        `intent` is answered by the look if it tells that the subscription is over.
        """
        subscription_id, read_to = subscription.subscription_id, subscription.read_to
        seen = await fetched(self._gateway, strategy, subscription_id, source, read_to)
        answered = intent if seen.state is SubscriptionState.ENDED else None
        return await self._settled(subscription, seen, answered)

    async def _seen_since_restored(
        self,
        subscription: Subscription,
        strategy: SubscribingStrategy,
        intent: Intent | None = None,
    ) -> Subscription:
        """Look at one before its end is asked for, unless that was done since a restoration.

        The books may be of before it was resumed, or of before somebody took its end back.
        """
        if not await self._store.read(lambda db: is_unseen(db, subscription.id)):
            return subscription
        return await self._looked(subscription, strategy, Source.SWEEP, intent)

    async def _seen_for_person(
        self,
        subscription: Subscription,
        strategy: SubscribingStrategy,
        waiting: Intent | None,
    ) -> Subscription:
        """Do so for what a person wants done. Raises CheckoutRefused in words without an answer."""
        try:
            return await self._seen_since_restored(subscription, strategy, waiting)
        except ProviderError as error:
            raise CheckoutRefused(
                Message("The books were restored, and the provider has not told yet how it stands"),
                Message("Nothing was ended. {detail}", detail=error.words),
                action=Message("Try again once the provider answers."),
            ) from error

    async def _asked_to_end(
        self,
        subscription: Subscription,
        intent: Intent,
        strategy: SubscribingStrategy,
        *,
        budget_s: float,
        was_asked: bool,
        is_told: bool = False,
    ) -> Subscription:
        """Ask under the intent's key; without an answer the subscription is as it was.

        Whoever `is_told` gets it as it is, and the watch goes on asking; else ProviderError.
        """
        at_period_end = bool(intent.parameters["at_period_end"])

        async def call() -> SubscriptionObservation:
            reach("unsubscribe.calling")
            return await strategy.cancel_subscription(
                subscription.subscription_id, at_period_end=at_period_end, key=intent.key
            )

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
            words = refused.reason
            await self._store.write(
                lambda tx: write_refused_end(tx, intent, words, is_told=is_told)
            )
            raise
        except ProviderError as error:
            if not is_told:
                raise
            _log.info("no answer about %s: %s", intent.key, error)
            await self._store.write(lambda tx: put_off(tx, subscription.id))
            return await self._find(subscription.id)
        reach("unsubscribe.called")
        return await self._settled(subscription, seen, intent)

    async def _settled(
        self,
        subscription: Subscription,
        seen: SubscriptionObservation,
        intent: Intent | None = None,
    ) -> Subscription:
        """Settle a look. Raises Protocol where it does not belong to the subscription at all.

        It was made after the one in the books, whatever a clock says that may have been set.
        """
        await self._know_the_first(subscription.attempt_id, seen)
        if subscription.looked_at is not None:
            seen = replace(seen, observed_at=max(seen.observed_at, subscription.looked_at))

        def write(tx: Transaction) -> tuple[Subscription, Standing]:
            if intent is not None:
                finish_intent(tx, intent.id, Outcome.DONE, {"state": seen.state.value})
            standing = settle_subscription(tx, self._store.till_id, seen)
            now = known_subscription(tx, subscription.id)
            clear_up_end(tx, now)
            reach("subscription.saving")
            return now, standing

        now, standing = await self._store.write(write)
        reach("subscription.saved")
        if standing in _STRANGE:
            raise Stranger(
                Message("What the provider answered does not belong to this subscription"),
                seen.subscription_id,
                action=Message("Somebody has to look at it; it is on the list."),
            )
        return now

    async def _know_the_first(self, attempt_id: int, seen: SubscriptionObservation) -> None:
        """Have the payment that began it settled with its order first: renewals go by that."""
        first = first_of(seen)
        known = await self._store.read(lambda db: known_payments(db, seen.provider, [first]))
        if not first or known:
            return
        try:
            await self._sessions.look(attempt_id, seen.source)
        except Unavailable:
            raise
        except ProviderError as error:
            _log.info("what began subscription %s: %s", seen.subscription_id, error)

    async def _find(self, row_id: int) -> Subscription:
        found = await self._store.read(lambda db: find_subscription(db, row_id))
        if found is None:
            raise not_known()
        return found

    async def _strategy_of(self, subscription: Subscription) -> SubscribingStrategy:
        """Give the strategy that speaks for the subscription's own account."""
        return subscribing(
            await self._gateway.speaking_for(subscription.account, subscription.provider_account)
        )

    async def _strategy_for_person(self, subscription: Subscription) -> SubscribingStrategy:
        """Give it for what a person wants done. Raises CheckoutRefused in words without one."""
        try:
            return await self._strategy_of(subscription)
        except ProviderError as error:
            raise CheckoutRefused(
                error.title,
                Message("Nothing was ended. {detail}", detail=error.detail),
                action=error.action or Message("Check the network and the keys, then try again."),
            ) from error
