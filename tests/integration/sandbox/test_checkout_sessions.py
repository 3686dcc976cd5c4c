"""Creating, reading, listing and expiring Checkout sessions through the official SDK."""

import asyncio
import time
from urllib.parse import urlsplit

import pytest
import stripe

from tests.integration.sandbox.shop import Shop, line, order


def test_a_new_session_is_open_unpaid_and_has_no_payment_intent(new_shop: Shop) -> None:
    session = new_shop.sell(
        line_items=[line("Coffee", 380, 2), line("Cake", 450)], metadata={"till": "1"}
    )
    assert session.id.startswith("cs_test_")
    assert (session.status, session.payment_status) == ("open", "unpaid")
    assert (session.amount_total, session.currency) == (1210, "eur")
    assert session.payment_intent is None
    assert session.client_reference_id == "till1-7-1"
    assert session.metadata is not None and session.metadata["till"] == "1"
    assert session.livemode is False
    assert session.expires_at - session.created == 24 * 3600


def test_the_page_address_is_as_long_as_a_real_one_and_on_our_origin(new_shop: Shop) -> None:
    url = new_shop.sell().url
    assert url is not None
    assert 350 <= len(url) <= 550
    parts = urlsplit(url)
    assert f"{parts.scheme}://{parts.netloc}" == new_shop.origin
    assert parts.path.startswith("/c/pay/cs_test_")
    assert len(parts.fragment) > 200


@pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")  # the SDK's own
def test_the_async_sdk_works_as_the_sync_one_does(new_shop: Shop) -> None:
    async def sell_and_read() -> stripe.checkout.Session:
        http = stripe.HTTPXClient()
        client = stripe.StripeClient(
            new_shop.key, base_addresses={"api": new_shop.origin}, http_client=http
        )
        try:
            session = await client.v1.checkout.sessions.create_async(order())
            return await client.v1.checkout.sessions.retrieve_async(
                session.id, {"expand": ["line_items"]}
            )
        finally:
            await http.close_async()  # type: ignore[no-untyped-call]

    session = asyncio.run(sell_and_read())
    assert session.line_items is not None
    assert session.line_items.data[0].description == "Coffee"


def test_line_items_are_there_only_when_expanded_or_asked_for(new_shop: Shop) -> None:
    session = new_shop.sell(line_items=[line(f"Thing {n}", 100) for n in range(12)])
    assert "line_items" not in session.to_dict()
    items = new_shop.client.v1.checkout.sessions.line_items
    first = items.list(session.id)
    assert len(first.data) == 10 and first.has_more
    names = [item.description for item in first.auto_paging_iter()]
    assert names == [f"Thing {n}" for n in range(12)]
    back = items.list(session.id, {"ending_before": first.data[3].id, "limit": 2})
    assert [item.description for item in back.data] == ["Thing 1", "Thing 2"]


def test_an_expired_session_has_no_address_and_cannot_be_expired_again(new_shop: Shop) -> None:
    session = new_shop.client.v1.checkout.sessions.expire(new_shop.sell().id)
    assert (session.status, session.url) == ("expired", None)
    with pytest.raises(stripe.InvalidRequestError, match="status of expired"):
        new_shop.client.v1.checkout.sessions.expire(session.id)


def test_a_complete_session_cannot_be_expired(new_shop: Shop) -> None:
    session = new_shop.sold()
    with pytest.raises(stripe.InvalidRequestError, match="status of complete"):
        new_shop.client.v1.checkout.sessions.expire(session.id)
    assert new_shop.read(session.id).payment_status == "paid"


def test_lists_are_newest_first_and_paged_both_ways(new_shop: Shop) -> None:
    ids = [new_shop.sell().id for _ in range(5)][::-1]
    sessions = new_shop.client.v1.checkout.sessions
    first = sessions.list({"limit": 2})
    assert [s.id for s in first.data] == ids[:2] and first.has_more
    second = sessions.list({"limit": 2, "starting_after": ids[1]})
    assert [s.id for s in second.data] == ids[2:4]
    back = sessions.list({"limit": 2, "ending_before": ids[3]})
    assert [s.id for s in back.data] == ids[1:3] and back.has_more
    assert [s.id for s in sessions.list({"limit": 2}).auto_paging_iter()] == ids


