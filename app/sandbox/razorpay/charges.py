"""The steps of which payments are made: begin, authorise, capture, fail.

Each is an effect with its events, in the caller's transaction; which one is due is decided in
`payments`.
"""

from typing import Any, Final

from app.sandbox.books import Record
from app.sandbox.razorpay import events, fees, objects
from app.sandbox.razorpay.ways import Failure, Way
from app.sandbox.razorpay.workbench import Workbench

KIND: Final = "razorpay.payment"
ORDER: Final = "razorpay.order"
KEPT_UNCAPTURED_S = 3 * 86_400
"""An authorised payment that nobody captured goes back after this."""
SCHEMA = """
CREATE INDEX IF NOT EXISTS razorpay_payments_by_session
    ON objects (json_extract(private, '$.session')) WHERE kind = 'razorpay.payment';
"""


def begin(
    bench: Workbench,
    session: Record,
    way: Way,
    *,
    amount: int,
    currency: str,
    description: str,
    notes: Any = None,
    email: str | None = None,
    order: Record | None = None,
    invoice: str | None = None,
) -> Record:
    """A payment that nobody has decided yet."""
    body = objects.payment(
        id=bench.id_for(KIND, "pay_"),
        created=bench.now(),
        amount=amount,
        currency=currency,
        way=way,
        order=None if order is None else order.id,
        description=description,
        email=email,
        notes=notes,
        card=bench.ids("card_", 14) if way.method == "card" else None,
        invoice=invoice,
    )
    private = {"session": session.id, "session_kind": session.kind, "was_captured": False}
    return bench.keep(session.account, KIND, body, private)


def new_order(
    bench: Workbench, account: str, *, amount: int, currency: str, receipt: str, notes: Any
) -> Record:
    body = objects.order(
        id=bench.id_for(ORDER, "order_"),
        created=bench.now(),
        amount=amount,
        currency=currency,
        receipt=receipt or None,
        notes=notes,
    )
    return bench.keep(account, ORDER, body)


def authorize(
    bench: Workbench, payment: Record, *, settles_as: str = "returned", after_s: int | None = None
) -> None:
    """Have the bank promise the money; that is not paid, and without a capture it goes back."""
    payment.body.update(objects.NO_FAILURE, status="authorized")
    rest = "rrn" if payment.body["method"] == "upi" else "auth_code"
    payment.body["acquirer_data"] = {rest: bench.ids("", 12)}
    payment.private["settles_as"] = settles_as
    payment.private["settles_at"] = bench.now() + (
        KEPT_UNCAPTURED_S if after_s is None else after_s
    )
    bench.books.save(payment)
    events.record(bench, "payment.authorized", payment.account, payment=payment.body)


def capture(bench: Workbench, payment: Record) -> None:
    payment.body.update(status="captured", captured=True)
    payment.private.update(was_captured=True, settles_at=None)
    fees.post(bench, payment)
    bench.books.save(payment)
    events.record(bench, "payment.captured", payment.account, payment=payment.body)


def fail(bench: Workbench, payment: Record, why: Failure) -> None:
    objects.fail(payment.body, why)
    payment.private["settles_at"] = None
    bench.books.save(payment)
    events.record(bench, "payment.failed", payment.account, payment=payment.body)


def of_session(bench: Workbench, session: Record) -> list[Record]:
    """All tries to pay it, oldest first."""
    return bench.books.select(
        "kind = 'razorpay.payment' AND json_extract(private, '$.session') = ?",
        (session.id,),
        index="razorpay_payments_by_session",
    )
