"""The control API's part for money after it was paid: refunds, disputes, fees.

It does what a shop's owner does at the provider's own dashboard, and what banks decide.
"""

from collections.abc import Callable

from starlette.requests import Request
from starlette.routing import Route

from app.sandbox.books import JsonObject
from app.sandbox.control_request import Handler, found, json_of, routes_of
from app.sandbox.providers import Providers


class MoneyControl:
    """The routes, and the providers whose dashboards they act upon."""

    def __init__(self, providers: Providers) -> None:
        self._providers = providers

    def routes(self) -> list[Route]:
        at = self._providers
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
