"""Orders, exceptions and facts in plain words; free of Qt."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from app.domain.confirmation import CONFIRMED
from app.domain.decision import Decision, Said
from app.domain.exceptions import ExceptionKind
from app.domain.observation import Source
from app.domain.order import OrderState
from app.events import Fact
from ui.accounts import account_label
from ui.bidi import isolated
from ui.format import Formats
from ui.i18n import _, _n
from ui.orders.dispute_words import DISPUTE_TELLERS
from ui.orders.money_words import MONEY_TELLERS, decided_by_a_person
from ui.orders.subscription_words import SUBSCRIPTION_TELLERS
from ui.orders.telling import Told, amount_in, detail_in, joined, nothing_more, telling
from ui.pay.declines import decline_words
from ui.pay.taking import COUNTER
from ui.theme import Tone

_OPENED: Final = "attempt.open"


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


def story_of(
    history: tuple[Fact, ...],
    formats: Formats,
    decisions: Mapping[int, Decision] | None = None,
    without_page: Collection[int] = (),
) -> list[Entry]:
    """Tell the facts of an order, oldest first; what a person decided is told as that.

    `decisions` say by an attempt's id why it went to its account; `without_page` are the ids of
    those that a UPI app paid from the code itself.
    """
    decided = decided_by_a_person(history)
    entries = [
        _opened_as(
            _with_why(story_entry(fact, formats), fact, formats, decisions), fact, without_page
        )
        for fact in history
    ]
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


def _source(data: Any, formats: Formats) -> str:
    """Say how it became known."""
    return {
        "webhook": _("The provider told us."),
        "poll": _("Found by asking the provider."),
        "sweep": _("Found while making sure."),
        "manual": _("Found by Check now."),
        "close": _("Found while closing the code."),
        "operator": _("Confirmed at the counter."),
    }.get(data.get("source", ""), detail_in(data, formats))


def _total(data: Any, formats: Formats) -> str:
    return amount_in(data, formats, "total_minor")


def _receipt(data: Any, formats: Formats) -> str:
    number = data.get("receipt_number")
    return _("Receipt {number}").format(number=number) if number is not None else ""


def _created(data: Any, formats: Formats) -> Told:
    account = account_label(str(data.get("account", "")))
    return _("Payment started with {name}").format(name=isolated(account)), "", Tone.NEUTRAL


def _with_why(
    entry: Entry, fact: Fact, formats: Formats, decisions: Mapping[int, Decision] | None
) -> Entry:
    decision = (decisions or {}).get(fact.attempt_id or 0)
    if fact.name != "attempt.created" or decision is None:
        return entry
    return replace(entry, detail=decision_words(decision, formats))


def _opened_as(entry: Entry, fact: Fact, without_page: Collection[int]) -> Entry:
    if fact.name != _OPENED or fact.attempt_id not in without_page:
        return entry
    return replace(entry, title=_("UPI code is open"))


def decision_words(decision: Decision, formats: Formats) -> str:
    """Say why a payment went to its account, what was tried before, and what was left out."""
    why = _("You chose it.") if decision.is_operators else formats.message(decision.reason)
    tried = [_said_of(each, formats) for each in decision.tried]
    left_out = [_said_of(each, formats) for each in decision.left_out]
    parts = [why]
    if tried:
        parts.append(_("Tried before: {accounts}").format(accounts=" ".join(tried)))
    if left_out:
        parts.append(_("Left out: {accounts}").format(accounts=" ".join(left_out)))
    return joined(*parts)


def _said_of(said: Said, formats: Formats) -> str:
    return _("{name}: {reason}").format(
        name=isolated(account_label(said.account)), reason=formats.message(said.reason)
    )


def _opened_session(data: Any, formats: Formats) -> Told:
    if data.get("source") == Source.OPERATOR:
        return _("The money is to be taken at the counter"), "", Tone.NEUTRAL
    return _("Payment page is open"), _source(data, formats), Tone.NEUTRAL


def _confirmed(data: Any, formats: Formats) -> Told:
    """Tell what the operator said, with what was handed over."""
    by = isolated(str(data.get("by", ""))) if data.get("by") != COUNTER else ""
    if reference := str(data.get("reference", "")):
        title = _("Taken on the card machine")
        return title, joined(amount_in(data, formats), isolated(reference), by), Tone.NEUTRAL
    received = _("Received {amount}").format(amount=amount_in(data, formats, "received_minor"))
    change = _("Change {amount}").format(amount=amount_in(data, formats, "change_minor"))
    rounded = ""
    if data.get("due_minor") != data.get("amount_minor"):
        due = amount_in(data, formats, "due_minor")
        rounded = _("Rounded to {amount}").format(amount=due)
    return _("Taken in cash"), joined(rounded, received, change, by), Tone.NEUTRAL


def _moved_to(data: Any, formats: Formats) -> str:
    address = isolated(str(data.get("address", "")))
    return _("It leads to {address} now.").format(address=address)


def _decline(data: Any, formats: Formats) -> str:
    return decline_words(str(data.get("decline", "")))


def _why_closed(data: Any, formats: Formats) -> str:
    return {
        "cancelled": _("The payment was cancelled at the counter."),
        "expired": _("The time was up."),
        "superseded": _("Another code takes its place."),
    }.get(str(data.get("reason", "")), "")


def _what_waits(data: Any, formats: Formats) -> str:
    return joined(amount_in(data, formats), detail_in(data, formats))


def _opened(data: Any, formats: Formats) -> Told:
    kind = str(data.get("kind", ""))
    title = exception_words(ExceptionKind(kind))[0] if kind in set(ExceptionKind) else kind
    needs = _("Needs a person: {what}").format(what=title)
    return needs, _what_waits(data, formats), Tone.WARNING


_CLOSED = telling(_n("Code closed; it cannot be paid any more"), _source)
_TELLERS: Final = {
    "order.placed": telling(_n("Order placed"), _total),
    "order.paid": telling(_n("Order paid"), _receipt, Tone.GOOD),
    "order.cancelled": telling(_n("Order cancelled"), nothing_more),
    "order.expired": telling(_n("Order expired"), nothing_more),
    "attempt.created": _created,
    _OPENED: _opened_session,
    CONFIRMED: _confirmed,
    "attempt.shown": telling(_n("Code shown to the customer"), nothing_more),
    "attempt.moved": telling(_n("Code changed, same payment page"), _moved_to),
    "attempt.processing": telling(_n("Confirmed; the bank is working on it"), _source, Tone.BUSY),
    "attempt.declined": telling(_n("Declined"), _decline, Tone.DANGER),
    "attempt.tried_again": telling(_n("The customer tries again"), _source),
    "attempt.unknown": telling(_n("The provider's answer was lost"), detail_in, Tone.WARNING),
    "attempt.closing": telling(
        _n("Code taken away, making sure nothing is paid"), _why_closed, Tone.BUSY
    ),
    "attempt.paid": telling(_n("The customer has paid"), _source, Tone.GOOD),
    "attempt.failed": telling(_n("The payment failed"), _source, Tone.DANGER),
    "attempt.expired": _CLOSED,
    "attempt.cancelled": _CLOSED,
    "exception.opened": _opened,
    "exception.changed": telling(_n("Still needs a person"), _what_waits, Tone.WARNING),
    **DISPUTE_TELLERS,
    **MONEY_TELLERS,
    **SUBSCRIPTION_TELLERS,
}
