"""The loop in virtual time, by itself."""

import asyncio

import pytest

from tests.simulation.loop import POWER, Power, PowerCut, SimClock, Stuck, VirtualLoop


def a_loop(seed: str = "1", *, most_turns: int = 10_000) -> VirtualLoop:
    return VirtualLoop(seed, most_turns=most_turns)


def powered(loop: VirtualLoop, power: Power):  # type: ignore[no-untyped-def]
    room = loop.world.copy()
    room.run(POWER.set, power)
    return lambda work: loop.create_task(work, context=room)


def test_time_jumps_to_the_next_timer_and_takes_none_of_ours() -> None:
    loop = a_loop()
    seen: list[float] = []
    clock = SimClock(loop)

    async def main() -> None:
        before = clock.now()
        await asyncio.sleep(86_400)
        seen.append((clock.now() - before).days)
        async with asyncio.timeout(5):
            await asyncio.sleep(1)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.sleep(10), 2)
        seen.append(clock.monotonic())

    loop.run(main())
    assert seen == [1, 86_403]


def order_of_turns(seed: str) -> list[int]:
    loop, order = a_loop(seed), []

    async def one(number: int) -> None:
        for _ in range(3):
            await asyncio.sleep(0)
            order.append(number)

    async def main() -> None:
        await asyncio.gather(*(one(number) for number in range(4)))

    loop.run(main())
    return order


def test_the_seed_alone_draws_the_order_of_turns() -> None:
    assert order_of_turns("1") == order_of_turns("1") != order_of_turns("2")


def test_nothing_of_a_computer_runs_after_its_power_went() -> None:
    loop, power, seen = a_loop(), Power(), []

    async def work() -> None:
        try:
            await asyncio.sleep(5)
            seen.append("went on")
        finally:
            seen.append("was taken apart")

    async def main() -> None:
        start = powered(loop, power)
        start(work())
        await asyncio.sleep(1)
        power.cut()
        power.let_go()
        await asyncio.sleep(60)

    loop.run(main())
    assert seen == ["was taken apart"]


def test_the_power_may_go_in_the_middle_of_a_stretch() -> None:
    loop, power, seen = a_loop(), Power(), []

    async def work() -> None:
        try:
            power.cut()
            raise PowerCut("here")
        except Exception:  # noqa: BLE001 - what the till might do
            seen.append("was survived")

    async def main() -> None:
        powered(loop, power)(work())
        await asyncio.sleep(1)
        power.let_go()

    loop.run(main())
    assert seen == [] and loop.troubles == []


def test_a_day_that_cannot_end_is_told() -> None:
    async def waits_for_ever() -> None:
        await asyncio.get_running_loop().create_future()

    async def turns_for_ever() -> None:
        while True:  # noqa: ASYNC110 - it is to run wild
            await asyncio.sleep(0)

    with pytest.raises(Stuck, match="nothing can happen"):
        a_loop().run(waits_for_ever())
    with pytest.raises(Stuck, match="does not end"):
        a_loop(most_turns=100).run(turns_for_ever())


def test_a_fault_of_the_world_ends_the_day() -> None:
    loop = a_loop()

    async def breaks() -> None:
        raise ValueError("broken")

    async def main() -> None:
        loop.spawn(breaks())
        await asyncio.sleep(60)

    with pytest.raises(ValueError, match="broken"):
        loop.run(main())
