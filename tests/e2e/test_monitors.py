"""A monitor is unplugged and plugged in again under a sale: a real X server, a till of its own.

Each story below runs in a process under xvfb-run; xrandr makes and takes away its monitors, and
Qt hears of it as it would of a cable.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
XVFB, XRANDR = shutil.which("xvfb-run"), shutil.which("xrandr")

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(
        XVFB is None or XRANDR is None, reason="xvfb-run or xrandr is not installed"
    ),
]

PRELUDE = """
import asyncio, subprocess, sys, time
import qasync
from PySide6.QtGui import QGuiApplication
from tests.ui.fakes import URL, FakeClock, FakeTill
from ui.application import create_application
from ui.demo.eyes import look_at, read_qr
from ui.display.display import DisplayOptions
from ui.display.model import Face
from ui.window import Window

PLACE = sys.argv[1]
LEFT = ("--setmonitor", "LEFT", "1280/338x800/211+0+0")
RIGHT = ("--setmonitor", "RIGHT", "1024/270x600/158+1280+0")
LEFT_PLACE, RIGHT_PLACE = (0, 0, 1280, 800), (1280, 0, 1024, 600)

async def xrandr(*words):
    await asyncio.to_thread(subprocess.run, ["xrandr", *words], check=True, stdout=-3)

async def until(condition, words):
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end, words
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.1)

async def opened(till, **options):
    window = Window(till, clock=till.clock, display=DisplayOptions(place=PLACE))
    window.resize(1280, 800)
    window.show()
    window.start()
    window.activateWindow()
    await until(window.isActiveWindow, "the till has the focus")
    return window

def is_on(window, name, place):
    shown = window.display.window
    return (
        shown is not None
        and shown.isVisible()
        and shown.isFullScreen()
        and shown.geometry().getRect() == place
        and shown.screen().name() == name
    )

def is_off(window):
    return window.display.window is None or not window.display.window.isVisible()

def is_window(window, name):
    shown = window.display.window
    return (
        shown is not None
        and shown.isVisible()
        and not shown.isFullScreen()
        and shown.screen().name() == name
    )

def is_covered(window):
    seen, own = look_at(window), window.grab().toImage()
    points = [(x, y) for x in range(5, own.width(), 20) for y in range(5, own.height(), 20)]
    others = sum(seen.pixelColor(*point) != own.pixelColor(*point) for point in points)
    return others > len(points) // 20

def has_focus(window):
    return QGuiApplication.focusWindow() is window.windowHandle()

async def sold(window, till):
    for product_id in ("coffee", "bread"):
        window.counter.add(till.catalog.product(product_id))
    assert window.display.model.face is Face.CART
    window.counter.charge()
    await window.counter.tasks.settled()

async def ended(window):
    await window.finish()
    await until(lambda: is_off(window), "the display has ended")
    window.close()
    print("DONE")
"""

MAIN = """
app = create_application(["scantill-monitors"])
app.setQuitOnLastWindowClosed(False)
loop = qasync.QEventLoop(app)
with loop:
    loop.run_until_complete(asyncio.wait_for(main(), 60))
"""

THE_CUSTOMERS = """
async def main():
    till = FakeTill(clock=FakeClock())
    await xrandr(*LEFT, "screen")
    await until(lambda: [s.name() for s in app.screens()] == ["LEFT"], "one monitor")
    window = await opened(till)
    display = window.display

    def on_right():
        return is_on(window, "RIGHT", RIGHT_PLACE)

    def alone():
        return is_window(window, "LEFT") if PLACE == "window" else is_off(window)

    await until(alone, "with one monitor")
    await xrandr(*RIGHT, "none")
    await until(on_right, "the second monitor is taken")
    assert has_focus(window)
    print("PLUGGED")
    await sold(window, till)
    await until(lambda: read_qr(look_at(display.window)) == URL, "the code on the monitor")
    assert read_qr(look_at(window)) == URL
    print("CODE")
    operator = window.geometry()
    await xrandr("--delmonitor", "RIGHT")
    await until(alone, "the monitor is gone")
    assert window.isVisible() and window.geometry() == operator
    assert window.counter.payment.url == URL == window.pay.qr.get_url()
    await until(lambda: not is_covered(window), "the display lies over the till")
    assert has_focus(window)
    print("UNPLUGGED")
    for _ in range(3):
        await xrandr(*RIGHT, "none")
        await until(on_right, "the monitor is back")
        await until(lambda: read_qr(look_at(display.window)) == URL, "the code is back")
        assert has_focus(window)
        await xrandr("--delmonitor", "RIGHT")
        await until(alone, "the monitor is gone again")
    till.pay(next(iter(till.orders.orders)))
    assert window.paid.isVisible()
    await xrandr(*RIGHT, "none")
    await until(on_right, "the monitor is back after PAID")
    assert display.window.paid.isVisible() and not display.window.code.qr.get_url()
    assert read_qr(look_at(display.window)) is None
    assert has_focus(window)
    print("BACK")
    await ended(window)
