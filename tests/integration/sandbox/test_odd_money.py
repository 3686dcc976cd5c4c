"""Money as it ought not to be, for each of a till's exceptions; and what the books say of it."""

from typing import Any

import httpx
import pytest
import stripe

from tests.integration.sandbox.shop import GOOD_CARD, Receiver, Shop, line

COMPLETED = "checkout.session.completed"


def _pay(shop: Shop, session: str, **order: Any) -> Any:
    return shop.control("POST", f"sessions/{session}/pay", {"card": GOOD_CARD, **order})


def _refused(shop: Shop, session: str, **order: Any) -> str:
    body = {"card": GOOD_CARD, **order}
    response = shop.http.post(f"/_control/sessions/{session}/pay", json=body)
    assert response.status_code == 400
    return str(response.json()["error"])


def _intent(shop: Shop, session: str) -> stripe.PaymentIntent:
    intent = shop.read(session, "payment_intent").payment_intent
    assert isinstance(intent, stripe.PaymentIntent)
    return intent


@pytest.mark.parametrize("amount", [379, 381, 1, 99_999_999])
def test_another_amount_than_was_asked_for(shop: Shop, receiver: Receiver, amount: int) -> None:
    shop.listen(receiver, COMPLETED)
    session = shop.sell()
    assert _pay(shop, session.id, amount_minor=amount)["outcome"] == "paid"
    intent = _intent(shop, session.id)
    assert (intent.amount, intent.amount_received) == (amount, amount)
    receiver.wait(1)
    told = receiver.events()[0].data.object
    assert isinstance(told, stripe.checkout.Session)
    assert (told.amount_total, told.payment_intent) == (amount, intent.id)
    assert shop.books()["payments"][0]["captured_minor"] == amount


def test_another_currency_than_was_asked_for(shop: Shop, receiver: Receiver) -> None:
    shop.listen(receiver, COMPLETED)
    session = shop.sell()
    _pay(shop, session.id, currency="usd")
    assert (shop.read(session.id).currency, _intent(shop, session.id).currency) == ("usd", "usd")
    receiver.wait(1)
    told = receiver.events()[0].data.object
    assert isinstance(told, stripe.checkout.Session) and told.currency == "usd"


def test_money_of_the_other_mode(shop: Shop, receiver: Receiver) -> None:
    shop.listen(receiver, COMPLETED)
    session = shop.sell()
    _pay(shop, session.id, livemode=True)
    assert shop.read(session.id).livemode and _intent(shop, session.id).livemode
    receiver.wait(1)
    (event,) = receiver.events()
    assert event.livemode
    assert shop.books()["payments"][0]["livemode"] is True


def test_an_expired_session_that_is_paid_after_all(shop: Shop, receiver: Receiver) -> None:
    shop.listen(receiver, "checkout.session.expired", COMPLETED)
    session = shop.sell()
    shop.client.v1.checkout.sessions.expire(session.id)
    assert _pay(shop, session.id)["outcome"] == "expired"
    assert _pay(shop, session.id, force=True)["outcome"] == "paid"
    late = shop.read(session.id)
    assert (late.status, late.payment_status) == ("complete", "paid")
    assert _intent(shop, session.id).amount_received == 380
    receiver.wait(2)
    assert sorted(receiver.types()) == [COMPLETED, "checkout.session.expired"]


def test_an_expired_session_may_be_paid_late_and_slowly(shop: Shop) -> None:
    session = shop.sell()
    shop.control("POST", f"sessions/{session.id}/expire")
    late = _pay(shop, session.id, force=True, delayed=True)
    assert (late["outcome"], late["status"]) == ("processing", "complete")
    shop.control("POST", f"sessions/{session.id}/settle", {"succeeded": True})
    assert shop.read(session.id).payment_status == "paid"


def test_a_session_that_is_paid_twice(shop: Shop, receiver: Receiver) -> None:
    shop.listen(receiver, COMPLETED)
    session = shop.sold()
    first = session.payment_intent
    assert _pay(shop, session.id)["outcome"] == "already_complete"
    assert _pay(shop, session.id, force=True)["outcome"] == "paid"
    second = _intent(shop, session.id)
    assert second.id != first and second.amount_received == 380
    payments = shop.books()["payments"]
    assert [(p["payment_id"], p["captured_minor"]) for p in payments] == [
        (first, 380),
        (second.id, 380),
    ]
    assert len({p["reference"] for p in payments}) == 1
    receiver.wait(2)
    told = {event.data.object.to_dict()["payment_intent"] for event in receiver.events()}
    assert told == {first, second.id}
    assert shop.client.v1.refunds.create({"payment_intent": str(first)}).amount == 380


def test_a_forced_try_that_brings_nothing_leaves_the_session_as_it_was(shop: Shop) -> None:
    paid, expired = shop.sold(), shop.sell()
    shop.control("POST", f"sessions/{expired.id}/expire")
    for session in (paid.id, expired.id):
        before = shop.read(session).to_dict()
        declined = _pay(shop, session, force=True, amount_minor=5000, card="4000000000000002")
        assert declined["outcome"] == "declined"
        assert _pay(shop, session, force=True, card="4242")["outcome"] == "unusable"
        assert shop.read(session).to_dict() == before
    assert sum(p["captured_minor"] for p in shop.books()["payments"]) == 380


