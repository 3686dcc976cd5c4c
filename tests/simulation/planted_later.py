"""Bugs in what goes on after a sale: subscriptions, their ends, and cards that are kept."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from app import cards, sessions, settle_subscriptions, subscription_ends, subscriptions
from app.domain.judgement import Standing
from app.domain.ledger import money_account, payment_entries
from app.domain.observation import Source
from app.domain.renewal import agreed_of, objection_to_renewal
from app.domain.subscription import SubscriptionState
from app.providers.saving import SeenSetup, SetupState
from app.session_answers import write_capture_intent
from app.store import subscriptions as rows
from app.store.intents import Operation, Outcome, finish_intent, insert_intent, unanswered
from app.store.transaction import Transaction
from app.subscription_ends import known_subscription
from app.watch import card_watch, subscription_watch
from app.webhooks import inbox_worker
from tests.simulation.bug import Bug

# --- renewals -------------------------------------------------------------------------------------


def _sold_as_often_as_it_is_seen(tx: Transaction, subscription: Any, seen: Any) -> bool:
    is_new = _RENEW(tx, subscription, seen)
    agreed = agreed_of(settle_subscriptions._order(tx, subscription.order_id).snapshot)
    for payment in seen.payments[1:]:
        if not is_new and payment.amount == subscription.amount and agreed is not None:
            settle_subscriptions._sell(tx, subscription, seen, payment, agreed)
    return is_new


_RENEW: Final = settle_subscriptions._write_renewals


def _any_amount(subscription: Any, amount: Any, **about: Any) -> Any:
    return _OBJECTION(subscription, subscription.amount, **about)


_OBJECTION: Final = objection_to_renewal


def _held_in_silence(tx: Transaction, seen: Any, payment: Any, account: str, _: Any) -> None:
    tx.post(
        "payment_held",
        payment.amount.currency,
        payment_entries(
            money_account(seen.provider, account),
            payment.amount.minor,
            is_held=True,
        ),
        payment_id=payment.payment_id,
    )


def _news_is_dropped(tx: Transaction, account: str, subscription_id: str) -> None:
    return None


def _lost_ones_are_dropped(tx: Transaction, attempt: Any, seen: Any) -> Any:
    return Standing.NOTHING_NEW


def _nothing_is_due(*_: Any, **__: Any) -> list[Any]:
    return []


# --- ends -----------------------------------------------------------------------------------------


async def _done_unanswered(
    self: Any, subscription: Any, intent: Any, *told: Any, **how: Any
) -> Any:
    after = await _ASKED_TO_END(self, subscription, intent, *told, **how)

    def write(tx: Transaction) -> Any:
        finish_intent(tx, intent.id, Outcome.DONE)
        return known_subscription(tx, subscription.id)

    await self._store.write(write)
    return after


async def _under_fresh_keys(
    self: Any, subscription: Any, intent: Any, *told: Any, **how: Any
) -> Any:
    if how["was_asked"]:
        stem, _, number = intent.key.rpartition("-")
        intent = replace(intent, key=f"{stem}-{int(number) + 1}")
    return await _ASKED_TO_END(self, subscription, intent, *told, **how)


_ASKED_TO_END: Final = subscriptions.Subscriptions._asked_to_end


async def _ended_unheard(self: Any, subscription: Any, intent: Any, *told: Any, **how: Any) -> Any:
    after = await _ASKED_TO_END(self, subscription, intent, *told, **how)
    if after.is_ending:

        def write(tx: Transaction) -> Any:
            now = known_subscription(tx, subscription.id)
            if now.is_over:
                return now
            return rows.move_subscription(tx, now, SubscriptionState.ENDED)

        return await self._store.write(write)
    return after


def _wanted_by_nobody(tx: Transaction, subscription: Any, what: str, **told: Any) -> None:
    if what != "end_wanted":
        rows.tell_of_subscription(tx, subscription, what, **told)


def _activated_anew(tx: Transaction, attempt_id: int) -> Any:
    """Write a call of its own for each try, as if the one before had never been made."""
    before = unanswered(tx.connection, attempt_id, Operation.CAPTURE)
    if before is None:
        return _WRITE_CAPTURE(tx, attempt_id)
    finish_intent(tx, before.id, Outcome.SUPERSEDED)
    return insert_intent(
        tx,
        key=f"{before.key}-again",
        operation=Operation.CAPTURE,
        attempt_id=attempt_id,
        parameters=before.parameters,
    )


_WRITE_CAPTURE: Final = write_capture_intent


# --- cards ----------------------------------------------------------------------------------------


async def _saved_unread(self: Any, setup: Any, source: Source) -> Any:
    if not setup.heard or not setup.setup_id:
        return await _LOOK(self, setup, source)
    seen = SeenSetup(
        source,
        setup.provider,
        setup.provider_account,
        setup.live,
        setup.reference,
        setup.setup_id,
        SetupState.SAVED,
        self._clock.now(),
    )
    return await self._settled(setup, seen)


_LOOK: Final = cards.Cards._look


async def _asked_under_fresh_keys(
    self: Any, setup: Any, intent: Any, strategy: Any, *, was_asked: bool
) -> Any:
    if was_asked:
        intent = replace(intent, key=f"{intent.key}-{len(_TRIES)}")
        _TRIES.append(intent.key)
    return await _ASKED_TO_OPEN(self, setup, intent, strategy, was_asked=was_asked)


_ASKED_TO_OPEN: Final = cards.Cards._asked_to_open
_TRIES: Final[list[str]] = []


async def _closed_unasked(self: Any, setup: Any) -> Any:
    strategy = await self._strategy_of(setup)
    seen = await strategy.fetch_setup(setup.setup_id, source=Source.CLOSE)
    if seen.state is SetupState.OPEN:
        seen = replace(seen, state=SetupState.EXPIRED)
    return await self._settled(setup, seen)


def _none_of_them(_: Any) -> list[Any]:
    return []


BUGS_OF_LATER: Final[Mapping[str, Bug]] = {
    "a renewal is sold as often as it is seen": Bug(
        ((settle_subscriptions, "_write_renewals", _sold_as_often_as_it_is_seen),),
        within=3,
        first=0,
    ),
    "a renewal of another amount is taken for a sale": Bug(
        ((settle_subscriptions, "objection_to_renewal", _any_amount),),
        within=3,
        first=60,
    ),
    "a renewal is held and nobody is told": Bug(
        ((settle_subscriptions, "_hold", _held_in_silence),),
        within=3,
        first=0,
    ),
    "renewals of a lost subscription are dropped": Bug(
        ((settle_subscriptions, "_hold_for_nobody", _lost_ones_are_dropped),),
        within=3,
        first=40,
    ),
    "nobody looks at a subscription by its dates": Bug(
        (
            (subscription_watch, "due_subscriptions", _nothing_is_due),
            (inbox_worker, "hear_of", _news_is_dropped),
        ),
        within=3,
        first=6,
    ),
    "an end is called done that nobody has answered": Bug(
        ((subscriptions.Subscriptions, "_asked_to_end", _done_unanswered),),
        within=3,
        first=76,
    ),
    "an end that nobody has answered is taken for one": Bug(
        ((subscriptions.Subscriptions, "_asked_to_end", _ended_unheard),),
        within=3,
        first=25,
    ),
    "each try ends a subscription under a fresh key": Bug(
        ((subscriptions.Subscriptions, "_asked_to_end", _under_fresh_keys),),
        within=3,
        first=68,
    ),
    "an end is wanted and nobody can say by whom": Bug(
        ((subscription_ends, "tell_of_subscription", _wanted_by_nobody),),
        within=3,
        first=0,
    ),
    "a subscription is begun under another key while one is unanswered": Bug(
        ((sessions, "write_capture_intent", _activated_anew),),
        within=3,
        first=139,
    ),
    "a card is called saved without being looked at": Bug(
        ((cards.Cards, "_look", _saved_unread),),
        within=3,
        first=121,
    ),
    "each try asks for a card under a fresh key": Bug(
        ((cards.Cards, "_asked_to_open", _asked_under_fresh_keys),),
        within=3,
        first=53,
    ),
    "a card's page is taken for closed that was never asked to": Bug(
        ((cards.Cards, "_close", _closed_unasked),),
        within=3,
        first=21,
    ),
    "nobody watches over cards": Bug(
        ((card_watch, "watched_card_setups", _none_of_them),),
        within=3,
        first=21,
    ),
}
"""By what the till does wrong with each."""
