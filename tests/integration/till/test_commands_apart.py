"""Commands depend on nothing that they do not need: neither on a catalog nor on a reader."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from app.cli_pipe import outliving_its_readers
from app.errors import CatalogError
from tests.conftest import ExpectedLogs
from tests.integration.till.house import (
    NEVER,
    Customer,
    clean_environment,
    elsewhere,
    open_till,
    rows,
    show,
    until_state,
)
from tests.integration.till.processes import REPOSITORY, called

PERSON = ("--by", "Ada", "--reason", "cold coffee")


def sold(root: Path, customer: Customer) -> str:
    """Sell one thing, leave the till, and give the payment's id."""

    async def story() -> str:
        options: dict[str, Any] = {"pace": NEVER, "register_webhooks": False}
        async with open_till(root, customer.origin, **options) as till:
            order, attempt = await show(till)
            assert await elsewhere(customer.pay, attempt.url) == 303
            await till.checkout.check_now(attempt.id)
            await until_state(till, order, "paid")
            detail = await till.orders.detail(order.id)
            assert detail is not None
            return detail.tenders[0].payment_id

    return asyncio.run(story())


def test_a_broken_catalog_keeps_no_command_from_running_that_sells_nothing(
    root: Path,
    customer: Customer,
    capsys: pytest.CaptureFixture[str],
    expected_logs: ExpectedLogs,
) -> None:
    payment_id = sold(root, customer)
    (root / "catalog.toml").write_text("this is [no catalog")
    data, sandbox = ("--data-dir", str(root)), ("--sandbox", customer.origin)
    for words in (
        ("refund", payment_id, "1", *PERSON, *data, *sandbox),
        ("reconcile", *data, *sandbox),
        ("exceptions", *data),
        ("verify", *data),
        ("backup", *data),
    ):
        status, _out, err = called(capsys, *words)
        assert (status, err) == (0, ""), words
    status, _out, err = called(capsys, "resolve", "99", "accept", *PERSON, *data, *sandbox)
    assert status == 1 and "catalog" not in err
    (backup,) = (root / "training" / "backups").glob("till-*.db")
    assert called(capsys, "restore", str(backup), *data)[0] == 0
    assert rows(root, "SELECT state FROM refunds") == [("succeeded",)]
    expected_logs.take_all("")


def test_a_till_that_sells_still_says_what_is_wrong_with_its_catalog(
    root: Path, customer: Customer
) -> None:
    (root / "catalog.toml").write_text("this is [no catalog")

    async def story() -> None:
        async with open_till(root, customer.origin):
            raise AssertionError("it opened")

    with pytest.raises(CatalogError):
        asyncio.run(story())


def without_a_reader(*words: str, module: str = "ui.cli") -> tuple[int, str]:
    """Run a command whose output nobody reads; give its status and what it says on stderr."""
    read, write = os.pipe()
    os.close(read)
    try:
        done = subprocess.run(
            [sys.executable, "-m", module, *words],
            cwd=REPOSITORY,
            env=clean_environment(),
            stdout=write,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )
    finally:
        os.close(write)
    return done.returncode, done.stderr


def test_nobody_reading_its_output_a_command_ends_quietly_with_its_own_status(
    root: Path, customer: Customer
) -> None:
    payment_id = sold(root, customer)
    data, sandbox = ("--data-dir", str(root)), ("--sandbox", customer.origin)
    for words in (
        ("exceptions", *data),
        ("verify", *data),
        ("backup", *data),
        ("refund", payment_id, "1", *PERSON, *data, *sandbox),
        ("--help",),
        ("--version",),
    ):
        assert without_a_reader(*words) == (0, ""), words
    assert rows(root, "SELECT state FROM refunds") == [("succeeded",)]
    status, err = without_a_reader("resolve", "99", "accept", *PERSON, *data, *sandbox)
    assert status == 1 and "Traceback" not in err and "99" in err


@pytest.mark.skipif(os.name != "posix", reason="a shell of its own closes the stream")
def test_a_command_whose_output_was_closed_before_it_began_ends_with_its_own_status(
    root: Path, customer: Customer
) -> None:
    sold(root, customer)
    command = f'"{sys.executable}" -m ui.cli verify --data-dir "{root}" >&-'
    done = subprocess.run(
        ["/bin/sh", "-c", command],
        cwd=REPOSITORY,
        env=clean_environment(),
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_an_error_whose_words_nobody_reads_ends_with_its_status_too(root: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [sys.executable, "-m", "ui.cli", "verify", "--data-dir", str(root / "none")],
        cwd=REPOSITORY,
        env=clean_environment(),
        stdout=write,
        stderr=write,
        timeout=60,
        check=False,
    )
    os.close(write)
    assert done.returncode == 1


def test_another_fault_of_the_output_is_not_hidden() -> None:
    class Full:
        def write(self, text: str) -> int:
            raise OSError(28, "No space left on device")

        def flush(self) -> None:
            return None

    before = sys.stdout
    full: Any = Full()
    sys.stdout = full
    try:
        with pytest.raises(OSError, match="No space"), outliving_its_readers():
            sys.stdout.write("hello")
    finally:
        sys.stdout = before
