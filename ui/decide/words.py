"""What a person can decide about money, and what came of it, in plain words; free of Qt."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from app.domain.confirmation import CASH, TERMINAL, Confirmation
from app.domain.money import Money
from app.domain.order import OrderState
from app.domain.payment import Payment
from app.domain.refund import Refund, RefundState
from app.domain.renewal import EndWanted
from app.domain.resolution import Action, Case, WriteOff, difference_minor, write_off_of
from app.errors import ScantillError
from app.orders import OrderDetail
from ui.accounts import account_label
from ui.errors import error_words
from ui.format import Formats
from ui.i18n import _
from ui.theme import Tone

ICONS: Final = {
    Action.ACCEPT: "check",
    Action.REFUND: "giveback",
    Action.ASSIGN: "assign",
    Action.WRITE_OFF: "cancelled",
}


@dataclass(frozen=True, slots=True)
class Source:
    """A payment out of which money can be given back, by the name of the way it was paid."""

    payment_id: str
    left: Money
    name: str


@dataclass(frozen=True, slots=True)
class End:
    """An end that a subscription can be given, in words."""

    wanted: EndWanted
    words: str


@dataclass(frozen=True, slots=True)
class Ask:
    """What a form asks a person for.

    `exception_id` is the entry of the list that is decided about; it is 0 for a refund of a paid
    order. `sources` are for a refund, one of them chosen; `payment` is what is assigned. `ends` are
    for a subscription's end, one of them chosen: then there is no `action`.
    """

    action: Action | None
    title: str
    effect: str
    amount: Money
    confirm: str
    exception_id: int = 0
    sources: tuple[Source, ...] = ()
    payment: Payment | None = None
    subscription_id: int = 0
    ends: tuple[End, ...] = ()


@dataclass(frozen=True, slots=True)
class Draft:
    """A form that is complete. `press` is one for each opening of the form."""

    ask: Ask
    by: str
    reason: str
    press: str
    amount: Money | None = None
    payment_id: str = ""
    order_id: str = ""
    end: EndWanted | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """The order whose number was typed: in words, and why money cannot go there if it cannot."""

    order_id: str
    number: int
    words: str
    objection: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a decision. One that is not `is_settled` leaves the form open to try again."""

    title: str
    detail: str
    tone: Tone
    icon: str
    is_settled: bool = True


def action_label(action: Action) -> str:
    """Name an action as its button does."""
    return {
        Action.ACCEPT: _("Accept"),
        Action.REFUND: _("Refund"),
        Action.ASSIGN: _("Assign to an order"),
        Action.WRITE_OFF: _("Write off"),
    }[action]


def suggestions(action: Action | None) -> tuple[str, ...]:
    """Give reasons that are often the right ones; without an action, for a subscription's end."""
    if action is None:
        return (_("The customer asked for it"), _("As agreed"))
    return {
        Action.ACCEPT: (_("The customer has the goods"), _("As agreed")),
        Action.REFUND: (_("Goods came back"), _("Charged by mistake"), _("As agreed")),
        Action.ASSIGN: (_("It was meant for that order"), _("As agreed")),
        Action.WRITE_OFF: (
            _("Too little to pursue"),
            _("Settled in cash"),
            _("Settled at the provider"),
        ),
    }[action]


def asked_of(case: Case, action: Action, effect: str, formats: Formats) -> Ask:
    """Say what a form asks for one way out of an entry."""
    amount = case.payment.amount if case.payment is not None else case.exception.amount
    sources: tuple[Source, ...] = ()
    if action is Action.REFUND and case.payment is not None:
        # A part can be typed: what would go back in all is said by the button.
        amount, effect = case.left, _("The money goes back the way it was paid.")
        sources = (Source(case.payment.payment_id, case.left, account_label(case.payment.account)),)
    return Ask(
        action,
        action_label(action),
        formats.message(effect),
        amount,
        _confirmation(case, action, amount, formats),
        case.exception.id,
        sources,
        case.payment,
    )


def refund_of_order(detail: OrderDetail, formats: Formats) -> Ask | None:
    """Say what a form asks for a refund of what counts for an order; None where nothing is left.

    While money may still come, nothing is given back of what it would be added to.
    """
    if detail.order.state is not OrderState.PAID and detail.is_live:
        return None
    gone: Counter[str] = Counter()
    for refund in detail.refunds:
        if refund.state is not RefundState.FAILED:
            gone[refund.payment_id] += refund.amount.minor
    taken = [(t.payment_id, t.amount, account_label(t.account)) for t in detail.tenders]
    for subscribed in detail.subscriptions:
        taken += [
            (renewal.payment_id, renewal.amount, _("renewal {number}").format(number=number))
            for number, renewal in enumerate(subscribed.renewals, start=1)
            if renewal.held_as is None
        ]
    sources = tuple(
        Source(payment_id, Money(amount.minor - gone[payment_id], amount.currency), name)
        for payment_id, amount, name in taken
        if amount.minor > gone[payment_id]
    )
    if not sources:
        return None
    left = sources[0].left
    word = next((w for w in detail.confirmations if w.payment_id == sources[0].payment_id), None)
    effect = _("The money goes back the way it was paid. The order stays in the books as paid.")
    if word is not None:
        effect = _by_hand(word, left, formats)
    if detail.order.state is not OrderState.PAID:
        effect = _(
            "The money goes back the way it was paid. The order is not paid, and still counts "
            "this money: do not take the rest of it."
        )
    return Ask(
        Action.REFUND,
        _("Refund order {number}").format(number=detail.order.number),
        effect,
        left,
        giving_back(left, formats),
        sources=sources,
    )


