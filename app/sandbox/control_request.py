"""Requests to the control API: who may send them, what they say, and how they are refused."""

import json
from collections.abc import Awaitable, Callable, Sequence

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from app.sandbox.books import JsonObject
from app.sandbox.wire import BodyTooLarge, body_of, from_loopback, names_loopback

Handler = Callable[[Request], Awaitable[JsonObject]]


class Refused(Exception):
    """The control request makes no sense; the message says why."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


def routes_of(table: Sequence[tuple[str, str, Handler]]) -> list[Route]:
    """Each line is a method, a path below `/_control/`, and who answers."""
    return [
        Route(f"/_control/{path}", _guarded(handler), methods=[method])
        for method, path, handler in table
    ]


async def json_of(request: Request) -> JsonObject:
    body = await body_of(request)
    if not body:
        return {}
    try:
        value = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Refused("the body is not JSON") from error
    if not isinstance(value, dict):
        raise Refused("the body must be a JSON object")
    return value


def whole(order: JsonObject, name: str, default: int, lowest: int, highest: int) -> int:
    value = order.get(name, default)
    if not isinstance(value, int) or isinstance(value, bool) or not lowest <= value <= highest:
        raise Refused(f"{name} must be an integer from {lowest} to {highest}")
    return value


def whole_or_none(order: JsonObject, name: str, lowest: int, highest: int) -> int | None:
    return None if order.get(name) is None else whole(order, name, lowest, lowest, highest)


def word(order: JsonObject, name: str, default: str, words: Sequence[str]) -> str:
    value = order.get(name, default)
    if value not in words:
        raise Refused(f"{name} must be one of {', '.join(words)}")
    return str(value)


def flag(order: JsonObject, name: str) -> bool:
    value = order.get(name, False)
    if not isinstance(value, bool):
        raise Refused(f"{name} must be true or false")
    return value


def found(answer: JsonObject | None) -> JsonObject:
    if answer is None:
        raise Refused("there is nothing of that id in a state that permits this", 404)
    return answer


def only(order: JsonObject, names: Sequence[str]) -> JsonObject:
    """The order itself, unless it says something that nobody would listen to."""
    if unknown := sorted(set(order) - set(names)):
        raise Refused(f"unknown: {', '.join(unknown)}; known are {', '.join(names)}")
    return order


def _guarded(handler: Handler) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        if not (from_loopback(request) and names_loopback(request)):
            return JSONResponse({"error": "for this computer only"}, 403)
        try:
            return JSONResponse(await handler(request))
        except Refused as error:
            return JSONResponse({"error": str(error)}, error.status)
        except BodyTooLarge:
            return JSONResponse({"error": "too large"}, 413)

    return answer
