"""What tests have happen to subscriptions: periods that pass, and the owner at the dashboard."""

from collections.abc import Callable, Sequence

from starlette.requests import Request

from app.sandbox.books import JsonObject, Record
from app.sandbox.control_request import Handler, flag, found, json_of, word
from app.sandbox.square import subscribers, subscriptions
from app.sandbox.square.workbench import SUBSCRIPTION, Workbench

_OVER = ("CANCELED",)
_STATUSES = ("ACTIVE", "DEACTIVATED", "PAUSED")


class SubscriptionControl:
    """Acts on all merchants' subscriptions; `changed` is called after each commit."""

    def __init__(
        self, bench: Workbench, catch_up: Callable[[], None], changed: Callable[[], None]
    ) -> None:
        self._bench = bench
        self._catch_up = catch_up
        self._changed = changed

    def table(self) -> Sequence[tuple[str, str, Handler]]:
        return (
            ("POST", "square/subscriptions", self._set_way),
            ("POST", "square/subscriptions/{id}/renew", self._renew),
            ("POST", "square/subscriptions/{id}/cancel", self._cancel),
            ("POST", "square/subscriptions/{id}/move", self._move),
        )

    async def _set_way(self, request: Request) -> JsonObject:
        """Say whether first payments pay the link's own order: `pays_link`."""
        pays = flag(await json_of(request), "pays_link")
        return {"pays_link": subscribers.pays_link(self._bench, pays=pays)}

    async def _renew(self, request: Request) -> JsonObject:
        """Let the period that was paid for be over: `succeeded`."""
        succeeded = (await json_of(request)).get("succeeded", True) is True
        subscription = self._running(request)
        if subscription is None or subscription.body["status"] != "ACTIVE":
            return found(None)
        with self._bench.books.transaction():
            subscriptions.pass_period(self._bench, subscription, succeeded=succeeded)
        return self._line(subscription)

    async def _cancel(self, request: Request) -> JsonObject:
        """End it at once, as its owner can."""
        subscription = self._running(request)
        if subscription is None:
            return found(None)
        with self._bench.books.transaction():
            subscriptions.end(self._bench, subscription)
        return self._line(subscription)

    async def _move(self, request: Request) -> JsonObject:
        """Pause it, resume it, or take it out of service: `status`."""
        status = word(await json_of(request), "status", "PAUSED", _STATUSES)
        subscription = self._running(request)
        if subscription is None:
            return found(None)
        with self._bench.books.transaction():
            subscriptions.move(self._bench, subscription, status)
        return self._line(subscription)

    def _running(self, request: Request) -> Record | None:
        self._catch_up()
        record = self._bench.books.get(SUBSCRIPTION, request.path_params["id"])
        return None if record is None or record.body["status"] in _OVER else record

    def _line(self, subscription: Record) -> JsonObject:
        self._changed()
        return {"id": subscription.id, **subscription.body}
