"""A till in a process of its own, to be killed: it lives a scenario up to a failpoint.

Run as `python -m tests.integration.till.driver ROOT SANDBOX_URL` it sells up to the QR, then
waits. Run with no argument it takes one errand a line (JSON), lives each in a process that it
forks, and says how that ended. What a till says, one JSON object a line, it has acknowledged.
A `command` of the program is run in a forked process too, which is later ended and reaped.
"""

import asyncio
import gc
import importlib
import json
import os
import signal
import sys
import traceback
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any, Final, NoReturn

import httpx

from app.failpoints import Failpoint, only_at, switched_on
from tests.integration.till import house
from tests.integration.till.errands import Errand, shown
from tests.integration.till.scenarios import SCENARIOS
from tests.integration.till.scenarios_of_money import place_alone
from ui.cli import main


def die() -> NoReturn:
    """End as a power cut would."""
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("unreachable")


def say(**values: Any) -> None:
    sys.stdout.write(f"{json.dumps(values)}\n")
    sys.stdout.flush()


def live(order: dict[str, Any]) -> None:
    """Live a scenario; without a point, count what it reaches."""
    counted: Counter[Failpoint] = Counter()
    point = str(order["point"])
    act = only_at(point, die, hit=int(order["hit"])) if point else count_in(counted)
    errand = Errand(Path(order["root"]), str(order["sandbox"]), say, lambda: switched_on(act))
    scenario = place_alone if order["scenario"] == "place_alone" else SCENARIOS[order["scenario"]]
    asyncio.run(scenario(errand))
    say(reached=counted)


def count_in(counted: "Counter[Failpoint]") -> Any:
    return lambda name: counted.update((name,))


def live_in_a_process_of_its_own(order: dict[str, Any]) -> int:
    """Fork, since that is quicker than to import the program anew; give how it ended."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            live(order)
            status = 0
        except BaseException:  # noqa: BLE001 - said; a child must not go on as its parent
            say(failed=traceback.format_exc())
        finally:
            os._exit(status)
    return reaped(child)


def reaped(child: int) -> int:
    """Wait for a process and give how it ended: its status, or the signal below zero."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def begin(arguments: list[str], output: str) -> int:
    """Fork a command of the program, whose words go to a file, and give its process."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            file = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            os.dup2(file, 1)
            os.dup2(file, 2)
            status = main(arguments)
        except BaseException:  # noqa: BLE001 - written down; a child must not go on as its parent
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)
    return child


def make_ready() -> None:
    """Have done once, before all forks, what each till would do anew: it changes nothing for them.

    What a till imports late is imported, the certificates of the system are read, and the memory
    that all share is kept from being copied by whoever counts garbage in it.
    """
    for name in _LATE:
        importlib.import_module(name)
    config = vars(importlib.import_module("httpx._config"))
    config["create_ssl_context"] = cache(config["create_ssl_context"])
    httpx.AsyncClient()
    httpx.AsyncClient(trust_env=False)
    gc.collect()
    gc.freeze()


_LATE: Final = (
    "anyio._backends._asyncio",
    "httpcore._async.http11",
    "uvicorn.lifespan.off",
)


async def wait_with_the_code_up(root: Path, sandbox_url: str) -> None:
    """Sell up to the QR, and wait to be killed."""
    async with house.open_till(root, sandbox_url) as till:
        errand = Errand(root, sandbox_url, say)
        await house.until_registered(till, errand.customer)
        await shown(errand, till)
        await asyncio.Event().wait()


if __name__ == "__main__":
    if sys.argv[1:]:
        asyncio.run(wait_with_the_code_up(Path(sys.argv[1]), sys.argv[2]))
    make_ready()
    for line in sys.stdin:
        order = json.loads(line)
        if "command" in order:
            say(pid=begin(order["command"], order["output"]))
        elif "reap" in order:
            say(ended=reaped(order["reap"]))
        else:
            say(ended=live_in_a_process_of_its_own(order))
