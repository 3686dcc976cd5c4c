"""Keys that are set in the window of a real till: kept, tested, and used by the next start."""

import asyncio
import stat
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import keyring
import pytest
import qasync
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.bootstrap import Till
from app.sandbox import SANDBOX_KEY
from app.settings import Mode, load_settings
from tests.conftest import ExpectedLogs
from tests.integration.till.house import QUICK, SETTINGS, Customer, simulator
from tests.unit.test_key_store import Kept, Plain, Trusted
from ui.settings.account_panel import AccountPanel
from ui.window import Window

Run = Callable[[Coroutine[Any, Any, None]], None]


@pytest.fixture
def customer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Customer]:
    for name in SETTINGS:
        monkeypatch.delenv(name, raising=False)
    with simulator(tmp_path / "sandbox.db") as one:
        # As an owner would point it at an offline double.
        monkeypatch.setenv("STRIPE_API_BASE", one.origin)
        yield one


@pytest.fixture(params=[Trusted, Plain])
def backend(request: pytest.FixtureRequest) -> Iterator[Kept]:
    before, made = keyring.get_keyring(), request.param()
    keyring.set_keyring(made)
    yield made
    keyring.set_keyring(before)


@pytest.fixture
def run(qapp: QApplication) -> Iterator[Run]:
    """Run a coroutine on Qt's own loop; real doors and a real provider take their time."""
    qapp.setQuitOnLastWindowClosed(False)
    loop = qasync.QEventLoop(qapp)
    asyncio.set_event_loop(loop)
    yield lambda story: loop.run_until_complete(asyncio.wait_for(story, 60))
    loop.close()
    asyncio.set_event_loop(None)
    qapp.setQuitOnLastWindowClosed(True)


@asynccontextmanager
async def opened(root: Path) -> AsyncIterator[tuple[Till, Window, AccountPanel]]:
    """Open a till in test mode, at its settings."""
    till = Till(load_settings(root, Mode.TEST, working_directory=root), pace=QUICK)
    window = Window(till)
    try:
        await till.start()
        window.show()
        window.start()
        window.rail.settings.click()
        await window.counter.tasks.settled()
        yield till, window, window.places.settings.accounts.panel
    finally:
        await window.finish()
        await till.aclose()
    window.close()
    window.deleteLater()


def test_a_key_is_kept_tested_and_used_by_the_next_start(
    run: Run, tmp_path: Path, customer: Customer, backend: Kept
) -> None:
    root = tmp_path / "till"
    root.mkdir()

    async def set_up() -> None:
        async with opened(root) as (till, window, panel):
            assert till.accounts == ()
            assert panel.problem.words == "It lacks a key: Secret key."
            panel.test.click()
            await window.counter.tasks.settled()
            assert panel.findings.lines[1] == "Key: not ok. It lacks a key: Secret key."
            edit = panel.entries["secret_key"].field.edit
            edit.setText("sk_live_51AbCdEfGhIjKlMnOp4242")
            QTest.keyClick(edit, Qt.Key.Key_Return)
            await window.counter.tasks.settled()
            assert "this till is in test mode" in panel.entries["secret_key"].note
            edit.setText(SANDBOX_KEY)
            QTest.keyClick(edit, Qt.Key.Key_Return)
            await window.counter.tasks.settled()
            assert panel.entries["secret_key"].place.startswith(f"sk_test_…{SANDBOX_KEY[-4:]}")
            panel.test.click()
            await window.counter.tasks.settled()
            assert panel.findings.lines[1] == "Key: ok. The provider accepts it."
            assert not panel.changed.isHidden()
            assert till.accounts == (), "what runs goes on as it was started"

    async def started_again() -> None:
        async with opened(root) as (till, _, panel):
            assert till.accounts == ("stripe_checkout",)
            assert panel.problem.isHidden() and panel.changed.isHidden()

    run(set_up())
    run(started_again())
    file = root / ".env"
    if isinstance(backend, Trusted):
        assert not file.exists() and SANDBOX_KEY in backend.kept.values()
    else:
        assert backend.kept == {}, "a store that is not trusted is given nothing"
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize("backend", [Plain], indirect=True)
def test_that_others_can_read_keys_is_told_until_a_key_that_is_saved_has_mended_it(
    run: Run, tmp_path: Path, customer: Customer, backend: Kept, expected_logs: ExpectedLogs
) -> None:
    root = tmp_path / "till"
    root.mkdir()
    file = root / ".env"
    file.write_text(f"STRIPE_SECRET_KEY={SANDBOX_KEY}\n")
    file.chmod(0o644)

    async def mended() -> None:
        async with opened(root) as (till, window, panel):
            expected_logs.take_all("Others on this computer can read keys")
            assert window.notice.isVisible() and str(file) in window.notice.detail
            edit = panel.entries["secret_key"].field.edit
            edit.setText(SANDBOX_KEY)
            QTest.keyClick(edit, Qt.Key.Key_Return)
            await window.counter.tasks.settled()
            assert till.status().exposed_keys is None
            window._on_status()
            assert not window.notice.isVisible()

    run(mended())
