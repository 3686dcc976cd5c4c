"""The command `scantill reconcile`: compare the books with the providers' own, now.

A till that runs on the data directory is asked to do it, through its private door; without one the
books are opened here for as long as it takes, without a window and without doors.
"""

import argparse
import asyncio
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from app.cli_options import add_till_options, settings_of
from app.cli_running import ask_the_running
from app.domain.reconciliation import Report
from app.errors import Message, StoreError
from app.store.lock import is_running

if TYPE_CHECKING:
    from app.settings import Settings

_PATIENCE_S: Final = 1800.0
_LINES: Final = {
    "requests": "requests made",
    "looked_at": "unfinished payments asked about",
    "sessions": "sessions of this till listed",
    "events": "events that were missed",
    "intents": "calls that need no answer any more",
    "payments": "payments found",
    "refunds": "refunds found",
    "disputes": "disputes found",
    "strangers": "sessions and events of others",
    "still_unknown": "payments still unknown",
    "needs_person": "on the list: needs a person",
}


def add_reconcile(commands: Any) -> None:
    """Add the command to the parser's commands."""
    parser = commands.add_parser(
        "reconcile", help="compare the books with what the payment providers say"
    )
    add_till_options(parser)
    parser.set_defaults(run=_reconcile)


def _reconcile(arguments: argparse.Namespace) -> int:
    settings = settings_of(arguments)
    if is_running(settings.directory):
        done = _asked_of_the_running(settings.directory)
    else:
        done = _counted(asyncio.run(_run_alone(settings, arguments)))
    for name, words in _LINES.items():
        print(f"{done['counts'].get(name, 0):>7}  {words}")
    if done["looked_back_to"]:
        print(f"{done['looked_back_to']}  is how far back the providers' lists were read")
    for problem in done["problems"]:
        print(f"PROBLEM  {problem}")
    is_clean = done["is_clean"]
    print(f"{'clean' if is_clean else 'NOT CLEAN: see above'}, after {done['took_s']:.1f} s")
    return 0 if is_clean else 1


async def _run_alone(settings: "Settings", arguments: argparse.Namespace) -> Report:
    """Open the books, run once with a watch and an inbox worker, and close them again."""
    from app.bootstrap import Till
    from app.clock import SystemClock
    from app.webhooks.inbox_worker import InboxWorker

    till = await asyncio.to_thread(
        lambda: Till(
            settings,
            with_catalog=False,
            sandbox_url=arguments.sandbox,
            register_webhooks=False,
        )
    )
    worker = InboxWorker(till.store, till.strategies, clock=SystemClock(), recheck=till.watch.poke)
    settling = asyncio.create_task(worker.run())
    try:
        await till.adopt()
        till.reconciliation.wake = worker.wake
        till.watch.start()
        return await till.reconcile()
    finally:
        settling.cancel()
        with suppress(asyncio.CancelledError):
            await settling
        await till.aclose()


def _counted(report: Report) -> dict[str, Any]:
    counts = report.counts()
    problems, looked_back_to = counts.pop("problems"), counts.pop("looked_back_to")
    return {
        "looked_back_to": looked_back_to,
        "counts": counts,
        "problems": problems,
        "is_clean": report.is_clean,
        "took_s": report.took.total_seconds(),
    }


def _asked_of_the_running(directory: Path) -> dict[str, Any]:
    """Have the till that holds the books do it. Raises StoreError where it cannot be asked."""
    from datetime import datetime

    otherwise = Message("It reconciles every five minutes by itself. Or close it first.")
    done = ask_the_running(
        directory, "/api/v1/reconcile", patience_s=_PATIENCE_S, otherwise=otherwise
    )
    try:
        began, ended = (datetime.fromisoformat(done[at]) for at in ("began_at", "ended_at"))
        return {**done, "took_s": (ended - began).total_seconds()}
    except (ValueError, KeyError, TypeError) as error:
        raise StoreError(
            Message("A till runs on these books and could not be asked"),
            f"{type(error).__name__}: {error}.",
            action=otherwise,
        ) from error
