"""Faults on demand: slow replies, error replies, cut connections.

A test asks for them through the control API; they live in memory and end with the process.
"""

import asyncio
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, Literal

from app.sandbox.books import JsonObject

Drop = Literal["before", "after_effect", "mid_reply", "not_http"]

_DROPS = ("before", "after_effect", "mid_reply", "not_http")
_FIELDS = {
    "bomb_bytes",
    "body",
    "date_off_s",
    "drop",
    "headers",
    "latency_ms",
    "pad_bytes",
    "status",
    "store",
    "text",
    "trickle_ms",
}


class FaultRefused(ValueError):
    """The fault that was asked for makes no sense."""


@dataclass
class Fault:
    """What goes wrong for requests that match; `times=None` means until it is deleted.

    `account` is the provider's own account behind the request's credential.
    `status` answers instead of the effect, with `body` or `text`. The rest spoils a true reply:
    `date_off_s` its Date, `trickle_ms` the pause after each byte, `pad_bytes` its size,
    `bomb_bytes` what it unpacks to.
    """

    id: str
    method: str | None
    path: str | None
    account: str | None = None
    times: int | None = 1
    latency_ms: int = 0
    status: int | None = None
    body: JsonObject | None = None
    headers: dict[str, str] = field(default_factory=dict)
    text: str | None = None
    drop: Drop | None = None
    date_off_s: int = 0
    trickle_ms: int = 0
    pad_bytes: int = 0
    bomb_bytes: int = 0
    store: bool = False
    """Whether the error becomes the idempotency key's result, as a 500 from inside does."""
    fired: int = 0

    def matches(self, method: str, path: str, account: str | None = None) -> bool:
        return (
            (self.times is None or self.fired < self.times)
            and self.method in (None, method)
            and self.account in (None, account)
            and (self.path is None or fnmatchcase(path, self.path))
        )

    def as_json(self) -> JsonObject:
        return {
            "id": self.id,
            "match": {"method": self.method, "path": self.path, "account": self.account},
            "fault": {
                "latency_ms": self.latency_ms,
                "status": self.status,
                "body": self.body,
                "text": self.text,
                "headers": self.headers,
                "drop": self.drop,
                "date_off_s": self.date_off_s,
                "trickle_ms": self.trickle_ms,
                "pad_bytes": self.pad_bytes,
                "bomb_bytes": self.bomb_bytes,
                "store": self.store,
            },
            "times": self.times,
            "fired": self.fired,
        }


class Faults:
    """The faults that are set, in the order in which they were asked for."""

    def __init__(self) -> None:
        self._faults: dict[str, Fault] = {}
        self._count = 0
        self._stopping = asyncio.Event()

    def add(self, order: JsonObject) -> Fault:
        """Take `{"match": {...}, "fault": {...}, "times": n}`; raises `FaultRefused`."""
        match, what = order.get("match") or {}, order.get("fault")
        if not isinstance(match, dict) or not isinstance(what, dict) or not what:
            raise FaultRefused("match and fault must be objects, and fault must say something")
        if unknown := set(what) - _FIELDS:
            raise FaultRefused(f"unknown fault: {', '.join(sorted(unknown))}")
        times = order.get("times", 1)
        if times is not None and (not isinstance(times, int) or times < 1):
            raise FaultRefused("times must be a positive integer, or null for always")
        if what.get("drop") not in (None, *_DROPS):
            raise FaultRefused(f"drop must be one of {', '.join(_DROPS)}")
        status = _whole(what, "status", 100, 599)
        text = what.get("text")
        if text is not None and (not isinstance(text, str) or status is None):
            raise FaultRefused("text is a string beside a status")
        self._count += 1
        method = match.get("method")
        fault = Fault(
            id=f"fault_{self._count}",
            method=None if method is None else str(method).upper(),
            path=match.get("path"),
            account=match.get("account"),
            times=times,
            latency_ms=_whole(what, "latency_ms", 0, 600_000) or 0,
            status=status,
            body=what.get("body"),
            headers={str(name): str(value) for name, value in (what.get("headers") or {}).items()},
            text=text,
            drop=what.get("drop"),
            date_off_s=_whole(what, "date_off_s", -(10**9), 10**9) or 0,
            trickle_ms=_whole(what, "trickle_ms", 0, 600_000) or 0,
            pad_bytes=_whole(what, "pad_bytes", 0, 10**12) or 0,
            bomb_bytes=_whole(what, "bomb_bytes", 0, 10**8) or 0,
            store=bool(what.get("store", status == 500)),
        )
        self._faults[fault.id] = fault
        return fault

    def all(self) -> list[Fault]:
        return list(self._faults.values())

    def remove(self, fault_id: str | None = None) -> int:
        """Delete one, or all of them; answers how many."""
        gone = list(self._faults) if fault_id is None else [fault_id]
        return sum(self._faults.pop(name, None) is not None for name in gone)

    def take(self, method: str, path: str, account: str | None = None) -> Fault | None:
        """The first fault for this request, counted as fired; a page is no account's."""
        for fault in self._faults.values():
            if fault.matches(method, path, account):
                fault.fired += 1
                return fault
        return None

    async def delay(self, fault: Fault | None) -> None:
        """Wait as long as the fault says, or until the simulator is stopped."""
        if fault is not None and fault.latency_ms > 0:
            await self.pause(fault.latency_ms)

    async def pause(self, pause_ms: int) -> bool:
        """Wait, at least for the others' turn; False when the simulator is being stopped."""
        await asyncio.sleep(0)
        if pause_ms > 0:
            try:
                await asyncio.wait_for(self._stopping.wait(), pause_ms / 1000)
            except TimeoutError:
                return True
        return not self._stopping.is_set()

    def stop(self) -> None:
        self._stopping.set()


def _whole(what: dict[str, Any], name: str, lowest: int, highest: int) -> int | None:
    value = what.get(name)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not lowest <= value <= highest:
        raise FaultRefused(f"{name} must be an integer from {lowest} to {highest}")
    return value
