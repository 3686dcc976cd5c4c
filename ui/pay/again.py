"""Doing a thing once more where it was asked for again while it was being done."""

from collections.abc import Awaitable, Callable

from ui.tasks import Tasks


class Again:
    """Runs `once` for every asking; all that come meanwhile are one more run. Then `after`."""

    def __init__(
        self,
        tasks: Tasks,
        once: Callable[[], Awaitable[None]],
        after: Callable[[], Awaitable[None]],
    ) -> None:
        self._tasks = tasks
        self._once = once
        self._after = after
        self._is_running = False
        self._is_asked = False

    def ask(self) -> None:
        """Begin, or have it done once more."""
        self._is_asked = True
        if not self._is_running:
            self._is_running = True
            self._tasks.start(self._run())

    async def _run(self) -> None:
        try:
            while self._is_asked:
                self._is_asked = False
                await self._once()
        finally:
            self._is_running = False
        await self._after()