def _by_hand(word: Confirmation, left: Money, formats: Formats) -> str:
    """Say how money goes back that was taken by hand: in cash with what it was rounded by."""
    if word.reference:
        return _(
            "Give it back on the card machine, too: the till cannot tell it to. The order stays "
            "in the books as paid."
        )
    return _(
        "Hand it out in cash; all of it is {amount}. The order stays in the books as paid."
    ).format(amount=formats.money(left + word.rounding))


def giving_back(amount: Money | None, formats: Formats) -> str:
    """Name the button that gives money back, with the amount once there is one."""
    if amount is None:
        return _("Give back")
    return _("Give back {amount}").format(amount=formats.money(amount))


def assigning(amount: Money, target: Target | None, formats: Formats) -> str:
    """Name the button that assigns money, with the order once it is known."""
    shown = formats.money(amount)
    if target is None:
        return _("Assign {amount}").format(amount=shown)
    return _("Assign {amount} to order {number}").format(amount=shown, number=target.number)


def outcome_of_refund(refund: Refund, formats: Formats) -> Outcome:
    """Say how a refund stands, as the books have it."""
    amount = formats.money(refund.amount)
    match refund.state:
        case RefundState.SUCCEEDED:
            return Outcome(
                _("{amount} was given back").format(amount=amount),
                _how_it_goes(refund.provider),
                Tone.GOOD,
                "done",
            )
        case RefundState.PENDING:
            return Outcome(
                _("{amount} is on its way").format(amount=amount),
                _("The provider has taken it on. It can still fail; the till says so if it does."),
                Tone.BUSY,
                "hourglass",
            )
        case RefundState.REQUESTED:
            return Outcome(
                _("The provider has not answered yet"),
                _(
                    "{amount} may be on its way. Do not give it back a second time: the till keeps "
                    "asking until it knows."
                ).format(amount=amount),
                Tone.WARNING,
                "unknown",
            )
    words = formats.message(refund.words)
    advice = _("No money has moved. Try again later, or give it back another way.")
    return Outcome(
        _("The refund of {amount} was refused").format(amount=amount),
        f"{words} {advice}".strip(),
        Tone.DANGER,
        "alert",
    )


def _how_it_goes(provider: str) -> str:
    return {
        CASH: _("Hand it to the customer, if that is not done yet."),
        TERMINAL: _("Give it back on the card machine, too: the till cannot tell it to."),
    }.get(provider, _("It goes the way it was paid; a bank takes some days to show it."))


def outcome_of_decision(draft: Draft, target_number: int | None, formats: Formats) -> Outcome:
    """Say what was decided, once the books have it."""
    amount = formats.money(draft.ask.amount)
    titles: Mapping[Action | None, str] = {
        Action.ACCEPT: _("{amount} was accepted"),
        Action.ASSIGN: _("{amount} was assigned to order {number}"),
        Action.WRITE_OFF: _("Written off"),
    }
    title = titles[draft.ask.action]
    is_assigned = draft.ask.action is Action.ASSIGN
    detail = _("It counts for that order now.") if is_assigned else draft.ask.effect
    return Outcome(title.format(amount=amount, number=target_number), detail, Tone.GOOD, "done")


def outcome_of_error(error: ScantillError, formats: Formats) -> Outcome:
    """Say why nothing was done, or that it is not known; the form stays as it is."""
    words = error_words(error, formats)
    return Outcome(words.title, words.below_title, Tone.DANGER, "alert", is_settled=False)


def refund_words(state: RefundState) -> tuple[str, Tone]:
    """Give a refund's state as a word and a tone."""
    words: Mapping[RefundState, tuple[str, Tone]] = {
        RefundState.REQUESTED: (_("Requested"), Tone.WARNING),
        RefundState.PENDING: (_("On its way"), Tone.BUSY),
        RefundState.SUCCEEDED: (_("Given back"), Tone.GOOD),
        RefundState.FAILED: (_("Failed"), Tone.DANGER),
    }
    return words[state]


def _confirmation(case: Case, action: Action, amount: Money, formats: Formats) -> str:
    match action:
        case Action.ACCEPT:
            return _("Accept {amount}").format(amount=formats.money(amount))
        case Action.REFUND:
            return giving_back(amount, formats)
        case Action.ASSIGN:
            return assigning(amount, None, formats)
    match write_off_of(case):
        case WriteOff.KEEP:
            return _("Keep {amount}").format(amount=formats.money(case.left))
        case WriteOff.CLOSE:
            return _("Close the entry")
    difference = Money(abs(difference_minor(case)), amount.currency)
    return _("Write off {amount}").format(amount=formats.money(difference))
