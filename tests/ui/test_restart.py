"""Starting again from the window: what was changed counts, and no sale is lost by it."""

import argparse
import asyncio
import signal
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import keyring
import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from app.errors import ConfigError, Message
from app.sandbox import SANDBOX_KEY
from app.settings import Mode, Settings, load_settings
from tests.integration.till.house import SETTINGS, simulator
from tests.ui.fakes import FakeTill
from tests.ui.helpers import add, charged, tap
from tests.ui.saving_cards import begun
from tests.unit.test_key_store import Trusted
from ui.restart import Restart
from ui.settings.account_panel import AccountPanel
from ui.start import open_window
from ui.window import Window

Run = Callable[[Coroutine[Any, Any, None]], None]


def panel_of(window: Window) -> AccountPanel:
    return window.places.settings.accounts.panel


async def pressed(window: Window) -> None:
    panel_of(window).restart.click()
    await window.counter.tasks.settled()


class Loads:
    """Counts how often the settings were read; they may have faults."""

    def __init__(self, root: Path) -> None:
        self.settings = load_settings(root, Mode.TEST, working_directory=root)
        self.error: ConfigError | None = None
        self.count = 0

    def __call__(self) -> Settings:
        self.count += 1
        if self.error is not None:
            raise self.error
        return self.settings


@pytest.fixture
def loads(tmp_path: Path) -> Loads:
    return Loads(tmp_path)


def test_a_press_ends_the_windows_turn_with_the_settings_as_they_are_now(
    run: Run, window: Window, till: FakeTill, loads: Loads
) -> None:
    async def story() -> None:
        restart = Restart(window, till.account_desk, loads)
        await pressed(window)
        assert restart.wanted.is_set()
        assert restart.settings is loads.settings

    run(story())


def test_a_sale_is_finished_first(run: Run, window: Window, till: FakeTill, loads: Loads) -> None:
    async def story() -> None:
        restart = Restart(window, till.account_desk, loads)
        add(window.counter, till, "coffee")
        await pressed(window)
        assert window.notice.title == "A sale is being rung up"
        assert (restart.wanted.is_set(), loads.count) == (False, 0)
        window.counter.void()
        await charged(window.counter, till)
        await pressed(window)
        assert (restart.wanted.is_set(), loads.count) == (False, 0)

    run(story())


def test_a_sale_that_is_begun_while_the_settings_are_read_is_not_lost(
    run: Run, window: Window, till: FakeTill, loads: Loads
) -> None:
    async def story() -> None:
        restart = Restart(window, till.account_desk, loads)
        gate = till.account_desk.gate = asyncio.Event()
        panel_of(window).restart.click()
        await asyncio.sleep(0.05)
        add(window.counter, till, "coffee")
        gate.set()
        await window.counter.tasks.settled()
        assert loads.count == 1 and not restart.wanted.is_set()
        assert window.notice.title == "A sale is being rung up"

    run(story())


def test_a_card_that_is_being_given_is_finished_first(
    run: Run, window: Window, till: FakeTill, loads: Loads
) -> None:
    async def story() -> None:
        restart = Restart(window, till.account_desk, loads)
        await begun(window.counter)
        await pressed(window)
        assert window.notice.title == "A card is being saved"
        assert (restart.wanted.is_set(), loads.count) == (False, 0)

    run(story())


@pytest.mark.qt_log_ignore("not accepted by receiving widget")
def test_nothing_is_rung_up_any_more_once_the_turn_ends(
    run: Run, window: Window, till: FakeTill, loads: Loads
) -> None:
    async def story() -> None:
        tiles = window.sell.tiles
        tap(tiles, tiles.rect_of("coffee").center())
        assert not window.counter.cart.is_empty
        window.counter.void()
        restart = Restart(window, till.account_desk, loads)
        await pressed(window)
        assert restart.wanted.is_set()
        tap(tiles, tiles.rect_of("coffee").center())
        assert window.counter.cart.is_empty

    run(story())


@pytest.mark.parametrize("where", ["file", "keys"])
def test_a_till_that_could_not_start_goes_on_and_says_why(
    run: Run, window: Window, till: FakeTill, loads: Loads, where: str
) -> None:
    async def story() -> None:
        restart = Restart(window, till.account_desk, loads)
        fault = ConfigError(Message("The settings cannot be used"))
        if where == "file":
            loads.error = fault
        else:
            till.account_desk.error = fault
        await pressed(window)
        assert window.notice.title == "The settings cannot be used"
        assert restart.settings is None and not restart.wanted.is_set()

    run(story())


# --- the real program ----------------------------------------------------------------------------


@pytest.fixture
def signals() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


class Hand:
    """Does a step as soon as it can be done, and keeps what went wrong with it."""

    def __init__(self, *steps: Callable[[Window], bool]) -> None:
        self._steps = list(steps)
        self.windows: list[Window] = []
        self._timer = QTimer(interval=20)
        self._timer.timeout.connect(self._on_tick)
        self._timer.start()

    @property
    def left(self) -> int:
        return len(self._steps)

    def _on_tick(self) -> None:
        for window in QApplication.topLevelWidgets():
            if isinstance(window, Window) and window.isVisible():
                if window not in self.windows:
                    self.windows.append(window)
                if self._steps and self._steps[0](window):
                    self._steps.pop(0)
                return


@pytest.mark.usefixtures("signals", "qapp")
def test_a_key_that_is_set_counts_after_a_press_in_the_same_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in SETTINGS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    root = tmp_path / "till"
    root.mkdir()
    seen: list[str] = []

    def go_to_settings(window: Window) -> bool:
        window.resize(800, 560)
        window.rail.settings.click()
        return True

    def set_key(window: Window) -> bool:
        entry = panel_of(window).entries.get("secret_key")
        if entry is None:
            return False
        seen.append(panel_of(window).problem.words)
        panel_of(window).key_given.emit("stripe_checkout", "secret_key", SANDBOX_KEY)
        return True

    def start_again(window: Window) -> bool:
        panel = panel_of(window)
        if panel.restart.isHidden():
            return False
        panel.restart.click()
        return True

    def see_it_ready(window: Window) -> bool:
        if window is hand.windows[0]:
            return False
        window.rail.settings.click()
        account = panel_of(window).account
        if account is None:
            return False
        seen.append(account.problem)
        seen.append(str(window.height()))
        window.close()
        return True

    before = keyring.get_keyring()
    keyring.set_keyring(Trusted())
    try:
        with simulator(tmp_path / "sandbox.db") as customer:
            monkeypatch.setenv("STRIPE_API_BASE", customer.origin)
            hand = Hand(go_to_settings, set_key, start_again, see_it_ready)
            arguments = argparse.Namespace(
                data_dir=root, mode=Mode.TEST, catalog=None, sandbox="", no_webhooks=False
            )
            assert open_window(arguments) == 0
    finally:
        keyring.set_keyring(before)
    assert hand.left == 0 and len(hand.windows) == 2
    assert seen == ["It lacks a key: Secret key.", "", "560"]
