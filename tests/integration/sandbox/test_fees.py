"""Fees and the balance: what each movement of money cost, and when that is known."""

from typing import Any

import pytest
import stripe

from tests.integration.sandbox.shop import Receiver, Shop, line


def _paid(shop: Shop, amount: int = 1000, **price: Any) -> str:
    return str(shop.sold(line_items=[line("Thing", amount, **price)]).payment_intent)


def _transactions(shop: Shop, **filters: Any) -> list[stripe.BalanceTransaction]:
    params: Any = {"limit": 100, **filters}
    return list(shop.client.v1.balance_transactions.list(params).data)


def _charge(shop: Shop, payment: str) -> stripe.Charge:
    expand = ["latest_charge.balance_transaction"]
    intent = shop.client.v1.payment_intents.retrieve(payment, {"expand": expand})
    assert isinstance(intent.latest_charge, stripe.Charge)
    return intent.latest_charge


@pytest.mark.parametrize(
    "amount, currency, fee",
    [
        (1000, "eur", 59),
        (500, "eur", 44),  # 14.5: to the even 14
        (1500, "eur", 74),  # 43.5: to the even 44
        (99_999_999, "eur", 2_900_030),
        (500, "jpy", 44),
        (5000, "kwd", 175),
        (50, "usd", 31),
    ],
)
def test_a_fee_is_a_whole_number_rounded_half_to_even(
    shop: Shop, amount: int, currency: str, fee: int
) -> None:
    charge = _charge(shop, _paid(shop, amount, currency=currency))
    transaction = charge.balance_transaction
    assert isinstance(transaction, stripe.BalanceTransaction)
    assert (transaction.amount, transaction.fee) == (amount, fee)
    assert transaction.net == amount - fee
    assert [(each.amount, each.type) for each in transaction.fee_details] == [(fee, "stripe_fee")]
    assert (transaction.currency, transaction.source) == (currency, charge.id)
    assert (transaction.status, transaction.type) == ("available", "charge")


def test_a_fee_is_never_more_than_what_it_is_taken_from(shop: Shop) -> None:
    shop.control("POST", "fees", {"fixed_minor": 100_000})
    payment = _paid(shop, 70)
    (line_,) = shop.books()["payments"]
    assert (line_["payment_id"], line_["fee_minor"]) == (payment, 70)


def test_a_fee_may_become_known_some_time_after_the_money_came(
    shop: Shop, receiver: Receiver
) -> None:
    shop.listen(receiver, "charge.updated")
    shop.control("POST", "fees", {"after_s": 300})
    payment = _paid(shop)
    assert _charge(shop, payment).balance_transaction is None
    assert shop.books()["payments"][0]["fee_minor"] is None
    shop.control("POST", "clock", {"advance_s": 200})
    assert _charge(shop, payment).balance_transaction is None
    shop.control("POST", "clock", {"advance_s": 200})
    transaction = _charge(shop, payment).balance_transaction
    assert isinstance(transaction, stripe.BalanceTransaction)
    assert transaction.fee == 59
    assert shop.books()["payments"][0]["fee_minor"] == 59
    receiver.wait(1)
    told = receiver.events()[0].data.object
    assert isinstance(told, stripe.Charge)
    assert told.balance_transaction == transaction.id


def test_money_is_pending_until_it_is_available(shop: Shop) -> None:
    shop.control("POST", "fees", {"available_after_s": 1000})
    _paid(shop)
    (transaction,) = _transactions(shop)
    assert transaction.status == "pending"
    assert transaction.available_on - transaction.created == 1000
    balance = shop.client.v1.balance.retrieve()
    assert (balance.available[0].amount, balance.pending[0].amount) == (0, 941)
    shop.control("POST", "clock", {"advance_s": 1000})
    assert shop.client.v1.balance_transactions.retrieve(transaction.id).status == "available"
    balance = shop.client.v1.balance.retrieve()
    assert (balance.available[0].amount, balance.pending[0].amount) == (941, 0)


