"""SIGKILL at a failpoint of a real till, and the real program that comes back on the same file."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Final

from tests.integration.till.aftermath import BACK_WITHIN_S, Aftermath, Death, Return
from tests.integration.till.house import Customer, clean_environment, simulator, violations
from tests.integration.till.processes import REPOSITORY, serving

_DRIVER: Final = "tests.integration.till.driver"
_NOWHERE: Final = "http://127.0.0.1:9"
_SCENARIOS: Final = {
    "store": "start",
    "migration": "upgrade",
    "till": "start",
    "account": "start",
    "writer": "webhook_sale",
    "order": "webhook_sale",
    "create": "webhook_sale",
    "create.refusing": "refused",
    "create.refused": "refused",
    "search": "forgotten_key",
    "shown": "webhook_sale",
    "capture": "approved_sale",
    "plan": "planned_sale",
    "card": "saved_card",
    "subscription": "subscription",
    "unsubscribe": "subscription",
    "look": "polled_sale",
    "observed": "polled_sale",
    "settle": "webhook_sale",
    "webhook": "webhook_sale",
    "inbox": "webhook_sale",
    "cancel": "cancel",
    "expire": "expiry",
    "withdraw": "withdraw",
    "close": "cancel",
    "refund": "refund",
    "resolution": "accept",
    "dispute": "disputed",
    "reconcile": "reconcile",
    "backup": "backup",
    "restore": "restore",
    "sweep": "overtaken",
}
_HITS: Final = {
    "migration.running": 20,
    "writer.committing": 6,
    "writer.committed": 6,
    "writer.publishing": 5,
    "writer.published": 5,
}
"""Of what every transaction reaches, the one by which the sale is settled."""
Serving = Callable[..., AbstractContextManager[object]]
"""Runs `scantill serve` on a data directory and a simulator, with options."""


class NotReached(AssertionError):
    """A scenario went by the failpoint without dying there."""


def likely_death(point: str) -> Death:
    """Choose the scenario in which a failpoint matters most; KeyError where none is known."""
    scenario = _SCENARIOS.get(point) or _SCENARIOS[point.partition(".")[0]]
    return Death(point, scenario, _HITS.get(point, 1))


class Drivers:
    """A process that has the program imported and forks a till for each errand."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", _DRIVER],
            cwd=REPOSITORY,
            env=clean_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def live(self, death: Death, root: Path, sandbox_url: str) -> dict[str, Any]:
        """Have a scenario lived; give all that the till said, and how its process `ended`."""
        told = self._ask("ended", root=str(root), sandbox=sandbox_url, **vars(death))
        assert "failed" not in told, f"{death}: {told.get('failed')}"
        return told

    @contextmanager
    def serving(self, root: Path, sandbox_url: str, *options: str) -> Iterator[object]:
        """Run `scantill serve` in a process that is forked too, until it is killed."""
        arguments = ["serve", "--data-dir", str(root), "--sandbox", sandbox_url, *options]
        output = root.with_name("serve.txt")
        output.touch()
        pid = int(self._ask("pid", command=arguments, output=str(output))["pid"])
        try:
            deadline = time.monotonic() + BACK_WITHIN_S
            while "\naccounts " not in output.read_text("utf-8"):
                assert time.monotonic() < deadline, f"not up: {output.read_text('utf-8')}"
                time.sleep(0.01)
            yield pid
        finally:
            os.kill(pid, signal.SIGKILL)
            ended = self._ask("ended", reap=pid)["ended"]
        assert ended == -signal.SIGKILL, f"it ended by itself: {output.read_text('utf-8')}"

    def run(self, output: Path, *arguments: str) -> int:
        """Run a command to its end in a process that is forked too; give its status."""
        pid = self._ask("pid", command=arguments, output=str(output))["pid"]
        return int(self._ask("ended", reap=pid)["ended"])

    def _ask(self, until: str, **order: Any) -> dict[str, Any]:
        """Give an order, and gather all that is said up to the last word."""
        sent, said = self._process.stdin, self._process.stdout
        assert sent is not None and said is not None
        sent.write(f"{json.dumps(order)}\n")
        sent.flush()
        told: dict[str, Any] = {}
        while until not in told:
            line = said.readline()
            assert line, f"the driver is gone, at {order}"
            told.update(json.loads(line))
        return told

    def close(self) -> None:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(10)
        self._process.stdout.close()


@contextmanager
def drivers() -> Iterator[Drivers]:
    running = Drivers()
    try:
        yield running
    finally:
        running.close()


def die_and_return(
    by: Drivers, death: Death, directory: Path, *, serve: Serving = serving
) -> Return:
    """Kill a till at a failpoint, start the real program again, and judge what it makes of it.

    Raises NotReached where the scenario came to its end alive.
    """
    root = directory / "till"
    root.mkdir()
    with simulator(directory / "sandbox.db") as customer:
        told = by.live(death, root, customer.origin)
        if told["ended"] != -signal.SIGKILL:
            raise NotReached(f"no till died at {death}: {told}")
        result = Return(death)
        after = Aftermath(result, root, customer, told)
        if death.scenario == "restore":
            _check_that_it_waits(result, by, root, directory / "copy")
        polls = death.scenario == "polled_sale" and "shown" in told
        polls = polls or death.scenario == "reconcile"
        began = time.monotonic()
        with serve(root, customer.origin, *(["--no-webhooks"] if polls else [])):
            doubt = after.until_calm()
            result.after_s = time.monotonic() - began
            result.expect(not doubt, f"still in doubt after {BACK_WITHIN_S:.0f} s: {doubt}")
            after.check_promises()
            after.check_end()
            after.pay_what_is_open()
        after.check_books()
        if death.scenario == "backup" and not result.found:
            _check_that_it_backs_up(result, by, root)
            after.check_end()
        is_new = not after.wanted or after.is_restored
        if is_new and not result.found:
            _check_that_it_sells(result, by, root, customer)
    after.check_deliveries(directory / "sandbox.db")
    return result


def _check_that_it_waits(result: Return, by: Drivers, root: Path, copy: Path) -> None:
    """Restored books are not sold with before they are compared with the provider's."""
    shutil.copytree(root, copy)
    told = by.live(Death("", "place_alone"), copy, _NOWHERE)
    has_sold = told["placed"]
    result.expect(has_sold is not told["is_restored"], f"sold before it was compared: {told}")


def _check_that_it_backs_up(result: Return, by: Drivers, root: Path) -> None:
    """Half a backup is in nobody's way."""
    output = root.with_name("backup.txt")
    status = by.run(output, "backup", "--data-dir", str(root))
    result.expect(status == 0, f"no other backup: {output.read_text('utf-8')}")


def _check_that_it_sells(result: Return, by: Drivers, root: Path, customer: Customer) -> None:
    """A till that died before it had sold anything, or was restored, must be able to."""
    told = by.live(Death("", "webhook_sale"), root, customer.origin)
    result.expect(told.get("state") == "paid", f"it does not sell: {told}")
    result.found += violations(root, customer)
