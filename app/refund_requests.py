"""Writing down that money is to go back, before anybody is asked for it.

The check of what is left and the row are one transaction: two presses at once never give back more
than was captured.
"""

from app.domain.attempt import Reference
from app.domain.money import Money
from app.domain.payment import Payment
from app.domain.refund import GivenBack, Refund, RefundState
from app.errors import CheckoutRefused, Message, MoneyMoved
from app.providers.strategy import PaymentStrategy, RefundRequest, TakesByHand
from app.refunds_by_hand import check_coins, hand_out
from app.store import Transaction
from app.store.epochs import needs_reconciliation
from app.store.intents import Operation, insert_intent
from app.store.refunds import given_back, insert_refund, next_refund_number


def check_person(by: str, reason: str) -> None:
    """Raise CheckoutRefused where nobody is named who decides, or no reason is given."""
    if not by.strip() or not reason.strip():
        raise CheckoutRefused(
            Message("Nobody is named for this, or no reason is given"),
            action=Message("Say who decides it, and why."),
        )


def check_press(press: str) -> None:
    """Raise CheckoutRefused where a press of the button has no name: it could be doubled."""
    if not press:
        raise CheckoutRefused(
            Message("This refund has no name of its own"),
            action=Message("Begin it anew from the list of payments."),
        )


def check_same(known: Refund, payment_id: str, amount: Money, provider: str) -> None:
    """Raise CheckoutRefused where the same press gave back something else."""
    asked = (provider or known.provider, payment_id, amount)
    if (known.provider, known.payment_id, known.amount) != asked:
        raise CheckoutRefused(
            Message("This press of the button gave back something else"),
            Message("{amount} of {payment}.", amount=known.amount, payment=known.payment_id),
            action=Message("Look at the list of refunds, then begin anew."),
        )


def refuse_unreconciled(tx: Transaction) -> None:
    """Raise CheckoutRefused on restored books before the provider was asked what they lack.

    What was given back in the lost time would be given back a second time.
    """
    if needs_reconciliation(tx.connection):
        raise CheckoutRefused(
            Message("The books were restored and are not compared with the provider yet"),
            Message("What was given back since the backup was made is not in them."),
            action=Message("Start the till or run scantill reconcile, then try again."),
        )


def begin_refund(
    tx: Transaction,
    payment: Payment,
    amount: Money,
    strategy: PaymentStrategy,
    *,
    press: str,
    by: str,
    reason: str,
) -> Refund:
    """Write a refund down with its intent, checked against all that was given back before.

    What the operator hands out has succeeded with that.

    Raises CheckoutRefused where it would be more than is left of the payment, and on restored
    books before they are reconciled.
    """
    refuse_unreconciled(tx)
    back = given_back(tx.connection, payment.provider, payment.payment_id)
    _check_amount(payment, amount, back)
    if isinstance(strategy, TakesByHand):
        check_coins(strategy, amount, left=back.left_of(payment.amount))
    reference = Reference.parse(payment.reference)
    if reference is None:
        raise CheckoutRefused(
            Message("The payment {payment} bears no reference of ours", payment=payment.payment_id),
            action=Message("Give it back in the provider's dashboard; the till will notice."),
        )
    number = next_refund_number(tx.connection, payment.reference)
    key = reference.key(f"refund-{number}")
    request = RefundRequest(payment.payment_id, amount, key, reference)
    refund = insert_refund(
        tx,
        payment,
        amount,
        RefundState.REQUESTED,
        press=press,
        number=number,
        by=by,
        reason=reason,
    )
    insert_intent(
        tx,
        key=key,
        operation=Operation.REFUND,
        attempt_id=None,
        refund=refund.id,
        parameters=strategy.prepare_refund(request),
    )
    tx.audit(
        by,
        "refund.requested",
        payment.payment_id,
        {
            "refund": refund.id,
            "amount_minor": amount.minor,
            "currency": amount.currency,
            "reason": reason,
            "key": key,
        },
    )
    if isinstance(strategy, TakesByHand):
        return hand_out(tx, payment, refund, strategy)
    return refund


def _check_amount(payment: Payment, amount: Money, back: GivenBack) -> None:
    left = back.left_of(payment.amount)
    if amount.currency != left.currency:
        raise CheckoutRefused(
            Message("The payment is in {currency}", currency=left.currency),
            action=Message("Name an amount in that currency."),
        )
    if left.minor == 0:
        raise CheckoutRefused(
            Message("Nothing of the payment is left"),
            Message("All of it was given back, or is on its way."),
            money=MoneyMoved.YES,
            action=Message("Look at its refunds."),
        )
    if amount.minor <= 0:
        raise CheckoutRefused(
            Message("A refund is more than nothing"),
            action=Message("Give back {amount} at most.", amount=left),
        )
    if left < amount:
        under_way = Money(back.under_way_minor, left.currency)
        raise CheckoutRefused(
            Message("Only {amount} of the payment is left", amount=left),
            Message("{amount} is on its way.", amount=under_way) if under_way.minor else "",
            action=Message("Give back that much at most."),
        )
