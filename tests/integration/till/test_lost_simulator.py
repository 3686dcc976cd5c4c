"""A training till whose simulator has lost its books, or cannot read them, says so in words."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from app.bootstrap import Till
from app.errors import MoneyMoved, StoreError
from app.settings import Mode, load_settings
from tests.conftest import ExpectedLogs
from tests.integration.till.house import NEVER, QUICK, rows, show, until


def till_of(root: Path, **options: Any) -> Till:
    """Build a till with a simulator of its own, as one that is opened for training has."""
    settings = load_settings(root, Mode.TRAINING, working_directory=root)
    settings = settings.model_copy(
        update={"environment": settings.environment.model_copy(update={"port": 0})}
    )
    return Till(settings, register_webhooks=False, **options)


def left_open(root: Path) -> None:
    async def story() -> None:
        till = till_of(root, pace=NEVER)
        try:
            await till.start()
            await show(till)
        finally:
            await till.aclose()

    asyncio.run(story())


def test_what_the_lost_books_had_open_needs_a_person_and_the_till_sells_on(root: Path) -> None:
    left_open(root)
    for file in (root / "training").glob("sandbox.db*"):
        file.unlink()

    async def story() -> str:
        till = till_of(root, pace=QUICK)
        try:
            await till.start()

            async def is_told() -> bool:
                return len(await till.orders.troubles()) == 1

            await until(is_told, within_s=15)
            await show(till)
            (trouble,) = await till.orders.troubles()
            return trouble.case.exception.detail
        finally:
            await till.aclose()

    assert asyncio.run(story()) == "The provider has no such session any more."
    assert rows(root, "SELECT count(*) FROM orders") == [(2,)]


def test_damaged_books_of_the_simulator_are_named_with_a_way_out(
    root: Path, expected_logs: ExpectedLogs
) -> None:
    left_open(root)
    (root / "training" / "sandbox.db").write_bytes(b"no books" * 1000)
    with pytest.raises(StoreError) as error:
        till_of(root)
    words = str(error.value)
    assert "The simulator cannot be started. file is not a database" in words
    assert "sandbox.db" in words and "move it away" in words and "no real money" in words
    assert error.value.money is MoneyMoved.NO
    expected_logs.take_all("")
    (root / "training" / "sandbox.db").unlink()
    till = till_of(root)
    asyncio.run(till.aclose())
