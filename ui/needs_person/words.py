"""What needs a person, in plain words: what happened, whether money moved, what to do; no Qt."""

from dataclasses import dataclass, replace
from typing import Final

from app.domain.dispute import WANTS_ANSWER, Dispute
from app.domain.dispute_words import STEPS, money_words, reason_words
from app.domain.exceptions import ExceptionKind
from app.domain.money import Money
from app.domain.resolution import Action, Case
from app.orders import Trouble
from ui.format import Formats
from ui.i18n import _
from ui.orders.dispute_words import Due, dispute_words
from ui.orders.money_words import decision_words
from ui.orders.words import exception_words
from ui.theme import Tone

_ICONS: Final = {
    ExceptionKind.PAID_LATE: "clock",
    ExceptionKind.UNDERPAID: "minus",
    ExceptionKind.OVERPAID: "plus",
    ExceptionKind.SURPLUS: "card",
    ExceptionKind.MISMATCH: "alert",
    ExceptionKind.DISPUTED: "shield",
    ExceptionKind.UNKNOWN: "unknown",
    ExceptionKind.REFUND_FAILED: "giveback",
}
_RECOMMENDED: Final = {
    ExceptionKind.SURPLUS: Action.REFUND,
    ExceptionKind.REFUND_FAILED: Action.REFUND,
}
_GRAVE: Final = frozenset(
    {ExceptionKind.MISMATCH, ExceptionKind.DISPUTED, ExceptionKind.REFUND_FAILED}
)


@dataclass(frozen=True, slots=True)
class TroubleWords:
    """An entry of the list for a person. `state` is a word for where it stands."""

    title: str
    happened: str
    money: str
    to_do: str
    state: str
    icon: str
    tone: Tone


def trouble_words(case: Case) -> TroubleWords:
    """Say of an entry what happened, whether money moved, what to do, and how it stands.

    What a dispute's own record says of that comes in its place with `told_of_dispute`.
    """
    kind = case.exception.kind
    title, happened = exception_words(kind)
    icon = _ICONS[kind]
    tone = Tone.DANGER if kind in _GRAVE else Tone.WARNING
    if case.exception.resolved_at is not None:
        return TroubleWords(title, happened, "", "", _("Cleared up"), "done", Tone.GOOD)
    money = _money(case)
    if case.is_under_way:
        wait = _("Money of it is being given back. Wait for that; the till says how it ends.")
        state = _("Being given back")
        return TroubleWords(title, happened, money, wait, state, "hourglass", Tone.BUSY)
    return TroubleWords(title, happened, money, _advice(case), _("Open"), icon, tone)


def told_of_dispute(
    words: TroubleWords, dispute: Dispute, due: Due | None, formats: Formats
) -> TroubleWords:
    """Say why the payment is disputed, what the bank took, and what the dispute wants now."""
    state, tone = dispute_words(dispute.state)
    to_do = words.to_do
    if due is not None and due.is_overdue:
        to_do = _("The day is over. See at the provider whether it still takes an answer.")
    elif dispute.state not in WANTS_ANSWER and dispute.state in STEPS:
        to_do = formats.message(STEPS[dispute.state])
    return replace(
        words,
        happened=formats.message(reason_words(dispute.reason)),
        money=formats.message(money_words(dispute)),
        to_do=to_do,
        state=state,
        tone=Tone.DANGER if tone is Tone.DANGER else Tone.WARNING,
    )


def recommended(kind: ExceptionKind) -> Action | None:
    """Give the way out that is nearly always the right one; None where it depends."""
    return _RECOMMENDED.get(kind)


def resolution_words(trouble: Trouble, formats: Formats) -> str:
    """Say who cleared an entry up, and why; nothing while it waits."""
    entry = trouble.case.exception
    if entry.resolved_at is None:
        return ""
    return decision_words(entry.action, entry.resolved_by, entry.resolution, formats)


def figures(case: Case, formats: Formats) -> list[tuple[str, str]]:
    """Give the amounts: what was asked for, what came, what went back, and what is left."""
    rows = []
    if case.order is not None:
        rows.append((_("Asked for"), formats.money(case.order.total)))
    if case.payment is None:
        return [*rows, (_("At stake"), formats.money(case.exception.amount))]
    currency = case.payment.amount.currency
    rows.append((_("Came"), formats.money(case.payment.amount)))
    back = case.given_back
    if back.succeeded_minor:
        given = Money(-back.succeeded_minor, currency)
        rows.append((_("Given back"), formats.money(given)))
    if back.under_way_minor:
        away = Money(-back.under_way_minor, currency)
        rows.append((_("On its way back"), formats.money(away)))
    if case.exception.kind is ExceptionKind.REFUND_FAILED:
        return [*rows, (_("Not given back"), formats.money(case.exception.amount))]
    if case.exception.kind is ExceptionKind.DISPUTED:
        return [*rows, (_("Disputed"), formats.money(case.exception.amount))]
    return [*rows, (_("Left"), formats.money(back.left_of(case.payment.amount)))]


def _money(case: Case) -> str:
    """Say whether money moved."""
    match case.exception.kind:
        case ExceptionKind.UNKNOWN:
            return _("It is not known whether money has moved.")
        case ExceptionKind.REFUND_FAILED:
            return _("The shop has the money; the customer does not.")
        case ExceptionKind.DISPUTED:
            return _("The bank may take the money back, or has done so.")
        case ExceptionKind.MISMATCH if case.payment is None:
            return _("Money has moved at the provider, and counts for no order.")
    return _("The shop has the money; it counts for no order yet.")


def _advice(case: Case) -> str:
    """Say what to do."""
    return {
        ExceptionKind.PAID_LATE: _(
            "If the customer has the goods, accept it and the order is paid. If not, refund it."
        ),
        ExceptionKind.UNDERPAID: _(
            "Accept it and take the rest, write the rest off, or refund it and charge again."
        ),
        ExceptionKind.OVERPAID: _(
            "Refund all of it and charge again, or write off what is above the order."
        ),
        ExceptionKind.SURPLUS: _(
            "Refund it. If it was meant for another order, assign it to that one."
        ),
        ExceptionKind.MISMATCH: _(
            "Look the payment up at the provider. Then refund it, or write it off with a reason."
        ),
        ExceptionKind.DISPUTED: _(
            "Answer it at the provider before it is due. Do not refund the money as well."
        ),
        ExceptionKind.UNKNOWN: _(
            "Do not take the money again. The till keeps asking, and clears it up by itself."
        ),
        ExceptionKind.REFUND_FAILED: _(
            "Try again. If it fails again, pay the customer another way and write this off."
        ),
    }[case.exception.kind]
