"""What the pages at the public door say to a customer; each is said in the customer's language."""

from typing import Final

from app.errors import Message

TITLE: Final = Message("Pay {shop}")
PAY: Final = Message("Pay {amount}")
# Translators: on the customer's phone, above the amount to pay.
TOTAL: Final = Message("Total")
TRAINING: Final = Message("Test mode: no real money")

STATES: Final = {
    "loading": (
        Message("One moment…"),
        Message("The payment is being prepared."),
    ),
    "wait processing": (
        Message("Making sure…"),
        Message("The payment is on its way. Please show this page at the counter."),
    ),
    "paid": (
        Message("Payment received"),
        Message("Thank you. You can close this page; the shop has been told."),
    ),
    "failed": (
        Message("Not paid"),
        Message("The payment did not come about, and nothing was charged. Ask at the counter."),
    ),
    "closed": (
        Message("This is over"),
        Message("This cannot be paid any more. Nothing is charged by it from now on."),
    ),
    "broken": (
        Message("The payment form could not be loaded"),
        Message("Load this page again, or ask at the counter."),
    ),
}
"""Title and text of each state that the page can be in, or of two; while it is open the form is."""

NO_SCRIPT: Final = (
    Message("Scripts are switched off"),
    Message("Switch them on to pay here, or pay at the counter."),
)
UNKNOWN: Final = (
    Message("There is no such payment"),
    Message("Scan the code at the counter again. If you have paid already, ask there first."),
)
# Anybody can open these two: what became of the money only the till's own books say.
DONE: Final = (
    Message("Thank you"),
    Message("You can close this page. The counter says when your payment has arrived."),
)
CANCELLED: Final = (
    Message("You turned back"),
    Message("To pay, scan the code at the counter again, or ask there."),
)

COMPLAINTS: Final = {
    "bank": Message("The bank did not agree. Try again."),
    "again": Message("That did not work. Check the card and try again."),
    "back": Message("The payment did not come about. Nothing was charged; try again."),
}
"""What the page's script says by itself, by the names that it knows them under."""

OVER: Final = Message("This cannot be paid any more")
NO_WAY_TO_PAY: Final = Message("That is no way to pay")
NOT_OURS_TO_CONFIRM: Final = Message("The provider's own script confirms this payment")
NOTHING_TO_PAY: Final = Message("There is nothing to pay")
TOO_MANY: Final = Message("Too many at once; try again")
NOT_FROM_A_CALLER: Final = Message("Only the order itself says what is to be paid")
CANNOT_WRITE: Final = Message("The till cannot write just now; try again")
NO_ANSWER: Final = Message("The payment provider does not answer; try again")
NOT_HERE: Final = Message("This cannot be paid here; ask at the counter")
DECLINED: Final = Message("The card was declined.")
