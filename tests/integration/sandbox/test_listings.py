"""Lists since a cursor: complete, exact, newest first, in pages of at most a hundred."""

from typing import Any

import pytest
import stripe

from tests.integration.sandbox.shop import Receiver, Shop

DAY_S = 86_400


def _advance(shop: Shop, seconds: int) -> int:
    return int(shop.control("POST", "clock", {"advance_s": seconds})["now"])


def _types(shop: Shop, **filters: Any) -> list[str]:
    params: Any = filters
    return [event.type for event in shop.client.v1.events.list(params).data]


def _all(shop: Shop, path: str, **filters: Any) -> list[str]:
    """The ids of every page, as a client that keeps a cursor reads them."""
    found: list[str] = []
    while True:
        after = {"starting_after": found[-1]} if found else {}
        page = shop.api("GET", path, params={**filters, **after}).json()
        found += [each["id"] for each in page["data"]]
        if not page["has_more"]:
            return found


@pytest.mark.parametrize("limit", [1, 3, 7, 100])
def test_pages_of_events_join_without_a_gap_or_a_repeat(shop: Shop, limit: int) -> None:
    for _ in range(3):
        shop.sold()
    whole = [event.id for event in shop.client.v1.events.list({"limit": 100}).data]
    assert len(whole) == 12
    assert _all(shop, "/v1/events", limit=limit) == whole


def test_what_is_new_since_a_cursor_is_read_backwards_page_by_page(shop: Shop) -> None:
    shop.sold()
    cursor = shop.client.v1.events.list({"limit": 1}).data[0].id
    assert shop.client.v1.events.list({"ending_before": cursor}).data == []
    shop.sold()
    whole = [event.id for event in shop.client.v1.events.list({"limit": 4}).data]
    found: list[str] = []
    while True:
        page = shop.client.v1.events.list({"ending_before": cursor, "limit": 3})
        found = [event.id for event in page.data] + found
        if not page.has_more:
            break
        cursor = page.data[0].id
    assert found == whole


def test_events_of_the_last_thirty_days_are_told_and_no_older_ones(shop: Shop) -> None:
    shop.sold()
    (old,) = shop.client.v1.events.list({"type": "checkout.session.completed"}).data
    _advance(shop, 30 * DAY_S - 60)
    shop.sold()
    assert _types(shop, type="checkout.session.completed") == ["checkout.session.completed"] * 2
    assert shop.client.v1.events.retrieve(old.id).id == old.id
    _advance(shop, 120)
    assert _types(shop, type="checkout.session.completed") == ["checkout.session.completed"]
    with pytest.raises(stripe.InvalidRequestError) as error:
        shop.client.v1.events.retrieve(old.id)
    assert error.value.code == "resource_missing"


def test_events_are_found_by_when_they_happened_to_the_second(shop: Shop) -> None:
    shop.sold()
    _advance(shop, 1000)
    shop.sold()
    newest = shop.client.v1.events.list({"type": "checkout.session.completed"}).data[0]
    at = newest.created
    kind = "checkout.session.completed"
    assert len(_types(shop, type=kind, created={"gte": at})) == 1
    assert len(_types(shop, type=kind, created={"gt": at})) == 0
    assert len(_types(shop, type=kind, created={"lt": at})) == 1
    assert len(_types(shop, type=kind, created={"lte": at})) == 2
    assert len(_types(shop, type=kind, created={"gt": at - 2000, "lt": at})) == 1
    assert len(_types(shop, type=kind, created=at)) == 1


def test_types_are_exact_and_only_a_star_stands_for_others(shop: Shop) -> None:
    payment = str(shop.sold().payment_intent)
    shop.control("POST", f"payments/{payment}/refund", {"amount_minor": 5})
    shop.control("POST", f"payments/{payment}/dispute", {"amount_minor": 5})
    assert _types(shop, types=["refund.created", "charge.dispute.created"]) == [
        "charge.dispute.created",
        "refund.created",
    ]
    assert set(_types(shop, type="charge.dispute.*")) == {
        "charge.dispute.created",
        "charge.dispute.funds_withdrawn",
    }
    assert _types(shop, type="refund.create") == []
    assert _types(shop, type="refund.create?") == []
    assert _types(shop, type="refund.[c]reated") == []
    with pytest.raises(stripe.InvalidRequestError, match="at most 20"):
        _types(shop, types=["refund.created"] * 21)


def test_what_was_missed_is_told_apart_from_what_arrived(shop: Shop, receiver: Receiver) -> None:
    shop.listen(receiver, "refund.created")
    payment = str(shop.sold().payment_intent)
    shop.control("POST", "webhooks", {"mode": "withhold"})
    shop.control("POST", f"payments/{payment}/refund", {"amount_minor": 5})
    assert _types(shop, delivery_success=False) == ["refund.created"]
    shop.control("POST", "webhooks/release")
    assert _types(shop, delivery_success=False) == []
    assert "refund.created" in _types(shop, delivery_success=True)


