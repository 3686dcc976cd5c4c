"""What every provider's hosted pages do with a request: faults first, then what the books say.

A form comes as what was typed into it, cut to a length that nothing on these pages needs.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Generic, TypeAlias, TypeVar
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.sandbox.bench import Bench
from app.sandbox.distortion import distorted
from app.sandbox.faults import Faults
from app.sandbox.wire import BodyTooLarge, CutConnection, body_of

_LONGEST_FIELD = 200
_MOST_FIELDS = 50

Form: TypeAlias = Mapping[str, str]
B = TypeVar("B", bound=Bench)


class HostedPages(Generic[B]):
    """The pages of one provider, for browsers and for plain HTTP clients alike.

    `changed` is called after each commit, `catch_up` before the books are looked at.
    """

    def __init__(
        self, bench: B, faults: Faults, catch_up: Callable[[], None], changed: Callable[[], None]
    ) -> None:
        self._bench = bench
        self._faults = faults
        self._catch_up = catch_up
        self._changed = changed

    def _route(
        self, path: str, answer: Callable[[Request, Form], Response], *methods: str
    ) -> Route:
        return Route(path, self._served(answer), methods=methods or ("GET", "POST"))

    def _served(
        self, answer: Callable[[Request, Form], Response]
    ) -> Callable[[Request], Awaitable[Response]]:
        """Answer as it should be, or as a fault wants it; what is only shown comes with no form."""

        async def served(request: Request) -> Response:
            try:
                body = await body_of(request)
            except BodyTooLarge:
                return Response("Too large", 413)
            fault = self._faults.take(request.method, request.url.path)
            await self._faults.delay(fault)
            if fault is not None and fault.drop == "before":
                return CutConnection()
            if fault is not None and fault.status is not None:
                response = Response(fault.text, fault.status, headers=fault.headers)
                return distorted(response, fault, self._faults)
            self._catch_up()
            response = answer(request, _fields(body) if request.method == "POST" else {})
            dropped = fault is not None and fault.drop == "after_effect"
            return CutConnection() if dropped else distorted(response, fault, self._faults)

        return served


def verdict_in(form: Form) -> bool | None:
    """Say whether the payer has confirmed with the bank; None where they are still to be asked."""
    return {"complete": True, "fail": False}.get(form.get("verdict", ""))


def with_query(url: str, more: Mapping[str, str]) -> str:
    """Give the address with more parameters at the end of its query."""
    parts = urlsplit(url)
    query = "&".join(part for part in (parts.query, urlencode(more)) if part)
    return urlunsplit(parts._replace(query=query))


def times(count: int | str, each: str) -> str:
    """Say how many there are of what costs this; nothing of a single one."""
    return "" if str(count) == "1" else f"{count} \N{MULTIPLICATION SIGN} {each}"


def every(count: int, unit: str) -> str:
    """Say how often: "every month", "every 2 weeks"."""
    return f"every {unit}" if count == 1 else f"every {count} {unit}s"


def now_and_then(amount: str, often: str) -> str:
    """Say what a subscription costs from now on."""
    return f"now, then {amount} {often}"


def _fields(body: bytes) -> dict[str, str]:
    try:
        pairs = parse_qsl(body.decode("ascii", "replace"), max_num_fields=_MOST_FIELDS)
    except ValueError:
        return {}
    return {name: value.strip()[:_LONGEST_FIELD] for name, value in pairs}
