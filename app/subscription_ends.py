"""Ending a subscription: what a person wants is written down first, and what became of it after."""

from typing import Final

from app.domain.capabilities import Capabilities
from app.domain.exceptions import ExceptionKind
from app.domain.renewal import EndWanted, Subscription
from app.errors import CheckoutRefused, InvariantError, Message
from app.store import Transaction
from app.store.doubts import was_told_since
from app.store.intents import (
    Intent,
    Operation,
    Outcome,
    finish_intent,
    insert_intent,
    unanswered_end,
)
from app.store.orders import find_order
from app.store.payments import clear_unknown, open_exception, tell_once
from app.store.subscriptions import (
    find_subscription,
    mark_subscription,
    next_end_number,
    oldest_of_account,
    tell_of_subscription,
    unanswered_since,
)
from app.store.subscriptions_due import ask_now

_OUT_OF_REACH: Final = Message(
    "The subscriptions of {account} cannot be looked at, that of order {number} among them: they "
    "may go on, and their renewals are not in the books. {words}"
)
_REFUSED: Final = Message(
    "The subscription of order {number} goes on: the provider would not end it. {words}"
)
_NOT_ENDED: Final = Message(
    "The subscription of order {number} goes on: {account} agreed to end it a day ago and "
    "has not. End {subscription} at the provider, or the customer goes on paying."
)
_SILENCE: Final = Message(
    "It is not known whether the subscription of order {number} was ended: {account} has "
    "not answered for a day. Look for {subscription} at the provider."
)
ABOUT_SUBSCRIPTIONS: Final = (_OUT_OF_REACH, _REFUSED, _NOT_ENDED, _SILENCE)
"""What is not known of a subscription, which nothing that its session tells makes known."""


def known_subscription(tx: Transaction, row_id: int) -> Subscription:
    """Give a subscription that must be there. Raises InvariantError where it is gone."""
    subscription = find_subscription(tx.connection, row_id)
    if subscription is None:
        raise InvariantError(f"Subscription {row_id} is gone")
    return subscription


def check_end(takes: Capabilities, wanted: EndWanted) -> None:
    """Raise CheckoutRefused in words where a provider cannot end a subscription like that."""
    if wanted is EndWanted.NOW and not takes.cancels_now:
        raise CheckoutRefused(
            Message("This provider ends a subscription only with what was paid for"),
            Message("Nothing was ended."),
            action=Message("End it when what was paid for is over."),
        )
    if wanted is EndWanted.PERIOD_END and not takes.cancels_at_period_end:
        raise CheckoutRefused(
            Message("This provider ends a subscription only at once"),
            Message("Nothing was ended."),
            action=Message("End it at once, or wait until what was paid for is nearly over."),
        )


def write_end_intent(
    tx: Transaction, row_id: int, wanted: EndWanted, *, by: str, reason: str
) -> Intent | None:
    """Write down that a subscription is about to be ended, by whom and why.

    None where there is nothing to be asked: it is over, or will be as it is wanted. The same wish
    again, while its answer is missing, is the same call under the same key; another one takes its
    place, and the provider says of both what the subscription has become.
    """
    subscription = known_subscription(tx, row_id)
    at_period_end = wanted is EndWanted.PERIOD_END
    if subscription.is_over or (at_period_end and subscription.ends_at is not None):
        return None
    waiting = unanswered_end(tx.connection, row_id)
    if waiting is not None:
        if waiting.parameters["at_period_end"] is at_period_end:
            return waiting
        finish_intent(tx, waiting.id, Outcome.SUPERSEDED)
    key = subscription.reference.key(f"end-{next_end_number(tx.connection, subscription)}")
    mark_subscription(tx, subscription, end_wanted=wanted.value, end_wanted_by=by)
    ask_now(tx, row_id)
    tell_of_subscription(
        tx,
        subscription,
        "end_wanted",
        by=by,
        at_period_end=at_period_end,
        who=by,
        reason=reason,
        key=key,
    )
    return insert_intent(
        tx,
        key=key,
        operation=Operation.UNSUBSCRIBE,
        attempt_id=subscription.attempt_id,
        subscription=row_id,
        parameters={"subscription": subscription.subscription_id, "at_period_end": at_period_end},
    )


