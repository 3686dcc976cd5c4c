"""Facts of refunds and of what a person decided, in plain words; free of Qt."""

from typing import Any, Final

from app.domain.resolution import Action
from app.events import Fact
from ui.bidi import isolated
from ui.format import Formats
from ui.i18n import _, _n
from ui.orders.telling import amount_in, detail_in, joined, telling
from ui.theme import Tone

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


def _who_and_why(data: Any, formats: Formats) -> str:
    by, reason = str(data.get("by", "")), formats.message(data.get("reason", ""))
    if not by:
        return reason
    if not reason:
        return isolated(by)
    return _("{name}: {reason}").format(name=isolated(by), reason=isolated(reason))


def _asked_for(data: Any, formats: Formats) -> str:
    return joined(amount_in(data, formats), _who_and_why(data, formats))


def _gone_back(data: Any, formats: Formats) -> str:
    asked = "" if data.get("by") else _("Somebody did it at the provider.")
    return joined(amount_in(data, formats), asked)


def _refused(data: Any, formats: Formats) -> str:
    return joined(amount_in(data, formats), detail_in(data, formats))


def _assigned_by(data: Any, formats: Formats) -> str:
    return joined(amount_in(data, formats), isolated(str(data.get("by", ""))))


def _decided(data: Any, formats: Formats) -> str:
    by, action = str(data.get("by", "")), str(data.get("action", ""))
    return decision_words(action, by, data.get("resolution", ""), formats)


MONEY_TELLERS: Final = {
    "refund.requested": telling(_n("Refund asked for"), _asked_for),
    "refund.pending": telling(_n("Refund on its way"), amount_in, Tone.BUSY),
    "refund.succeeded": telling(_n("Given back"), _gone_back, Tone.GOOD),
    "refund.failed": telling(_n("Refund failed"), _refused, Tone.DANGER),
    "payment.assigned": telling(_n("Money was assigned to this order"), _assigned_by, Tone.GOOD),
    "exception.refunding": telling(_n("It is to be given back"), _who_and_why),
    "exception.resolved": telling(_n("Cleared up"), _decided, Tone.GOOD),
}
