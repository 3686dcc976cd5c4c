"""Payments that the operator takes by hand: opened at once, paid by the operator's word alone.

Cash and a card machine apart have no provider who could be asked. What the operator confirms is an
`Observation` like any other and goes through `app.settle`, in one transaction with who said it and
what was handed over: after a crash all of it is in the books, or nothing.
"""

from app.checkout_refusals import (
    refuse_cancelled,
    refuse_second,
    refuse_unreconciled,
    standing,
)
from app.domain.attempt import Attempt, AttemptState
from app.domain.confirmation import (
    CONFIRMED,
    Confirmation,
    checked_received,
    checked_reference,
)
from app.domain.decision import Decision
from app.domain.ledger import rounding_entries
from app.domain.money import Money
from app.domain.observation import Source
from app.domain.order import Order, OrderState
from app.errors import CheckoutRefused, InvariantError, Message, MoneyMoved
from app.gateway import Gateway
from app.providers.strategy import TakesByHand
from app.settle import settle
from app.store import Store, Transaction
from app.store.attempts import find_attempt, insert_attempt, move_attempt
from app.store.confirmations import confirmation_of
from app.store.decisions import find_payment
from app.store.orders import find_order


def open_by_hand(
    tx: Transaction, order: Order, attempt: Attempt, decision: Decision | None = None
) -> Attempt:
    """Write an attempt that is open at once, with our reference as its session's id."""
    refuse_unreconciled(tx, order)
    if decision is not None and decision.tried:
        refuse_cancelled(tx, order)
    refuse_second(tx, order, attempt.number)
    written = insert_attempt(tx, attempt, decision)
    return move_attempt(
        tx,
        written,
        AttemptState.OPEN,
        source=Source.OPERATOR.value,
        session_id=str(attempt.reference),
    )


class Confirmations:
    """Takes the operator's word on payments by hand."""

    def __init__(self, store: Store, gateway: Gateway) -> None:
        self._store = store
        self._gateway = gateway

    async def due(self, attempt_id: int) -> Money:
        """Say what is to be taken for an attempt: in cash what can be handed over.

        Raises CheckoutRefused where it is none that the operator confirms.
        """
        attempt = await self._find(attempt_id)
        return (await self._strategy_of(attempt)).due(attempt.amount)

    async def confirm(
        self,
        attempt_id: int,
        *,
        by: str,
        received: Money | None = None,
        reference: str = "",
    ) -> Confirmation:
        """Write down that the operator has taken the money, once however often it is pressed.

        Raises CheckoutRefused in words where nothing was written: too little cash, no reference or
        one that was confirmed before, a payment that is over.
        """
        if not by.strip():
            raise CheckoutRefused(
                Message("Nobody is named who took the money"),
                money=MoneyMoved.UNKNOWN,
                action=Message("Say who took it."),
            )
        if (trouble := self._store.trouble) is not None:
            raise CheckoutRefused(
                trouble.title, trouble.detail, money=MoneyMoved.UNKNOWN, action=trouble.action
            )
        attempt = await self._find(attempt_id)
        strategy = await self._strategy_of(attempt)

        def write(tx: Transaction) -> Confirmation:
            return _confirmed(
                tx, self._store.till_id, attempt_id, strategy, by.strip(), received, reference
            )

        return await self._store.write(write)

    async def _find(self, attempt_id: int) -> Attempt:
        attempt = await self._store.read(lambda db: find_attempt(db, attempt_id))
        if attempt is None:
            raise CheckoutRefused(Message("That payment is not in the books"))
        return attempt

    async def _strategy_of(self, attempt: Attempt) -> TakesByHand:
        strategy = await self._gateway.speaking_for(attempt.account, attempt.provider_account)
        if not isinstance(strategy, TakesByHand):
            raise CheckoutRefused(
                Message("{account} says itself what was paid", account=attempt.account),
                Message("Nobody can confirm it in its place."),
                money=MoneyMoved.UNKNOWN,
                action=Message("Wait for it, or press Check now."),
            )
        return strategy


def _confirmed(
    tx: Transaction,
    till_id: str,
    attempt_id: int,
    strategy: TakesByHand,
    by: str,
    received: Money | None,
    reference: str,
) -> Confirmation:
    attempt = find_attempt(tx.connection, attempt_id)
    order = None if attempt is None else find_order(tx.connection, attempt.order_id)
    if attempt is None or order is None:
        raise InvariantError(f"Attempt {attempt_id} is gone")
    before = confirmation_of(tx.connection, attempt)
    # What was confirmed was due then: the coins may be others by now.
    due = strategy.due(attempt.amount) if before is None else before.due
    said = checked_reference(reference) if strategy.needs_reference else ""
    taken = due if strategy.needs_reference else checked_received(due, received)
    seen = strategy.confirmed(str(attempt.session_id), attempt.amount, reference=said, at=tx.at)
    word = Confirmation(
        seen.payments[0].payment_id, by, tx.at, attempt.amount, due, taken, reference=said
    )
    if before is not None:
        return _same(before, word)
    refuse_unreconciled(tx, order)
    _refuse_over(order, attempt)
    _refuse_used(tx, seen.provider, word)
    tx.record(CONFIRMED, order_id=attempt.order_id, attempt_id=attempt.id, data=word.to_data())
    tx.audit(by, "payment.confirmed", word.payment_id, word.to_data())
    verdict = settle(tx, till_id, seen)
    if len(verdict.payments) != 1 or not verdict.payments[0].is_accepted:
        raise InvariantError(
            f"What was confirmed of {attempt.reference} is not accepted", verdict.detail
        )
    if word.rounding.minor:
        tx.post(
            "rounding",
            word.amount.currency,
            rounding_entries(word.rounding.minor),
            order_id=attempt.order_id,
            payment_id=word.payment_id,
        )
    return word


def _same(before: Confirmation, word: Confirmation) -> Confirmation:
    """Give the first word again where the second is the same; a press of its own is refused."""
    if (before.received, before.reference) == (word.received, word.reference):
        return before
    raise CheckoutRefused(
        Message("This payment was confirmed before"),
        Message("By {by}, with {reference}.", by=before.by, reference=before.reference)
        if before.reference
        else Message("By {by}: {amount} were received.", by=before.by, amount=before.received),
        money=MoneyMoved.YES,
        action=Message("If money was taken twice, give it back."),
    )


def _refuse_over(order: Order, attempt: Attempt) -> None:
    if order.state is OrderState.OPEN and attempt.is_confirmable:
        return
    raise CheckoutRefused(
        standing(order) if order.state is not OrderState.OPEN else Message("This payment is over"),
        Message("What you took is not in the books."),
        money=MoneyMoved.UNKNOWN,
        action=Message("Give the money back, or charge again and confirm that."),
    )


def _refuse_used(tx: Transaction, provider: str, word: Confirmation) -> None:
    """Refuse a machine's reference that stands for another payment: it would count twice."""
    used = find_payment(tx.connection, provider, word.payment_id)
    if used is None:
        return
    order = find_order(tx.connection, used.order_id)
    raise CheckoutRefused(
        Message("The reference {reference} was used before", reference=word.reference),
        Message("For order {number}.", number=order.number) if order is not None else "",
        money=MoneyMoved.UNKNOWN,
        action=Message("Look at the machine's slip: each payment has a reference of its own."),
    )
