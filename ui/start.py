"""Opens the till's window: the one place where Qt's loop, the till and the window meet.

`running_window` is shared with the demo, so that what is demonstrated is what a shop runs.
"""

import argparse
import asyncio
import importlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Final

import qasync
from PySide6.QtCore import QByteArray, QLocale
from PySide6.QtWidgets import QApplication

from app.bootstrap import Till
from app.cli_options import settings_of
from app.clock import SystemClock
from app.errors import ConfigError, Message, ScantillError
from app.heap import keep_together
from app.settings import Settings
from ui.application import create_application, follow_locale
from ui.collector import Collector
from ui.display.display import DisplayOptions
from ui.fonts import RESOURCES
from ui.i18n import use_language
from ui.rescue import opened
from ui.restart import Restart
from ui.timings import Timings
from ui.trouble import show_trouble
from ui.window import Window

_FIRST_SIZE: Final = (1280, 800)


def has_screen() -> bool:
    """Say whether there is a display to open a window on."""
    if not sys.platform.startswith("linux"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def prepare_screen() -> bool:
    """Fall back to drawing without a screen where there is none; say whether that was so."""
    if not has_screen() and "QT_QPA_PLATFORM" not in os.environ:
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
        return True
    return False


def run_in_qt(main: Callable[[QApplication], Coroutine[None, None, int]]) -> int:
    """Run a coroutine on Qt's event loop and give its exit status."""
    keep_together()
    application = create_application(sys.argv[:1])
    application.setQuitOnLastWindowClosed(False)
    loop = qasync.QEventLoop(application)
    collector = Collector()
    collector.start()
    try:
        with loop:
            return int(loop.run_until_complete(main(application)))
    finally:
        collector.stop()


def open_window(arguments: argparse.Namespace) -> int:
    """Open the till and run it until its window is closed."""
    if prepare_screen():
        raise ConfigError(
            Message("There is no screen to open a window on"),
            action=Message(
                "Start it on a desktop. Without one, scantill serve runs the till unseen, and "
                "scantill demo plays a sale."
            ),
        )
    first = settings_of(arguments)
    speak(first)

    async def main(application: QApplication) -> int:
        closed = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: closed.set())
        settings: Settings | None = first
        place: QByteArray | None = None
        while settings is not None and not closed.is_set():
            till = await opened(
                partial(
                    Till,
                    settings,
                    catalog_path=arguments.catalog,
                    sandbox_url=arguments.sandbox,
                    register_webhooks=not arguments.no_webhooks,
                ),
                settings,
                locale=speak(settings),
            )
            # Not before: a backup that is offered stands in a window of its own.
            application.lastWindowClosed.connect(closed.set)
            async with running_window(till, settings, place=place) as window:
                again = Restart(window, till.account_desk, partial(settings_of, arguments))
                await _serve_until(closed, again.wanted, till, settings)
                place = window.saveGeometry()
                application.lastWindowClosed.disconnect(closed.set)
            settings = again.settings
        return 0

    try:
        return run_in_qt(main)
    except ScantillError as error:
        # The loop that would hear of them is gone.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        show_trouble(error)
        raise


def speak(settings: Settings) -> str:
    """Take up the language of the settings, or else of the system, and give its locale."""
    locale = settings.file.window.locale or QLocale.system().name()
    use_language(locale)
    return locale


@asynccontextmanager
async def running_window(
    till: Till, settings: Settings, *, display: str = "", place: QByteArray | None = None
) -> AsyncIterator[Window]:
    """Show the window of a till and start the till beneath it; both are gone afterwards.

    `display` overrules where the settings have the customer's display. `place` is where
    the window stood that this one follows.
    """
    look = settings.file.window
    locale = speak(settings)
    follow_locale(locale)
    window = Window(
        till,
        theme=look.theme,
        locale=locale,
        ui_scale=look.ui_scale_percent / 100,
        clock=SystemClock(),
        display=DisplayOptions(
            place=display or look.display,
            line=look.display_text,
            logo=look.display_logo or _sample_logo(till.catalog_path),
        ),
    )

    def choose_logo(_news: object) -> None:
        window.display.set_logo(look.display_logo or _sample_logo(till.catalog_path))

    till.catalog_watch.subscribe(choose_logo)
    try:
        window.resize(*_FIRST_SIZE)
        if place is not None:
            window.restoreGeometry(place)
        timings = Timings.of(window)
        window.show()
        await till.start()
        window.start()
        if timings is not None:
            timings.note_started()
        yield window
    finally:
        await window.finish()
        window.hide()
        await till.aclose()
        window.deleteLater()


def _sample_logo(catalog_path: Path) -> str:
    """Give the sample shop's logo for its own catalog; every other shop names its own."""
    return "brand/shop.svg" if catalog_path == RESOURCES.parent / "catalog.toml" else ""


async def _serve_until(
    closed: asyncio.Event, again: asyncio.Event, till: Till, settings: Settings
) -> None:
    """Open the private door beside the window; its libraries load after the first paint."""
    api = await asyncio.to_thread(importlib.import_module, "app.api.door")
    door = api.PrivateDoor.of(till, port=settings.file.doors.private_port)
    await door.start()
    ends = [asyncio.ensure_future(event.wait()) for event in (closed, again)]
    try:
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for end in ends:
            end.cancel()
        await door.stop()
