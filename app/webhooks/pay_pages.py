"""The pay page at the public door, and the few questions that it may ask.

Its address holds the attempt's reference and a random token of 128 bits: who has the address may
pay, and can do nothing else. Amount and order are the books'; nothing is taken from a caller but
what the provider's own field made of a card. What the page says of money is what the books say.
"""

import logging
import re
from collections.abc import Awaitable, Callable
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from app.clock import Clock
from app.errors import Rejected, ScantillError, StoreError, WebhookRejected
from app.providers.envelope import strict_object
from app.providers.strategy import PageSetup
from app.store import Store
from app.webhooks.pay_desk import PayDesk
from app.webhooks.pay_page import page, unknown_page
from app.webhooks.pay_sale import Sale, find_sale
from app.webhooks.rate import Bucket, Buckets
from app.webhooks.receiver import body_of

MAX_BODY_BYTES: Final = 4 * 1024
_PATH: Final = "/pay/{page}"
_METHOD: Final = re.compile(r"(pm|card|src)_[A-Za-z0-9_]{1,64}")
_HEADERS: Final = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}

_log = logging.getLogger(__name__)


class _Refused(Exception):
    """An answer that is no answer: its status and its words."""

    def __init__(self, status: int, words: str, **more: str) -> None:
        super().__init__(words)
        self.status = status
        self.body = {"error": words, **more}


Ask = Callable[["PayPages", Request, Sale], Awaitable[Response]]


class PayPages:
    """Answers below `/pay/`. `look` asks for a look at an attempt, from any thread."""

    def __init__(
        self, store: Store, desk: PayDesk, *, clock: Clock, look: Callable[[int], None]
    ) -> None:
        self._store = store
        self._desk = desk
        self._look = look
        self._setups: dict[str, PageSetup] = {}
        self._all = Bucket(clock, per_second=100, most=200)
        self._each = Buckets(clock, per_second=4, most=24)
        self._calls = Bucket(clock, per_second=10, most=30)
        self._looks = Buckets(clock, per_second=0.5, most=2)

    def routes(self) -> list[Route]:
        """Give every path there is."""
        return [
            Route(_PATH, self._guarded(PayPages._shown), methods=["GET"]),
            Route(f"{_PATH}/config", self._guarded(PayPages._config), methods=["GET"]),
            Route(f"{_PATH}/state", self._guarded(PayPages._state), methods=["GET"]),
            Route(f"{_PATH}/intent", self._guarded(PayPages._intent), methods=["POST"]),
            Route(f"{_PATH}/confirm", self._guarded(PayPages._confirm), methods=["POST"]),
        ]

    async def _shown(self, request: Request, sale: Sale) -> Response:
        return page(sale.attempt, sale.order, await self._setup(sale))

    async def _config(self, request: Request, sale: Sale) -> Response:
        setup = await self._setup(sale)
        return _json(
            {
                "publishableKey": setup.publishable_key,
                "apiBase": setup.api_base,
                "scriptUrl": setup.script_url,
                "isMinimal": setup.is_minimal,
            }
        )

    async def _state(self, request: Request, sale: Sale) -> Response:
        """Say what the books say. Who comes back from a bank may ask for a look first."""
        if "look" in request.query_params and self._looks.take(request.path_params["page"]):
            self._look(sale.attempt.id)
        return _json({"state": sale.state, "decline": sale.attempt.decline})

    async def _intent(self, request: Request, sale: Sale) -> Response:
        """Give the secret of the attempt's own intent; lost ones are asked for again."""
        await _told(request, allowed=frozenset())
        self._refuse_unpayable(sale)
        self._spend_call()
        secret = await self._desk.client_secret(sale.attempt)
        if not secret:
            self._look(sale.attempt.id)
            raise _Refused(409, "This cannot be paid any more", state="closed")
        return _json({"clientSecret": secret})

    async def _confirm(self, request: Request, sale: Sale) -> Response:
        told = await _told(request, allowed=frozenset({"payment_method"}))
        method = told.get("payment_method")
        if not isinstance(method, str) or _METHOD.fullmatch(method) is None:
            raise _Refused(400, "That is no way to pay")
        self._refuse_unpayable(sale)
        if not (await self._setup(sale)).is_minimal:
            raise _Refused(409, "The provider's own script confirms this payment")
        self._spend_call()
        await self._desk.confirm(sale.attempt, method)
        found = await self._found(request)
        return _json({"state": found.state, "decline": found.attempt.decline})

    def _refuse_unpayable(self, sale: Sale) -> None:
        if not sale.order.snapshot.lines or sale.attempt.amount.minor <= 0:
            raise _Refused(400, "There is nothing to pay")
        if sale.state not in {"open", "wait"}:
            raise _Refused(409, "This cannot be paid any more", state=sale.state)

    def _spend_call(self) -> None:
        """Keep the provider's budget for the till."""
        if not self._calls.take():
            raise _Refused(429, "Too many at once; try again")

    async def _setup(self, sale: Sale) -> PageSetup:
        account = sale.attempt.account
        if account not in self._setups:
            self._spend_call()
            self._setups[account] = await self._desk.setup(sale.attempt)
        return self._setups[account]

    async def _found(self, request: Request) -> Sale:
        sale = await self._store.read(lambda db: find_sale(db, request.path_params["page"]))
        if sale is None:
            raise _Refused(404, "There is no such payment")
        return sale

    def _guarded(self, ask: Ask) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            try:
                if not self._all.take():
                    raise _Refused(429, "Too many at once; try again")
                sale = await self._found(request)
                if not self._each.take(request.path_params["page"]):
                    raise _Refused(429, "Too many at once; try again")
                return await ask(self, request, sale)
            except _Refused as refused:
                if refused.status == 404 and request.method == "GET":
                    is_page = request.url.path.count("/") == 2
                    return unknown_page() if is_page else _json(refused.body, 404)
                return _json(refused.body, refused.status)
            except WebhookRejected as rejected:
                return _json({"error": str(rejected.title)}, rejected.status)
            except Rejected as rejected:
                return _json(*_words_of(rejected))
            except StoreError:
                return _json({"error": "The till cannot write just now; try again"}, 503)
            except ScantillError as error:
                _log.info("a pay page has to wait: %s", error)
                return _json({"error": "The payment provider does not answer; try again"}, 503)

        return answer


def _words_of(rejected: Rejected) -> tuple[dict[str, str], int]:
    """Say a provider's refusal to a customer: a declined card, or that it cannot be paid here."""
    if rejected.status == 402:
        words = rejected.detail or "The card was declined."
        return {"error": str(words), "code": rejected.code}, 402
    _log.warning("a pay page was refused by its provider: %s", rejected)
    return {"error": "This cannot be paid here; please ask at the counter"}, 409


async def _told(request: Request, *, allowed: frozenset[str]) -> dict[str, Any]:
    """Read what a caller says, which is next to nothing; what else it says is refused."""
    body = await body_of(request, MAX_BODY_BYTES)
    told = strict_object(body) if body else {}
    if set(told) - allowed:
        raise _Refused(400, "Only the order itself says what is to be paid")
    return told


def _json(body: dict[str, Any], status: int = 200) -> JSONResponse:
    headers = _HEADERS | ({"Retry-After": "2"} if status in {429, 503} else {})
    return JSONResponse(body, status, headers=headers)
