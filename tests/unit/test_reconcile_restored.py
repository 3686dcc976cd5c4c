"""Restored books are sold with only once they were compared with every provider's lists."""

import asyncio

import pytest

from app.errors import CheckoutRefused, Unavailable
from app.store.epochs import begin_epoch, needs_reconciliation
from tests.parts.till import Counter


@pytest.fixture
def restored(till: Counter) -> Counter:
    till.store.write_now(lambda tx: begin_epoch(tx, actor="tester", cause="test"))
    return till


def is_closed(till: Counter) -> bool:
    return till.store.read_now(needs_reconciliation)


def test_once_every_list_was_read_they_are_sold_with(restored: Counter) -> None:
    async def story() -> None:
        with pytest.raises(CheckoutRefused):
            await restored.place()
        report = await restored.reconciliation.run("start")
        assert report.problems == []
        order, _attempt = await restored.show()
        assert await restored.state(order) == "open"

    asyncio.run(story())
    assert not is_closed(restored)
    assert restored.count("journal", "name = 'till.reconciled'") == 1


@pytest.mark.parametrize("verb", ["identify", "events_since", "list_since"])
def test_a_list_that_cannot_be_read_keeps_them_closed(restored: Counter, verb: str) -> None:
    restored.strategy.answers[verb] = [Unavailable("no answer")] * 5
    report = asyncio.run(restored.reconciliation.run("start"))
    assert report.problems
    assert is_closed(restored)
    restored.strategy.answers[verb] = []
    asyncio.run(restored.reconciliation.run("interval"))
    assert not is_closed(restored)
