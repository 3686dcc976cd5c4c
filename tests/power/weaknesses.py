"""Faults that are planted into a recorded till, each of which the judge has to find."""

import asyncio
import sqlite3
from collections.abc import Callable
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from app.providers.strategy import WebhookRequest
from app.store import connection, schema, writer
from app.store.inbox import receive
from app.store.transaction import Transaction
from app.store.writer import Writer
from app.webhooks.receiver import Receiver


def _synchronous(value: str) -> None:
    """Open the books for writing with less than `synchronous=FULL`."""
    original = connection._connect

    def connect(*arguments: Any, **options: Any) -> sqlite3.Connection:
        opened = original(*arguments, **options)
        opened.execute(f"PRAGMA synchronous={value}")
        return opened

    connection._connect = connect


def _hasty_bus() -> None:
    """Tell of what a unit of work did before it is committed."""
    original = Writer._run_unit

    def run_unit(self: Writer, unit: Any, transaction: Transaction) -> None:
        original(self, unit, transaction)
        facts, unit.facts = unit.facts, []
        self._publish(facts)

    Writer._run_unit = run_unit  # type: ignore[method-assign]


def _hasty_door() -> None:
    """Answer a delivery once it is queued for the books."""

    async def received(self: Receiver, request: Request) -> Response:
        strategy = self._by_path[request.path_params["name"]]
        headers = {name.lower(): value for name, value in request.headers.items()}
        seen = WebhookRequest(headers, await request.body(), self._clock.now())
        delivery = strategy.read_webhook(seen)
        kept = self._store.submit(lambda tx: receive(tx, delivery))
        loop = asyncio.get_running_loop()
        kept.add_done_callback(lambda _: loop.call_soon_threadsafe(self._on_received))
        return PlainTextResponse("received")

    Receiver._received = received  # type: ignore[method-assign]


def _no_directory_sync() -> None:
    """Make directories and rename files without syncing the directory."""
    for module in (connection, schema):
        module.sync_directory = lambda path: None  # type: ignore[attr-defined]


def _tries_again() -> None:
    """Go on after a failed sync as if it had never been."""
    vars(writer)["leaves_doubt"] = lambda error: False


WEAKNESSES: dict[str, Callable[[], None]] = {
    "synchronous-normal": partial(_synchronous, "NORMAL"),
    "synchronous-off": partial(_synchronous, "OFF"),
    "hasty-bus": _hasty_bus,
    "hasty-door": _hasty_door,
    "no-directory-sync": _no_directory_sync,
    "tries-again": _tries_again,
}
