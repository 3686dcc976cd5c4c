"""The local API: status and orders for the programs beside the till.

On 127.0.0.1 only, with a bearer token and a Host check (a web page that rebinds its name to this
computer still sends its own Host), without CORS and without pages that load from elsewhere.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Protocol

from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.responses import Response

from app.api.cards import add_cards
from app.api.subscriptions import add_subscriptions
from app.api.token import ADDRESS_FILE
from app.cards import Cards
from app.domain.catalog import Catalog
from app.domain.reconciliation import Report
from app.errors import ConfigError, Message, StoreError
from app.orders import OrderBook, OrderDetail
from app.serving import LoopServer
from app.settings import Mode, Settings
from app.status import TillStatus
from app.subscriptions import Subscriptions

_HOST: Final = "127.0.0.1"
_MOST_AT_ONCE: Final = 64
_OPEN_PATHS: Final = frozenset({"/health"})


class AccountView(BaseModel):
    """A payment account and whether its provider answers."""

    name: str
    is_reachable: bool | None
    since: datetime | None
    detail: str


class ReconciliationView(BaseModel):
    """What a reconciliation did and found."""

    trigger: str
    began_at: datetime
    ended_at: datetime
    is_clean: bool
    looked_back_to: str
    counts: dict[str, int]
    problems: list[str]


class StatusView(BaseModel):
    """How the till stands."""

    mode: Mode
    shop: str
    accounts: list[AccountView]
    webhook_address: str
    last_event_at: datetime | None
    needs_person: int
    unfinished_order: str | None
    clock_wrong_min: int
    reconciled: ReconciliationView | None


class AttemptView(BaseModel):
    """One try to have an order paid."""

    number: int
    account: str
    reference: str
    state: str
    amount_minor: int
    currency: str
    session_id: str | None
    url: str | None
    created_at: datetime
    shown_at: datetime | None
    deadline_at: datetime


class PaymentView(BaseModel):
    """Money that was accepted for an order."""

    account: str
    payment_id: str
    amount_minor: int
    currency: str


class ExceptionView(BaseModel):
    """What needs, or needed, a person."""

    kind: str
    amount_minor: int
    currency: str
    payment_id: str
    detail: str
    opened_at: datetime
    resolved_at: datetime | None


class OrderView(BaseModel):
    """An order with its attempts and its money; amounts in minor units."""

    id: str
    number: int
    state: str
    total_minor: int
    currency: str
    created_at: datetime
    closed_at: datetime | None
    receipt_number: int | None
    attempts: list[AttemptView]
    payments: list[PaymentView]
    exceptions: list[ExceptionView]


class RunningTill(Protocol):
    """What the door needs of a till."""

    @property
    def settings(self) -> Settings: ...

    async def reconcile(self) -> Report: ...

    @property
    def orders(self) -> OrderBook: ...

    @property
    def subscriptions(self) -> Subscriptions: ...

    @property
    def cards(self) -> Cards: ...

    @property
    def mode(self) -> Mode: ...

    @property
    def catalog(self) -> Catalog: ...

    @property
    def token(self) -> str: ...

    def status(self) -> TillStatus: ...


class PrivateDoor:
    """Serves the local API on the main loop; `address` is known once `start` returned."""

    def __init__(
        self,
        orders: OrderBook,
        *,
        mode: Mode,
        shop: Callable[[], str],
        status: Callable[[], TillStatus],
        token: str,
        port: int,
        reconcile: Callable[[], Awaitable[Report]] | None = None,
        subscriptions: Subscriptions | None = None,
        cards: Cards | None = None,
        address_file: Path | None = None,
    ) -> None:
        self._orders = orders
        self._mode = mode
        self._shop = shop
        self._status = status
        self._token = token
        self._reconcile = reconcile
        self._subscriptions = subscriptions
        self._cards = cards
        self._address_file = address_file
        self._server = LoopServer(
            self.application(), host=_HOST, port=port, most_at_once=_MOST_AT_ONCE
        )
        self._port = port
        self.address = ""

    @classmethod
    def of(cls, till: "RunningTill", *, port: int) -> "PrivateDoor":
        """Build the door of a till."""
        return cls(
            till.orders,
            mode=till.mode,
            shop=lambda: till.catalog.shop.name,
            status=till.status,
            token=till.token,
            port=port,
            reconcile=till.reconcile,
            subscriptions=till.subscriptions,
            cards=till.cards,
            address_file=till.settings.directory / ADDRESS_FILE,
        )

    async def start(self) -> str:
        """Listen, and give the address. Raises ConfigError where it cannot be had."""
        try:
            self._port = await self._server.start()
        except OSError as error:
            raise ConfigError(
                Message(
                    "The local API cannot listen on {host}:{port}", host=_HOST, port=self._port
                ),
                f"{error}.",
                action=Message("Choose another private_port, or stop what uses this one."),
            ) from error
        self.address = f"http://{_HOST}:{self._port}"
        if self._address_file is not None:
            await asyncio.to_thread(self._address_file.write_text, self.address, "ascii")
        return self.address

    async def stop(self) -> None:
        """Stop listening."""
        await self._server.stop()

    def application(self) -> FastAPI:
        """Build the ASGI application with every route behind the guard."""
        application = FastAPI(title="Scantill", docs_url=None, redoc_url=None, openapi_url=None)
        application.middleware("http")(self._guard)
        application.get("/health")(_health)
        application.get("/api/v1/status")(self._status_view)
        application.get("/api/v1/orders/{order_id}")(self._order_view)
        application.post("/api/v1/reconcile")(self._reconcile_view)
        if self._subscriptions is not None:
            add_subscriptions(application, self._subscriptions)
        if self._cards is not None:
            add_cards(application, self._cards)
        return application

    async def _guard(
        self, request: Request, go_on: Callable[[Request], Awaitable[Response]]
    ) -> Response:
        host = request.headers.get("host", "").rpartition(":")
        if host[0] not in (_HOST, "localhost") or host[2] != str(self._port):
            return JSONResponse({"error": "this door has another name"}, status_code=421)
        if request.url.path not in _OPEN_PATHS and not self._is_known(request):
            return JSONResponse(
                {"error": "a bearer token is needed"},
                status_code=401,
                headers={"WWW-Authenticate": "Bearer"},
            )
        return await go_on(request)

    def _is_known(self, request: Request) -> bool:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        return scheme.lower() == "bearer" and secrets.compare_digest(
            token.encode("utf-8", "replace"), self._token.encode()
        )

    async def _status_view(self) -> StatusView:
        status = self._status()
        unfinished = await self._orders.unfinished()
        return StatusView(
            mode=self._mode,
            shop=self._shop(),
            accounts=[
                AccountView(
                    name=account.name,
                    is_reachable=account.is_reachable,
                    since=account.since,
                    detail=account.detail,
                )
                for account in status.accounts
            ],
            webhook_address=status.webhook_address,
            last_event_at=status.last_event_at,
            needs_person=status.needs_person,
            unfinished_order=None if unfinished is None else unfinished.order.id,
            clock_wrong_min=status.clock_wrong_min,
            reconciled=None if status.reconciled is None else _report_view(status.reconciled),
        )

    async def _reconcile_view(self) -> ReconciliationView:
        if self._reconcile is None:
            raise HTTPException(503, "this till does not reconcile")
        try:
            return _report_view(await self._reconcile())
        except StoreError as error:
            raise HTTPException(503, str(error)) from error

    async def _order_view(self, order_id: str) -> OrderView:
        detail = await self._orders.detail(order_id)
        if detail is None:
            raise HTTPException(404, "there is no such order")
        return _order_view(detail)


def _report_view(report: Report) -> ReconciliationView:
    counts = report.counts()
    problems, looked_back_to = counts.pop("problems"), counts.pop("looked_back_to")
    return ReconciliationView(
        trigger=report.trigger,
        began_at=report.began_at,
        ended_at=report.ended_at,
        is_clean=report.is_clean,
        looked_back_to=looked_back_to,
        counts=counts,
        problems=[str(problem) for problem in problems],
    )


async def _health() -> dict[str, Any]:
    return {"status": "ok"}


def _order_view(detail: OrderDetail) -> OrderView:
    order = detail.order
    return OrderView(
        id=order.id,
        number=order.number,
        state=order.state.value,
        total_minor=order.total.minor,
        currency=order.total.currency,
        created_at=order.created_at,
        closed_at=order.closed_at,
        receipt_number=order.receipt_number,
        attempts=[
            AttemptView(
                number=attempt.number,
                account=attempt.account,
                reference=str(attempt.reference),
                state=attempt.state.value,
                amount_minor=attempt.amount.minor,
                currency=attempt.amount.currency,
                session_id=attempt.session_id,
                url=attempt.url,
                created_at=attempt.created_at,
                shown_at=attempt.shown_at,
                deadline_at=attempt.deadline_at,
            )
            for attempt in detail.attempts
        ],
        payments=[
            PaymentView(
                account=tender.account,
                payment_id=tender.payment_id,
                amount_minor=tender.amount.minor,
                currency=tender.amount.currency,
            )
            for tender in detail.tenders
        ],
        exceptions=[
            ExceptionView(
                kind=entry.kind.value,
                amount_minor=entry.amount.minor,
                currency=entry.amount.currency,
                payment_id=entry.payment_id,
                detail=entry.detail,
                opened_at=entry.opened_at,
                resolved_at=entry.resolved_at,
            )
            for entry in detail.exceptions
        ],
    )
