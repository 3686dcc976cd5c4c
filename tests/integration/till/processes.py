"""The program's own processes, as a shop runs them."""

import json
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.integration.till.house import clean_environment

REPOSITORY = Path(__file__).parents[3]


class Process:
    """A process whose lines are read as they come."""

    def __init__(self, *arguments: str) -> None:
        self.popen = subprocess.Popen(
            [sys.executable, "-m", *arguments],
            cwd=REPOSITORY,
            env=clean_environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.lines: list[str] = []
        self._news: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.popen.stdout is not None
        for line in self.popen.stdout:
            self._news.put(line.rstrip("\n"))
        self._news.put(None)

    def line(self, *, within_s: float = 20) -> str:
        """Give the next line of its output."""
        line = self._news.get(timeout=within_s)
        assert line is not None, f"it ended: {self.errors()}"
        self.lines.append(line)
        return line

    def said(self) -> dict[str, Any]:
        """Give the next line as the JSON object that it is."""
        document = json.loads(self.line())
        assert isinstance(document, dict)
        return document

    def kill(self) -> None:
        """Kill it as a power cut would."""
        self.popen.kill()
        self.wait()

    def wait(self, within_s: float = 60) -> int:
        return self.popen.wait(within_s)

    def errors(self) -> str:
        assert self.popen.stderr is not None
        return self.popen.stderr.read() if self.popen.poll() is not None else ""

    def close(self) -> None:
        if self.popen.poll() is None:
            self.popen.kill()
        self.popen.wait(10)
        self._reader.join(10)
        for stream in (self.popen.stdout, self.popen.stderr):
            if stream is not None:
                stream.close()


@contextmanager
def running(*arguments: str) -> Iterator[Process]:
    process = Process(*arguments)
    try:
        yield process
    finally:
        process.close()


class Served:
    """A `scantill serve` that is up: its addresses, and its private door with the token."""

    def __init__(self, process: Process) -> None:
        self.process = process
        self.addresses: dict[str, str] = {}
        while "accounts" not in self.addresses:
            name, _, value = process.line().partition(" ")
            self.addresses[name] = value.strip()
        self.token = Path(self.addresses["token"]).read_text("ascii").strip()

    def ask(self, path: str) -> Any:
        headers = {"Authorization": f"Bearer {self.token}"}
        answer = httpx.get(self.addresses["private"] + path, headers=headers, timeout=5)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def order(self, order_id: str) -> Any:
        return self.ask(f"/api/v1/orders/{order_id}")

    def wait_for(self, order_id: str, state: str, *, within_s: float) -> Any:
        deadline = time.monotonic() + within_s
        while (order := self.order(order_id))["state"] != state:
            assert time.monotonic() < deadline, f"still {order['state']}: {order}"
            time.sleep(0.02)
        return order


@contextmanager
def serving(root: Path, sandbox_url: str, *options: str) -> Iterator[Served]:
    """Run `scantill serve`."""
    arguments = ["--data-dir", str(root), "--sandbox", sandbox_url, *options]
    with running("ui.cli", "serve", *arguments) as process:
        yield Served(process)


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        [sys.executable, "-m", "ui.cli", *arguments],
        cwd=REPOSITORY,
        env=clean_environment(),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def called(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Run a command in this process, and give its status and what it said."""
    from ui.cli import main

    try:
        status = main(list(arguments))
    except SystemExit as left:
        status = int(left.code or 0)
    out, err = capsys.readouterr()
    assert "Traceback" not in out + err
    return status, out, err
