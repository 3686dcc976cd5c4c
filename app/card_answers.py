"""What an answer about a card's set-up, or none, comes to in the books: one transaction each."""

from collections.abc import Mapping
from typing import Any, Final

from app.domain.card_setup import CARD_MOVES, CardClosing, CardSetup, CardState
from app.errors import Message
from app.failpoints import reach
from app.providers.saving import OpenedSetup, SeenSetup, SetupState
from app.store import Transaction
from app.store.card_setups import (
    closings_of_card,
    insert_card_setup,
    known_card_setup,
    mark_card_setup,
    move_card_setup,
    tell_of_card,
    unanswered_of_card,
)
from app.store.intents import Intent, Operation, Outcome, finish_intent, insert_intent
from app.store.transaction import stamp

_STATES: Final = {
    SetupState.OPEN: CardState.OPEN,
    SetupState.PROCESSING: CardState.PROCESSING,
    SetupState.SAVED: CardState.SAVED,
    SetupState.FAILED: CardState.FAILED,
}
"""What a look means by itself; an expired one ends by the till's own reason."""


def write_wanted(tx: Transaction, setup: CardSetup, parameters: Mapping[str, Any]) -> CardSetup:
    """Write down a new set-up with the call that is about to create it."""
    setup = insert_card_setup(tx, setup)
    insert_intent(
        tx,
        key=setup.key("create"),
        operation=Operation.SAVE_CARD,
        attempt_id=None,
        card_setup=setup.id,
        parameters=parameters,
    )
    return setup


def write_opened(
    tx: Transaction, row_id: int, intent: Intent, opened: OpenedSetup, url: str
) -> CardSetup:
    """Write down that a set-up exists; without a `url` that may be shown it is closed again."""
    finish_intent(tx, intent.id, Outcome.DONE, {"setup": opened.setup_id, "url": opened.url})
    setup = known_card_setup(tx.connection, row_id)
    setup = move_card_setup(tx, setup, CardState.OPEN, setup_id=opened.setup_id, url=url)
    if not url and setup.close_reason is None:
        setup = mark_card_setup(tx, setup, close_reason=CardClosing.CANCELLED.value)
    reach("card.opening")
    return setup


def write_unmade(
    tx: Transaction, row_id: int, intent: Intent, outcome: Outcome, result: Mapping[str, Any]
) -> CardSetup:
    """Write down that no page came of a set-up that anybody could have seen: it is over.

    It was refused, or nobody knows of its call any more.
    """
    finish_intent(tx, intent.id, outcome, result)
    setup = known_card_setup(tx.connection, row_id)
    to = CardState.FAILED if outcome is Outcome.REJECTED else _end_of(setup)
    return move_card_setup(tx, setup, to)


def write_card_doubt(tx: Transaction, row_id: int) -> CardSetup:
    """Write down that no answer came; what is over is in no doubt."""
    setup = known_card_setup(tx.connection, row_id)
    if CardState.UNKNOWN in CARD_MOVES[setup.state]:
        return move_card_setup(tx, setup, CardState.UNKNOWN)
    return setup


def write_card_gone(tx: Transaction, row_id: int) -> CardSetup:
    """Write down that the provider, asked with the right keys, has no such set-up."""
    setup = known_card_setup(tx.connection, row_id)
    _let_go_of_closing(tx, row_id)
    if CardState.FAILED in CARD_MOVES[setup.state]:
        return move_card_setup(tx, setup, CardState.FAILED)
    return setup


def write_card_closing(tx: Transaction, setup: CardSetup, reason: CardClosing, by: str) -> None:
    """Write down that a set-up is to be closed, why, and who wants it; the first reason stays."""
    setup = known_card_setup(tx.connection, setup.id)
    if setup.is_unfinished and setup.close_reason is None:
        setup = mark_card_setup(tx, setup, close_reason=reason.value)
        tell_of_card(tx, setup, "closing", by=by or "till", reason=reason.value)


def write_card_close_intent(tx: Transaction, setup: CardSetup) -> Intent:
    """Write down that a set-up is about to be closed; each time is a call of its own."""
    _let_go_of_closing(tx, setup.id)
    return insert_intent(
        tx,
        key=setup.key(f"close-{1 + closings_of_card(tx.connection, setup.id)}"),
        operation=Operation.CLOSE_SETUP,
        attempt_id=None,
        card_setup=setup.id,
        parameters={"setup": setup.setup_id},
    )


def strangeness_of_card(setup: CardSetup, seen: SeenSetup) -> str:
    """Say what of a look does not belong to a set-up, or nothing: it is judged as money is."""
    if seen.provider != setup.provider:
        return Message(
            "Provider {seen}, expected {expected}.", seen=seen.provider, expected=setup.provider
        )
    if seen.provider_account != setup.provider_account:
        return Message(
            "Account {seen}, expected {expected}.",
            seen=seen.provider_account,
            expected=setup.provider_account,
        )
    if seen.live != setup.live:
        if seen.live:
            return Message("It is a live one, expected a test.")
        return Message("It is a test, expected a live one.")
    if seen.reference != setup.reference:
        return Message(
            "Reference {seen}, expected {expected}.",
            seen=seen.reference,
            expected=setup.reference,
        )
    if seen.setup_id != setup.setup_id:
        return Message(
            "Session {seen}, expected {expected}.", seen=seen.setup_id, expected=setup.setup_id
        )
    return ""


def settle_card(
    tx: Transaction, row_id: int, seen: SeenSetup, intent: Intent | None = None
) -> CardSetup:
    """Write down what was seen of a set-up to which it belongs; old news change nothing."""
    if intent is not None:
        finish_intent(tx, intent.id, Outcome.DONE, {"state": seen.state.value})
    setup = known_card_setup(tx.connection, row_id)
    was_refused = seen.decline if seen.state is SetupState.OPEN else ""
    is_news = bool(was_refused) and was_refused != setup.decline
    setup = mark_card_setup(tx, setup, looked_at=stamp(tx.at), decline=was_refused)
    to = _STATES.get(seen.state) or _end_of(setup)
    if to in CARD_MOVES[setup.state]:
        kept = _kept(tx, seen) if to is CardState.SAVED else {}
        setup = move_card_setup(tx, setup, to, **kept)
    if is_news and setup.is_unfinished:
        tell_of_card(tx, setup, "declined", code=was_refused)
    if not setup.is_unfinished:
        _let_go_of_closing(tx, row_id)
    reach("card.settling")
    return setup


def _end_of(setup: CardSetup) -> CardState:
    is_cancelled = setup.close_reason is CardClosing.CANCELLED
    return CardState.CANCELLED if is_cancelled else CardState.EXPIRED


def _kept(tx: Transaction, seen: SeenSetup) -> dict[str, str | int | None]:
    return {
        "saved_at": stamp(tx.at),
        "customer_id": seen.customer_id,
        "method_id": seen.method_id,
        "brand": seen.brand,
        "last4": seen.last4,
        "expiry_month": seen.expiry_month,
        "expiry_year": seen.expiry_year,
    }


def _let_go_of_closing(tx: Transaction, row_id: int) -> None:
    """Give up waiting for the answer of an earlier closing, since nothing depends on it."""
    waiting = unanswered_of_card(tx.connection, row_id, Operation.CLOSE_SETUP)
    if waiting is not None:
        finish_intent(tx, waiting.id, Outcome.SUPERSEDED)
