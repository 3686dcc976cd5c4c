"""So many at once, the most urgent first."""

import asyncio

from app.watch.turnstile import Turnstile


async def hold(turnstile: Turnstile, rank: int, told: list[int], gate: asyncio.Event) -> None:
    async with turnstile.place((rank,)):
        told.append(rank)
        await gate.wait()


def test_a_free_place_goes_to_the_most_urgent_then_to_the_oldest() -> None:
    async def story() -> list[int]:
        turnstile, told, gate = Turnstile(2), list[int](), asyncio.Event()
        tasks = [asyncio.create_task(hold(turnstile, rank, told, gate)) for rank in (5, 4, 3, 1, 2)]
        await asyncio.sleep(0)
        assert told == [5, 4]
        gate.set()
        await asyncio.gather(*tasks)
        return told

    assert asyncio.run(story()) == [5, 4, 1, 2, 3]


def test_who_gives_up_waiting_takes_no_place_along() -> None:
    async def story() -> list[int]:
        turnstile, told, gate = Turnstile(1), list[int](), asyncio.Event()
        first, second, third = (
            asyncio.create_task(hold(turnstile, rank, told, gate)) for rank in (1, 2, 3)
        )
        await asyncio.sleep(0)
        second.cancel()
        await asyncio.sleep(0)
        # The place is given to the third, which is cancelled before it can go on.
        first.cancel()
        await asyncio.sleep(0)
        third.cancel()
        await asyncio.gather(first, second, third, return_exceptions=True)
        gate.set()
        await hold(turnstile, 4, told, gate)
        return told

    assert asyncio.run(story()) == [1, 4]
