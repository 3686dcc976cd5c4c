"""Saved cards at the private door: begun, listed, cancelled, refused in the till's words."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.api import PrivateDoor
from app.domain.observation import Source
from app.errors import Rejected
from app.settings import Mode
from app.status import TillStatus
from tests.parts.giving_back import LOST
from tests.parts.saving import CardCounter

PORT = 4711
TOKEN = "the-token-of-the-tests"
CARDS = "/api/v1/cards"


@pytest.fixture
def till(tmp_path: Path) -> Iterator[CardCounter]:
    till = CardCounter(tmp_path)
    yield till
    till.close()


def asked(till: CardCounter, method: str, path: str, **body: Any) -> httpx.Response:
    async def ask() -> httpx.Response:
        door = PrivateDoor(
            till.orders,
            mode=Mode.TRAINING,
            shop=lambda: "Amsel",
            status=TillStatus,
            token=TOKEN,
            port=PORT,
            cards=till.cards,
        )
        transport = httpx.ASGITransport(door.application())
        base = f"http://127.0.0.1:{PORT}"
        async with httpx.AsyncClient(transport=transport, base_url=base) as client:
            headers = {"Authorization": f"Bearer {TOKEN}"}
            return await client.request(method, path, headers=headers, json=body or None)

    return asyncio.run(ask())


def test_one_is_begun_shown_saved_and_listed(till: CardCounter) -> None:
    begun = asked(till, "POST", CARDS, label="Ada", by="Bea").json()
    assert (begun["state"], begun["label"], begun["card"]) == ("open", "Ada", None)
    assert begun["url"] == "https://pay.fake.example/fset_1" and begun["shown_at"]
    till.provider.give()
    asyncio.run(till.cards.look(1, Source.POLL))
    (listed,) = asked(till, "GET", CARDS).json()
    assert (listed["state"], listed["url"]) == ("saved", None)
    assert listed["card"]["words"] == "Visa ···· 4242, 12/29"
    assert listed["card"]["customer_id"] == "fcus_fset_1"
    assert asked(till, "GET", f"{CARDS}/1").json() == listed
    assert asked(till, "GET", f"{CARDS}/9").status_code == 404
    assert asked(till, "GET", f"{CARDS}?before=1").json() == []


def test_one_is_cancelled(till: CardCounter) -> None:
    asked(till, "POST", CARDS, by="Bea")
    answer = asked(till, "POST", f"{CARDS}/1/cancel", by="Bea")
    assert (answer.status_code, answer.json()["state"]) == (200, "cancelled")
    gone = asked(till, "POST", f"{CARDS}/9/cancel", by="Bea")
    assert gone.status_code == 409 and "not in the books" in gone.json()["title"]


def test_what_is_declined_is_said_in_the_tills_words(till: CardCounter) -> None:
    answer = asked(till, "POST", CARDS, label="a" * 101, by="Bea")
    assert answer.status_code == 409
    assert set(answer.json()) == {"title", "detail", "action", "money"}
    assert answer.json()["money"] == "no"
    till.strategy.answers["open_setup"] = [Rejected("No cards today", status=400)]
    answer = asked(till, "POST", CARDS, by="Bea")
    assert (answer.status_code, answer.json()["title"]) == (502, "No cards today")
    till.strategy.answers["open_setup"] = [LOST] * 200
    answer = asked(till, "POST", CARDS, by="Bea")
    assert (answer.status_code, answer.json()["money"]) == (502, "no")
    assert till.setup(2).is_closing
