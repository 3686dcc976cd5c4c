"""Disputes in words for a person: what happened, whether money is gone, what to do by when."""

from typing import Final

from app.domain.dispute import Dispute, DisputeState
from app.domain.money import Money
from app.errors import Message


def words_of(dispute: Dispute, word: str) -> Message:
    """Say what is disputed and why, whether money is gone, and what to do by when."""
    return Message(
        "Dispute {dispute}: {why} {money} {action}",
        dispute=dispute.dispute_id,
        why=reason_words(dispute.reason),
        money=money_words(dispute),
        action=_action_words(dispute, word),
    )


def words_of_unknown(dispute: Dispute, word: str) -> Message:
    """Say that the provider uses a word for a dispute that the till does not know."""
    return Message(
        "Dispute {dispute}: the provider calls it {word} now, which this till does not know. "
        "Nothing was moved for it. Look at it there.",
        dispute=dispute.dispute_id,
        word=word,
    )


def end_words(state: DisputeState) -> Message:
    """Say why a dispute needs nobody any more."""
    if state is DisputeState.WON:
        return Message("the dispute was won")
    return Message("the dispute was closed")


def reason_words(reason: str) -> Message:
    """Say in words why a payment is disputed; a reason that is not known is named as it is."""
    known = _REASONS.get(reason)
    if known is not None:
        return known
    return Message("The provider names as the reason: {reason}.", reason=reason)


def money_words(dispute: Dispute) -> Message:
    """Say whether money is gone for a dispute."""
    if dispute.withdrawn_minor > 0:
        gone = Money(dispute.withdrawn_minor, dispute.amount.currency)
        return Message("The provider has taken {amount} back.", amount=gone)
    return Message("No money is gone for it.")


def _action_words(dispute: Dispute, word: str) -> Message:
    if dispute.state is DisputeState.UNKNOWN:
        return Message(
            "The provider calls it {word}, which this till does not know: look at it there.",
            word=word,
        )
    if dispute.due_at is not None and dispute.state in _ANSWER_BY:
        return Message(_ANSWER_BY[dispute.state], due=f"{dispute.due_at:%Y-%m-%d}")
    return STEPS[dispute.state]


_ANSWER_BY: Final = {
    DisputeState.INQUIRY: Message("The bank only asks so far. Answer it at the provider by {due}."),
    DisputeState.NEEDS_RESPONSE: Message("Answer it at the provider by {due}, or it is lost."),
    DisputeState.APPEALED: Message(
        "The bank's decision is appealed. See at the provider whether an answer is due by {due}."
    ),
}
STEPS: Final = {
    DisputeState.INQUIRY: Message("The bank only asks so far. Answer it at the provider."),
    DisputeState.INQUIRY_UNDER_REVIEW: Message("It was answered, and the bank looks at it. Wait."),
    DisputeState.NEEDS_RESPONSE: Message("Answer it at the provider soon, or it is lost."),
    DisputeState.UNDER_REVIEW: Message("It was answered, and the bank decides. Wait."),
    DisputeState.CLOSED: Message(
        "It is closed, and the money should come back. See to it that it does."
    ),
    DisputeState.LOST: Message("It is lost. Take note of it; nothing more can be done here."),
    DisputeState.APPEALED: Message(
        "The bank's decision is appealed. See at the provider whether an answer is wanted."
    ),
    DisputeState.WON: Message("It is won, and the money should come back. See to it that it does."),
}
"""What is to be done of a dispute in a state that the till knows, where no date is named."""

_REASONS: Final = {
    "bank_cannot_process": Message("The customer's bank cannot process the payment."),
    "check_returned": Message("The customer's bank returned the cheque."),
    "credit_not_processed": Message("The customer says that a promised refund never came."),
    "customer_initiated": Message("The customer asked the bank for the money."),
    "debit_not_authorized": Message("The customer says that they did not allow the debit."),
    "duplicate": Message("The customer says that they were charged twice."),
    "fraudulent": Message("The cardholder says that somebody else paid with the card."),
    "general": Message("The bank gives no particular reason."),
    "incorrect_account_details": Message("The bank says that the account's details are wrong."),
    "insufficient_funds": Message("The customer's account did not hold enough."),
    "noncompliant": Message("The bank says that the card network's rules were broken."),
    "product_not_received": Message("The customer says that the goods never came."),
    "product_unacceptable": Message("The customer says that the goods were not as described."),
    "subscription_canceled": Message("The customer says that the subscription was cancelled."),
    "unrecognized": Message("The customer does not recognise the payment."),
}
"""Why payments are disputed, by the words that card networks and providers share."""
