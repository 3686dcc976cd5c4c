"""SIGKILL at a failpoint of a real till, and the real program that comes back on the same file."""

import json
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from tests.integration.till.house import Customer, clean_environment, rows, simulator, violations
from tests.integration.till.processes import REPOSITORY, serving
from tests.integration.till.scenarios import CREATE

BACK_WITHIN_S: Final = 30.0
"""A till that is not back by then is not coming."""
_DRIVER: Final = "tests.integration.till.driver"
_IN_DOUBT: Final = """
    SELECT 'call ' || key FROM intents WHERE outcome IS NULL
    UNION ALL SELECT 'attempt ' || state FROM attempts WHERE state IN ('creating', 'unknown')
    UNION ALL SELECT 'closing ' || state FROM attempts
        WHERE close_reason IS NOT NULL AND state = 'open'
    UNION ALL SELECT 'delivery ' || event_type FROM inbox WHERE standing IS NULL
"""
_PAYABLE: Final = """
    SELECT attempts.url FROM attempts JOIN orders ON orders.id = order_id
    WHERE attempts.state = 'open' AND close_reason IS NULL AND orders.state = 'open'
"""
_ENDS: Final = {"cancelled": "cancelled", "expired": "expired", "superseded": "open"}
"""How an order ends, unless it is paid, by the reason for which its session was to be closed."""


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
    "look": "polled_sale",
    "observed": "polled_sale",
    "settle": "webhook_sale",
    "webhook": "webhook_sale",
    "inbox": "webhook_sale",
    "cancel": "cancel",
    "expire": "expiry",
    "withdraw": "withdraw",
    "close": "cancel",
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


class NotReached(AssertionError):
    """A scenario went by the failpoint without dying there."""


@dataclass(frozen=True)
class Death:
    """Where a till dies: in which scenario, and at which hit of the failpoint."""

    point: str
    scenario: str
    hit: int = 1

    def __str__(self) -> str:
        return f"{self.point} ({self.scenario}, hit {self.hit})"


def likely_death(point: str) -> Death:
    """Choose the scenario in which a failpoint matters most; KeyError where none is known."""
    scenario = _SCENARIOS.get(point) or _SCENARIOS[point.partition(".")[0]]
    return Death(point, scenario, _HITS.get(point, 1))


@dataclass
class Return:
    """What came of it: seconds from the start of the process until nothing was in doubt."""

    death: Death
    after_s: float = 0.0
    found: list[str] = field(default_factory=list)

    def expect(self, holds: object, otherwise: str) -> None:
        if not holds:
            self.found.append(otherwise)


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
        sent, said = self._process.stdin, self._process.stdout
        assert sent is not None and said is not None
        errand = {"root": str(root), "sandbox": sandbox_url, **vars(death)}
        sent.write(f"{json.dumps(errand)}\n")
        sent.flush()
        told: dict[str, Any] = {}
        while "ended" not in told:
            line = said.readline()
            assert line, f"the driver is gone, at {death}"
            told.update(json.loads(line))
        assert "failed" not in told, f"{death}: {told.get('failed')}"
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


def die_and_return(by: Drivers, death: Death, directory: Path) -> Return:
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
        wanted = _wanted(root)
        began = time.monotonic()
        polls = death.scenario == "polled_sale" and "shown" in told
        with serving(root, customer.origin, *(["--no-webhooks"] if polls else [])):
            doubt = _until_calm(root, customer)
            result.after_s = time.monotonic() - began
            result.expect(not doubt, f"still in doubt after {BACK_WITHIN_S:.0f} s: {doubt}")
            _check_promises(result, root, told)
            _check_end(result, root, customer, wanted)
            _pay_what_is_open(result, root, customer)
        _check_books(result, root, customer)
        if not wanted and not result.found:
            _check_that_it_sells(result, by, root, customer)
    inbox = {str(row[0]) for row in rows(root, "SELECT event_id FROM inbox")}
    lost = _acknowledged(directory / "sandbox.db") - inbox
    result.expect(not lost, f"acknowledged and lost: {lost}")
    return result


def _acknowledged(sandbox_books: Path) -> set[str]:
    """Give the events whose delivery was answered with a 2xx; once the simulator is gone."""
    db = sqlite3.connect(f"file:{sandbox_books}?mode=ro", uri=True)
    try:
        found = db.execute("SELECT event FROM deliveries WHERE last_status BETWEEN 200 AND 299")
        return {str(row[0]) for row in found}
    finally:
        db.close()


def _wanted(root: Path) -> dict[str, str | None]:
    """Say of each order in the books why its newest session is to be closed, as the till died."""
    if not _has(root, "attempts"):
        return {}
    return dict(
        rows(
            root,
            "SELECT orders.id, (SELECT close_reason FROM attempts WHERE order_id = orders.id "
            "ORDER BY number DESC LIMIT 1) FROM orders",
        )
    )