def test_an_odd_try_leaves_no_doubt_of_the_first_payment(shop: Shop) -> None:
    paid = shop.sold()
    assert "at once" in _refused(shop, paid.id, force=True, delayed=True)
    iban = {"iban": "DE89370400440532013000"}
    assert "by a card" in _refused(shop, paid.id, force=True, **iban)
    proof = _refused(shop, paid.id, force=True, card="4000002500003155")
    assert "no proof" in proof
    assert shop.read(paid.id).status == "complete"
    club = shop.sold(mode="subscription", line_items=[line(recurring={"interval": "year"})])
    assert "mode payment" in _refused(shop, club.id, force=True)


def test_odd_money_after_a_decline_is_one_payment(shop: Shop) -> None:
    session = shop.sell()
    shop.pay(session.url, "4000000000000002")
    _pay(shop, session.id, amount_minor=400)
    assert [p["captured_minor"] for p in shop.books()["payments"]] == [0, 400]


def test_a_genuine_event_can_say_something_else(shop: Shop, receiver: Receiver) -> None:
    """Signed by the right secret: of another account, of live mode, of an unknown type or state."""
    shop.listen(receiver, COMPLETED)
    shop.sold()
    receiver.wait(1)
    (genuine,) = receiver.events()
    changes: dict[str, Any] = {
        "id": "evt_other",
        "account": "acct_other",
        "livemode": True,
        "type": "checkout.session.teleported",
        "object": {"livemode": True, "status": "teleported"},
    }
    order = {"changes": changes}
    assert shop.control("POST", f"events/{genuine.id}/deliver", order) == {"statuses": [200]}
    told = receiver.events()[1].to_dict()
    inside = told["data"]["object"]
    assert {name: told[name] for name in changes if name != "object"} == {
        name: value for name, value in changes.items() if name != "object"
    }
    assert (inside["livemode"], inside["status"]) == (True, "teleported")
    assert inside["client_reference_id"] == "till1-7-1"
    assert shop.client.v1.events.retrieve(genuine.id).livemode is False
    odd = shop.http.post(f"/_control/events/{genuine.id}/deliver", json={"changes": []})
    assert odd.status_code == 400


def test_all_notices_can_be_signed_by_a_clock_that_is_off(shop: Shop, receiver: Receiver) -> None:
    shop.listen(receiver, COMPLETED)
    assert shop.control("POST", "webhooks", {"age_s": 600})["age_s"] == 600
    shop.sold()
    receiver.wait(1)
    with pytest.raises(stripe.SignatureVerificationError, match="tolerance"):
        receiver.events()


def test_an_answer_that_is_lost_leaves_the_outcome_unknown(shop: Shop) -> None:
    payment = str(shop.sold().payment_intent)
    lost = {"match": {"path": "/v1/refunds"}, "fault": {"drop": "after_effect"}, "times": None}
    shop.control("POST", "faults", lost)
    with pytest.raises(httpx.RemoteProtocolError):
        shop.api("POST", "/v1/refunds", data={"payment_intent": payment})
    assert [refund["status"] for refund in shop.books()["refunds"]] == ["succeeded"]


def test_money_with_a_strangers_reference_or_none_is_in_the_same_account(shop: Shop) -> None:
    shop.sold(client_reference_id="webshop-77")
    shop.sold(client_reference_id=None)
    references = [payment["reference"] for payment in shop.books()["payments"]]
    assert references == ["webshop-77", None]


def test_the_books_tell_captured_refunded_disputed_and_fee_apart(shop: Shop) -> None:
    payment = str(shop.sold(line_items=[line("Thing", 1000)]).payment_intent)
    refund = shop.control("POST", f"payments/{payment}/refund", {"amount_minor": 100})
    pending = {"amount_minor": 50, "outcome": "pends"}
    shop.control("POST", f"payments/{payment}/refund", pending)
    shop.control("POST", f"refunds/{refund['refund_id']}/settle", {"status": "failed"})
    dispute = shop.control("POST", f"payments/{payment}/dispute", {"amount_minor": 300})
    books = shop.books()
    (told,) = books["payments"]
    names = ("captured", "refunded", "withdrawn", "reinstated", "fee")
    assert [told[f"{name}_minor"] for name in names] == [1000, 50, 300, 0, 59]
    assert [(r["amount_minor"], r["status"]) for r in books["refunds"]] == [
        (100, "failed"),
        (50, "pending"),
    ]
    assert books["disputes"] == [dispute]
    assert (dispute["payment_id"], dispute["status"]) == (payment, "needs_response")
    assert dispute["fee_minor"] == 1500
    shop.control("POST", f"disputes/{dispute['dispute_id']}/move", {"status": "won"})
    (told,) = shop.books()["payments"]
    assert [told[f"{name}_minor"] for name in names] == [1000, 50, 300, 300, 59]
    assert shop.books()["balance"] == {"eur": 1000 - 59 - 50 - 1500}
