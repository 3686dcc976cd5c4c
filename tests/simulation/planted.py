"""Bugs that are planted into the till to see whether the days find them.

Each takes one guard of money out, as a careless edit would. `within` is in how many days, from the
first on, it has to be found.
"""

import asyncio
import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Any, Final
from unittest.mock import patch

from app import checkout, sessions, settle
from app.domain import judgement
from app.domain.attempt import ATTEMPT_MOVES, AttemptState
from app.domain.observation import SessionState, Source
from app.domain.order import OrderState
from app.store import attempts as attempt_rows
from app.store import inbox as inbox_rows
from app.store import payments as payment_rows
from app.store import writer
from app.store.transaction import Transaction
from app.watch import watch
from app.webhooks import inbox_worker, receiver


@dataclass(frozen=True)
class Bug:
    """A guard taken out: `(owner, name, what stands there instead)` for each patch."""

    patches: tuple[tuple[Any, str, Any], ...]
    within: int = 60

    @contextmanager
    def planted(self) -> Iterator[None]:
        """Have the till run with the bug."""
        with ExitStack() as stack:
            for owner, name, instead in self.patches:
                stack.enter_context(patch.object(owner, name, instead))
            yield


_LATER: Final[list[asyncio.Task[None]]] = []
"""Keeps what is written later from being collected."""


def _payments_count_twice(tx: Transaction, **values: Any) -> None:
    count = tx.execute("SELECT count(*) FROM payments").fetchone()[0]
    real = values["payment_id"]
    if payment_rows.known_payments(tx.connection, values["provider"], [real]):
        values["payment_id"] = f"{real}+{count}"
    payment_rows.insert_payment(tx, **values)


async def _cancelled_first(self: checkout.Checkout, order_id: str) -> Any:
    """Call the order cancelled before anything is known of its sessions."""

    def write(tx: Transaction) -> Any:
        wanted = checkout._want_cancelled(tx, order_id)
        order = checkout.find_order(tx.connection, order_id)
        if order is not None and order.state is OrderState.OPEN:
            checkout.move_order(tx, order, OrderState.CANCELLED)
        return wanted

    for attempt in await self._store.write(write):
        await self._sessions.close(attempt.id)
    return await self._order(order_id)


async def _fresh_key(self: Any, attempt: Any, intent: Any, strategy: Any, *, was_asked: bool) -> Any:
    chance = random.Random(self._clock.monotonic())

    async def call() -> Any:
        key = f"{intent.key}-{chance.randrange(10**6)}"
        return await strategy.open_session(intent.parameters, key=key)

    return await self._gateway.asked(
        attempt.account,
        lambda: sessions.until_answered(
            call, clock=self._clock, jitter=self._jitter, budget_s=sessions.CREATE_BUDGET_S
        ),
    )


async def _acknowledged_first(self: receiver.Receiver, request: Any) -> Any:
    """Say 2xx, and write down afterwards what it was said of."""
    strategy = self._by_path[request.path_params["name"].lower()]
    delivery = strategy.read_webhook(
        receiver.WebhookRequest(
            headers=dict(request.headers.items()),
            body=await receiver._body(request),
            received_at=self._clock.now(),
        )
    )

    async def later() -> None:
        await self._clock.sleep(20.0)
        await self._store.write(lambda tx: inbox_rows.receive(tx, delivery))
        self._on_received()

    _LATER.append(asyncio.get_running_loop().create_task(later()))
    return receiver.PlainTextResponse("received")


def _judged(change: Callable[[Any], Any]) -> Any:
    """Give a judge that sees an observation as `change` makes it."""
    real = judgement.judge
    return lambda books, seen: real(books, change(seen))


def _believe_complete(seen: Any) -> Any:
    """Take a session that is complete for one that is paid."""
    if seen.state is SessionState.PROCESSING:
        payment = judgement.SeenPayment(f"{seen.session_id}-assumed", seen_amount(seen))
        return replace(seen, state=SessionState.PAID, payments=(payment,))
    return seen


def seen_amount(seen: Any) -> Any:
    """Give some amount for a payment that nobody has seen."""
    from app.domain.money import Money

    return Money(len(seen.reference), "EUR")


def _always_final(seen: Any) -> Any:
    """Take every end for the last word, however much the provider hesitates."""
    is_over = seen.state is not SessionState.OPEN and seen.state is not SessionState.PROCESSING
    return replace(seen, is_final=is_over)


def _without_journal(tx: Transaction, attempt: Any, to: Any, **changes: Any) -> Any:
    changes.pop("source", None), changes.pop("detail", None)
    names = "".join(f", {name} = ?" for name in changes)
    tx.execute(
        f"UPDATE attempts SET state = ?, version = version + 1{names} WHERE id = ?",
        (to.value, *changes.values(), attempt.id),
    )
    return attempt_rows._again(tx, attempt.id)


def _settled_final(real: Any) -> Any:
    def settled(tx: Transaction, till_id: str, seen: Any) -> Any:
        return real(tx, till_id, _always_final(seen))

    return settled


async def _believed_closed(self: sessions.Sessions, attempt: Any) -> Any:
    """Take a session for closed without asking the provider to."""
    strategy = await self._strategy_of(attempt)
    seen = await strategy.fetch(attempt.session_id, source=Source.CLOSE)
    if seen.state is SessionState.OPEN:
        seen = replace(seen, state=SessionState.EXPIRED, is_final=False)
    return await self._settled(attempt.id, seen)