@pytest.mark.parametrize("limit", ["0", "101", "many"])
def test_no_page_is_larger_than_a_hundred(shop: Shop, limit: str) -> None:
    response = shop.api("GET", "/v1/events", params={"limit": limit})
    assert response.status_code == 400
    assert response.json()["error"]["param"] == "limit"


@pytest.mark.parametrize("path", ["events", "charges", "disputes", "refunds", "checkout/sessions"])
def test_a_cursor_that_nobody_knows_is_refused(shop: Shop, path: str) -> None:
    response = shop.api("GET", f"/v1/{path}", params={"starting_after": "x_1"})
    assert response.json()["error"]["code"] == "resource_missing"
    both = {"starting_after": "x_1", "ending_before": "x_2"}
    assert shop.api("GET", f"/v1/{path}", params=both).status_code == 400


def test_every_kind_of_money_is_listed_page_by_page_and_by_time(shop: Shop) -> None:
    made: dict[str, list[str]] = {path: [] for path in ("refunds", "disputes", "charges")}
    for _ in range(3):
        intent = shop.read(shop.sold().id, "payment_intent").payment_intent
        assert isinstance(intent, stripe.PaymentIntent)
        refund = shop.client.v1.refunds.create({"payment_intent": intent.id, "amount": 5})
        dispute = shop.control("POST", f"payments/{intent.id}/dispute", {"amount_minor": 5})
        made["charges"].insert(0, str(intent.latest_charge))
        made["refunds"].insert(0, refund.id)
        made["disputes"].insert(0, dispute["dispute_id"])
        _advance(shop, 1000)
    now = _advance(shop, 0)
    for path, ids in made.items():
        assert _all(shop, f"/v1/{path}", limit=2) == ids
        recent = {"created[gte]": now - 2500}
        assert _all(shop, f"/v1/{path}", limit=1, **recent) == ids[:2]
    kept = shop.client.v1.charges.list().data
    for charge in kept:
        intent = str(charge.payment_intent)
        assert [c.id for c in shop.client.v1.charges.list({"payment_intent": intent}).data] == [
            charge.id
        ]
        (dispute,) = shop.client.v1.disputes.list({"payment_intent": intent}).data
        assert dispute.charge == charge.id
        by_charge = shop.client.v1.disputes.list({"charge": charge.id}).data
        assert [d.id for d in by_charge] == [dispute.id]


def test_payments_are_listed_by_time(shop: Shop) -> None:
    first = shop.sold()
    now = _advance(shop, 1000)
    second = shop.sold()
    intents = shop.client.v1.payment_intents
    assert [p.id for p in intents.list({"created": {"gte": now - 500}}).data] == [
        second.payment_intent
    ]
    assert [p.id for p in intents.list({"created": {"lt": now - 500}}).data] == [
        first.payment_intent
    ]


def test_sessions_are_found_by_what_they_became(shop: Shop) -> None:
    paid = shop.sold(customer_email="ada@example.com", customer_creation="always")
    shop.sell()
    sessions = shop.client.v1.checkout.sessions
    assert [s.id for s in sessions.list({"status": "complete"}).data] == [paid.id]
    by_payment = sessions.list({"payment_intent": str(paid.payment_intent)})
    assert [s.id for s in by_payment.data] == [paid.id]
    assert sessions.list({"payment_link": "plink_1"}).data == []
    by_mail = sessions.list({"customer_details": {"email": "ada@example.com"}})
    assert [s.id for s in by_mail.data] == [paid.id]
    by_customer = sessions.list({"customer": str(shop.read(paid.id).customer)})
    assert [s.id for s in by_customer.data] == [paid.id]
    assert sessions.list({"customer": "cus_nobody"}).data == []


def test_another_account_lists_nothing_of_ours(shop: Shop) -> None:
    payment = str(shop.sold().payment_intent)
    shop.control("POST", f"payments/{payment}/refund", {"amount_minor": 5})
    dispute = shop.control("POST", f"payments/{payment}/dispute", {})["dispute_id"]
    (transaction, *_) = shop.client.v1.balance_transactions.list().data
    other = Shop(shop.origin, "sk_test_another")
    for path in ("events", "charges", "disputes", "refunds", "balance_transactions"):
        assert other.api("GET", f"/v1/{path}").json()["data"] == []
    for path in (f"disputes/{dispute}", f"balance_transactions/{transaction.id}"):
        assert other.api("GET", f"/v1/{path}").status_code == 404
    other.close()
