"""What an answer about a session, or none, comes to in the books: one transaction each."""

from datetime import datetime
from typing import Any

from app.domain.attempt import ATTEMPT_MOVES, Attempt, AttemptState, CloseReason
from app.domain.observation import Observation, SessionState, Source
from app.domain.order import OrderState
from app.errors import InvariantError, Message
from app.failpoints import reach
from app.providers.strategy import OpenedSession
from app.settle import hold_unknown, never_made, want_closed
from app.store import Transaction
from app.store.attempts import find_attempt, mark_attempt, move_attempt
from app.store.doubts import supersede_overtaken
from app.store.intents import (
    Intent,
    Operation,
    Outcome,
    count_of,
    finish_intent,
    insert_intent,
    supersede_unanswered,
    unanswered,
)
from app.store.orders import find_order
from app.store.payments import clear_unknown


def known_attempt(tx: Transaction, attempt_id: int) -> Attempt:
    """Give an attempt that must be there. Raises InvariantError where it is gone."""
    attempt = find_attempt(tx.connection, attempt_id)
    if attempt is None:
        raise InvariantError(f"Attempt {attempt_id} is gone")
    return attempt


def run_out(attempt: Attempt, source: Source, at: datetime) -> Observation:
    """Say of a session that its time was over and no money can come by it."""
    return Observation(
        source=source,
        provider=attempt.provider,
        provider_account=attempt.provider_account,
        live=attempt.live,
        reference=str(attempt.reference),
        session_id=attempt.session_id or "",
        state=SessionState.EXPIRED,
        observed_at=at,
        is_final=True,
    )


def write_opened(
    tx: Transaction, attempt_id: int, intent: Intent, opened: OpenedSession
) -> Attempt:
    """Write down the session; one that asks for another amount is closed and never shown."""
    finish_intent(tx, intent.id, Outcome.DONE, {"session": opened.session_id, "url": opened.url})
    attempt = known_attempt(tx, attempt_id)
    changes: dict[str, Any] = {"session_id": opened.session_id, "url": opened.url or None}
    if attempt.state in (AttemptState.CREATING, AttemptState.UNKNOWN):
        attempt = move_attempt(tx, attempt, AttemptState.OPEN, **changes)
    else:
        attempt = mark_attempt(tx, attempt, **changes)
    if opened.amount != attempt.amount or not opened.url:
        attempt = want_closed(tx, attempt, CloseReason.SUPERSEDED)
    clear_unknown(tx, attempt_id, Message("the session is open"))
    reach("create.saving")
    return attempt


def write_doubt(tx: Transaction, attempt_id: int, words: str) -> Attempt:
    """Write down that no answer came; what is final is in no doubt."""
    attempt = known_attempt(tx, attempt_id)
    if AttemptState.UNKNOWN in ATTEMPT_MOVES[attempt.state]:
        return hold_unknown(tx, attempt, words)
    supersede_overtaken(tx, attempt_id)
    return attempt


def write_capture_intent(tx: Transaction, attempt_id: int) -> Intent | None:
    """Write down that the money which the customer agreed to is about to be taken.

    One whose answer is missing is asked for again, whatever was decided since: it may have taken
    the money. A new one is not begun, and None is given, once the session is to be closed or its
    order is over; money that nobody wants any more is never taken.
    """
    if (before := unanswered(tx.connection, attempt_id, Operation.CAPTURE)) is not None:
        return before
    attempt = known_attempt(tx, attempt_id)
    order = find_order(tx.connection, attempt.order_id)
    is_wanted = order is not None and order.state is OrderState.OPEN and attempt.is_live
    if attempt.close_reason is not None or not is_wanted:
        return None
    number = 1 + count_of(tx.connection, attempt_id, Operation.CAPTURE)
    return insert_intent(
        tx,
        key=attempt.reference.key("capture" if number == 1 else f"capture-{number}"),
        operation=Operation.CAPTURE,
        attempt_id=attempt_id,
        parameters={"session": attempt.session_id},
    )


def write_close_intent(tx: Transaction, attempt: Attempt) -> Intent:
    """Write down that a session is about to be closed; each time is a call of its own."""
    supersede_unanswered(tx, attempt.id, Operation.CLOSE)
    number = 1 + count_of(tx.connection, attempt.id, Operation.CLOSE)
    return insert_intent(
        tx,
        key=attempt.reference.key(f"close-{number}"),
        operation=Operation.CLOSE,
        attempt_id=attempt.id,
        parameters={"session": attempt.session_id},
    )


def write_never_made(tx: Transaction, till_id: str, attempt_id: int, words: str) -> Attempt:
    """Write down that there is no session, which is an answer: no call waits for one now."""
    ended = never_made(tx, till_id, known_attempt(tx, attempt_id), words)
    supersede_overtaken(tx, attempt_id)
    if ended.shown_at is None:
        clear_unknown(tx, attempt_id, Message("the provider has no such session"))
    return ended
