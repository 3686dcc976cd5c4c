"""Orders, exceptions and facts in plain words; free of Qt."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from app.domain.exceptions import ExceptionKind
from app.domain.order import OrderState
from app.events import Fact
from ui.accounts import account_label
from ui.bidi import isolated
from ui.format import Formats
from ui.i18n import _
from ui.orders.dispute_words import DISPUTE_TELLERS
from ui.orders.money_words import MONEY_TELLERS, amount_in, decided_by_a_person
from ui.pay.state import decline_words
from ui.theme import Tone


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of an order's story."""

    at: datetime
    title: str
    detail: str
    tone: Tone


def state_words(state: OrderState) -> tuple[str, Tone]:
    """Give an order's state as a word and a tone."""
    return {
        OrderState.OPEN: (_("Open"), Tone.BUSY),
        OrderState.PAID: (_("Paid"), Tone.GOOD),
        OrderState.CANCELLED: (_("Cancelled"), Tone.NEUTRAL),
        OrderState.EXPIRED: (_("Expired"), Tone.NEUTRAL),
    }[state]


def exception_words(kind: ExceptionKind) -> tuple[str, str]:
    """Name what went otherwise, and say what happened."""
    return {
        ExceptionKind.PAID_LATE: (
            _("Paid late"),
            _("Money arrived after the order had been closed."),
        ),
        ExceptionKind.UNDERPAID: (_("Paid too little"), _("Less arrived than was asked for.")),
        ExceptionKind.OVERPAID: (_("Paid too much"), _("More arrived than was asked for.")),
        ExceptionKind.SURPLUS: (
            _("Paid twice"),
            _("A further payment arrived for an order that is paid."),
        ),
        ExceptionKind.MISMATCH: (
            _("Money that does not fit"),
            _("Currency, account or mode are not those of the order."),
        ),
        ExceptionKind.DISPUTED: (_("Disputed"), _("The customer has called on the bank.")),
        ExceptionKind.UNKNOWN: (
            _("We do not know yet"),
            _("The provider's answer was lost."),
        ),
        ExceptionKind.REFUND_FAILED: (
            _("Refund failed"),
            _("The money did not come through to the customer."),
        ),
    }[kind]


def story_of(history: tuple[Fact, ...], formats: Formats) -> list[Entry]:
    """Tell the facts of an order, oldest first; what a person decided is told as that."""
    decided = decided_by_a_person(history)
    entries = [story_entry(fact, formats) for fact in history]
    return [
        replace(entry, title=_("Order paid, as a person decided")) if fact.seq in decided else entry
        for fact, entry in zip(history, entries, strict=True)
    ]


def story_entry(fact: Fact, formats: Formats) -> Entry:
    """Tell a fact in plain words; one that is not known is named as it is."""
    tell = _TELLERS.get(fact.name)
    if tell is None:
        return Entry(fact.at, fact.name, "", Tone.NEUTRAL)
    title, detail, tone = tell(fact.data, formats)
    return Entry(fact.at, title, detail, tone)


_Told = tuple[str, str, Tone]


def _source_words(data: Any, formats: Formats) -> str:
    return {
        "webhook": _("The provider told us."),
        "poll": _("Found by asking the provider."),
        "sweep": _("Found while making sure."),
        "manual": _("Found by Check now."),
        "close": _("Found while closing the code."),
    }.get(data.get("source", ""), _detail(data, formats))


def _detail(data: Any, formats: Formats) -> str:
    return formats.message(data.get("detail", ""))


def _placed(data: Any, formats: Formats) -> _Told:
    return _("Order placed"), amount_in(data, formats, "total_minor"), Tone.NEUTRAL


def _paid(data: Any, formats: Formats) -> _Told:
    receipt = data.get("receipt_number")
    detail = _("Receipt {number}").format(number=receipt) if receipt is not None else ""
    return _("Order paid"), detail, Tone.GOOD


def _cancelled(data: Any, formats: Formats) -> _Told:
    return _("Order cancelled"), "", Tone.NEUTRAL


def _expired(data: Any, formats: Formats) -> _Told:
    return _("Order expired"), "", Tone.NEUTRAL


def _created(data: Any, formats: Formats) -> _Told:
    account = account_label(str(data.get("account", "")))
    return _("Payment started with {name}").format(name=isolated(account)), "", Tone.NEUTRAL


def _open(data: Any, formats: Formats) -> _Told:
    return _("Payment page is open"), _source_words(data, formats), Tone.NEUTRAL


def _shown(data: Any, formats: Formats) -> _Told:
    return _("Code shown to the customer"), "", Tone.NEUTRAL


def _moved(data: Any, formats: Formats) -> _Told:
    address = isolated(str(data.get("address", "")))
    where = _("It leads to {address} now.").format(address=address)
    return _("Code changed, same payment page"), where, Tone.NEUTRAL


def _processing(data: Any, formats: Formats) -> _Told:
    return _("Confirmed; the bank is working on it"), _source_words(data, formats), Tone.BUSY


def _declined(data: Any, formats: Formats) -> _Told:
    return _("Declined"), decline_words(str(data.get("decline", ""))), Tone.DANGER


def _tried_again(data: Any, formats: Formats) -> _Told:
    return _("The customer tries again"), _source_words(data, formats), Tone.NEUTRAL


def _unknown(data: Any, formats: Formats) -> _Told:
    return _("The provider's answer was lost"), _detail(data, formats), Tone.WARNING


def _closing(data: Any, formats: Formats) -> _Told:
    reason = {
        "cancelled": _("The payment was cancelled at the counter."),
        "expired": _("The time was up."),
        "superseded": _("Another code takes its place."),
    }.get(str(data.get("reason", "")), "")
    return _("Code taken away, making sure nothing is paid"), reason, Tone.BUSY


def _attempt_paid(data: Any, formats: Formats) -> _Told:
    return _("The customer has paid"), _source_words(data, formats), Tone.GOOD


def _attempt_failed(data: Any, formats: Formats) -> _Told:
    return _("The payment failed"), _source_words(data, formats), Tone.DANGER


def _attempt_over(data: Any, formats: Formats) -> _Told:
    return _("Code closed; it cannot be paid any more"), _source_words(data, formats), Tone.NEUTRAL


def _opened(data: Any, formats: Formats) -> _Told:
    kind = str(data.get("kind", ""))
    title = exception_words(ExceptionKind(kind))[0] if kind in set(ExceptionKind) else kind
    parts = (amount_in(data, formats, "amount_minor"), _detail(data, formats))
    needs = _("Needs a person: {what}").format(what=title)
    return needs, " · ".join(part for part in parts if part), Tone.WARNING


def _changed(data: Any, formats: Formats) -> _Told:
    _title, detail, _tone = _opened(data, formats)
    return _("Still needs a person"), detail, Tone.WARNING


_TELLERS: Final = {
    "order.placed": _placed,
    "order.paid": _paid,
    "order.cancelled": _cancelled,
    "order.expired": _expired,
    "attempt.created": _created,
    "attempt.open": _open,
    "attempt.shown": _shown,
    "attempt.moved": _moved,
    "attempt.processing": _processing,
    "attempt.declined": _declined,
    "attempt.tried_again": _tried_again,
    "attempt.unknown": _unknown,
    "attempt.closing": _closing,
    "attempt.paid": _attempt_paid,
    "attempt.failed": _attempt_failed,
    "attempt.expired": _attempt_over,
    "attempt.cancelled": _attempt_over,
    "exception.opened": _opened,
    "exception.changed": _changed,
    **DISPUTE_TELLERS,
    **MONEY_TELLERS,
}
