"""Bugs in taking money: by the till itself, by one of several accounts, and by hand."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from app import breaker, checkout_refusals, confirmations, sessions, settle
from app.breaker import Breaker, Standing
from app.domain import judgement
from app.domain.money import Money
from app.domain.observation import Observation, SeenPayment, SessionState
from app.session_answers import known_attempt
from app.store.intents import Intent, Operation, count_of, insert_intent, unanswered
from app.store.transaction import Transaction
from tests.simulation.bug import Bug

# --- taken by the till ----------------------------------------------------------------------------


def _captured_whatever_was_decided(tx: Transaction, attempt_id: int) -> Intent:
    before = unanswered(tx.connection, attempt_id, Operation.CAPTURE)
    if before is not None:
        return before
    attempt = known_attempt(tx, attempt_id)
    number = 1 + count_of(tx.connection, attempt_id, Operation.CAPTURE)
    return insert_intent(
        tx,
        key=attempt.reference.key("capture" if number == 1 else f"capture-{number}"),
        operation=Operation.CAPTURE,
        attempt_id=attempt_id,
        parameters={"session": attempt.session_id},
    )


class _FreshKeys:
    """A strategy as the till would use it that made up a key for each try."""

    def __init__(self, strategy: Any) -> None:
        self._strategy = strategy
        self._tries = 0

    async def capture(self, session_id: str, *, key: str) -> Observation:
        self._tries += 1
        seen = await self._strategy.capture(session_id, key=f"{key}-{self._tries}")
        assert isinstance(seen, Observation)
        return seen


async def _captured_under_fresh_keys(self: Any, attempt: Any, strategy: Any) -> Any:
    return await _CAPTURE(self, attempt, _FreshKeys(strategy))


_CAPTURE: Final = sessions.Sessions._capture


def _approved_is_paid(books: Any, seen: Any) -> Any:
    if seen.state is SessionState.APPROVED:
        amount = Money(500, "EUR") if books.attempt is None else books.attempt.amount
        payment = SeenPayment(f"{seen.session_id}-assumed", amount)
        seen = replace(seen, state=SessionState.PAID, payments=(payment,))
    return judgement.judge(books, seen)


async def _nothing_is_under_way(*_: Any) -> bool:
    return False


# --- several accounts -----------------------------------------------------------------------------


def _failed_somehow(self: Any, at: float, *, is_refused: bool = False) -> None:
    _FAILED(self, at)


_FAILED: Final = Breaker.failed


def _left_as_it_is(tx: Transaction, attempt: Any, reason: Any) -> Any:
    return attempt


# --- by hand --------------------------------------------------------------------------------------


def _nothing(*_: Any) -> None:
    return None


BUGS_OF_WAYS: Final[Mapping[str, Bug]] = {
    "money is captured after the session was closed": Bug(
        ((sessions, "write_capture_intent", _captured_whatever_was_decided),)
    ),
    "each try captures under a fresh key": Bug(
        ((sessions.Sessions, "_capture", _captured_under_fresh_keys),)
    ),
    "approved is taken for paid": Bug(((settle, "judge", _approved_is_paid),)),
    "a session is closed while its capture is under way": Bug(
        ((sessions.Sessions, "_is_being_captured", _nothing_is_under_way),)
    ),
    "customers are sent to an account that is down": Bug(
        ((breaker.Breaker, "standing", lambda *_: Standing.WELL),)
    ),
    "customers are sent to an account that refuses its keys": Bug(
        ((breaker.Breaker, "failed", _failed_somehow),)
    ),
    "what did not answer stays wanted beside the next account": Bug(
        ((checkout_refusals, "want_closed", _left_as_it_is),)
    ),
    "a card machine's number counts for every payment": Bug(
        ((confirmations, "_refuse_used", _nothing),)
    ),
    "money by hand is taken in for an order that is over": Bug(
        ((confirmations, "_refuse_over", _nothing),)
    ),
    "what cash is rounded by is not booked": Bug(
        ((confirmations, "rounding_entries", lambda minor: {}),)
    ),
}
"""By what the till does wrong with each."""
