"""Facts of disputes and fees in plain words; free of Qt."""

from datetime import datetime
from typing import Any, Final

from app.domain.dispute_words import reason_words
from app.domain.money import EXPONENTS, Money
from ui.format import Formats
from ui.i18n import _
from ui.theme import Tone

_Told = tuple[str, str, Tone]


def _opened(data: Any, formats: Formats) -> _Told:
    if data.get("state") in {"inquiry", "inquiry_under_review"}:
        return _("The customer's bank asks about the payment"), _about(data, formats), Tone.WARNING
    return _("The payment is disputed"), _about(data, formats), Tone.WARNING


def _escalated(data: Any, formats: Formats) -> _Told:
    return _("The bank's question became a dispute"), _about(data, formats), Tone.WARNING


def _under_review(data: Any, formats: Formats) -> _Told:
    return _("The dispute was answered; the bank decides"), _amount(data, formats), Tone.BUSY


def _won(data: Any, formats: Formats) -> _Told:
    return _("The dispute was won"), _amount(data, formats), Tone.GOOD


def _lost(data: Any, formats: Formats) -> _Told:
    return _("The dispute was lost"), _amount(data, formats), Tone.DANGER


def _appealed(data: Any, formats: Formats) -> _Told:
    return _("The bank's decision is appealed"), _amount(data, formats), Tone.BUSY


def _closed(data: Any, formats: Formats) -> _Told:
    return _("The dispute was closed"), _amount(data, formats), Tone.NEUTRAL


def _updated(data: Any, formats: Formats) -> _Told:
    return _("The dispute has new particulars"), _about(data, formats), Tone.NEUTRAL


def _withdrawn(data: Any, formats: Formats) -> _Told:
    return _("The provider took the disputed money back"), _amount(data, formats), Tone.DANGER


def _reinstated(data: Any, formats: Formats) -> _Told:
    return _("The disputed money came back"), _amount(data, formats), Tone.GOOD


def _fee(data: Any, formats: Formats) -> _Told:
    what = {
        "payment": _("For the payment."),
        "refund": _("For the refund."),
        "dispute": _("For the dispute."),
    }.get(str(data.get("kind", "")), "")
    parts = (_amount(data, formats), what)
    return _("The provider's fee"), _joined(parts), Tone.NEUTRAL


def _about(data: Any, formats: Formats) -> str:
    """Say how much it is about, why, and by when it is to be answered."""
    reason = data.get("reason")
    why = formats.message(reason_words(reason)) if isinstance(reason, str) and reason else ""
    due_at = data.get("due_at")
    by = ""
    if isinstance(due_at, str):
        due = formats.date(datetime.fromisoformat(due_at))
        by = _("Answer it by {date}.").format(date=due)
    return _joined((_amount(data, formats), why, by))


def _amount(data: Any, formats: Formats) -> str:
    minor, currency = data.get("amount_minor"), data.get("currency")
    if type(minor) is not int or currency not in EXPONENTS:
        return ""
    return formats.money(Money(minor, currency))


def _joined(parts: tuple[str, ...]) -> str:
    return " · ".join(part for part in parts if part)


DISPUTE_TELLERS: Final = {
    "dispute.opened": _opened,
    "dispute.escalated": _escalated,
    "dispute.under_review": _under_review,
    "dispute.won": _won,
    "dispute.lost": _lost,
    "dispute.appealed": _appealed,
    "dispute.closed": _closed,
    "dispute.updated": _updated,
    "dispute.funds_withdrawn": _withdrawn,
    "dispute.funds_reinstated": _reinstated,
    "fee.booked": _fee,
}