def test_lists_can_be_narrowed(new_shop: Shop) -> None:
    paid, other = new_shop.sold(), new_shop.sell()
    new_shop.client.v1.checkout.sessions.expire(other.id)
    sessions = new_shop.client.v1.checkout.sessions
    assert [s.id for s in sessions.list({"status": "complete"}).data] == [paid.id]
    assert [s.id for s in sessions.list({"status": "expired"}).data] == [other.id]
    intent = str(paid.payment_intent)
    assert [s.id for s in sessions.list({"payment_intent": intent}).data] == [paid.id]
    assert sessions.list({"created": {"gte": int(time.time()) + 60}}).data == []
    assert len(sessions.list({"created": {"gt": int(time.time()) - 60}}).data) == 2


def test_the_payment_can_be_expanded_down_to_the_fee(new_shop: Shop) -> None:
    path = "payment_intent.latest_charge.balance_transaction"
    session = new_shop.read(new_shop.sold().id, path)
    intent = session.payment_intent
    assert isinstance(intent, stripe.PaymentIntent)
    charge = intent.latest_charge
    assert isinstance(charge, stripe.Charge)
    transaction = charge.balance_transaction
    assert isinstance(transaction, stripe.BalanceTransaction)
    assert (transaction.amount, transaction.fee, transaction.net) == (380, 41, 339)
    listed = new_shop.client.v1.checkout.sessions.list({"expand": ["data.payment_intent"]})
    assert isinstance(listed.data[0].payment_intent, stripe.PaymentIntent)


def test_what_cannot_be_expanded_is_refused(new_shop: Shop) -> None:
    session = new_shop.sell()
    for path in ("amount_total", "nonsense", "payment_intent.a.b.c.d"):
        with pytest.raises(stripe.InvalidRequestError, match="expand"):
            new_shop.read(session.id, path)


def test_a_free_order_needs_no_card_and_makes_no_payment(new_shop: Shop) -> None:
    session = new_shop.sell(line_items=[line("Sample", 0)])
    assert 'name="card_number"' not in new_shop.http.get(session.url or "").text
    assert new_shop.pay(session.url, card="").status_code == 303
    session = new_shop.read(session.id)
    assert (session.status, session.payment_status) == ("complete", "no_payment_required")
    assert session.payment_intent is None


def test_each_key_has_books_of_its_own(new_shop: Shop) -> None:
    session = new_shop.sell()
    other = Shop(new_shop.origin, "sk_test_somebody_else")
    with pytest.raises(stripe.InvalidRequestError) as error:
        other.read(session.id)
    assert error.value.code == "resource_missing"
    assert other.client.v1.checkout.sessions.list().data == []
    ours = new_shop.client.v1.accounts.retrieve_current()
    theirs = other.client.v1.accounts.retrieve_current()
    assert ours.id != theirs.id and ours.id.startswith("acct_")
    other.close()


def test_a_customer_is_kept_where_the_shop_asks_for_one(new_shop: Shop) -> None:
    session = new_shop.sold(customer_creation="always", customer_email="ada@example.com")
    session = new_shop.read(session.id, "customer", "payment_intent")
    assert isinstance(session.customer, stripe.Customer)
    assert session.customer.email == "ada@example.com"
    assert isinstance(session.payment_intent, stripe.PaymentIntent)
    assert session.payment_intent.customer == session.customer.id


def test_a_restricted_key_and_basic_auth_reach_the_same_account(new_shop: Shop) -> None:
    session = new_shop.sell()
    restricted = Shop(new_shop.origin, new_shop.key.replace("sk_", "rk_", 1))
    assert restricted.read(session.id).id == session.id
    restricted.close()
    basic = new_shop.http.get(f"/v1/checkout/sessions/{session.id}", auth=(new_shop.key, ""))
    assert basic.json()["id"] == session.id


def test_the_balance_is_what_was_captured_less_fees_and_refunds(new_shop: Shop) -> None:
    intent = str(new_shop.sold().payment_intent)
    new_shop.client.v1.refunds.create({"payment_intent": intent, "amount": 100})
    balance = new_shop.client.v1.balance.retrieve()
    assert [(fund.amount, fund.currency) for fund in balance.available] == [(380 - 41 - 100, "eur")]


@pytest.mark.parametrize(
    "currency, amount, shown",
    [
        ("jpy", 500, "¥500"),
        ("kwd", 1500, "KWD\N{NO-BREAK SPACE}1.500"),
        ("usd", 1234567, "$12,345.67"),
    ],
)
def test_currencies_with_other_decimals_are_charged_and_shown_right(
    new_shop: Shop, currency: str, amount: int, shown: str
) -> None:
    session = new_shop.sell(line_items=[line("Thing", amount, currency=currency)])
    assert session.amount_total == amount
    assert f"Pay {shown}" in new_shop.http.get(session.url or "").text
