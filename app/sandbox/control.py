"""The control API under `/_control/`: for tests and the demo, from this computer only.

It makes things go wrong, holds notices back, moves the clock, pays as a customer would, and
tells what the books say.
"""

from dataclasses import replace

from starlette.requests import Request
from starlette.routing import Route

from app.sandbox.books import Books, JsonObject
from app.sandbox.clock import SandboxClock
from app.sandbox.control_request import Refused, found, json_of, routes_of, whole
from app.sandbox.courier import Courier
from app.sandbox.deliveries import SCHEDULES
from app.sandbox.faults import FaultRefused, Faults
from app.sandbox.limits import Limits
from app.sandbox.providers import Providers
from app.sandbox.traffic import Traffic

_MODES = ("deliver", "withhold", "reorder")
_MOST_RESENT = 10_000


class Control:
    """The routes, and what they act upon."""

    def __init__(
        self,
        *,
        books: Books,
        clock: SandboxClock,
        faults: Faults,
        traffic: Traffic,
        limits: Limits,
        courier: Courier,
        providers: Providers,
    ) -> None:
        self._books = books
        self._clock = clock
        self._faults = faults
        self._traffic = traffic
        self._limits = limits
        self._courier = courier
        self._providers = providers

    def routes(self) -> list[Route]:
        return routes_of(
            [
                ("GET", "health", self._health),
                ("POST", "faults", self._add_fault),
                ("GET", "faults", self._list_faults),
                ("DELETE", "faults", self._remove_faults),
                ("DELETE", "faults/{id}", self._remove_faults),
                ("POST", "webhooks", self._set_webhooks),
                ("GET", "webhooks", self._show_webhooks),
                ("POST", "webhooks/release", self._release),
                ("POST", "events/{id}/deliver", self._resend),
                ("GET", "books", self._show_books),
                ("GET", "requests", self._show_requests),
                ("DELETE", "requests", self._clear_requests),
                ("GET", "clock", self._show_clock),
                ("POST", "clock", self._move_clock),
                ("POST", "sessions/{id}/pay", self._pay),
                ("POST", "sessions/{id}/expire", self._expire),
                ("POST", "sessions/{id}/challenge", self._challenge),
                ("POST", "sessions/{id}/settle", self._settle),
                ("POST", "limits", self._set_limits),
                *self._providers.control_table(),
            ]
        )

    async def _health(self, _: Request) -> JsonObject:
        return {"ok": True}

    async def _add_fault(self, request: Request) -> JsonObject:
        try:
            return self._faults.add(await json_of(request)).as_json()
        except FaultRefused as error:
            raise Refused(str(error)) from error

    async def _list_faults(self, _: Request) -> JsonObject:
        return {"faults": [fault.as_json() for fault in self._faults.all()]}

    async def _remove_faults(self, request: Request) -> JsonObject:
        return {"removed": self._faults.remove(request.path_params.get("id"))}

    async def _set_webhooks(self, request: Request) -> JsonObject:
        order = await json_of(request)
        mode = order.get("mode", self._courier.mode)
        if mode not in _MODES:
            raise Refused(f"mode must be one of {', '.join(_MODES)}")
        self._courier.duplicate = whole(order, "duplicate", self._courier.duplicate, 1, 1000)
        self._courier.age_s = whole(order, "age_s", self._courier.age_s, -86_400, 86_400)
        schedule = self._courier.schedule
        name = order.get("retries")
        if name is not None and name not in SCHEDULES:
            raise Refused(f"retries must be one of {', '.join(SCHEDULES)}")
        self._courier.schedule = replace(
            schedule,
            pauses_s=schedule.pauses_s if name is None else SCHEDULES[name],
            speed_up=whole(order, "speed_up", schedule.speed_up, 1, 10**6),
        )
        self._courier.mode = mode
        self._courier.wake()
        return await self._show_webhooks(request)

    async def _show_webhooks(self, _: Request) -> JsonObject:
        return {
            "mode": self._courier.mode,
            "duplicate": self._courier.duplicate,
            "age_s": self._courier.age_s,
            "waiting": self._courier.waiting(),
            "pauses_s": list(self._courier.schedule.pauses_s),
            "speed_up": self._courier.schedule.speed_up,
        }

    async def _release(self, _: Request) -> JsonObject:
        return {"sent": await self._courier.release()}

    async def _resend(self, request: Request) -> JsonObject:
        order = await json_of(request)
        event = request.path_params["id"]
        if not self._providers.knows(event):
            raise Refused("there is no such event", 404)
        times = whole(order, "times", 1, 1, _MOST_RESENT)
        statuses = await self._courier.resend(
            event,
            times=times,
            concurrency=whole(order, "concurrency", times, 1, _MOST_RESENT),
            age_s=whole(order, "age_s", 0, -86_400, 86_400),
            changes=_changes(order),
        )
        return {"statuses": statuses}

    async def _show_books(self, _: Request) -> JsonObject:
        accounts = self._books.accounts()
        return {"accounts": {name: self._providers.books_of(name) for name in accounts}}

    async def _show_requests(self, _: Request) -> JsonObject:
        return {"requests": self._traffic.as_json()}

    async def _clear_requests(self, _: Request) -> JsonObject:
        return {"cleared": self._traffic.clear()}

    async def _show_clock(self, _: Request) -> JsonObject:
        return {"now": self._clock.now(), "offset_s": self._clock.offset_s}

    async def _move_clock(self, request: Request) -> JsonObject:
        order = await json_of(request)
        offset = whole(order, "offset_s", self._clock.offset_s, -(10**9), 10**9)
        self._clock.move(advance_s=whole(order, "advance_s", 0, -(10**9), 10**9), offset_s=offset)
        self._providers.catch_up()
        self._courier.wake()
        return await self._show_clock(request)

    async def _pay(self, request: Request) -> JsonObject:
        return found(self._providers.pay(request.path_params["id"], await json_of(request)))

    async def _expire(self, request: Request) -> JsonObject:
        return found(self._providers.expire(request.path_params["id"]))

    async def _settle(self, request: Request) -> JsonObject:
        succeeded = (await json_of(request)).get("succeeded", True) is True
        return found(self._providers.settle(request.path_params["id"], succeeded=succeeded))

    async def _challenge(self, request: Request) -> JsonObject:
        succeeded = (await json_of(request)).get("succeeded", True) is True
        return found(self._providers.authenticate(request.path_params["id"], succeeded=succeeded))

    async def _set_limits(self, request: Request) -> JsonObject:
        order = await json_of(request)
        wanted = order.get("per_second")
        per_second = None if wanted is None else whole(order, "per_second", 0, 1, 10**6)
        self._limits.set(per_second)
        return {"per_second": per_second}


def _changes(order: JsonObject) -> JsonObject:
    """What a genuine event is to say instead: fields of its envelope, and of its `object`."""
    changes = order.get("changes", {})
    if not isinstance(changes, dict) or not isinstance(changes.get("object", {}), dict):
        raise Refused("changes and its object must be JSON objects")
    return changes