def write_refused_end(tx: Transaction, intent: Intent, words: str, *, is_told: bool) -> None:
    """Write down that the provider would not end a subscription: it goes on.

    A person is told by the list unless it `is_told` already, by whoever asked for it just now.
    """
    if not finish_intent(tx, intent.id, Outcome.REJECTED, {"words": words}):
        return
    subscription = known_subscription(tx, intent.subscription or 0)
    subscription = mark_subscription(tx, subscription, end_wanted=None, end_wanted_by="")
    tell_of_subscription(tx, subscription, "end_refused", detail=words)
    if not is_told:
        detail = Message(_REFUSED, number=_number(tx, subscription), words=words)
        _tell(tx, subscription, detail)


def tell_of_silence(tx: Transaction, row_id: int) -> None:
    """Tell a person of an end that nobody has answered for a day, or that did not come.

    Of each call that has no answer once, and once of ends that were agreed to.
    """
    subscription = known_subscription(tx, row_id)
    told = {
        "number": _number(tx, subscription),
        "account": subscription.account,
        "subscription": subscription.subscription_id,
    }
    asked_at = unanswered_since(tx.connection, row_id)
    if asked_at is None and subscription.end_wanted is None:
        return
    if asked_at is None:
        _tell_once(tx, subscription, Message(_NOT_ENDED, **told))
    elif not was_told_since(tx.connection, subscription.attempt_id, asked_at):
        _tell(tx, subscription, Message(_SILENCE, **told))


def tell_of_going_on(tx: Transaction, subscription: Subscription) -> None:
    """Tell a person of one that goes on after all, though the provider had agreed to its end."""
    detail = Message(
        "The subscription of order {number} goes on, though {by} had it end. End it again, or the "
        "customer goes on paying.",
        number=_number(tx, subscription),
        by=subscription.end_wanted_by,
    )
    # Whoever took an earlier entry off the list did not know this.
    open_exception(
        tx,
        ExceptionKind.MISMATCH,
        subscription.amount,
        order_id=subscription.order_id,
        attempt_id=subscription.attempt_id,
        detail=detail,
    )


def tell_out_of_reach(tx: Transaction, row_id: int, words: str) -> None:
    """Tell a person, once for an account, that its provider cannot be asked with today's keys."""
    subscription = oldest_of_account(tx.connection, known_subscription(tx, row_id))
    detail = Message(
        _OUT_OF_REACH,
        account=subscription.account,
        number=_number(tx, subscription),
        words=words,
    )
    _tell_once(tx, subscription, detail)


def clear_up_end(tx: Transaction, subscription: Subscription) -> None:
    """Take what was not known of a subscription off the list, once the provider tells of it."""
    if subscription.end_wanted is not None and not subscription.is_ending:
        clear_unknown(
            tx, subscription.attempt_id, Message("the provider knows of the subscription's end")
        )
    elif not subscription.is_ending:
        # What else stands there, as that its end was refused, a person has to see.
        clear_unknown(
            tx,
            subscription.attempt_id,
            Message("the provider tells of the subscription"),
            template=_OUT_OF_REACH,
        )


def _tell(tx: Transaction, subscription: Subscription, detail: Message) -> None:
    open_exception(
        tx,
        ExceptionKind.UNKNOWN,
        subscription.amount,
        order_id=subscription.order_id,
        attempt_id=subscription.attempt_id,
        detail=detail,
    )


def _tell_once(tx: Transaction, subscription: Subscription, detail: Message) -> None:
    tell_once(
        tx,
        ExceptionKind.UNKNOWN,
        subscription.amount,
        order_id=subscription.order_id,
        attempt_id=subscription.attempt_id,
        detail=detail,
    )


def _number(tx: Transaction, subscription: Subscription) -> int:
    order = find_order(tx.connection, subscription.order_id)
    if order is None:
        raise InvariantError(f"Order {subscription.order_id} is gone")
    return order.number
