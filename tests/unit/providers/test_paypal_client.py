"""PayPal's tokens: one for all calls, replaced once when it is refused, and never told."""

import asyncio
from typing import Any

import httpx
import pytest

from app.errors import Protocol, Rejected, Unavailable
from app.providers.paypal.client import PayPalClient
from app.providers.transport import Transport
from tests.parts.clock import VirtualClock
from tests.parts.paypal import TOKEN, Desk, refusal
from tests.parts.stripe import Raw

THING = "/v2/thing"
STALE = Raw(401, b'{"error":"invalid_token","error_description":"expired"}')


def client_of(desk: Desk, clock: VirtualClock | None = None) -> PayPalClient:
    clock = clock or VirtualClock()
    wire = Transport("https://pay.example", clock=clock, transport=desk)
    return PayPalClient("id", "s", base="https://pay.example", clock=clock, transport=wire)


def bearers(desk: Desk) -> list[str]:
    return [request.headers["authorization"] for request in desk.requests]


def test_many_calls_at_once_ask_for_one_token() -> None:
    desk = Desk().on("GET", THING, {})
    desk.before = lambda request: asyncio.sleep(0)
    client = client_of(desk)

    async def run() -> None:
        await asyncio.gather(*(client.get(THING) for _ in range(50)))

    asyncio.run(run())
    assert desk.tokens_asked == 1 and len(desk.requests) == 50
    assert set(bearers(desk)) == {"Bearer A21AAtoken"}


def test_a_token_is_asked_for_with_the_keys_and_only_then() -> None:
    desk = Desk().on("GET", THING, {})
    seen: list[httpx.Request] = []
    desk.before = lambda request: seen.append(request)
    asyncio.run(client_of(desk).get(THING))
    asked, other = seen
    assert asked.headers["authorization"] == "Basic aWQ6cw=="
    assert asked.content == b"grant_type=client_credentials"
    assert "Basic" not in other.headers["authorization"]


def test_a_token_is_renewed_before_it_ends_even_if_the_computer_slept() -> None:
    desk, clock = Desk().on("GET", THING, {}), VirtualClock()
    client = client_of(desk, clock)
    asyncio.run(client.get(THING))
    clock.advance(32_000)
    asyncio.run(client.get(THING))
    assert desk.tokens_asked == 1
    clock.suspend(400)
    asyncio.run(client.get(THING))
    assert desk.tokens_asked == 2


def test_a_refused_token_is_replaced_once_and_the_call_is_made_again() -> None:
    desk = Desk().on("GET", THING, STALE, {"is": "there"})
    desk.tokens = [TOKEN, {**TOKEN, "access_token": "A21AAnew"}]
    assert asyncio.run(client_of(desk).get(THING)) == {"is": "there"}
    assert bearers(desk) == ["Bearer A21AAtoken", "Bearer A21AAnew"]


def test_many_that_are_refused_at_once_ask_for_one_new_token() -> None:
    desk = Desk().on("GET", THING, *[STALE] * 20, {})
    desk.tokens = [TOKEN, {**TOKEN, "access_token": "A21AAnew"}]
    desk.before = lambda request: asyncio.sleep(0)
    client = client_of(desk)

    async def run() -> None:
        await asyncio.gather(*(client.get(THING) for _ in range(20)))

    asyncio.run(run())
    assert desk.tokens_asked == 2


def test_a_second_refusal_is_of_the_keys() -> None:
    desk = Desk().on("POST", THING, STALE)
    with pytest.raises(Rejected) as refused:
        asyncio.run(client_of(desk).post(THING, {}, key="k"))
    assert refused.value.is_of_the_key
    assert len(desk.requests) == 2 and desk.tokens_asked == 2


def test_wrong_keys_are_refused_at_the_token_and_nothing_else_is_asked() -> None:
    desk = Desk().on("GET", THING, {})
    desk.tokens = [Raw(401, b'{"error":"invalid_client","error_description":"no"}')]
    with pytest.raises(Rejected) as refused:
        asyncio.run(client_of(desk).get(THING))
    assert refused.value.is_of_the_key and desk.requests == []


@pytest.mark.parametrize(
    "token", [{}, {"access_token": ""}, {"access_token": "x"}, {**TOKEN, "expires_in": "9"}]
)
def test_an_answer_without_a_token_proves_nothing(token: Any) -> None:
    desk = Desk()
    desk.tokens = [token]
    with pytest.raises(Protocol):
        asyncio.run(client_of(desk).get(THING))


def test_a_token_that_cannot_be_had_now_is_asked_for_again_by_the_next_call() -> None:
    desk = Desk().on("GET", THING, {})
    desk.tokens = [httpx.ConnectError("down"), TOKEN]
    client = client_of(desk)
    with pytest.raises(Unavailable):
        asyncio.run(client.get(THING))
    assert asyncio.run(client.get(THING)) == {}


def test_a_key_goes_with_what_has_an_effect_and_the_whole_object_is_asked_for() -> None:
    desk = Desk().on("POST", THING, {}).on("GET", THING, {})
    client = client_of(desk)
    asyncio.run(client.post(THING, {"a": 1}, key="k-create"))
    asyncio.run(client.get(THING))
    posted, looked = desk.requests
    assert posted.headers["paypal-request-id"] == "k-create"
    assert posted.headers["prefer"] == "return=representation"
    assert "paypal-request-id" not in looked.headers


@pytest.mark.parametrize("issue", ["ORDER_COMPLETION_IN_PROGRESS", "PREVIOUS_REQUEST_IN_PROGRESS"])
def test_what_is_still_being_done_is_asked_for_again(issue: str) -> None:
    desk = Desk().on("POST", THING, refusal(422, issue))
    with pytest.raises(Unavailable):
        asyncio.run(client_of(desk).post(THING, {}, key="k"))
