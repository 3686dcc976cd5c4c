"""A monitor is unplugged and plugged in again under a sale: a real X server, a till of its own.

The script below runs in a process under xvfb-run; xrandr makes and takes away its monitors, and
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

SCRIPT = """
import asyncio, subprocess, sys, time
import qasync
from PySide6.QtGui import QGuiApplication
from tests.ui.fakes import URL, FakeClock, FakeTill
from ui.application import create_application
from ui.demo.eyes import look_at, read_qr
from ui.display.display import DisplayOptions
from ui.display.model import Face
from ui.window import Window

LEFT = ("--setmonitor", "LEFT", "1280/338x800/211+0+0", "screen")
RIGHT = ("--setmonitor", "RIGHT", "1024/270x600/158+1280+0", "none")
PLACE = sys.argv[1]

async def xrandr(*words):
    await asyncio.to_thread(subprocess.run, ["xrandr", *words], check=True, stdout=-3)

async def until(condition, words):
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end, words
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.1)

async def main():
    till = FakeTill(clock=FakeClock())
    await xrandr(*LEFT)
    await until(lambda: [s.name() for s in app.screens()] == ["LEFT"], "one monitor")
    window = Window(till, clock=till.clock, display=DisplayOptions(place=PLACE))
    window.resize(1280, 800)
    window.show()
    window.start()
    display = window.display

    def on_right():
        shown = display.window
        return (
            shown is not None
            and shown.isVisible()
            and shown.isFullScreen()
            and shown.geometry().getRect() == (1280, 0, 1024, 600)
            and shown.screen().name() == "RIGHT"
        )

    def is_off():
        return display.window is None or not display.window.isVisible()

    def is_window():
        shown = display.window
        return (
            shown is not None
            and shown.isVisible()
            and not shown.isFullScreen()
            and shown.screen().name() == "LEFT"
        )

    alone = is_window if PLACE == "window" else is_off
    await until(alone, "with one monitor")
    await xrandr(*RIGHT)
    await until(on_right, "the second monitor is taken")
    print("PLUGGED")
    for product_id in ("coffee", "bread"):
        window.counter.add(till.catalog.product(product_id))
    assert display.model.face is Face.CART
    window.counter.charge()
    await window.counter.tasks.settled()
    await until(lambda: read_qr(look_at(display.window)) == URL, "the code on the monitor")
    assert read_qr(look_at(window)) == URL
    print("CODE")
    operator = window.geometry()
    await xrandr("--delmonitor", "RIGHT")
    await until(alone, "the monitor is gone")
    assert window.isVisible() and window.geometry() == operator
    assert window.counter.payment.url == URL == window.pay.qr.get_url()
    print("UNPLUGGED")
    for _ in range(3):
        await xrandr(*RIGHT)
        await until(on_right, "the monitor is back")
        await until(lambda: read_qr(look_at(display.window)) == URL, "the code is back")
        await xrandr("--delmonitor", "RIGHT")
        await until(alone, "the monitor is gone again")
    till.pay(next(iter(till.orders.orders)))
    assert window.paid.isVisible()
    await xrandr(*RIGHT)
    await until(on_right, "the monitor is back after PAID")
    assert display.window.paid.isVisible() and not display.window.code.qr.get_url()
    assert read_qr(look_at(display.window)) is None
    print("BACK")
    await window.finish()
    await until(is_off, "the display has ended")
    window.close()
    print("DONE")

app = create_application(["scantill-monitors"])
app.setQuitOnLastWindowClosed(False)
loop = qasync.QEventLoop(app)
with loop:
    loop.run_until_complete(asyncio.wait_for(main(), 60))
"""


@pytest.mark.parametrize("place", ["auto", "window"])
def test_a_monitor_may_be_unplugged_and_come_back_during_a_sale(place: str) -> None:
    left_out = {"WAYLAND_DISPLAY", "DISPLAY", "QT_QPA_PLATFORM"}
    environment = {name: value for name, value in os.environ.items() if name not in left_out}
    environment["PYTHONPATH"] = str(ROOT)
    environment["QT_QPA_PLATFORM"] = "xcb"
    done = subprocess.run(
        [str(XVFB), "-a", "-s", "-screen 0 2304x800x24", sys.executable, "-c", SCRIPT, place],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.split() == ["PLUGGED", "CODE", "UNPLUGGED", "BACK", "DONE"]
    assert done.stderr == ""
