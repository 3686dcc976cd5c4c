"""Whatever is sold, refused, given back and disputed: the books and the API say the same sums."""

import random
from typing import Any

import pytest

from tests.integration.sandbox.square.shop import DECLINED, SquareShop, line

FEE = {"provider": "square", "per_mille": 0, "fixed_minor": 7, "after_s": 1}


class Day:
    """A merchant's day by chance, beside what the merchant believes of it."""

    def __init__(self, square: SquareShop, seed: int) -> None:
        self._square = square
        self._chance = random.Random(seed)
        self._open: list[Any] = []
        self._paid: list[Any] = []
        self.captured: dict[str, int] = {}
        self.refunded: dict[str, int] = {}
        self.withheld: dict[str, int] = {}

    def step(self) -> None:
        acts = (self.sell, self.sell, self.pay, self.pay, self.refund, self.delete, self.dispute)
        self._chance.choice(acts)()

    def sell(self) -> None:
        items = [
            line(f"item {at}", self._chance.randint(1, 900), str(self._chance.randint(1, 3)))
            for at in range(self._chance.randint(1, 4))
        ]
        self._open.append(self._square.sell(line_items=items))

    def pay(self) -> None:
        if not self._open:
            return
        link = self._open[-1]
        if self._chance.random() < 0.3:
            assert self._square.pay(link, DECLINED).status_code == 402
            return
        self._open.pop()
        assert self._square.pay(link).status_code == 303
        payment = self._square.payment_of(link)
        total = sum(
            int(item["quantity"]) * item["base_price_money"]["amount"]
            for item in self._square.order_of(link)["line_items"]
        )
        assert payment["total_money"]["amount"] == total
        self._paid.append(payment)
        self.captured[payment["id"]] = total

    def refund(self) -> None:
        if not self._paid:
            return
        payment = self._chance.choice(self._paid)
        amount = self._chance.randint(1, 1500)
        response = self._square.ask(
            "POST", "/v2/refunds", self._square.refund_body(payment, amount)
        )
        before = self.refunded.get(payment["id"], 0)
        may = payment["id"] not in self.withheld and before + amount <= self.captured[payment["id"]]
        assert (response.status_code == 200) is may, response.text
        if may:
            self.refunded[payment["id"]] = before + amount

    def delete(self) -> None:
        if self._open:
            link = self._open.pop(0)
            self._square.api("DELETE", f"/v2/online-checkout/payment-links/{link['id']}")

    def dispute(self) -> None:
        fresh = [each for each in self._paid if each["id"] not in self.withheld]
        if not fresh or self._chance.random() < 0.5:
            return
        payment = self._chance.choice(fresh)
        path = f"/_control/payments/{payment['id']}/dispute"
        made = self._square.http.post(path, json={})
        left = self.captured[payment["id"]] - self.refunded.get(payment["id"], 0)
        assert (made.status_code == 200) is (left > 0)
        if left > 0:
            self.withheld[payment["id"]] = left


@pytest.mark.parametrize("seed", range(4))
def test_the_books_say_what_was_taken_and_what_went_back(square: SquareShop, seed: int) -> None:
    square.control("POST", "fees", FEE)
    day = Day(square, seed)
    for _ in range(30):
        day.step()
    square.later()
    lines = [each for each in square.books()["payments"] if each["captured_minor"]]
    assert {each["payment_id"]: each["captured_minor"] for each in lines} == day.captured
    given = {each["payment_id"]: each["refunded_minor"] for each in lines}
    assert {id: minor for id, minor in given.items() if minor} == day.refunded
    held = {each["payment_id"]: each["withdrawn_minor"] for each in lines}
    assert {id: minor for id, minor in held.items() if minor} == day.withheld
    for id, captured in day.captured.items():
        payment = square.api("GET", f"/v2/payments/{id}")["payment"]
        assert payment["total_money"]["amount"] == captured
        assert payment.get("refunded_money", {"amount": 0})["amount"] == day.refunded.get(id, 0)
        assert payment["processing_fee"][0]["amount_money"]["amount"] == 7
    left = sum(day.captured.values()) - sum(day.refunded.values()) - sum(day.withheld.values())
    assert square.books()["balance"].get("EUR", 0) == left - 7 * len(day.captured)