def test_an_account_may_settle_in_another_currency(shop: Shop) -> None:
    shop.control("POST", "fees", {"currency": "usd", "rate_ppm": 1_100_000})
    payment = _paid(shop, 1005)
    transaction = _charge(shop, payment).balance_transaction
    assert isinstance(transaction, stripe.BalanceTransaction)
    assert (transaction.amount, transaction.currency) == (1106, "usd")  # 1105.5: to the even
    assert (transaction.fee, transaction.exchange_rate) == (62, 1.1)
    shop.control("POST", f"payments/{payment}/refund", {"amount_minor": 100})
    assert _transactions(shop, type="refund")[0].amount == -110
    (line_,) = shop.books()["payments"]
    assert (line_["currency"], line_["captured_minor"]) == ("eur", 1005)
    assert (line_["fee_currency"], line_["fee_minor"]) == ("usd", 62)
    shop.control("POST", "fees", {"currency": None})
    _paid(shop, 1000)
    assert _transactions(shop)[0].exchange_rate is None


def test_transactions_are_listed_by_source_type_currency_and_time(shop: Shop) -> None:
    first = _charge(shop, _paid(shop))
    shop.control("POST", "clock", {"advance_s": 1000})
    _paid(shop, 2000, currency="usd")
    refund = shop.client.v1.refunds.create({"charge": first.id, "amount": 10})
    assert [t.source for t in _transactions(shop, source=first.id)] == [first.id]
    assert [t.source for t in _transactions(shop, type="refund")] == [refund.id]
    assert [t.amount for t in _transactions(shop, currency="eur")] == [-10, 1000]
    assert [t.amount for t in _transactions(shop, created={"gt": first.created + 500})] == [
        -10,
        2000,
    ]
    assert [t.amount for t in _transactions(shop, created={"lte": first.created + 500})] == [1000]
    with pytest.raises(stripe.InvalidRequestError, match="payouts"):
        _transactions(shop, payout="po_1")


def test_a_transaction_knows_what_it_came_of(shop: Shop) -> None:
    payment = _paid(shop)
    shop.client.v1.refunds.create({"payment_intent": payment, "amount": 10})
    shop.control("POST", f"payments/{payment}/dispute", {"amount_minor": 100})
    found = shop.client.v1.balance_transactions.list({"expand": ["data.source"]}).data
    kinds = [type(transaction.source) for transaction in found]
    assert kinds == [stripe.Dispute, stripe.Refund, stripe.Charge]


def test_the_balance_is_the_sum_of_all_that_moved(shop: Shop) -> None:
    payment = _paid(shop)
    shop.control("POST", f"payments/{payment}/refund", {"amount_minor": 100})
    dispute = shop.control("POST", f"payments/{payment}/dispute", {"amount_minor": 200})
    shop.control("POST", f"disputes/{dispute['dispute_id']}/move", {"status": "won"})
    nets = [transaction.net for transaction in _transactions(shop)]
    assert sorted(nets) == [-1700, -100, 200, 941]
    assert shop.client.v1.balance.retrieve().available[0].amount == sum(nets)
    assert shop.books()["balance"] == {"eur": sum(nets)}


def test_the_fee_is_found_from_a_session_too(shop: Shop) -> None:
    shop.sold()
    path = "data.payment_intent.latest_charge.balance_transaction"
    (session,) = shop.client.v1.checkout.sessions.list({"expand": [path]}).data
    assert isinstance(session.payment_intent, stripe.PaymentIntent)
    assert isinstance(session.payment_intent.latest_charge, stripe.Charge)
    transaction = session.payment_intent.latest_charge.balance_transaction
    assert isinstance(transaction, stripe.BalanceTransaction) and transaction.fee == 41


def test_a_fee_that_is_not_known_yet_expands_to_nothing(shop: Shop) -> None:
    shop.control("POST", "fees", {"after_s": 300})
    shop.sold()
    path = "data.payment_intent.latest_charge.balance_transaction"
    (session,) = shop.client.v1.checkout.sessions.list({"expand": [path]}).data
    assert isinstance(session.payment_intent, stripe.PaymentIntent)
    assert isinstance(session.payment_intent.latest_charge, stripe.Charge)
    assert session.payment_intent.latest_charge.balance_transaction is None


@pytest.mark.parametrize(
    "order",
    [
        {"per_mille": 1001},
        {"per_mille": "3"},
        {"fixed_minor": -1},
        {"after_s": 0.5},
        {"currency": "xyz"},
        {"percent": 3},
    ],
)
def test_fees_that_make_no_sense_are_refused(shop: Shop, order: Any) -> None:
    response = shop.http.post("/_control/fees", json=order)
    assert response.status_code == 400 and response.json()["error"]
    assert shop.control("POST", "fees", {})["per_mille"] == 29
