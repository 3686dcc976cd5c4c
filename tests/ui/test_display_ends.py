"""The customer's display when the till is closed, and what it says of a page without a lock."""

from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication

from tests.ui.fakes import FakeTill
from tests.ui.helpers import Recorder, charged, display_of, until
from ui.display.window import DisplayWindow
from ui.window import Window

Run = Callable[[Coroutine[Any, Any, None]], None]


def test_a_monitor_that_changes_while_the_till_is_closed_opens_no_display(
    displayed: Window, qapp: QApplication
) -> None:
    displayed.display.stop()
    # As a monitor does it, but not for the windows that other tests have left.
    displayed.display._settle.start()
    qapp.processEvents()
    assert displayed.display.window is None
    assert not any(
        one.isVisible() for one in qapp.topLevelWidgets() if isinstance(one, DisplayWindow)
    )


@pytest.mark.parametrize(
    "url, icon", [("https://pay.example/1", "lock"), ("http://192.168.1.2:4242/c", "network")]
)
def test_only_a_page_that_is_encrypted_has_a_lock(
    run: Run, displayed: Window, till: FakeTill, url: str, icon: str
) -> None:
    async def sale() -> None:
        till.checkout.url = url
        await charged(displayed.counter, till)
        assert display_of(displayed).code.lock.name == icon

    run(sale())


def test_a_window_that_is_closed_takes_the_code_off_the_customer_s_screen(
    run: Run, displayed: Window, till: FakeTill, qapp: QApplication
) -> None:
    async def sale() -> None:
        await charged(displayed.counter, till)
        shown = display_of(displayed)
        assert shown.code.qr.isVisible()
        ended = Recorder(qapp.lastWindowClosed)
        displayed.close()
        assert not shown.isVisible()
        await until(lambda: bool(ended.calls))
        await displayed.finish()

    run(sale())


def test_the_ground_of_declined_grows_with_the_display(displayed: Window) -> None:
    shown = display_of(displayed)
    strip = shown.code.declined
    layout = strip.layout()
    assert layout is not None
    before = layout.contentsMargins().left()
    shown.resize(1920, 1080)
    assert layout.contentsMargins().left() > before
