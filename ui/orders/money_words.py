"""Facts of refunds and of what a person decided, in plain words; free of Qt."""

from typing import Any, Final

from app.domain.money import EXPONENTS, Money
from app.domain.resolution import Action
from app.events import Fact
from ui.bidi import isolated
from ui.format import Formats
from ui.i18n import _
from ui.theme import Tone

_Told = tuple[str, str, Tone]
_DECIDES_AN_ORDER: Final = frozenset({Action.ACCEPT, Action.ASSIGN, Action.WRITE_OFF})


def decision_words(action: str, by: str, reason: str, formats: Formats) -> str:
    """Say what was decided, by whom and why; what the till decided itself is only the reason."""
    why = formats.message(reason)
    if action not in set(Action) or not by:
        return why
    decided = {
        Action.ACCEPT: _("{name} accepted it: {reason}"),
        Action.REFUND: _("{name} gave it back: {reason}"),
        Action.ASSIGN: _("{name} assigned it to another order: {reason}"),
        Action.WRITE_OFF: _("{name} wrote it off: {reason}"),
    }[Action(action)]
    return decided.format(name=isolated(by), reason=isolated(why))


def decided_by_a_person(history: tuple[Fact, ...]) -> frozenset[int]:
    """Name the facts of "order.paid" that a person's decision brought about, by their seq.

    What is decided and what comes of it are one transaction, and so of one moment.
    """
    decided = {
        fact.at
        for fact in history
        if fact.name == "payment.assigned"
        or (fact.name == "exception.resolved" and fact.data.get("action") in _DECIDES_AN_ORDER)
    }
    return frozenset(f.seq for f in history if f.name == "order.paid" and f.at in decided)


def amount_in(data: Any, formats: Formats, name: str = "amount_minor") -> str:
    """Give the amount that a fact tells, or nothing where it tells none."""
    minor, currency = data.get(name), data.get("currency")
    if type(minor) is not int or currency not in EXPONENTS:
        return ""
    return formats.money(Money(minor, currency))


def _who_and_why(data: Any, formats: Formats) -> str:
    by, reason = str(data.get("by", "")), formats.message(data.get("reason", ""))
    if not by:
        return reason
    if not reason:
        return isolated(by)
    return _("{name}: {reason}").format(name=isolated(by), reason=isolated(reason))


def _joined(*parts: str) -> str:
    return " · ".join(part for part in parts if part)


def _requested(data: Any, formats: Formats) -> _Told:
    detail = _joined(amount_in(data, formats), _who_and_why(data, formats))
    return _("Refund asked for"), detail, Tone.NEUTRAL


def _pending(data: Any, formats: Formats) -> _Told:
    return _("Refund on its way"), amount_in(data, formats), Tone.BUSY


def _succeeded(data: Any, formats: Formats) -> _Told:
    asked = "" if data.get("by") else _("Somebody did it at the provider.")
    return _("Given back"), _joined(amount_in(data, formats), asked), Tone.GOOD


def _failed(data: Any, formats: Formats) -> _Told:
    words = formats.message(data.get("detail", ""))
    return _("Refund failed"), _joined(amount_in(data, formats), words), Tone.DANGER


def _assigned(data: Any, formats: Formats) -> _Told:
    by = isolated(str(data.get("by", "")))
    return _("Money was assigned to this order"), _joined(amount_in(data, formats), by), Tone.GOOD


def _refunding(data: Any, formats: Formats) -> _Told:
    return _("It is to be given back"), _who_and_why(data, formats), Tone.NEUTRAL


def _resolved(data: Any, formats: Formats) -> _Told:
    reason = data.get("resolution", "")
    by, action = str(data.get("by", "")), str(data.get("action", ""))
    return _("Cleared up"), decision_words(action, by, reason, formats), Tone.GOOD


MONEY_TELLERS: Final = {
    "refund.requested": _requested,
    "refund.pending": _pending,
    "refund.succeeded": _succeeded,
    "refund.failed": _failed,
    "payment.assigned": _assigned,
    "exception.refunding": _refunding,
    "exception.resolved": _resolved,
}
