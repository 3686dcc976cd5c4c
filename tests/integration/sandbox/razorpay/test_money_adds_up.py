"""Whatever is paid, given back, cancelled and settled: the books add up, and the API agrees."""

import random
from typing import Any

import pytest

from tests.integration.sandbox.razorpay.shop import Shop


def _step(shop: Shop, chance: random.Random, sessions: list[str]) -> None:
    """One thing that a shop, a customer or a bank may do; what is refused changes nothing."""
    what = chance.choice(["sell", "show", "pay", "pay", "pay", "refund", "refund", "close", "bank"])
    if what == "sell" or not sessions:
        made = shop.sell(reference_id=f"till1-{len(sessions)}-1", amount=chance.randint(100, 9999))
        sessions.append(made["id"])
    elif what == "show":
        sessions.append(shop.show(payment_amount=chance.randint(100, 9999))["id"])
    elif what == "pay":
        order: dict[str, Any] = {"force": chance.random() < 0.2}
        order["declined"] = chance.random() < 0.2
        order["delayed"] = chance.random() < 0.3
        shop.control("POST", f"sessions/{chance.choice(sessions)}/pay", order)
    elif what == "refund":
        payments = shop.get("payments", count=100)["items"]
        if payments:
            body = {"amount": chance.randint(100, 9999)} if chance.random() < 0.7 else {}
            shop.ask("POST", f"payments/{chance.choice(payments)['id']}/refund", body)
    elif what == "close":
        id = chance.choice(sessions)
        way = "payment_links/{}/cancel" if id.startswith("plink_") else "payments/qr_codes/{}/close"
        shop.ask("POST", way.format(id))
    else:
        path = f"/_control/sessions/{chance.choice(sessions)}/settle"
        shop.http.post(path, json={"succeeded": chance.random() < 0.7})


@pytest.mark.parametrize("seed", range(4))
def test_the_books_add_up(new_shop: Shop, seed: int) -> None:
    chance, sessions = random.Random(seed), list[str]()
    for _ in range(60):
        _step(new_shop, chance, sessions)
    books = new_shop.books()
    refunded: dict[str, int] = {}
    for refund in books["refunds"]:
        if refund["status"] != "failed":
            id = refund["payment_id"]
            refunded[id] = refunded.get(id, 0) + refund["amount_minor"]
    captured: dict[str, int] = {}
    for line in books["payments"]:
        assert line["refunded_minor"] == refunded.get(line["payment_id"], 0)
        assert 0 <= line["refunded_minor"] <= line["captured_minor"]
        read = new_shop.get(f"payments/{line['payment_id']}")
        assert read["captured"] is (line["captured_minor"] > 0)
        session = line["session_id"]
        captured[session] = captured.get(session, 0) + line["captured_minor"]
    for id in sessions:
        if id.startswith("plink_"):
            link = new_shop.get(f"payment_links/{id}")
            assert link["amount_paid"] == captured.get(id, 0)
            assert sum(one["amount"] for one in link["payments"] or []) == link["amount_paid"]
            assert (link["status"] == "paid") is (link["amount_paid"] > 0)
        else:
            made = new_shop.get(f"payments/qr_codes/{id}")
            assert made["payments_amount_received"] == captured.get(id, 0)
    assert sum(captured.values()) > 0
