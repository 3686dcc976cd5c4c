"""Whatever happens in whatever order, API, books and balance tell of the same money."""

import random
from collections.abc import Callable
from typing import Any

import pytest

from tests.integration.sandbox.paypal.shop import PayPalShop, money

STEPS = 40


@pytest.mark.parametrize("seed", range(3))
def test_api_and_books_agree(paypal: PayPalShop, seed: int) -> None:
    chance = random.Random(seed)
    sold: list[str] = []

    def sell() -> None:
        minor = chance.randint(1, 9999)
        sold.append(paypal.sell(f"{minor // 100}.{minor % 100:02d}")["id"])

    def approve() -> None:
        funding = chance.choice(["balance", "balance", "echeck", "review", "declines", "unusable"])
        paypal.control("POST", f"sessions/{chance.choice(sold)}/pay", {"funding": funding})

    def capture() -> None:
        paypal.capture(chance.choice(sold), key=f"k{chance.randint(1, 9)}")

    def settle() -> None:
        path = f"/_control/sessions/{chance.choice(sold)}/settle"
        paypal.http.post(path, json={"succeeded": chance.random() < 0.7})

    def refund() -> None:
        for payment in paypal.books()["payments"]:
            body = {"amount": money(f"0.{chance.randint(1, 99):02d}")}
            paypal.refund(payment["payment_id"], body if chance.random() < 0.8 else None)

    def dispute() -> None:
        for payment in paypal.books()["payments"][:1]:
            paypal.http.post(f"/_control/payments/{payment['payment_id']}/dispute", json={})

    def decide() -> None:
        for line in paypal.books()["disputes"]:
            path = f"/_control/disputes/{line['dispute_id']}/move"
            paypal.http.post(path, json={"status": chance.choice(["won", "lost"])})

    steps: list[Callable[[], None]] = [sell, approve, approve, capture, capture, settle]
    sell()
    for _ in range(STEPS):
        chance.choice([*steps, refund, dispute, decide])()
    books = paypal.books()
    assert books["payments"]
    assert _from_api(paypal, sold) == {
        line["payment_id"]: (line["captured_minor"], line["refunded_minor"])
        for line in books["payments"]
    }
    _check_sums(books)


def _from_api(paypal: PayPalShop, sold: list[str]) -> dict[str, tuple[int, int]]:
    """What the orders say of their captures: the money taken, and what went back."""
    found = {}
    for order in map(paypal.read, sold):
        for capture in order["purchase_units"][0].get("payments", {}).get("captures", []):
            up = capture["links"][0]["href"]
            refunds = order["purchase_units"][0]["payments"].get("refunds", [])
            back = sum(_minor(r["amount"]) for r in refunds if r["links"][1]["href"] == up)
            is_taken = capture["status"] not in ("PENDING", "DECLINED")
            found[capture["id"]] = (_minor(capture["amount"]) if is_taken else 0, back)
    return found


def _check_sums(books: Any) -> None:
    left = 0
    for line in books["payments"]:
        assert 0 <= line["refunded_minor"] <= line["captured_minor"]
        own = [each for each in books["refunds"] if each["payment_id"] == line["payment_id"]]
        assert sum(each["amount_minor"] for each in own) == line["refunded_minor"]
        left += line["captured_minor"] - line["refunded_minor"] - (line["fee_minor"] or 0)
    for line in books["disputes"]:
        assert 0 <= line["reinstated_minor"] <= line["withdrawn_minor"]
        left += line["reinstated_minor"] - line["withdrawn_minor"] - line["fee_minor"]
    assert sum(books["balance"].values()) == left


def _minor(amount: Any) -> int:
    return int(amount["value"].replace(".", ""))
