"""Sessions that expire by themselves, by the simulator's own clock."""

import time
from pathlib import Path

import pytest
import stripe

from app.sandbox import SandboxServer
from tests.integration.sandbox.shop import DECLINED, Receiver, Shop, eventually


def test_a_session_expires_by_itself_and_says_so(shop: Shop, receiver: Receiver) -> None:
    shop.listen(receiver, "checkout.session.expired")
    session = shop.sell(expires_at=int(time.time()) + 31 * 60)
    shop.control("POST", "clock", {"advance_s": 30 * 60})
    assert shop.read(session.id).status == "open"
    shop.control("POST", "clock", {"advance_s": 61})
    assert shop.read(session.id).status == "expired"
    receiver.wait(1)
    (event,) = receiver.events()
    told = event.data.object
    assert isinstance(told, stripe.checkout.Session)
    assert (told.id, told.status, told.url) == (session.id, "expired", None)
    assert shop.pay(session.url).status_code == 410


def test_a_session_expires_without_anybody_asking(tmp_path: Path, receiver: Receiver) -> None:
    ahead = 0.0
    with SandboxServer(
        books_path=tmp_path / "books.sqlite", clock=lambda: time.time() + ahead
    ) as server:
        shop = Shop(server.origin)
        shop.listen(receiver, "checkout.session.expired")
        shop.sell()
        ahead = 25 * 3600.0
        receiver.wait(1)
        shop.close()


def test_what_expired_cannot_be_replayed_into_being_paid(shop: Shop) -> None:
    session = shop.sell()
    shop.pay(session.url, DECLINED)
    shop.control("POST", "clock", {"advance_s": 25 * 3600})
    assert shop.pay(session.url).status_code == 410
    intent = shop.read(session.id, "payment_intent").payment_intent
    assert isinstance(intent, stripe.PaymentIntent)
    assert (intent.status, intent.amount_received) == ("canceled", 0)


def test_the_clock_can_be_set_moved_and_put_back(shop: Shop) -> None:
    assert shop.control("POST", "clock", {"offset_s": 100})["offset_s"] == 100
    assert shop.control("POST", "clock", {"advance_s": -30})["offset_s"] == 70
    now = shop.control("GET", "clock")["now"]
    assert abs(now - time.time() - 70) < 3
    assert shop.control("POST", "clock", {"offset_s": 0})["offset_s"] == 0


def test_the_moved_clock_outlives_a_restart(shop: Shop, server: SandboxServer) -> None:
    session = shop.sell()
    shop.control("POST", "clock", {"advance_s": 25 * 3600})
    server.stop()
    server.start()
    eventually(lambda: shop.read(session.id).status == "expired")
    assert shop.control("GET", "clock")["offset_s"] == 25 * 3600


@pytest.mark.parametrize("body", [{"advance_s": "x"}, {"offset_s": 1.5}, {"advance_s": True}])
def test_a_clock_order_that_makes_no_sense_is_refused(shop: Shop, body: object) -> None:
    assert shop.http.post("/_control/clock", json=body).status_code == 400
