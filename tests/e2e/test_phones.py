"""The customer's phone as another computer on the network: two network namespaces and a cable.

The till and its window live in one, Chromium at a phone's size in the other. What the browser opens
is what was decoded from the pixels of the till's window.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import pytest

from ui.demo.customer import find_browser

ROOT = Path(__file__).resolve().parents[2]
IP = shutil.which("ip") or shutil.which("ip", path="/usr/sbin:/sbin")
TILL, PHONE, MOVED = "192.168.77.1", "192.168.77.2", "192.168.77.9"

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(IP is None, reason="iproute2 is not installed"),
    pytest.mark.skipif(find_browser() is None, reason="Chromium is not installed"),
]

TILL_SCRIPT = """
import asyncio, json, sys, time
from pathlib import Path
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from app.bootstrap import Till
from app.settings import Mode, load_settings
from ui.counter import Stage
from ui.demo.eyes import look_at, read_qr
from ui.start import run_in_qt, running_window

ROOT, OTHER = Path(sys.argv[1]), sys.argv[2]

def say(**words):
    print(json.dumps(words), flush=True)

async def until(condition, words):
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, words
        await asyncio.sleep(0.02)

async def heard(word):
    assert (await asyncio.to_thread(sys.stdin.readline)).strip() == word

async def press_f8(window):
    window.activateWindow()
    await until(window.isActiveWindow, "the till's window has the keyboard")
    QTest.keyClick(window, Qt.Key.Key_F8)

async def main(application):
    settings = load_settings(ROOT, Mode.TRAINING, working_directory=ROOT)
    till = await asyncio.to_thread(lambda: Till(settings))
    async with running_window(till, settings, display="window") as window:
        counter, pay = window.counter, window.pay
        sold = next(one for one in till.catalog.on_sale() if not one.is_recurring)
        counter.add(sold)
        counter.charge()
        await until(lambda: pay.qr.get_url(), "a code")
        await asyncio.sleep(0.1)
        home = till.sandbox_url
        assert read_qr(look_at(window)).startswith(home + "/c/pay/")
        say(home=home)
        await heard("allow")
        await press_f8(window)
        await until(lambda: pay.phones.is_on, "the switch is on")
        await until(lambda: not pay.qr.get_url().startswith(home), "the code leads to the network")
        await asyncio.sleep(0.1)
        url = read_qr(look_at(window))
        assert url == read_qr(look_at(window.display.window)) == pay.qr.get_url()
        detail = await till.orders.unfinished()
        assert url == detail.attempts[-1].url
        look_at(window).save(str(ROOT / "allowed.png"))
        say(url=url, words=pay.phones.state_words)
        await until(lambda: counter.stage is Stage.PAID, "PAID")
        assert window.paid.isVisible() and not pay.qr.get_url()
        assert read_qr(look_at(window)) is None
        say(paid=True)
        await heard("again")
        counter.next_sale()
        counter.add(sold)
        counter.charge()
        await until(lambda: pay.qr.get_url(), "a code")
        say(url=pay.qr.get_url())
        await until(lambda: OTHER in pay.qr.get_url(), "the code has moved with the address")
        second = read_qr(look_at(window))
        say(url=second, notice=window.notice.title)
        await until(lambda: pay.qr.get_url().startswith(home), "without a network, it is at home")
        say(words=pay.phones.state_words, notice=window.notice.title)
        await until(lambda: OTHER in pay.qr.get_url(), "the network is back")
        assert pay.qr.get_url() == second
        await press_f8(window)
        await until(lambda: pay.qr.get_url().startswith(home), "the code is at home")
        assert not pay.phones.is_on
        say(url=second, words=pay.phones.state_words)
        await heard("end")
    return 0

sys.exit(run_in_qt(main))
"""

PHONE_SCRIPT = """
import asyncio, sys
from ui.demo.browser import BrowserCustomer
from ui.demo.customer import find_browser
from ui.demo.purse import card

async def main(url):
    phone = BrowserCustomer(find_browser())
    await phone.start()
    try:
        print(await phone.open(url))
        print(await phone.pay(card("4242424242424242")))
    finally:
        await phone.close()

asyncio.run(main(sys.argv[1]))
"""

KNOCK_SCRIPT = """
import json, sys
import httpx

told = {}
for name, url in json.loads(sys.argv[1]).items():
    headers = {"Authorization": "Bearer sk_test_scantill_sandbox", "Host": "127.0.0.1"}
    try:
        told[name] = httpx.get(url, headers=headers, timeout=10, trust_env=False).status_code
    except httpx.ConnectError:
        told[name] = 0
