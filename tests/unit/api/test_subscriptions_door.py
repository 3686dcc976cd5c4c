"""Subscriptions at the private door: listed, shown, and ended in the till's own words."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.api import PrivateDoor
from app.domain.money import Money
from app.errors import Rejected, Unavailable
from app.settings import Mode
from app.status import TillStatus
from tests.parts.subscribed import SUB, SubscriptionCounter

PORT = 4711
TOKEN = "the-token-of-the-tests"
LIST = "/api/v1/subscriptions"
CANCEL = f"{LIST}/1/cancel"
PERSON = {"by": "Ada", "reason": "moved away"}


@pytest.fixture
def till(tmp_path: Path) -> Iterator[SubscriptionCounter]:
    till = SubscriptionCounter(tmp_path)
    asyncio.run(till.subscribe())
    yield till
    till.close()


def asked(
    till: SubscriptionCounter, method: str, path: str, *, token: str = TOKEN, **body: Any
) -> httpx.Response:
    async def ask() -> httpx.Response:
        door = PrivateDoor(
            till.orders,
            mode=Mode.TRAINING,
            shop=lambda: "Amsel",
            status=TillStatus,
            token=TOKEN,
            port=PORT,
            subscriptions=till.subscriptions,
        )
        transport = httpx.ASGITransport(door.application())
        base = f"http://127.0.0.1:{PORT}"
        async with httpx.AsyncClient(transport=transport, base_url=base) as client:
            headers = {"Authorization": f"Bearer {token}"}
            return await client.request(method, path, headers=headers, json=body or None)

    return asyncio.run(ask())


def test_they_are_listed_and_one_is_shown_with_all_that_it_took(till: SubscriptionCounter) -> None:
    renewal = till.provider.renew(SUB)
    odd = till.provider.renew(SUB, Money(7, "EUR"))
    till.told(till.seen())
    (listed,) = asked(till, "GET", LIST).json()
    assert (listed["state"], listed["amount_minor"], listed["interval"]) == (
        "active",
        1190,
        "monthly",
    )
    shown = asked(till, "GET", f"{LIST}/1").json()
    assert shown["order_number"] == 1 and len(shown["payments"]) == 1
    assert [(each["payment_id"], each["held_as"]) for each in shown["renewals"]] == [
        (renewal, None),
        (odd, "mismatch"),
    ]
    assert asked(till, "GET", f"{LIST}/2").status_code == 404
    assert asked(till, "GET", f"{LIST}?limit=0").status_code == 422


def test_one_is_ended_by_a_person_with_a_reason(till: SubscriptionCounter) -> None:
    refused = asked(till, "POST", CANCEL, by=" ", reason="")
    assert refused.status_code == 409 and "Nobody is named" in refused.json()["title"]
    assert asked(till, "POST", CANCEL).status_code == 422
    ended = asked(till, "POST", CANCEL, at_period_end=True, **PERSON).json()
    assert ended["ends_at"] is not None and not ended["is_ending"]
    assert asked(till, "POST", CANCEL, **PERSON).json()["state"] == "ended"


def test_what_the_provider_says_is_said_again_and_silence_is_no_end(
    till: SubscriptionCounter,
) -> None:
    till.strategy.answers["cancel_subscription"] = [Rejected("no", "not now", status=400)]
    refused = asked(till, "POST", CANCEL, **PERSON)
    assert refused.status_code == 502 and refused.json()["detail"] == "not now"
    till.strategy.answers["cancel_subscription"] = [Unavailable("down")] * 100
    silent = asked(till, "POST", CANCEL, **PERSON).json()
    assert (silent["state"], silent["is_ending"]) == ("active", True)


@pytest.mark.parametrize("method, path", [("GET", LIST), ("GET", f"{LIST}/1"), ("POST", CANCEL)])
def test_nobody_gets_in_without_the_token(
    till: SubscriptionCounter, method: str, path: str
) -> None:
    assert asked(till, method, path, token="wrong", **PERSON).status_code == 401
    assert not till.subscription().is_over