def _has(root: Path, table: str) -> bool:
    if not (root / "training" / "till.db").exists():
        return False
    found = rows(root, f"SELECT 1 FROM sqlite_master WHERE name = '{table}'")
    return bool(found)


def _until_calm(root: Path, customer: Customer) -> list[str]:
    """Wait until nothing is in doubt and paid orders are; give what still is, once it is late."""
    deadline = time.monotonic() + BACK_WITHIN_S
    while (doubt := _doubts(root, customer)) and time.monotonic() < deadline:
        time.sleep(0.02)
    return doubt


def _doubts(root: Path, customer: Customer) -> list[str]:
    doubts = [str(row[0]) for row in rows(root, _IN_DOUBT)]
    booked = {row[0] for row in rows(root, "SELECT payment_id FROM payments")}
    taken = [payment for payment in customer.taken() if payment.captured_minor]
    return doubts + [
        f"payment {payment.payment_id}" for payment in taken if payment.payment_id not in booked
    ]


def _check_promises(result: Return, root: Path, told: dict[str, Any]) -> None:
    """I6: what was acknowledged survives."""
    if "till" in told and result.death.scenario == "upgrade":
        kept = rows(root, "SELECT id FROM till")
        result.expect(kept == [(told["till"],)], f"the till has become {kept}")
    if "order" in told:
        known = rows(root, f"SELECT state FROM orders WHERE id = '{told['order']}'")
        result.expect(known, "an order that was placed is gone")
        state = told.get("state")
        result.expect(state is None or known == [(state,)], f"{state} has become {known}")
    if "opened" in told:
        known = rows(root, "SELECT session_id FROM attempts")
        result.expect((told["opened"],) in known, "a session that was opened is gone")
    if "shown" in told:
        shown = rows(root, f"SELECT shown_at FROM attempts WHERE id = {told['shown']}")
        result.expect(shown and shown[0][0], "that a code was shown is forgotten")


def _check_end(
    result: Return, root: Path, customer: Customer, wanted: dict[str, str | None]
) -> None:
    """What was begun ends as it was meant to, and nobody is needed for it."""
    taken = any(payment.captured_minor for payment in customer.taken())
    for order_id, reason in wanted.items():
        state = rows(root, f"SELECT state FROM orders WHERE id = '{order_id}'")[0][0]
        end = "paid" if taken else _ENDS.get(reason or "", "open")
        # Its deadline is short enough to pass before the till is back.
        has_expired = result.death.scenario == "expiry" and (end, state) == ("open", "expired")
        result.expect(state == end or has_expired, f"the order is {state}, not {end}")
    waiting = rows(root, "SELECT kind FROM exceptions WHERE resolved_at IS NULL")
    result.expect(not waiting, f"needs a person: {waiting}")


def _pay_what_is_open(result: Return, root: Path, customer: Customer) -> None:
    """Have a code that came back be paid, or run out where that is the story; all is settled."""
    for (url,) in rows(root, _PAYABLE):
        if result.death.scenario != "expiry":
            customer.pay(str(url))
    deadline = time.monotonic() + BACK_WITHIN_S
    while (left := rows(root, _PAYABLE)) and time.monotonic() < deadline:
        time.sleep(0.02)
    result.expect(not left, "a code that came back is neither paid nor expired")
    doubt = _until_calm(root, customer)
    result.expect(not doubt, f"what was paid afterwards is still in doubt: {doubt}")


def _check_books(result: Return, root: Path, customer: Customer) -> None:
    """One session under one key, paid once, and books that agree with the provider's."""
    result.found += violations(root, customer)
    sessions = customer.books()["sessions"]
    references = [str(row[0]) for row in rows(root, "SELECT reference FROM attempts")]
    keys = {str(request["idempotency_key"]) for request in customer.requests("POST", CREATE)}
    result.expect(keys <= {f"{r}-create" for r in references}, f"created under {keys}")
    result.expect(len(sessions) <= len(references) <= 1, f"{len(sessions)} sessions")
    over = rows(root, "SELECT 1 FROM orders WHERE state IN ('cancelled', 'expired')")
    is_open = any(session["status"] == "open" for session in sessions)
    result.expect(not (over and is_open), "the order is over and can still be paid")
    payments = rows(root, "SELECT 1 FROM payments")
    paid = rows(root, "SELECT 1 FROM journal WHERE name = 'order.paid'")
    result.expect(len(paid) == len(payments) <= 1, f"{len(payments)} payments, {len(paid)} paid")
    result.expect(len(customer.taken()) <= 1, "the customer has paid more than once")


def _check_that_it_sells(result: Return, by: Drivers, root: Path, customer: Customer) -> None:
    """A till that died before it had sold anything must be able to."""
    told = by.live(Death("", "webhook_sale"), root, customer.origin)
    result.expect(told.get("state") == "paid", f"it does not sell: {told}")
    result.found += violations(root, customer)
