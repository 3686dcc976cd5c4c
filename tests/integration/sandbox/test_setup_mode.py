"""`mode=setup`: a card is kept for a customer, and no money moves; by the SDK's eyes."""

from typing import Any

import pytest
import stripe

from tests.integration.sandbox.shop import DECLINED, GOOD_CARD, Receiver, Shop, line

FAILS_LATER = "4000000000000341"
CHALLENGED = "4000002500003155"


def begun(shop: Shop, **changes: Any) -> stripe.checkout.Session:
    params = {
        "mode": "setup",
        "success_url": "http://127.0.0.1:9/thanks?session={CHECKOUT_SESSION_ID}",
        "customer_creation": "always",
        "currency": "eur",
        "metadata": {"reference": "s-1"},
        "setup_intent_data": {"metadata": {"reference": "s-1"}},
        **changes,
    }
    asked: Any = {name: value for name, value in params.items() if value is not None}
    return shop.client.v1.checkout.sessions.create(asked)


def seen(shop: Shop, session: stripe.checkout.Session) -> stripe.SetupIntent:
    found = shop.read(session.id, "setup_intent.payment_method").setup_intent
    assert isinstance(found, stripe.SetupIntent)
    return found


@pytest.mark.parametrize("card", [GOOD_CARD, FAILS_LATER])
def test_a_card_is_kept_for_a_new_customer_and_nothing_is_charged(shop: Shop, card: str) -> None:
    session = begun(shop)
    assert (session.amount_total, session.payment_status) == (None, "no_payment_required")
    waits = seen(shop, session)
    assert (waits.status, waits.payment_method, waits.customer) == (
        "requires_payment_method",
        None,
        None,
    )
    page = shop.http.get(session.url or "").text
    assert "Save this card" in page and "Which card shall the shop keep?" in page
    assert shop.pay(session.url, card).status_code == 303
    intent, whole = seen(shop, session), shop.read(session.id)
    assert (whole.status, intent.status) == ("complete", "succeeded")
    assert whole.customer == intent.customer is not None
    assert isinstance(intent.payment_method, stripe.PaymentMethod)
    kept = shop.client.v1.payment_methods.retrieve(intent.payment_method.id)
    assert kept.customer == intent.customer and kept.card is not None
    assert (kept.card.last4, kept.card.exp_month, kept.card.exp_year) == (card[-4:], 12, 2034)
    assert shop.client.v1.customers.retrieve(str(intent.customer)).name == "Ada"
    assert shop.books()["payments"] == []
    assert "Card saved" in shop.http.get(session.url or "").text


def test_a_card_that_its_bank_refuses_is_not_kept_and_another_may_be(shop: Shop) -> None:
    session = begun(shop)
    assert shop.pay(session.url, DECLINED).status_code == 402
    refused = seen(shop, session)
    assert (refused.status, refused.payment_method) == ("requires_payment_method", None)
    assert refused.last_setup_error is not None
    assert refused.last_setup_error.decline_code == "generic_decline"
    assert shop.pay(session.url, "1234").status_code == 422
    assert shop.pay(session.url).status_code == 303
    intent = seen(shop, session)
    assert (intent.status, intent.last_setup_error) == ("succeeded", None)


@pytest.mark.parametrize("succeeded", [True, False])
def test_the_bank_may_ask_whose_card_it_is(shop: Shop, succeeded: bool) -> None:
    session = begun(shop)
    assert shop.pay(session.url, CHALLENGED).headers["Location"].endswith("/challenge")
    assert seen(shop, session).status == "requires_action"
    shop.control("POST", f"sessions/{session.id}/challenge", {"succeeded": succeeded})
    intent = seen(shop, session)
    assert intent.status == ("succeeded" if succeeded else "requires_payment_method")
    assert (intent.last_setup_error is None) is succeeded
    assert shop.read(session.id).status == ("complete" if succeeded else "open")


def test_a_second_card_is_kept_for_a_customer_who_is_known(shop: Shop) -> None:
    first = begun(shop)
    assert shop.pay(first.url).status_code == 303
    customer = str(shop.read(first.id).customer)
    second = begun(shop, customer=customer, customer_creation=None)
    assert second.customer == customer
    assert shop.pay(second.url).status_code == 303
    assert seen(shop, second).customer == customer
    intents = shop.client.v1.setup_intents.list({"customer": customer}).data
    assert {each.id for each in intents} == {str(first.setup_intent), str(second.setup_intent)}


def test_without_a_customer_the_card_is_nobodys(shop: Shop) -> None:
    session = begun(shop, customer_creation=None)
    shop.pay(session.url)
    assert shop.read(session.id).customer is None
    assert seen(shop, session).customer is None


def test_an_expired_one_keeps_nothing(shop: Shop) -> None:
    session = begun(shop)
    shop.client.v1.checkout.sessions.expire(session.id)
    assert shop.read(session.id).status == "expired"
    assert seen(shop, session).status == "canceled"
    done = shop.control("POST", f"sessions/{session.id}/pay", {"card": GOOD_CARD})
    assert done["outcome"] == "expired"


def test_it_is_told(shop: Shop, receiver: Receiver) -> None:
    shop.listen(receiver, *_TOLD)
    session = begun(shop)
    shop.pay(session.url, DECLINED)
    shop.pay(session.url)
    receiver.wait(5)
    assert sorted(receiver.types()) == sorted(_TOLD)
    subjects = [event.data.object for event in receiver.events()]
    assert {s.metadata["reference"] for s in subjects if s.object == "setup_intent"} == {"s-1"}


_TOLD = (
    *("setup_intent.created", "setup_intent.setup_failed", "setup_intent.succeeded"),
    *("payment_method.attached", "checkout.session.completed"),
)


@pytest.mark.parametrize(
    "changes, param",
    [
        ({"line_items": [line()]}, "line_items"),
        ({"payment_intent_data": {"description": "x"}}, "payment_intent_data"),
        ({"currency": None}, "currency"),
        ({"success_url": None}, "success_url"),
        ({"customer": "cus_1"}, "customer_creation"),
        ({"customer": "cus_1", "customer_creation": None}, "customer"),
        ({"setup_intent_data": {"on_behalf_of": "acct_1"}}, "setup_intent_data[on_behalf_of]"),
    ],
)
def test_what_does_not_belong_to_it_is_refused(
    new_shop: Shop, changes: dict[str, Any], param: str
) -> None:
    with pytest.raises(stripe.InvalidRequestError) as error:
        begun(new_shop, **changes)
    assert error.value.param == param


def test_its_data_belong_to_no_other_mode(new_shop: Shop) -> None:
    with pytest.raises(stripe.InvalidRequestError) as error:
        new_shop.sell(setup_intent_data={"metadata": {"a": "b"}})
    assert error.value.param == "setup_intent_data"


def test_its_objects_have_the_fields_of_the_real_ones(shop: Shop, examples: dict[str, Any]) -> None:
    session = begun(shop)
    shop.pay(session.url)
    intent = shop.client.v1.setup_intents.retrieve(str(session.setup_intent)).to_dict()
    assert set(examples["setup_intent"]) <= set(intent)
    assert set(intent) <= set(stripe.SetupIntent.__annotations__)
    assert set(examples["checkout.session"]) <= set(shop.read(session.id).to_dict())
