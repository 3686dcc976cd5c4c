"""`mode=subscription`: what a completed session leaves behind, as the SDK reads it."""

import time
from datetime import UTC, datetime

import pytest
import stripe

from tests.integration.sandbox.shop import DECLINED, Receiver, Shop, line


def _club(shop: Shop) -> stripe.checkout.Session:
    return shop.sell(
        mode="subscription",
        line_items=[line("Club", 1500, 2, recurring={"interval": "month"}), line("Box", 900)],
        subscription_data={"metadata": {"reference": "r-1"}},
        client_reference_id=None,
        metadata={"reference": "r-1"},
    )


def test_a_paid_session_has_a_subscription_and_an_invoice_but_no_payment_intent(
    shop: Shop,
) -> None:
    session = _club(shop)
    assert session.amount_total == 3900
    assert "every month" in shop.http.get(session.url or "").text
    assert shop.pay(session.url).status_code == 303
    session = shop.read(session.id, "subscription", "invoice.payments")
    assert (session.status, session.payment_status) == ("complete", "paid")
    assert session.payment_intent is None and session.customer is not None
    subscription, invoice = session.subscription, session.invoice
    assert isinstance(subscription, stripe.Subscription)
    assert isinstance(invoice, stripe.Invoice)
    assert subscription.status == "active" and subscription.metadata["reference"] == "r-1"
    items = subscription["items"].data
    assert [item.price.unit_amount for item in items] == [1500]
    begin = datetime.fromtimestamp(items[0].current_period_start, UTC)
    end = datetime.fromtimestamp(items[0].current_period_end, UTC)
    assert 28 <= (end - begin).days <= 31
    assert (invoice.status, invoice.amount_paid, len(invoice.lines.data)) == ("paid", 3900, 2)
    assert invoice.parent is not None and invoice.parent.subscription_details is not None
    assert invoice.parent.subscription_details.subscription == subscription.id


def test_the_invoice_leads_to_the_payment_that_can_be_refunded(shop: Shop) -> None:
    session = _club(shop)
    shop.pay(session.url)
    id = str(shop.read(session.id).invoice)
    assert "payments" not in shop.client.v1.invoices.retrieve(id).to_dict()
    invoice = shop.client.v1.invoices.retrieve(id, {"expand": ["payments"]})
    assert invoice.payments is not None
    intent = invoice.payments.data[0].payment.payment_intent
    assert isinstance(intent, str)
    assert shop.client.v1.refunds.create({"payment_intent": intent}).amount == 3900
    (payment,) = shop.books()["payments"]
    assert payment["reference"] == "r-1"
    assert payment["refunded_minor"] == 3900
    assert payment["session_id"] == session.id


def test_the_subscription_and_its_invoice_are_told(shop: Shop, receiver: Receiver) -> None:
    shop.listen(receiver, "customer.subscription.created", "invoice.paid")
    session = _club(shop)
    shop.pay(session.url)
    receiver.wait(2)
    assert sorted(receiver.types()) == ["customer.subscription.created", "invoice.paid"]
    subscription = shop.client.v1.subscriptions.retrieve(str(shop.read(session.id).subscription))
    assert subscription.created <= int(time.time())
    listed = shop.client.v1.checkout.sessions.list({"subscription": subscription.id})
    assert [each.id for each in listed.data] == [session.id]


def test_a_declined_subscription_leaves_nothing_behind(shop: Shop) -> None:
    session = _club(shop)
    assert shop.pay(session.url, DECLINED).status_code == 402
    declined = shop.read(session.id)
    assert (declined.status, declined.subscription, declined.invoice) == ("open", None, None)
    assert declined.payment_intent is None


def test_what_belongs_to_the_other_mode_is_refused(shop: Shop) -> None:
    with pytest.raises(stripe.InvalidRequestError) as error:
        shop.sell(subscription_data={"description": "x"})
    assert error.value.param == "subscription_data"
    monthly = line(recurring={"interval": "month"})
    with pytest.raises(stripe.InvalidRequestError) as error:
        shop.sell(
            mode="subscription", line_items=[monthly], payment_intent_data={"description": "x"}
        )
    assert error.value.param == "payment_intent_data"
