"""Would notice PySide6 losing references again: some releases abort after thousands of timers."""

import asyncio
import sys

import pytest
import qasync

from ui.application import create_application

TICKS = 60_000


@pytest.mark.slow
def test_sixty_thousand_timer_events_leave_the_reference_counts_where_they_were() -> None:
    loop = qasync.QEventLoop(create_application())
    before = [sys.getrefcount(thing) for thing in (None, True, False)]

    async def tick() -> None:
        for _ in range(TICKS // 20):
            await asyncio.gather(*(asyncio.sleep(0) for _ in range(10)))
            await asyncio.gather(*(asyncio.sleep(0.0001) for _ in range(10)))

    with loop:
        loop.run_until_complete(tick())
    after = [sys.getrefcount(thing) for thing in (None, True, False)]
    lost = [was - now for was, now in zip(before, after, strict=True)]
    assert max(lost) < 1_000, f"references to None, True, False lost: {lost}"
