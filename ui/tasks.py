"""Coroutines started from Qt's signals: kept alive, and never lost when they fail."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

from app.errors import InvariantError, MoneyMoved, ScantillError
from ui.i18n import _

_log = logging.getLogger(__name__)


class Tasks:
    """Starts coroutines on the running loop and gives every failure to `on_error`.

    An error that is none of ours is our bug: it is logged with its traceback and shown as one.
    """

    def __init__(self, on_error: Callable[[ScantillError], None]) -> None:
        self._on_error = on_error
        self._running: set[asyncio.Task[None]] = set()

    def start(self, coroutine: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run a coroutine beside everything else."""
        task = asyncio.get_running_loop().create_task(coroutine)
        self._running.add(task)
        task.add_done_callback(self._on_done)
        return task

    async def settled(self) -> None:
        """Wait until nothing is running, those included that were started meanwhile."""
        while self._running:
            await asyncio.wait(tuple(self._running))

    async def stop(self) -> None:
        """Cancel what is still running and wait for it to end."""
        for task in tuple(self._running):
            task.cancel()
        await self.settled()

    def _on_done(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if task.cancelled():
            return
        error = task.exception()
        if error is not None:
            self._on_error(as_ours(error))


def as_ours(error: BaseException) -> ScantillError:
    """Give an error in the program's own terms; what is not ours is logged and called a bug."""
    if isinstance(error, ScantillError):
        return error
    _log.error("an unexpected error", exc_info=error)
    return InvariantError(
        _("Something went wrong inside the till"),
        f"{type(error).__name__}: {error}",
        money=MoneyMoved.UNKNOWN,
        action=_("Look at the order under Orders before you take money again."),
    )
