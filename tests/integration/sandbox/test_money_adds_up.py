"""Random days at the provider: whatever happens, its balance is the sum of what it tells."""

import random
from typing import Any

import pytest

from app.sandbox.stripe.disputes import MOVES, OPENINGS
from app.sandbox.stripe.refunds import OUTCOMES, STATUSES
from tests.integration.sandbox.shop import GOOD_CARD, Shop

STEPS = 60
CARDS = (
    GOOD_CARD,
    "4000000000000002",
    "4000000000000259",
    "4000000000001976",
    "4000000000005126",
    "4000000000007726",
)


class Day:
    """What may happen, each by its control call; what makes no sense is refused and harmless."""

    def __init__(self, shop: Shop, chance: random.Random) -> None:
        self.shop = shop
        self.chance = chance
        self.done = 0

    def step(self) -> None:
        act = self.chance.choice(
            [self.sell, self.sell, self.refund, self.settle, self.dispute, self.move, self.wait]
        )
        self.done += act() == 200

    def sell(self) -> int:
        session = self.shop.sell()
        order = {"card": self.chance.choice(CARDS), "amount_minor": self.chance.randint(50, 2000)}
        status = self._order(f"sessions/{session.id}/pay", order)
        if self.chance.random() < 0.2:
            self._order(f"sessions/{session.id}/pay", {"card": GOOD_CARD, "force": True})
        return status

    def refund(self) -> int:
        order = {"amount_minor": self.chance.randint(1, 800), "outcome": self._one(OUTCOMES)}
        return self._order(f"payments/{self._id('payments', 'payment_id')}/refund", order)

    def settle(self) -> int:
        refund = self._id("refunds", "refund_id")
        return self._order(f"refunds/{refund}/settle", {"status": self._one(STATUSES)})

    def dispute(self) -> int:
        order = {"amount_minor": self.chance.randint(1, 800), "status": self._one(OPENINGS)}
        return self._order(f"payments/{self._id('payments', 'payment_id')}/dispute", order)

    def move(self) -> int:
        order = {"status": self._one(tuple(MOVES)), "fee_back": self.chance.random() < 0.5}
        return self._order(f"disputes/{self._id('disputes', 'dispute_id')}/move", order)

    def wait(self) -> int:
        return self._order("clock", {"advance_s": self.chance.choice([1, 61, 86_400])})

    def _id(self, kind: str, name: str) -> str:
        accounts = self.shop.control("GET", "books")["accounts"].values()
        known = [line[name] for account in accounts for line in account[kind]]
        return str(self.chance.choice(known or ["nothing"]))

    def _one(self, words: tuple[str, ...]) -> str:
        return self.chance.choice(words)

    def _order(self, path: str, body: Any) -> int:
        status = self.shop.http.post(f"/_control/{path}", json=body).status_code
        assert status in (200, 400, 404)
        return status


def _check(shop: Shop, books: Any) -> None:
    left = 0
    for payment in books["payments"]:
        assert 0 <= payment["refunded_minor"] <= payment["captured_minor"]
        assert 0 <= payment["reinstated_minor"] <= payment["withdrawn_minor"]
        refunds = [r for r in books["refunds"] if r["payment_id"] == payment["payment_id"]]
        given = sum(r["amount_minor"] for r in refunds if r["status"] not in ("failed", "canceled"))
        assert given == payment["refunded_minor"]
        left += payment["captured_minor"] - payment["refunded_minor"] - (payment["fee_minor"] or 0)
        left += payment["reinstated_minor"] - payment["withdrawn_minor"]
    left -= sum(dispute["fee_minor"] for dispute in books["disputes"])
    assert books["balance"].get("eur", 0) == left
    assert shop.client.v1.balance.retrieve().available[0].amount == left


@pytest.mark.parametrize("seed", range(6))
def test_the_balance_is_always_what_the_books_add_up_to(shop: Shop, seed: int) -> None:
    day = Day(shop, random.Random(seed))
    day.sell()
    for _ in range(STEPS):
        day.step()
        _check(shop, shop.books())
    assert day.done > STEPS // 4
    listed = shop.api("GET", "/v1/events", params={"limit": 100}).json()["data"]
    assert len({event["id"] for event in listed}) == len(listed)
