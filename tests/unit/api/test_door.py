"""The local API behind its guard, every route found by asking the application for them."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.routing import APIRoute

from app.api import PrivateDoor
from app.domain.reconciliation import Report
from app.errors import StoreError
from app.settings import Mode
from app.status import TillStatus
from tests.parts.till import Counter

TOKEN = "the-token-of-the-tests"
PORT = 4711
HOST = f"127.0.0.1:{PORT}"


@pytest.fixture
def till(tmp_path: Path) -> Iterator[Counter]:
    till = Counter(tmp_path)
    yield till
    till.close()


def door_of(till: Counter, reconcile: Callable[[], Awaitable[Report]] | None = None) -> PrivateDoor:
    return PrivateDoor(
        till.orders,
        mode=Mode.TRAINING,
        shop=lambda: till.shop.name,
        status=lambda: TillStatus(
            accounts=till.health.accounts, webhook_address="http://127.0.0.1:1", needs_person=2
        ),
        token=TOKEN,
        port=PORT,
        reconcile=reconcile,
    )


def asked(
    till: Counter,
    path: str,
    *,
    method: str = "GET",
    host: str | None = HOST,
    token: str | None = TOKEN,
    headers: dict[str, str] | None = None,
    reconcile: Callable[[], Awaitable[Report]] | None = None,
) -> httpx.Response:
    sent = dict(headers or {})
    if token is not None:
        sent.setdefault("Authorization", f"Bearer {token}")
    if host is not None:
        sent["Host"] = host

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(door_of(till, reconcile).application())
        async with httpx.AsyncClient(transport=transport, base_url=f"http://{HOST}") as client:
            request = client.build_request(method, path, headers=sent)
            if host is None:
                del request.headers["Host"]
            return await client.send(request)

    return asyncio.run(ask())


def every_path(till: Counter) -> list[str]:
    """Enumerate what the application has, with a plausible value for each parameter."""
    routes = door_of(till).application().routes
    assert all(isinstance(route, APIRoute) for route in routes), "a route of an unknown kind"
    return [
        str(getattr(route, "path", "")).replace("{order_id}", "0123456789ab") for route in routes
    ]


def test_the_routes_are_those_that_are_promised(till: Counter) -> None:
    assert set(every_path(till)) == {
        "/health",
        "/api/v1/status",
        "/api/v1/orders/0123456789ab",
        "/api/v1/reconcile",
    }


@pytest.mark.parametrize(
    "credentials",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Bearer wrong",
        f"Bearer {TOKEN}x",
        f"Bearer {TOKEN[:-1]}",
        f"Bearer  {TOKEN}",
        f"Basic {TOKEN}",
        TOKEN,
        f"Bearer {TOKEN.upper()}",
        "Bearer \u00e9\u00ff",
    ],
)
def test_without_the_token_every_route_but_health_is_closed(
    till: Counter, credentials: str | None
) -> None:
    headers = {} if credentials is None else {"Authorization": credentials.encode("latin-1")}
    for path in [*every_path(till), "/nowhere", "/docs", "/openapi.json", "/redoc", "/health/x"]:
        answer = asked(till, path, token=None, headers=headers)  # type: ignore[arg-type]
        if path == "/health":
            assert answer.status_code == 200
        else:
            assert answer.status_code == 401, path
            assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(
    "host",
    [
        None,
        "",
        "evil.example",
        f"evil.example:{PORT}",
        f"127.0.0.1.evil.example:{PORT}",
        "127.0.0.1",
        "127.0.0.1:80",
        f"127.0.0.2:{PORT}",
        f"0.0.0.0:{PORT}",
        f"[::1]:{PORT}",
        f"user@127.0.0.1:{PORT}",
        f"localhost.:{PORT}",
        f"LOCALHOST:{PORT}",
        "localhost",
    ],
)
def test_under_a_foreign_name_every_route_is_closed_even_with_the_token(
    till: Counter, host: str | None
) -> None:
    for path in [*every_path(till), "/nowhere"]:
        assert asked(till, path, host=host).status_code == 421, path


@pytest.mark.parametrize("host", [HOST, f"localhost:{PORT}"])
def test_under_its_own_name_with_the_token_it_answers(till: Counter, host: str) -> None:
    assert asked(till, "/api/v1/status", host=host).status_code == 200
    assert asked(till, "/api/v1/status", headers={"Authorization": f"bearer {TOKEN}"}).is_success


def test_health_tells_nothing_private(till: Counter) -> None:
    asyncio.run(till.show())
    answer = asked(till, "/health", token=None)
    assert answer.json() == {"status": "ok"}


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
def test_nothing_but_a_reconciliation_can_be_begun_by_this_door_yet(
    till: Counter, method: str
) -> None:
    for path in every_path(till):
        status = asked(till, path, method=method).status_code
        may = method == "POST" and path == "/api/v1/reconcile"
        assert status == (503 if may else 405), path


def test_no_other_site_is_let_in(till: Counter) -> None:
    headers = {"Origin": "https://evil.example"}
    answer = asked(till, "/api/v1/status", headers=headers)
    assert "access-control-allow-origin" not in answer.headers


def test_the_status_says_how_the_till_stands(till: Counter) -> None:
    order, _ = asyncio.run(till.show())
    status = asked(till, "/api/v1/status").json()
    assert status == {
        "mode": "training",
        "shop": "Test shop",
        "accounts": [
            {
                "name": "fake",
                "is_reachable": True,
                "since": till.clock.now().isoformat().replace("+00:00", "Z"),
                "detail": "",
            }
        ],
        "webhook_address": "http://127.0.0.1:1",
        "last_event_at": None,
        "needs_person": 2,
        "unfinished_order": order.id,
        "clock_wrong_min": 0,
        "reconciled": None,
    }


def test_an_order_is_told_whole(till: Counter) -> None:
    order, attempt = asyncio.run(till.show(500, 300))
    till.provider.pay(attempt.session_id or "")
    asyncio.run(till.look(attempt))
    told: dict[str, Any] = asked(till, f"/api/v1/orders/{order.id}").json()
    assert (told["state"], told["total_minor"], told["receipt_number"]) == ("paid", 800, 1)
    assert [a["reference"] for a in told["attempts"]] == [str(attempt.reference)]
    assert told["attempts"][0]["shown_at"] is not None
    assert [(p["account"], p["amount_minor"]) for p in told["payments"]] == [("fake", 800)]
    assert told["exceptions"] == []
    assert asked(till, "/api/v1/status").json()["unfinished_order"] is None


def test_what_needs_a_person_stands_with_its_order(till: Counter) -> None:
    order, attempt = asyncio.run(till.show(500))
    asyncio.run(till.checkout.cancel(order.id))
    session = till.provider.sessions[attempt.session_id or ""]
    session.state = type(session.state).OPEN
    till.provider.pay(session.id)
    asyncio.run(till.look(attempt))
    (entry,) = asked(till, f"/api/v1/orders/{order.id}").json()["exceptions"]
    assert (entry["kind"], entry["amount_minor"], entry["resolved_at"]) == ("paid_late", 500, None)


@pytest.mark.parametrize("order_id", ["0123456789ab", "x", "%2e%2e", "' OR 1=1 --"])
def test_an_order_that_is_not_there_is_a_plain_404(till: Counter, order_id: str) -> None:
    asyncio.run(till.place())
    answer = asked(till, f"/api/v1/orders/{order_id}")
    assert (answer.status_code, answer.json()) == (404, {"detail": "there is no such order"})


def test_a_reconciliation_is_run_and_reported(till: Counter) -> None:
    async def reconcile() -> Report:
        return await till.reconciliation.run("by hand")

    answer = asked(till, "/api/v1/reconcile", method="POST", reconcile=reconcile)
    assert answer.status_code == 200
    told = answer.json()
    assert told["is_clean"] and told["trigger"] == "by hand" and told["problems"] == []
    assert told["counts"]["payments"] == 0
    assert told["looked_back_to"] < told["began_at"]
    assert asked(till, "/api/v1/reconcile", reconcile=reconcile).status_code == 405


def test_a_reconciliation_that_cannot_be_run_is_no_success(till: Counter) -> None:
    async def full() -> Report:
        raise StoreError("The disk is full")

    assert asked(till, "/api/v1/reconcile", method="POST").status_code == 503
    assert asked(till, "/api/v1/reconcile", method="POST", reconcile=full).status_code == 503