def _put_off(real: Any) -> Any:
    """Commit only now and then, and say at once that it was done."""

    def run_batch(self: Any, units: list[Any]) -> list[Any]:
        if not self._connection.in_transaction:
            self._connection.execute("BEGIN IMMEDIATE")
        at = self._clock.now()
        for unit in units:
            self._run_unit(unit, Transaction(self._connection, at))
        if at.microsecond % 4 == 0:
            self._connection.execute("COMMIT")
        return []

    return run_batch


def _show_anything(real: Any) -> Any:
    async def mark_shown(self: Any, attempt_id: int) -> Any:
        attempt = await self._store.read(lambda db: attempt_rows.find_attempt(db, attempt_id))
        return attempt

    return mark_shown


def _count_refunds_again(tx: Transaction, provider: str, order_id: str, refund: Any) -> bool:
    from app.store import refunds

    refunds.write_refund(tx, provider, order_id, refund)
    return True


class _OtherPlaces(dict[Any, Any]):
    """Lets an attempt move from anywhere to anywhere."""

    def __getitem__(self, key: Any) -> Any:
        return frozenset(AttemptState) - {key}


async def _looked_up_never(self: Any, attempt_id: int, *, is_first: bool = False) -> Any:
    """Ask under the old key however old it is."""
    intent = await self._store.read(lambda db: sessions.unanswered_create(db, attempt_id))
    attempt = await self._find(attempt_id)
    if intent is None:
        return attempt
    strategy = await self._strategy_of(attempt)
    try:
        opened = await self._asked_to_open(attempt, intent, strategy, was_asked=True)
    except sessions.ProviderError as error:
        words = error.words
        return await self._store.write(lambda tx: sessions._write_doubt(tx, attempt_id, words))
    return await self._store.write(
        lambda tx: sessions._write_opened(tx, attempt_id, intent, opened)
    )


BUGS: Final[Mapping[str, Bug]] = {
    "a payment counts as often as it is told": Bug(
        (
            (settle, "known_payments", lambda db, provider, ids: frozenset()),
            (settle, "insert_payment", _payments_count_twice),
        )
    ),
    "an order is called cancelled before its session is closed": Bug(
        ((checkout.Checkout, "cancel", _cancelled_first),)
    ),
    "each try asks under a fresh key": Bug(((sessions.Sessions, "_asked_to_open", _fresh_key),)),
    "a delivery is acknowledged before it is written": Bug(
        ((receiver.Receiver, "_received", _acknowledged_first),), within=200
    ),
    "the amount is not compared": Bug(
        ((judgement, "_objection", lambda attempt, order, accepted, payment: (None, "")),)
    ),
    "account and mode are not compared": Bug(
        ((judgement, "_strangeness", lambda attempt, seen: ""),)
    ),
    "a second session opens beside one that can be paid": Bug(
        ((checkout, "_refuse_second", lambda tx, order, number: None),)
    ),
    "complete is taken for paid": Bug(((settle, "judge", _judged(_believe_complete)),)),
    "every end is taken for the last word": Bug(
        (
            (sessions, "settle", _settled_final(settle.settle)),
            (inbox_worker, "settle", _settled_final(settle.settle)),
        )
    ),
    "a change of state is not journalled": Bug(((settle, "move_attempt", _without_journal),)),
    "a session is taken for closed that was never asked to": Bug(
        ((sessions.Sessions, "_close", _believed_closed),)
    ),
    "a commit is put off": Bug(((writer.Writer, "_run_batch", _put_off(None)),)),
    "a call whose answer was lost is forgotten": Bug(
        ((sessions, "unanswered_create", lambda db, attempt_id: None),)
    ),
    "a code is shown whatever became of its session": Bug(
        ((checkout.Checkout, "mark_shown", _show_anything(None)),)
    ),
    "a refund counts as often as it is told": Bug(
        ((settle, "write_refund", _count_refunds_again),)
    ),
    "a deadline does not close its session": Bug(
        ((watch, "_is_overdue", lambda attempt, now: False),)
    ),
    "held money is not put on the list": Bug(
        ((settle, "open_exception", lambda tx, kind, amount, **about: None),)
    ),
    "an old state overwrites a newer one": Bug(
        (
            (judgement, "ATTEMPT_MOVES", _OtherPlaces(ATTEMPT_MOVES)),
            (settle, "ATTEMPT_MOVES", _OtherPlaces(ATTEMPT_MOVES)),
            (attempt_rows, "ATTEMPT_MOVES", _OtherPlaces(ATTEMPT_MOVES)),
        )
    ),
    "a key is used after the provider has forgotten it": Bug(
        ((sessions.Sessions, "_create", _looked_up_never),), within=400
    ),
    "late money pays a cancelled order by itself": Bug(
        ((judgement, "_BEFORE", {}), (judgement, "_objection", lambda *of: (None, ""))),
    ),
    "the watch forgets what is final for the till and not for the provider": Bug(
        ((watch, "watched_attempts", lambda db: [
            attempt for attempt in attempt_rows.watched_attempts(db) if attempt.is_live
        ]),)
    ),
    "a receipt number is left out": Bug(
        ((settle, "next_number", lambda tx, counter: [
            checkout.next_number(tx, counter) for _ in range(2)
        ][-1]),)
    ),
}
"""By what the till does wrong with each."""
