"""How often the pay page is served, which paths there are, and where they move to."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.routing import Route

from app.webhooks import readdress
from app.webhooks.receiver import Receiver
from tests.parts.own_page import PagedStrategy
from tests.parts.pay_door import SHOP, Door, sold
from tests.parts.till import Counter


@pytest.fixture
def till(tmp_path: Path) -> Iterator[Counter]:
    till = Counter(tmp_path, strategy=PagedStrategy, shop=SHOP)
    yield till
    till.close()


@pytest.fixture
def door(till: Counter) -> Door:
    return Door(till)


def test_who_asks_too_often_is_put_off_and_others_are_served(till: Counter, door: Door) -> None:
    _, _, path = sold(till)
    _, _, other = sold(till)
    statuses = [door.ask("GET", f"{path}/state").status_code for _ in range(40)]
    assert statuses.count(200) == 24 and statuses[-1] == 429
    assert door.ask("GET", f"{path}/state").headers["Retry-After"]
    assert door.ask("GET", f"{other}/state").status_code == 200
    till.clock.advance(1)
    assert door.ask("GET", f"{path}/state").status_code == 200


def test_a_flood_of_guessed_addresses_leaves_webhooks_alone(till: Counter, door: Door) -> None:
    _, attempt, _ = sold(till)

    async def flood() -> list[int]:
        guess = f"/pay/{attempt.reference}-{'0' * 32}"
        answers = await asyncio.gather(*(door.asked("GET", guess) for _ in range(300)))
        return [answer.status_code for answer in answers]

    statuses = asyncio.run(flood())
    assert statuses.count(404) == 200 and statuses.count(429) == 100
    till.provider.pay(attempt.session_id or "")
    body = till.provider.events[-1].body
    answer = door.ask("POST", "/webhooks/fake", content=body, headers={"X-Signed": "yes"})
    assert answer.status_code == 200


def test_the_providers_budget_is_kept_for_the_till(till: Counter, door: Door) -> None:
    paths = [sold(till)[2] for _ in range(8)]
    door.ask("GET", f"{paths[0]}/config")
    statuses = [
        door.ask("POST", f"{path}/intent", json={}).status_code for path in paths for _ in range(5)
    ]
    assert statuses.count(200) == 29 and statuses.count(429) == 11
    assert till.strategy.count("client_secret") == 29


def test_only_these_paths_exist_and_none_of_the_page_where_no_account_has_one(
    till: Counter, door: Door
) -> None:
    routes = door.receiver.application().routes
    assert {route.path for route in routes if isinstance(route, Route)} == {
        "/webhooks/{name}",
        "/success",
        "/cancelled",
        "/pay/{page}",
        "/pay/{page}/config",
        "/pay/{page}/intent",
        "/pay/{page}/confirm",
        "/pay/{page}/state",
    }
    _, _, path = sold(till)
    for method, what in (("GET", "intent"), ("GET", "confirm"), ("POST", "state"), ("PUT", "")):
        assert door.ask(method, f"{path}/{what}".rstrip("/")).status_code == 405
    for elsewhere in ("/pay", "/pay/", f"{path}/x", f"{path}/config/x", "/docs", "/openapi.json"):
        assert door.ask("GET", elsewhere).status_code == 404
    plain = Receiver(till.store, {}, clock=till.clock, on_received=lambda: None).application()
    assert not any("pay" in getattr(route, "path", "") for route in plain.routes)


def test_an_unfinished_sales_page_moves_with_the_door_and_what_is_over_stays(
    till: Counter, door: Door
) -> None:
    order, over, _ = sold(till)
    asyncio.run(till.checkout.cancel(order.id))
    _, attempt, path = sold(till)
    for origin in ("http://127.0.0.1:4711", "http://127.0.0.1:4711"):
        asyncio.run(readdress(till.store, {"fake": origin}))
    asyncio.run(readdress(till.store, {"another": "http://127.0.0.1:1"}))
    asyncio.run(readdress(till.store, {}))
    assert till.attempt(attempt.id).url == f"http://127.0.0.1:4711{path}"
    assert (till.attempt(over.id).url or "").startswith("https://till.example/")
    assert till.count("journal", "name = 'attempt.moved'") == 1
    assert door.ask("GET", path).status_code == 200