"""

THE_OPERATORS = """
async def main():
    till = FakeTill(clock=FakeClock())
    # The server's own output stays with the right one: it cannot be without a monitor.
    await xrandr(*RIGHT, "screen")
    await xrandr(*LEFT, "none")
    await until(lambda: {s.name() for s in app.screens()} == {"LEFT", "RIGHT"}, "two monitors")
    window = await opened(till)
    window.setGeometry(*LEFT_PLACE)
    await until(lambda: window.screen().name() == "LEFT", "the till is on the left")
    display = window.display
    await until(lambda: is_on(window, "RIGHT", RIGHT_PLACE), "the display is on the right")
    await sold(window, till)
    print("CODE")

    def is_moved():
        return (
            window.isVisible()
            and window.screen().name() == "RIGHT"
            and window.screen().geometry().contains(window.geometry())
        )

    def alone():
        return is_window(window, "RIGHT") if PLACE == "window" else is_off(window)

    for _ in range(3):
        await xrandr("--delmonitor", "LEFT")
        await until(is_moved, "the till comes to the monitor that is left")
        await until(alone, "the display gives way")
        await until(lambda: not is_covered(window), "the display lies over the till")
        assert has_focus(window)
        await xrandr(*LEFT, "none")
        await until(lambda: window.geometry().getRect() == LEFT_PLACE, "the till goes home")
        await until(lambda: is_on(window, "RIGHT", RIGHT_PLACE), "so does the display")
        assert read_qr(look_at(window)) == URL == read_qr(look_at(display.window))
        assert has_focus(window)
    print("BACK")
    await xrandr("--delmonitor", "LEFT")
    await until(is_moved, "the till comes to the monitor that is left")
    window.move(1290, 10)
    await until(lambda: window.x() == 1290, "the operator moves the till")
    await xrandr(*LEFT, "none")
    await until(lambda: is_on(window, "LEFT", LEFT_PLACE), "the display takes the other monitor")
    assert (window.x(), window.screen().name()) == (1290, "RIGHT")
    print("STAYED")
    till.pay(next(iter(till.orders.orders)))
    assert window.paid.isVisible() and display.window.paid.isVisible()
    await ended(window)
"""

THE_KEY = """
async def main():
    till = FakeTill(clock=FakeClock())
    await xrandr(*LEFT, "screen")
    await until(lambda: [s.name() for s in app.screens()] == ["LEFT"], "one monitor")
    window = await opened(till)
    await sold(window, till)
    # On one monitor only because it was asked for, and then in front.
    if PLACE == "auto":
        assert is_off(window)
        window.rail.display.click()
    await until(lambda: is_window(window, "LEFT"), "it opens as a window")
    if PLACE == "auto":
        await until(lambda: is_covered(window), "it is in front")
    else:
        assert not is_covered(window)
    assert has_focus(window)
    window.display.window.close()
    await until(lambda: is_off(window), "the operator closes it")
    assert window.isVisible() and not window.display.is_open
    await until(lambda: not is_covered(window), "the till is seen")
    print("CLOSED")
    window.rail.display.click()
    await until(lambda: is_window(window, "LEFT"), "it opens again")
    await until(lambda: is_covered(window), "it is in front again")
    assert has_focus(window)
    window.display.window.close()
    await until(lambda: is_off(window), "it is closed again")
    await xrandr(*RIGHT, "none")
    await until(lambda: is_on(window, "RIGHT", RIGHT_PLACE), "a monitor is plugged in for it")
    window.rail.display.click()
    await until(lambda: is_off(window), "it is closed on its monitor")
    await xrandr("--delmonitor", "RIGHT")
    await until(lambda: len(app.screens()) == 1, "the monitor is gone")
    assert is_off(window)
    print("STAYS")
    await ended(window)
"""


def play(story: str, place: str) -> list[str]:
    left_out = {"WAYLAND_DISPLAY", "DISPLAY", "QT_QPA_PLATFORM"}
    environment = {name: value for name, value in os.environ.items() if name not in left_out}
    environment["PYTHONPATH"] = str(ROOT)
    environment["QT_QPA_PLATFORM"] = "xcb"
    script = PRELUDE + story + MAIN
    done = subprocess.run(
        [str(XVFB), "-a", "-s", "-screen 0 2304x800x24", sys.executable, "-c", script, place],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    return done.stdout.split()


@pytest.mark.parametrize("place", ["auto", "window"])
def test_a_monitor_may_be_unplugged_and_come_back_during_a_sale(place: str) -> None:
    assert play(THE_CUSTOMERS, place) == ["PLUGGED", "CODE", "UNPLUGGED", "BACK", "DONE"]


@pytest.mark.parametrize("place", ["auto", "window"])
def test_the_operators_own_monitor_may_be_unplugged_and_come_back(place: str) -> None:
    assert play(THE_OPERATORS, place) == ["CODE", "BACK", "STAYED", "DONE"]


@pytest.mark.parametrize("place", ["auto", "window"])
def test_a_display_that_was_closed_comes_when_it_is_asked_for(place: str) -> None:
    assert play(THE_KEY, place) == ["CLOSED", "STAYS", "DONE"]
