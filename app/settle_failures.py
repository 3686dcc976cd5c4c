"""Refunds that failed, and what went back since: nobody is to give the same money back again.

A customer may get it by a new refund, from the provider's dashboard, or by the very refund that
the till had given up. What is left of it stays on the list.
"""

from app.domain.exceptions import OrderException
from app.domain.money import Money
from app.domain.payment import Payment
from app.domain.refund import Refund
from app.errors import Message
from app.store import Transaction
from app.store.decisions import close_exception, is_later_than, lessen_exception, waiting_failures
from app.store.payments import BY_ITSELF


def make_good(tx: Transaction, payment: Payment, refund: Refund, *, is_news: bool) -> None:
    """Take off the list what a refund on its way gives back of what failed before it was begun.

    `is_news` says that the books first hear of it now. One that was asked for before the other
    failed was meant for something else. Should it fail in its turn, that is told with its amount.
    """
    open_minor = refund.amount.minor
    failures = waiting_failures(tx.connection, payment)
    # What is of the very amount is most likely meant; the oldest first, else.
    for entry in sorted(failures, key=lambda each: (each.amount != refund.amount, each.id)):
        if is_news or is_later_than(tx.connection, entry, payment, refund):
            made_good = min(open_minor, entry.amount.minor)
            open_minor -= made_good
            if made_good:
                _lessen(tx, entry, Money(made_good, refund.amount.currency), refund)


def _lessen(tx: Transaction, entry: OrderException, by: Money, refund: Refund) -> None:
    left = entry.amount - by
    if left.minor == 0 and not entry.action:
        reason = Message("as much went back since, by refund {refund}", refund=refund.refund_id)
        close_exception(tx, entry, by=BY_ITSELF, reason=reason)
        return
    # With a refund of its own under way it stays until that has ended.
    detail = Message(
        "A refund failed. {back} went back since: the customer still lacks {left}.",
        back=by,
        left=left,
    )
    lessen_exception(tx, entry, left, detail)
    tx.audit(
        BY_ITSELF,
        "exception.lessened",
        str(entry.id),
        {
            "exception": entry.id,
            "refund": refund.refund_id,
            "amount_minor": by.minor,
            "currency": by.currency,
            "reason": detail,
        },
    )
