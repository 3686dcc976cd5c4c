"""Starts the till on what a power cut left, and looks for whatever it had acknowledged before."""

import queue
import random
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import httpx

from app.api.token import token_of
from app.clock import SystemClock
from app.domain.ids import Ids
from app.errors import ScantillError
from app.settings import Mode
from app.store import Store
from app.store.verify import Outcome, verify
from tests.integration.till.processes import command, serving
from tests.power.day import OLD_ORDERS

DATA: Final = Path("shop/till")
"""Where in the recorded directory the till keeps its data: it made both directories itself."""
NOBODY: Final = "http://127.0.0.1:9"
"""Where no provider answers: what the books say is what counts."""

Marks = Iterable[dict[str, Any]]


def open_books(image: Path) -> Store:
    """Open the books of an image as the till does."""
    return Store(
        image / DATA / "training",
        mode=Mode.TRAINING,
        clock=SystemClock(),
        ids=Ids(random.SystemRandom()),
        inline=True,
    )


def judge(image: Path, marks: Marks) -> list[str]:
    """Open the books of an image as the till does, and name what is wrong with them.

    `marks` is what was acknowledged before the power went.
    """
    directory = image / DATA / "training"
    try:
        store = open_books(image)
    except (ScantillError, sqlite3.Error, OSError) as error:
        return [f"the till does not start: {error}"]
    try:
        token_of(directory)
        marks = list(marks)
        faults = store.read_now(lambda db: _broken(db) + list(_lost(db, store.till_id, marks)))
    except (ScantillError, sqlite3.Error, OSError) as error:
        faults = [f"the books cannot be read: {error}"]
    finally:
        store.close()
    return faults + _without_copy(directory, marks)


def judge_with_the_program(image: Path, marks: Marks) -> list[str]:
    """Run `scantill serve` on an image, ask for the orders told paid, and run `scantill verify`."""
    marks = list(marks)
    if not any(mark["ack"] == "order" for mark in marks):
        return []
    root = image / DATA
    paid = [mark["order"] for mark in marks if mark.get("name") == "order.paid"]
    try:
        with serving(root, NOBODY, "--no-webhooks") as served:
            states = {order: served.order(order)["state"] for order in paid[-5:]}
    except (AssertionError, httpx.HTTPError, queue.Empty) as error:
        return [f"scantill serve: {error!r}"]
    # Afterwards: books that an update had not reached yet are brought up to date by the till.
    checked = command("verify", "--data-dir", str(root))
    if checked.returncode != 0:
        return [f"scantill verify: {checked.stdout}{checked.stderr}"]
    return [f"order {order} is {state}" for order, state in states.items() if state != "paid"]


def _broken(db: sqlite3.Connection) -> list[str]:
    return [str(check) for check in verify(db) if check.outcome is Outcome.VIOLATED]


def _lost(db: sqlite3.Connection, till_id: str, marks: list[dict[str, Any]]) -> Iterator[str]:
    """Name every acknowledgement that the books know nothing of."""
    facts = _table(db, "SELECT seq, name, coalesce(order_id, '') FROM journal")
    orders = _table(db, "SELECT id, number, state FROM orders")
    attempts = _table(db, "SELECT id, session_id, url, shown_at FROM attempts")
    keys = _table(db, "SELECT key FROM intents")
    events = _table(db, "SELECT event_id FROM inbox")
    for mark in marks:
        match mark:
            case {"ack": "till", "id": told}:
                kept = told == till_id
            case {"ack": "fact", "seq": seq, "name": name, "order": order}:
                kept = facts.get(seq) == (name, order)
            case {"ack": "webhook", "event": event}:
                kept = event in events
            case {"ack": "call", "key": key}:
                kept = key in keys
            case {"ack": "order", "id": order, "number": number}:
                kept = orders.get(order, (None,))[0] == number
            case {"ack": "ended", "id": order, "state": state}:
                kept = orders.get(order, (None, None))[1] == state
            case {"ack": "session", "attempt": attempt, "session": session, "url": url}:
                kept = attempts.get(attempt, ())[:2] == (session, url)
            case {"ack": "shown", "attempt": attempt}:
                kept = attempts.get(attempt, (None,))[-1] is not None
            case {"ack": "closed"}:
                kept = True  # Its copy is looked for apart.
            case _:
                raise ValueError(f"nobody can judge {mark}")
        if not kept:
            yield f"lost: {mark}"


def _table(db: sqlite3.Connection, sql: str) -> dict[Any, tuple[Any, ...]]:
    return {row[0]: tuple(row)[1:] for row in db.execute(sql)}


def _without_copy(directory: Path, marks: Marks) -> list[str]:
    """Look for the verified copy of the books that were made by the older program.

    The image's till has brought them up to date, now or before the cut: the copy must be there.
    """
    if not any(mark["ack"] == "closed" for mark in marks):
        return []
    copies = sorted(directory.glob("till.before-*.db"))
    if not copies:
        return ["lost: the copy of the books from before the update"]
    with sqlite3.connect(copies[0]) as db:
        whole = db.execute("PRAGMA integrity_check").fetchone()[0]
        orders = db.execute("SELECT count(*) FROM orders").fetchone()[0]
    db.close()
    if (whole, orders) != ("ok", OLD_ORDERS):
        return [f"the copy from before the update: {whole}, {orders} orders"]
    return []
