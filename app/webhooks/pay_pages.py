"""The pay page at the public door, and the few questions that it may ask.

Its address holds the attempt's reference and a random token of 128 bits: who has the address may
pay, and can do nothing else. Amount and order are the books'; nothing is taken from a caller but
what the provider's own field made of a card. What the page says of money is what the books say.
"""

import logging
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from app.clock import Clock
from app.errors import Message, Rejected, ScantillError, StoreError, WebhookRejected
from app.providers.envelope import strict_object
from app.providers.strategy import PageSetup
from app.store import Store
from app.webhooks import pay_words as words
from app.webhooks.languages import Language, Languages
from app.webhooks.pay_brand import Brand
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
    """An answer that is no answer: its status, its words, and what else the page is told."""

    def __init__(self, status: int, told: Message, **more: str) -> None:
        super().__init__(told)
        self.status = status
        self.words = told
        self.more = more


@dataclass(frozen=True, slots=True)
class _Visit:
    """One question: what was sent, the sale that it is about, and what the customer reads."""

    request: Request
    sale: Sale
    language: Language


Ask = Callable[["PayPages", _Visit], Awaitable[Response]]


class PayPages:
    """Answers below `/pay/`. `look` asks for a look at an attempt, from any thread."""

    def __init__(
        self,
        store: Store,
        desk: PayDesk,
        *,
        clock: Clock,
        look: Callable[[int], None],
        languages: Languages | None = None,
        brand: Brand | None = None,
    ) -> None:
        self._store = store
        self._desk = desk
        self._look = look
        self._languages = languages or Languages()
        self._brand = brand or Brand()
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

    async def _shown(self, visit: _Visit) -> Response:
        sale = visit.sale
        setup = await self._setup(sale)
        return page(sale.attempt, sale.order, setup, visit.language, self._brand)

    async def _config(self, visit: _Visit) -> Response:
        setup = await self._setup(visit.sale)
        return _json(
            {
                "publishableKey": setup.publishable_key,
                "apiBase": setup.api_base,
                "scriptUrl": setup.script_url,
                "isMinimal": setup.is_minimal,
                "locale": visit.language.script_locale(setup.script_locales),
            }
        )

    async def _state(self, visit: _Visit) -> Response:
        """Say what the books say. Who comes back from a bank may ask for a look first."""
        sale, request = visit.sale, visit.request
        if "look" in request.query_params and self._looks.take(request.path_params["page"]):
            self._look(sale.attempt.id)
        return _json({"state": sale.state, "decline": sale.attempt.decline})

    async def _intent(self, visit: _Visit) -> Response:
        """Give the secret of the attempt's own intent; lost ones are asked for again."""
        sale = visit.sale
        await _told(visit.request, allowed=frozenset())
        self._refuse_unpayable(sale)
        self._spend_call()
        secret = await self._desk.client_secret(sale.attempt)
        if not secret:
            self._look(sale.attempt.id)
            raise _Refused(409, words.OVER, state="closed")
        return _json({"clientSecret": secret})

    async def _confirm(self, visit: _Visit) -> Response:
        sale = visit.sale
        told = await _told(visit.request, allowed=frozenset({"payment_method"}))
        method = told.get("payment_method")
        if not isinstance(method, str) or _METHOD.fullmatch(method) is None:
            raise _Refused(400, words.NO_WAY_TO_PAY)
        self._refuse_unpayable(sale)
        if not (await self._setup(sale)).is_minimal:
            raise _Refused(409, words.NOT_OURS_TO_CONFIRM)
        self._spend_call()
        await self._desk.confirm(sale.attempt, method)
        found = await self._found(visit.request)
        return _json({"state": found.state, "decline": found.attempt.decline})

    def _refuse_unpayable(self, sale: Sale) -> None:
        if not sale.order.snapshot.lines or sale.attempt.amount.minor <= 0:
            raise _Refused(400, words.NOTHING_TO_PAY)
        if sale.state not in {"open", "wait"}:
            raise _Refused(409, words.OVER, state=sale.state)

    def _spend_call(self) -> None:
        """Keep the provider's budget for the till."""
        if not self._calls.take():
            raise _Refused(429, words.TOO_MANY)

    async def _setup(self, sale: Sale) -> PageSetup:
        account = sale.attempt.account
        if account not in self._setups:
            self._spend_call()
            self._setups[account] = await self._desk.setup(sale.attempt)
        return self._setups[account]

    async def _found(self, request: Request) -> Sale:
        sale = await self._store.read(lambda db: find_sale(db, request.path_params["page"]))
        if sale is None:
            raise _Refused(404, words.UNKNOWN[0])
        return sale

    def _guarded(self, ask: Ask) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            language = await self._languages.of(request.headers.get("accept-language", ""))
            try:
                if not self._all.take():
                    raise _Refused(429, words.TOO_MANY)
                sale = await self._found(request)
                if not self._each.take(request.path_params["page"]):
                    raise _Refused(429, words.TOO_MANY)
                return await ask(self, _Visit(request, sale, language))
            except _Refused as refused:
                is_page = request.method == "GET" and request.url.path.count("/") == 2
                if refused.status == 404 and is_page:
                    return unknown_page(language)
                told = {"error": language.say(refused.words), **refused.more}
                return _json(told, refused.status)
            except WebhookRejected as rejected:
                return _json({"error": language.say(rejected.title)}, rejected.status)
            except Rejected as rejected:
                return _refusal(rejected, language)
            except StoreError:
                return _json({"error": language.say(words.CANNOT_WRITE)}, 503)
            except ScantillError as error:
                _log.info("a pay page has to wait: %s", error)
                return _json({"error": language.say(words.NO_ANSWER)}, 503)

        return answer


def _refusal(rejected: Rejected, language: Language) -> JSONResponse:
    """Say a provider's refusal to a customer: a declined card, or that it cannot be paid here."""
    if rejected.status == 402:
        told = language.say(rejected.detail or words.DECLINED)
        return _json({"error": told, "code": rejected.code}, 402)
    _log.warning("a pay page was refused by its provider: %s", rejected)
    return _json({"error": language.say(words.NOT_HERE)}, 409)


async def _told(request: Request, *, allowed: frozenset[str]) -> dict[str, Any]:
    """Read what a caller says, which is next to nothing; what else it says is refused."""
    body = await body_of(request, MAX_BODY_BYTES)
    told = strict_object(body) if body else {}
    if set(told) - allowed:
        raise _Refused(400, words.NOT_FROM_A_CALLER)
    return told


def _json(body: dict[str, Any], status: int = 200) -> JSONResponse:
    headers = _HEADERS | ({"Retry-After": "2"} if status in {429, 503} else {})
    return JSONResponse(body, status, headers=headers)
