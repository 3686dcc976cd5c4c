"""The control API's part for money after it was paid: refunds, disputes, fees.

It does what a shop's owner does at the provider's own dashboard, and what banks decide.
"""

from collections.abc import Callable
from typing import Protocol

from starlette.requests import Request
from starlette.routing import Route

from app.sandbox.books import JsonObject
from app.sandbox.control_request import Handler, found, json_of, routes_of


class Dashboard(Protocol):
    """What a provider's simulator offers; None means that there is nothing of that id.

    Each raises `Refused` for an order that makes no sense or that the provider refuses.
    """

    def refund(self, id: str, order: JsonObject) -> JsonObject | None: ...

    def settle_refund(self, id: str, order: JsonObject) -> JsonObject | None: ...

    def dispute(self, id: str, order: JsonObject) -> JsonObject | None: ...

    def move_dispute(self, id: str, order: JsonObject) -> JsonObject | None: ...

    def set_refunds(self, order: JsonObject) -> JsonObject: ...

    def set_fees(self, order: JsonObject) -> JsonObject: ...


class MoneyControl:
    """The routes, and the dashboard that they act upon."""

    def __init__(self, dashboard: Dashboard) -> None:
        self._dashboard = dashboard

    def routes(self) -> list[Route]:
        at = self._dashboard
        return routes_of(
            [
                ("POST", "payments/{id}/refund", _about_one(at.refund)),
                ("POST", "payments/{id}/dispute", _about_one(at.dispute)),
                ("POST", "refunds", _about_all(at.set_refunds)),
                ("POST", "refunds/{id}/settle", _about_one(at.settle_refund)),
                ("POST", "disputes/{id}/move", _about_one(at.move_dispute)),
                ("POST", "fees", _about_all(at.set_fees)),
            ]
        )


def _about_one(act: Callable[[str, JsonObject], JsonObject | None]) -> Handler:
    async def answer(request: Request) -> JsonObject:
        return found(act(request.path_params["id"], await json_of(request)))

    return answer


def _about_all(act: Callable[[JsonObject], JsonObject]) -> Handler:
    async def answer(request: Request) -> JsonObject:
        return act(await json_of(request))

    return answer
