"""Bugs that are planted into the till to see whether the days find them.

Each takes one guard of money out, as a careless edit would. `within` is in how many days, from
the first of all, it has to be found.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from starlette.responses import PlainTextResponse

from app import (
    checkout,
    checkout_ends,
    checkout_refusals,
    reconcile,
    refunds,
    session_answers,
    sessions,
    settle,
    settle_disputes,
    settle_fees,
    settle_refunds,
)
from app.domain import judgement
from app.domain.attempt import ATTEMPT_MOVES, AttemptState
from app.domain.money import Money
from app.domain.observation import SeenPayment, SessionState, Source
from app.domain.order import OrderState
from app.errors import ProviderError
from app.providers.retry import until_answered
from app.providers.strategy import WebhookRequest
from app.store import attempts as attempt_rows
from app.store import cursors as cursor_rows
from app.store import inbox as inbox_rows
from app.store import intents as intent_rows
from app.store import orders as order_rows
from app.store import payments as payment_rows
from app.store import writer
from app.store.store import next_number
from app.store.transaction import Transaction
from app.watch import turn, watch
from app.webhooks import inbox_worker, receiver
from tests.simulation.bug import Bug
from tests.simulation.planted_later import BUGS_OF_LATER
from tests.simulation.planted_ways import BUGS_OF_WAYS

_LATER: Final[list[asyncio.Task[None]]] = []
"""Keeps what is written later from being collected."""


# --- money ---------------------------------------------------------------------------------------


def _payment_once_more(tx: Transaction, **values: Any) -> None:
    payment_id = values["payment_id"]
    if payment_rows.known_payments(tx.connection, values["provider"], [payment_id]):
        count = tx.execute("SELECT count(*) FROM payments").fetchone()[0]
        values["payment_id"] = f"{payment_id}+{count}"
    payment_rows.insert_payment(tx, **values)


def _posted_for_good(tx: Transaction, payment: Any, after: Any, *, was_done: bool) -> None:
    if not was_done:
        _POST(tx, payment, after, was_done=False)


_POST: Final = settle_refunds._post


def _accepted(*_: Any) -> tuple[None, str]:
    return None, ""


def _complete_is_paid(books: Any, seen: Any) -> Any:
    if seen.state is SessionState.PROCESSING:
        payment = SeenPayment(f"{seen.session_id}-assumed", Money(500, "EUR"))
        seen = replace(seen, state=SessionState.PAID, payments=(payment,))
    return judgement.judge(books, seen)


def _every_end_is_final(tx: Transaction, till_id: str, seen: Any) -> Any:
    is_over = seen.state not in (SessionState.OPEN, SessionState.PROCESSING)
    return _SETTLE(tx, till_id, replace(seen, is_final=is_over))


_SETTLE: Final = settle.settle


class _Anywhere(dict[Any, Any]):
    """Lets an attempt move from any state to any other."""

    def __getitem__(self, state: Any) -> Any:
        return frozenset(AttemptState) - {state}


_MOVES: Final = _Anywhere(ATTEMPT_MOVES)


async def _refunded_under_fresh_keys(
    self: Any, payment: Any, refund: Any, intent: Any, strategy: Any, **how: Any
) -> Any:
    _PRESSES.append(intent.key)
    fresh = replace(intent, key=f"{intent.key}-{len(_PRESSES)}")
    return await _ASKED(self, payment, refund, fresh, strategy, **how)


_ASKED: Final = refunds.Refunds._asked
_PRESSES: Final[list[str]] = []


# --- sessions ------------------------------------------------------------------------------------


async def _cancelled_first(self: Any, order_id: str) -> Any:
    def write(tx: Transaction) -> Any:
        wanted = checkout_ends.want_cancelled(tx, order_id)
        order = order_rows.find_order(tx.connection, order_id)
        if order is not None and order.state is OrderState.OPEN:
            order_rows.move_order(tx, order, OrderState.CANCELLED)
        return wanted

    for attempt in await self._store.write(write):
        await self._sessions.close(attempt.id)
    return await self._order(order_id)


async def _closed_unasked(self: Any, attempt: Any) -> Any:
    strategy = await self._strategy_of(attempt)
    seen = await strategy.fetch(attempt.session_id, source=Source.CLOSE)
    if seen.state is SessionState.OPEN:
        seen = replace(seen, state=SessionState.EXPIRED, is_final=False)
    return await self._settled(attempt.id, seen)


async def _under_fresh_keys(self: Any, attempt: Any, intent: Any, strategy: Any, **_: Any) -> Any:
    tries = 0

    async def call() -> Any:
        nonlocal tries
        tries += 1
        return await strategy.open_session(intent.parameters, key=f"{intent.key}-{tries}")

    return await self._gateway.asked(
        attempt.account,
        lambda: until_answered(call, clock=self._clock, jitter=self._jitter, budget_s=10.0),
    )


async def _under_an_old_key(self: Any, attempt_id: int, **_: Any) -> Any:
    intent = await self._store.read(
        lambda db: intent_rows.unanswered(db, attempt_id, intent_rows.Operation.CREATE)
    )
    attempt = await self._find(attempt_id)
    if intent is None:
        return attempt
    strategy = await self._strategy_of(attempt)
    try:
        opened = await self._asked_to_open(attempt, intent, strategy, was_asked=True)
    except ProviderError as error:
        words = error.words
        return await self._store.write(
            lambda tx: session_answers.write_doubt(tx, attempt_id, words)
        )
    return await self._store.write(
        lambda tx: session_answers.write_opened(tx, attempt_id, intent, opened)
    )


async def _shown_without_a_word(self: Any, attempt_id: int) -> Any:
    return await self._store.read(lambda db: attempt_rows.find_attempt(db, attempt_id))


# --- the provider's lists -------------------------------------------------------------------------


def _booked_again(*told: Any) -> bool:
    _BOOK_FEE(*told)
    return True


_BOOK_FEE: Final = settle_fees.book_fee


async def _cursor_first(self: Any, account: str, kind: str, read: Any, report: Any) -> None:
    strategy = self._gateway.strategy(account)
    whose = (await self._gateway.identified(strategy)).provider_account
    since = await self._store.read(
        lambda db: (
            cursor_rows.find_cursor(db, account, whose, kind) or cursor_rows.books_made_at(db)
        )
    )
    now = self._by_provider(strategy, self._clock.now())
    await self._store.write(
        lambda tx: cursor_rows.save_cursor(tx, account, whose, kind, position=now)
    )
    since -= strategy.capabilities.session_lifetime + timedelta(minutes=10)
    await self._gateway.asked(account, lambda: read(strategy, since, None, report))


async def _unread(*_: Any) -> None:
    return None


# --- the books -----------------------------------------------------------------------------------


def _moved_in_silence(tx: Transaction, attempt: Any, to: Any, **changes: Any) -> Any:
    told = ("source", "detail")
    columns = {name: value for name, value in changes.items() if name not in told}
    names = "".join(f", {name} = ?" for name in columns)
    tx.execute(
        f"UPDATE attempts SET state = ?, version = version + 1{names} WHERE id = ?",
        (to.value, *columns.values(), attempt.id),
    )
    return attempt_rows._again(tx, attempt.id)


def _committed_now_and_then(self: Any, units: list[Any]) -> list[Any]:
    if not self._connection.in_transaction:
        self._connection.execute("BEGIN IMMEDIATE")
    at = self._clock.now()
    for unit in units:
        self._run_unit(unit, Transaction(self._connection, at))
    if at.microsecond % 4 == 0:
        self._connection.execute("COMMIT")
    return []


async def _acknowledged_first(self: Any, request: Any) -> Any:
    strategy = self._by_path[request.path_params["name"].lower()]
    headers = dict(request.headers.items())
    body = await receiver.body_of(request)
    delivery = strategy.read_webhook(WebhookRequest(headers, body, self._clock.now()))

    async def later() -> None:
        await self._clock.sleep(20.0)
        await self._store.write(lambda tx: inbox_rows.receive(tx, delivery))
        self._on_received()

    _LATER.append(asyncio.get_running_loop().create_task(later()))
    return PlainTextResponse("received")


def _every_second_number(tx: Transaction, counter: str) -> int:
    next_number(tx, counter)
    return next_number(tx, counter)


def _live_ones(db: Any) -> Any:
    return [attempt for attempt in attempt_rows.watched_attempts(db) if attempt.is_live]


def _is_live(attempt: Any) -> bool:
    return bool(attempt.is_live)


def _nothing(*_: Any, **__: Any) -> None:
    return None


def _say(answer: Any) -> Callable[..., Any]:
    return lambda *_, **__: answer


BUGS: Final[Mapping[str, Bug]] = {
    "a payment counts as often as it is told": Bug(
        (
            (settle, "known_payments", _say(frozenset())),
            (settle, "insert_payment", _payment_once_more),
        )
    ),
    "the amount is not compared": Bug(((judgement, "_objection", _accepted),)),
    "late money pays a cancelled order by itself": Bug(
        ((judgement, "_objection", _accepted), (judgement, "_BEFORE", {}))
    ),
    "account and mode are not compared": Bug(((judgement, "_strangeness", _say("")),)),
    "complete is taken for paid": Bug(((settle, "judge", _complete_is_paid),)),
    "a refund that fails later stays in the ledger": Bug(
        ((settle_refunds, "_post", _posted_for_good),)
    ),
    "each try gives money back under a fresh key": Bug(
        ((refunds.Refunds, "_asked", _refunded_under_fresh_keys),)
    ),
    "a double press of refund is taken for two": Bug(((refunds, "refund_by_press", _say(None)),)),
    "held money is not put on the list": Bug(((settle, "open_exception", _nothing),)),
    "an old state overwrites a newer one": Bug(
        tuple((owner, "ATTEMPT_MOVES", _MOVES) for owner in (judgement, settle, attempt_rows)),
        within=200,
    ),
    "every end is taken for the last word": Bug(
        ((sessions, "settle", _every_end_is_final), (inbox_worker, "settle", _every_end_is_final))
    ),
    "an order is called cancelled before its session is closed": Bug(
        ((checkout.Checkout, "cancel", _cancelled_first),)
    ),
    "a session is taken for closed that was never asked to": Bug(
        ((sessions.Sessions, "_close", _closed_unasked),)
    ),
    "a second session opens beside one that can be paid": Bug(
        ((checkout, "refuse_second", _nothing),)
    ),
    "each try asks under a fresh key": Bug(
        ((sessions.Sessions, "_asked_to_open", _under_fresh_keys),)
    ),
    "a key is used after the provider has forgotten it": Bug(
        ((sessions.Sessions, "_create", _under_an_old_key),)
    ),
    "a call whose answer was lost is forgotten": Bug(((sessions, "unanswered", _say(None)),)),
    "a code is shown whatever became of its session": Bug(
        ((checkout.Checkout, "mark_shown", _shown_without_a_word),)
    ),
    "a deadline does not close its session": Bug(((turn.Turn, "is_overdue", _say(False)),)),
    "the watch forgets what is over for the till alone": Bug(
        # The provider's list of sessions is a second guard: it finds most of them.
        (
            (watch, "watched_attempts", _live_ones),
            (watch, "is_watched", _is_live),
            (reconcile.Reconciliation, "_sessions", _unread),
        )
    ),
    "a change of state is not journalled": Bug(((settle, "move_attempt", _moved_in_silence),)),
    "a receipt number is left out": Bug(((settle, "next_number", _every_second_number),)),
    "a delivery is acknowledged before it is written": Bug(
        ((receiver.Receiver, "_received", _acknowledged_first),)
    ),
    "a dispute's money counts as often as it is told": Bug(
        ((settle_disputes, "book_fee", _booked_again),)
    ),
    "a list's cursor is saved before its rows": Bug(
        ((reconcile.Reconciliation, "_catch_up", _cursor_first),)
    ),
    "nobody reads the provider's list of events": Bug(
        ((reconcile.Reconciliation, "_events", _unread),)
    ),
    "restored books are sold with before they are compared": Bug(
        ((checkout_refusals, "needs_reconciliation", _say(False)),)
    ),
    "a commit is put off": Bug(((writer.Writer, "_run_batch", _committed_now_and_then),)),
    **BUGS_OF_WAYS,
    **BUGS_OF_LATER,
}
"""By what the till does wrong with each."""
