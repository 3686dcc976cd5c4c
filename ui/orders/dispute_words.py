"""Disputes and fees in plain words: where one stands, by when it wants an answer; free of Qt."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from app.domain.dispute import WANTS_ANSWER, Dispute, DisputeState
from app.domain.dispute_words import reason_words
from ui.format import Formats
from ui.i18n import _, _n, ngettext
from ui.orders.telling import Told, amount_in, joined, telling
from ui.theme import Tone

URGENT_WITHIN: Final = timedelta(days=3)
"""An answer that is due sooner than this stands before everything else."""


@dataclass(frozen=True, slots=True)
class Due:
    """By when a dispute is to be answered, and in words how much time is left."""

    date: str
    left: str
    tone: Tone
    is_overdue: bool = False

    @property
    def is_urgent(self) -> bool:
        """Say whether it cannot wait."""
        return self.tone is Tone.DANGER


def due_of(dispute: Dispute | None, now: datetime, formats: Formats) -> Due | None:
    """Say by when an answer is due; None where none is wanted or no day is known."""
    if dispute is None or dispute.due_at is None or dispute.state not in WANTS_ANSWER:
        return None
    due_at = dispute.due_at
    date, days = formats.date(due_at), formats.days_between(now, due_at)
    if due_at <= now:
        return Due(date, _("Overdue"), Tone.DANGER, is_overdue=True)
    tone = Tone.DANGER if due_at - now < URGENT_WITHIN else Tone.WARNING
    if days == 0:
        return Due(date, _("Due today"), tone)
    left = ngettext("{count} day left", "{count} days left", days)
    return Due(date, left.format(count=days), tone)


def due_sentence(due: Due) -> str:
    """Say in a sentence by when to answer, and that it is too late where it is."""
    if due.is_overdue:
        return _("The answer was due by {date} and is overdue.").format(date=due.date)
    by = _("Answer it by {date}.").format(date=due.date)
    return f"{by} {due.left}."


def dispute_words(state: DisputeState) -> tuple[str, Tone]:
    """Give a dispute's state as a word and a tone."""
    return {
        DisputeState.UNKNOWN: (_("Not known"), Tone.WARNING),
        DisputeState.INQUIRY: (_("The bank asks"), Tone.WARNING),
        DisputeState.INQUIRY_UNDER_REVIEW: (_("Answered"), Tone.BUSY),
        DisputeState.NEEDS_RESPONSE: (_("To be answered"), Tone.DANGER),
        DisputeState.UNDER_REVIEW: (_("The bank decides"), Tone.BUSY),
        DisputeState.CLOSED: (_("Closed"), Tone.NEUTRAL),
        DisputeState.LOST: (_("Lost"), Tone.DANGER),
        DisputeState.APPEALED: (_("Appealed"), Tone.BUSY),
        DisputeState.WON: (_("Won"), Tone.GOOD),
    }[state]


def _about(data: Any, formats: Formats) -> str:
    """Say how much it is about, why, and by when it is to be answered."""
    reason = data.get("reason")
    why = formats.message(reason_words(reason)) if isinstance(reason, str) and reason else ""
    due_at = data.get("due_at")
    by = ""
    if isinstance(due_at, str):
        due = formats.date(datetime.fromisoformat(due_at))
        by = _("Answer it by {date}.").format(date=due)
    return joined(amount_in(data, formats), why, by)


def _opened(data: Any, formats: Formats) -> Told:
    is_question = data.get("state") in {"inquiry", "inquiry_under_review"}
    asks = _("The customer's bank asks about the payment")
    title = asks if is_question else _("The payment is disputed")
    return title, _about(data, formats), Tone.WARNING


def _fee_of(data: Any, formats: Formats) -> str:
    what = {
        "payment": _("For the payment."),
        "refund": _("For the refund."),
        "dispute": _("For the dispute."),
    }.get(str(data.get("kind", "")), "")
    return joined(amount_in(data, formats), what)


DISPUTE_TELLERS: Final = {
    "dispute.opened": _opened,
    "dispute.escalated": telling(_n("The bank's question became a dispute"), _about, Tone.WARNING),
    "dispute.under_review": telling(
        _n("The dispute was answered; the bank decides"), amount_in, Tone.BUSY
    ),
    "dispute.won": telling(_n("The dispute was won"), amount_in, Tone.GOOD),
    "dispute.lost": telling(_n("The dispute was lost"), amount_in, Tone.DANGER),
    "dispute.appealed": telling(_n("The bank's decision is appealed"), amount_in, Tone.BUSY),
    "dispute.closed": telling(_n("The dispute was closed"), amount_in),
    "dispute.updated": telling(_n("The dispute has new particulars"), _about),
    "dispute.funds_withdrawn": telling(
        _n("The provider took the disputed money back"), amount_in, Tone.DANGER
    ),
    "dispute.funds_reinstated": telling(_n("The disputed money came back"), amount_in, Tone.GOOD),
    "fee.booked": telling(_n("The provider's fee"), _fee_of),
}
