"""A till in a process of its own, to be killed: sells up to the QR, then waits.

Run as `python -m tests.integration.till.driver ROOT SANDBOX_URL [POINT]`. It prints one JSON
object a line; at POINT it kills itself with SIGKILL, as a power cut would.
"""

import asyncio
import inspect
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from app import sessions, settle
from app.bootstrap import Till
from app.providers.stripe_checkout import StripeCheckout
from app.store.writer import Writer
from app.webhooks import inbox_worker, receiver
from tests.integration.till import house


def die() -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("unreachable")


def say(**values: Any) -> None:
    sys.stdout.write(f"{json.dumps(values)}\n")
    sys.stdout.flush()


def kill_around(owner: Any, name: str, *, after: bool) -> None:
    """Replace a function by one that kills the process before or after it has run."""
    original = getattr(owner, name)
    if inspect.iscoroutinefunction(original):

        async def awaited(*arguments: Any, **options: Any) -> Any:
            if after:
                await original(*arguments, **options)
            die()

        setattr(owner, name, awaited)
    else:

        def called(*arguments: Any, **options: Any) -> Any:
            if after:
                original(*arguments, **options)
            die()

        setattr(owner, name, called)


POINTS: dict[str, Callable[[], None]] = {
    # While the session is opened.
    "intent": lambda: kill_around(StripeCheckout, "open_session", after=False),
    "call": lambda: kill_around(StripeCheckout, "open_session", after=True),
    "result": lambda: kill_around(sessions, "_write_opened", after=True),
    "save": lambda: kill_around(sessions.Sessions, "create", after=True),
    # While a delivery is taken in and settled.
    "receive": lambda: kill_around(receiver, "receive", after=True),
    "settle": lambda: kill_around(inbox_worker, "settle", after=True),
    "settled": lambda: kill_around(settle, "complete", after=True),
    # While a session is closed.
    "close": lambda: kill_around(StripeCheckout, "close_session", after=False),
    "closed": lambda: kill_around(StripeCheckout, "close_session", after=True),
}
"""Where the process dies; "commit" and "ack" are set up in `arm`."""


def arm(point: str, till: Till) -> None:
    if point == "ack":
        # After the commit of the inbox row, before the answer is written.
        till.door._received = lambda worker: die()  # type: ignore[method-assign]
    elif point == "commit":
        # Between the work of the units and the commit that would keep it.
        original = Writer._run_unit

        def run_unit(self: Writer, unit: Any, transaction: Any) -> None:
            original(self, unit, transaction)
            if any(fact.name == "order.paid" for fact in unit.facts):
                die()

        Writer._run_unit = run_unit  # type: ignore[method-assign]
    elif point:
        POINTS[point]()


async def main(root: Path, sandbox_url: str, point: str) -> None:
    pace = house.NEVER if point in ("receive", "settle", "settled", "ack", "commit") else None
    async with house.open_till(root, sandbox_url, pace=pace or house.QUICK) as till:
        order = await house.place(till)
        say(order=order.id, door=till.door.address)
        customer = house.Customer(sandbox_url)
        await house.until_registered(till, customer)
        arm(point, till)
        attempt = await till.checkout.open_session(order.id, till.accounts[0])
        attempt = await till.checkout.mark_shown(attempt.id)
        say(url=attempt.url, attempt=attempt.number)
        if point in ("close", "closed"):
            await till.checkout.cancel(order.id)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2], (*sys.argv[3:], "")[0]))