print(json.dumps(told))
"""


def environment() -> dict[str, str]:
    left_out = {"DISPLAY", "WAYLAND_DISPLAY", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"}
    kept = {name: value for name, value in os.environ.items() if name not in left_out}
    return {**kept, "PYTHONPATH": str(ROOT), "QT_QPA_PLATFORM": "offscreen"}


@dataclass
class Host:
    """One computer on the network of two."""

    namespace: str

    def command(self, *words: str) -> list[str]:
        return [str(IP), "netns", "exec", self.namespace, sys.executable, "-c", *words]

    def runs(self, *words: str) -> str:
        done = subprocess.run(
            self.command(*words),
            cwd=ROOT,
            env=environment(),
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


def ip(*words: str) -> None:
    subprocess.run([str(IP), *words], check=True, capture_output=True, text=True)


@pytest.fixture
def hosts() -> Iterator[tuple[Host, Host]]:
    """Two computers with a cable between them, and nothing else in the world."""
    names = [f"scantill-{os.getpid()}-{side}" for side in ("till", "phone")]
    try:
        for name in names:
            ip("netns", "add", name)
        ends = ("shop0", "phone0")
        ip("link", "add", ends[0], "netns", names[0], "type", "veth", "peer", "name", ends[1],
           "netns", names[1])  # fmt: skip
        for name, end, address in zip(names, ends, (TILL, PHONE), strict=True):
            ip("-n", name, "address", "add", f"{address}/24", "dev", end)
            for link in ("lo", end):
                ip("-n", name, "link", "set", link, "up")
    except subprocess.CalledProcessError as error:
        for name in names:
            subprocess.run([str(IP), "netns", "delete", name], check=False, capture_output=True)
        why = f"no network namespaces can be made here: {error.stderr.strip()}"
        if os.environ.get("SCANTILL_CI"):
            pytest.fail(why)
        pytest.skip(why)
    yield Host(names[0]), Host(names[1])
    for name in names:
        ip("netns", "delete", name)


def heard(stream: IO[str] | None, errors: Path) -> dict[str, Any]:
    assert stream is not None
    line = stream.readline()
    assert line, errors.read_text()
    told: dict[str, Any] = json.loads(line)
    return told


def test_a_phone_on_the_shops_network_scans_the_code_and_pays(
    hosts: tuple[Host, Host], tmp_path: Path
) -> None:
    till_host, phone_host = hosts
    with (tmp_path / "errors").open("w") as errors:
        process = subprocess.Popen(
            till_host.command(TILL_SCRIPT, str(tmp_path), MOVED),
            cwd=ROOT,
            env=environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )

    def tell(word: str) -> None:
        assert process.stdin is not None
        process.stdin.write(f"{word}\n")
        process.stdin.flush()

    def knock(**urls: str) -> dict[str, int]:
        told: dict[str, int] = json.loads(phone_host.runs(KNOCK_SCRIPT, json.dumps(urls)))
        return told

    try:
        port = heard(process.stdout, tmp_path / "errors")["home"].rpartition(":")[2]
        door = f"http://{TILL}:{port}"
        assert knock(page=f"{door}/success") == {"page": 0}
        tell("allow")
        told = heard(process.stdout, tmp_path / "errors")
        assert told["url"].startswith(f"{door}/c/pay/cs_test_")
        assert told["words"] == f"On: {door}"
        assert knock(
            page=told["url"],
            success=f"{door}/success",
            account=f"{door}/v1/account",
            sessions=f"{door}/v1/checkout/sessions",
            books=f"{door}/_control/books",
            health=f"{door}/_control/health",
        ) == {"page": 200, "success": 200, "account": 404, "sessions": 404, "books": 404,
              "health": 404}  # fmt: skip
        seen = phone_host.runs(PHONE_SCRIPT, told["url"]).splitlines()
        assert seen[-1] == "Payment received", seen
        assert heard(process.stdout, tmp_path / "errors") == {"paid": True}
        tell("again")
        second = heard(process.stdout, tmp_path / "errors")
        assert second["url"].startswith(f"{door}/c/pay/cs_test_")
        ip("-n", till_host.namespace, "address", "add", f"{MOVED}/24", "dev", "shop0")
        ip("-n", till_host.namespace, "address", "delete", f"{TILL}/24", "dev", "shop0")
        ip("-n", till_host.namespace, "address", "replace", f"{MOVED}/24", "dev", "shop0")
        moved = heard(process.stdout, tmp_path / "errors")
        assert moved["notice"] == "The network has changed"
        assert moved["url"] == second["url"].replace(TILL, MOVED)
        assert knock(page=moved["url"]) == {"page": 200}
        ip("-n", phone_host.namespace, "link", "set", "phone0", "down")
        unplugged = heard(process.stdout, tmp_path / "errors")
        assert unplugged["notice"] == "Phones cannot come any more"
        assert unplugged["words"] == "On, but no phone can come"
        ip("-n", phone_host.namespace, "link", "set", "phone0", "up")
        second = heard(process.stdout, tmp_path / "errors")
        assert second["words"] == "Off: this computer only"
        assert knock(page=second["url"]) == {"page": 0}
        tell("end")
        assert process.wait(60) == 0
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()
    assert (tmp_path / "errors").read_text() == ""
