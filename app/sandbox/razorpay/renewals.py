"""The payments of subscriptions that time brings, period after period."""

from app.sandbox.razorpay import payments, subscriptions
from app.sandbox.razorpay.workbench import Workbench

_MOST_AT_ONCE = 1000


def charge_due(bench: Workbench) -> bool:
    """Charge for the periods that have begun, each in a transaction of its own.

    A clock that was moved far ahead brings them one after the other.
    """
    happened = False
    for _ in range(_MOST_AT_ONCE):
        due = subscriptions.due(bench)
        if not due:
            break
        for record in due:
            with bench.books.transaction():
                payment = subscriptions.attempt(bench, record)
                if payment is not None:
                    payments.take(bench, payment)
        happened = True
    return happened
