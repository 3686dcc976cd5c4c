"""Refunds: whole, in parts, and never more than was captured."""

import threading

import pytest
import stripe

from tests.integration.sandbox.shop import DECLINED, Receiver, Shop, line


def _refund(shop: Shop, intent: str, amount: int | None = None) -> stripe.Refund:
    params: stripe.params.RefundCreateParams = {"payment_intent": intent}
    if amount is not None:
        params["amount"] = amount
    return shop.client.v1.refunds.create(params)


def _paid(shop: Shop, amount: int = 1000, card: str = "4242424242424242") -> str:
    session = shop.sell(line_items=[line("Thing", amount)])
    shop.pay(session.url, card)
    return str(shop.read(session.id).payment_intent)


def test_a_refund_without_amount_gives_back_the_rest(shop: Shop) -> None:
    intent = _paid(shop)
    assert _refund(shop, intent, 300).amount == 300
    rest = _refund(shop, intent)
    assert (rest.amount, rest.status, rest.currency) == (700, "succeeded", "eur")
    assert rest.payment_intent == intent
    (payment,) = shop.books()["payments"]
    assert (payment["captured_minor"], payment["refunded_minor"]) == (1000, 1000)
    charge = shop.client.v1.charges.retrieve(str(rest.charge), {"expand": ["refunds"]})
    assert charge.refunded and charge.amount_refunded == 1000
    assert charge.refunds is not None and len(charge.refunds.data) == 2


def test_nothing_is_refunded_twice(shop: Shop) -> None:
    intent = _paid(shop)
    _refund(shop, intent)
    with pytest.raises(stripe.InvalidRequestError) as error:
        _refund(shop, intent)
    assert error.value.code == "charge_already_refunded"


def test_a_refund_is_never_over_what_is_left(shop: Shop) -> None:
    intent = _paid(shop)
    _refund(shop, intent, 999)
    with pytest.raises(stripe.InvalidRequestError, match="greater than unrefunded") as error:
        _refund(shop, intent, 2)
    assert error.value.param == "amount"
    assert _refund(shop, intent, 1).amount == 1


def test_many_partial_refunds_at_once_sum_to_no_more_than_was_captured(shop: Shop) -> None:
    intent = _paid(shop)

    def give_back() -> None:
        client = stripe.StripeClient(shop.key, base_addresses={"api": shop.origin})
        for _ in range(4):
            try:
                client.v1.refunds.create({"payment_intent": intent, "amount": 90})
            except stripe.InvalidRequestError:
                continue

    threads = [threading.Thread(target=give_back) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(refund["amount_minor"] for refund in shop.books()["refunds"]) == 990


@pytest.mark.parametrize("amount", [0, -5])
def test_a_refund_of_nothing_is_refused(shop: Shop, amount: int) -> None:
    with pytest.raises(stripe.InvalidRequestError) as error:
        _refund(shop, _paid(shop), amount)
    assert error.value.code == "parameter_invalid_integer"


def test_what_was_not_paid_cannot_be_refunded(shop: Shop) -> None:
    session = shop.sell()
    shop.pay(session.url, DECLINED)
    with pytest.raises(stripe.InvalidRequestError, match="successful charge"):
        _refund(shop, str(shop.read(session.id).payment_intent))
    with pytest.raises(stripe.InvalidRequestError) as error:
        _refund(shop, "pi_nobody")
    assert error.value.code == "resource_missing"
    with pytest.raises(stripe.InvalidRequestError) as error:
        shop.client.v1.refunds.create({"reason": "duplicate"})
    assert error.value.code == "parameter_missing"


def test_a_refund_may_name_the_charge_but_not_both(shop: Shop) -> None:
    intent = _paid(shop)
    charge = str(shop.client.v1.payment_intents.retrieve(intent).latest_charge)
    with pytest.raises(stripe.InvalidRequestError, match="only specify one"):
        shop.client.v1.refunds.create({"payment_intent": intent, "charge": charge})
    refund = shop.client.v1.refunds.create({"charge": charge, "reason": "duplicate"})
    assert (refund.payment_intent, refund.reason) == (intent, "duplicate")


def test_a_charge_that_failed_cannot_be_refunded(shop: Shop) -> None:
    session = shop.sell()
    shop.pay(session.url, DECLINED)
    (intent,) = shop.client.v1.payment_intents.list().data
    with pytest.raises(stripe.InvalidRequestError, match="not captured"):
        shop.client.v1.refunds.create({"charge": str(intent.latest_charge)})


def test_refunds_can_be_listed_by_payment(shop: Shop) -> None:
    first, second = _paid(shop), _paid(shop)
    refund = _refund(shop, first, 10)
    _refund(shop, second, 10)
    found = shop.client.v1.refunds.list({"payment_intent": first})
    assert [r.id for r in found.data] == [refund.id]
    assert shop.client.v1.refunds.retrieve(refund.id).amount == 10
    by_charge = shop.client.v1.refunds.list({"charge": str(refund.charge)})
    assert [r.id for r in by_charge.data] == [refund.id]


def test_a_refund_tells_of_itself_and_of_its_charge(shop: Shop, receiver: Receiver) -> None:
    intent = _paid(shop)
    shop.listen(receiver, "refund.created", "charge.refunded")
    _refund(shop, intent, 100)
    receiver.wait(2)
    assert sorted(receiver.types()) == ["charge.refunded", "refund.created"]


def test_a_slow_refund_is_pending_first_and_settles_with_time(
    shop: Shop, receiver: Receiver
) -> None:
    intent = _paid(shop, card="4000000000007726")
    shop.listen(receiver, "refund.updated", "refund.failed")
    refund = _refund(shop, intent)
    assert refund.status == "pending"
    shop.control("POST", "clock", {"advance_s": 61})
    assert shop.client.v1.refunds.retrieve(refund.id).status == "succeeded"
    receiver.wait(1)
    assert receiver.types() == ["refund.updated"]


def test_a_refund_that_fails_later_leaves_the_money_with_the_shop(
    shop: Shop, receiver: Receiver
) -> None:
    intent = _paid(shop, card="4000000000005126")
    shop.listen(receiver, "refund.updated", "refund.failed")
    refund = _refund(shop, intent, 400)
    assert refund.status == "succeeded"
    shop.control("POST", f"refunds/{refund.id}/settle", {"status": "failed"})
    assert shop.client.v1.refunds.retrieve(refund.id).status == "failed"
    (payment,) = shop.books()["payments"]
    assert payment["refunded_minor"] == 0
    receiver.wait(2)
    assert sorted(receiver.types()) == ["refund.failed", "refund.updated"]
    assert _refund(shop, intent).amount == 1000
