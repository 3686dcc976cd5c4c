"""Subscriptions as time passes: renewed, refused, tried again, paused, ended; by the SDK's eyes."""

from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest
import stripe

from tests.integration.sandbox.shop import Receiver, Shop, line

DAY_S = 86_400
FAILS_LATER = "4000000000000341"
RETRIES_DAYS = (3, 5, 7)


def club(shop: Shop, interval: str = "month", **recurring: Any) -> stripe.Subscription:
    """Sell a subscription of 15.00 EUR beside a box of 9.00 that comes once."""
    cycle = {"interval": interval, **recurring}
    session = shop.sold(
        mode="subscription",
        line_items=[line("Club", 1500, recurring=cycle), line("Box", 900)],
        subscription_data={"metadata": {"reference": "r-1"}},
        client_reference_id=None,
        metadata={"reference": "r-1"},
    )
    return shop.client.v1.subscriptions.retrieve(str(session.subscription))


def again(shop: Shop, subscription: stripe.Subscription) -> stripe.Subscription:
    return shop.client.v1.subscriptions.retrieve(subscription.id)


def advance(shop: Shop, seconds: int) -> None:
    shop.control("POST", "clock", {"advance_s": seconds})


def over(shop: Shop, subscription: stripe.Subscription, hours: int = 1) -> None:
    """Let the period be over, and some hours more."""
    advance(shop, until(subscription) - shop.control("GET", "clock")["now"] + hours * 3600)


def until(subscription: stripe.Subscription) -> int:
    return int(subscription["items"].data[0].current_period_end)


def invoices(shop: Shop, subscription: stripe.Subscription, **filters: Any) -> list[stripe.Invoice]:
    params: Any = {"subscription": subscription.id, "expand": ["data.payments"], **filters}
    return list(shop.client.v1.invoices.list(params).data)


def told(shop: Shop) -> list[str]:
    """Everything that was told of subscriptions and invoices, oldest first."""
    types = [event.type for event in shop.client.v1.events.list({"limit": 100}).data]
    return [type for type in reversed(types) if type.startswith(("invoice", "customer.sub"))]


def set_card(shop: Shop, subscription: stripe.Subscription, card: str) -> None:
    shop.control("POST", f"stripe/subscriptions/{subscription.id}/card", {"card": card})


def test_a_period_that_is_over_brings_a_draft_and_an_hour_later_its_payment(shop: Shop) -> None:
    subscription = club(shop, "day", interval_count=20)
    before = len(told(shop))
    over(shop, subscription, hours=0)
    draft, first = invoices(shop, subscription)
    assert (draft.status, draft.number, draft.attempted) == ("draft", None, False)
    assert draft.automatically_finalizes_at == draft.created + 3600 == until(subscription) + 3600
    assert (draft.amount_due, draft.billing_reason) == (1500, "subscription_cycle")
    assert (first.amount_due, first.billing_reason) == (2400, "subscription_create")
    assert draft.payments is not None and draft.payments.data == []
    renewed = again(shop, subscription)
    assert (renewed.status, renewed.latest_invoice) == ("active", draft.id)
    assert renewed["items"].data[0].current_period_start == until(subscription)
    assert until(renewed) == until(subscription) + 20 * DAY_S
    advance(shop, 3600)
    paid = invoices(shop, subscription)[0]
    assert (paid.id, paid.status, paid.amount_paid) == (draft.id, "paid", 1500)
    assert str(paid.number).endswith("-0002") and str(first.number).endswith("-0001")
    assert paid.payments is not None
    (payment,) = paid.payments.data
    assert (payment.status, payment.amount_paid) == ("paid", 1500)
    intent = shop.client.v1.payment_intents.retrieve(str(payment.payment.payment_intent))
    assert (intent.status, intent.amount_received) == ("succeeded", 1500)
    assert told(shop)[before:] == [
        *("invoice.created", "customer.subscription.updated", "invoice.finalized"),
        *("invoice_payment.paid", "invoice.paid", "invoice.payment_succeeded"),
    ]


def test_a_clock_that_was_moved_far_ahead_brings_one_period_after_the_other(shop: Shop) -> None:
    subscription = club(shop, "week")
    advance(shop, 3 * 7 * DAY_S + 2 * 3600)
    found = invoices(shop, subscription)
    assert [invoice.status for invoice in found] == ["paid"] * 4
    starts = [invoice.lines.data[0].period.start for invoice in reversed(found)]
    assert [after - before for before, after in pairwise(starts)] == [7 * DAY_S] * 3


def test_each_month_ends_on_the_day_that_it_began_on_where_it_has_that_day(shop: Shop) -> None:
    january = int(datetime(2027, 1, 31, 12, tzinfo=UTC).timestamp())
    advance(shop, january - shop.control("GET", "clock")["now"])
    subscription = club(shop)
    days = []
    for _ in range(3):
        days.append(datetime.fromtimestamp(until(subscription), UTC).strftime("%m-%d"))
        over(shop, subscription)
        subscription = again(shop, subscription)
    assert days == ["02-28", "03-31", "04-30"]


def test_what_is_refused_is_tried_three_times_more_and_then_it_is_over(shop: Shop) -> None:
    subscription = club(shop, "day", interval_count=20)
    set_card(shop, subscription, FAILS_LATER)
    over(shop, subscription)
    for tries, days in enumerate((*RETRIES_DAYS, None), start=1):
        invoice = invoices(shop, subscription)[0]
        assert (invoice.status, invoice.attempt_count) == ("open", tries)
        assert (invoice.next_payment_attempt is None) is (days is None)
        if days is not None:
            assert again(shop, subscription).status == "past_due"
            advance(shop, days * DAY_S)
    ended = again(shop, subscription)
    assert ended.status == "canceled" and ended.ended_at is not None
    assert ended.cancellation_details is not None
    assert ended.cancellation_details.reason == "payment_failed"
    # What happened when it began is older than Stripe's list of events.
    assert told(shop) == [
        *("invoice.created", "customer.subscription.updated", "invoice.finalized"),
        *("invoice.payment_failed", "customer.subscription.updated"),
        *["invoice.payment_failed"] * 3,
        "customer.subscription.deleted",
    ]
    tried = invoices(shop, subscription)[0]
    assert tried.payments is not None
    (payment,) = tried.payments.data
    assert (payment.status, payment.amount_paid) == ("open", None)
    advance(shop, 60 * DAY_S)
    assert len(invoices(shop, subscription)) == 2


def test_what_was_refused_and_is_paid_by_another_card_lets_it_run_again(shop: Shop) -> None:
    subscription = club(shop)
    set_card(shop, subscription, FAILS_LATER)
    over(shop, subscription)
    intent = invoices(shop, subscription, expand=["data.payments.data.payment.payment_intent"])
    assert intent[0].payments is not None
    refused = intent[0].payments.data[0].payment.payment_intent
    assert isinstance(refused, stripe.PaymentIntent)
    assert refused.status == "requires_payment_method"
    assert refused.last_payment_error is not None
    assert refused.last_payment_error.decline_code == "generic_decline"
    set_card(shop, subscription, "4242424242424242")
    advance(shop, RETRIES_DAYS[0] * DAY_S)
    assert again(shop, subscription).status == "active"
    paid = invoices(shop, subscription, status="paid")
    assert [invoice.amount_paid for invoice in paid] == [1500, 2400]
    assert paid[0].payments is not None
    assert paid[0].payments.data[0].payment.payment_intent == refused.id


def test_a_card_that_wants_its_holder_asked_is_refused_while_nobody_is_there(shop: Shop) -> None:
    subscription = club(shop)
    set_card(shop, subscription, "4000002500003155")
    shop.control("POST", f"stripe/subscriptions/{subscription.id}/renew", {})
    found = invoices(shop, subscription, expand=["data.payments.data.payment.payment_intent"])
    assert found[0].payments is not None
    intent = found[0].payments.data[0].payment.payment_intent
    assert isinstance(intent, stripe.PaymentIntent) and intent.last_payment_error is not None
    assert intent.last_payment_error.code == "authentication_required"


def test_one_that_ends_with_its_period_is_over_then_and_takes_nothing(shop: Shop) -> None:
    subscription = club(shop)
    end: Any = {"cancel_at_period_end": True}
    options: Any = {"idempotency_key": "end-1"}
    for _ in range(2):
        ending = shop.client.v1.subscriptions.update(subscription.id, end, options)
        assert (ending.status, ending.cancel_at) == ("active", until(subscription))
        assert ending.ended_at is None and ending.canceled_at is not None
    assert told(shop).count("customer.subscription.updated") == 1
    over(shop, subscription)
    ended = again(shop, subscription)
    assert (ended.status, ended.ended_at) == ("canceled", until(subscription))
    assert len(invoices(shop, subscription)) == 1
    assert told(shop)[-1] == "customer.subscription.deleted"


def test_an_end_can_be_taken_back_until_it_has_come(shop: Shop) -> None:
    subscription = club(shop)
    shop.client.v1.subscriptions.update(subscription.id, {"cancel_at_period_end": True})
    runs = shop.client.v1.subscriptions.update(subscription.id, {"cancel_at_period_end": False})
    assert runs.cancel_at is runs.canceled_at is None
    over(shop, subscription)
    assert again(shop, subscription).status == "active"


def test_one_that_was_cancelled_is_none_any_more_to_whoever_cancels_it(shop: Shop) -> None:
    subscription = club(shop)
    ended = shop.client.v1.subscriptions.cancel(subscription.id)
    assert ended.status == "canceled" and ended.ended_at is not None
    with pytest.raises(stripe.InvalidRequestError) as error:
        shop.client.v1.subscriptions.cancel(subscription.id, options={"idempotency_key": "k"})
    assert (error.value.http_status, error.value.code) == (404, "resource_missing")
    with pytest.raises(stripe.InvalidRequestError) as error:
        shop.client.v1.subscriptions.update(subscription.id, {"cancel_at_period_end": True})
    assert error.value.http_status == 400
    named = shop.client.v1.subscriptions.update(subscription.id, {"metadata": {"a": "b"}})
    assert named.metadata["a"] == "b"
    over(shop, subscription)
    assert len(invoices(shop, subscription)) == 1


@pytest.mark.parametrize(
    "behavior, status",
    [("keep_as_draft", "draft"), ("mark_uncollectible", "uncollectible"), ("void", "void")],
)
def test_while_collecting_is_paused_nothing_is_taken(
    shop: Shop, behavior: Any, status: str
) -> None:
    subscription = club(shop)
    pause: Any = {"pause_collection": {"behavior": behavior}}
    paused = shop.client.v1.subscriptions.update(subscription.id, pause)
    assert paused.status == "active" and paused.pause_collection is not None
    over(shop, subscription)
    advance(shop, 2 * 3600)
    assert invoices(shop, subscription)[0].status == status
    shop.client.v1.subscriptions.update(subscription.id, {"pause_collection": ""})
    over(shop, again(shop, subscription))
    assert [i.status for i in invoices(shop, subscription)] == ["paid", status, "paid"]


def test_money_that_is_on_its_way_leaves_the_first_invoice_open(shop: Shop) -> None:
    for succeeded, status in ((True, "active"), (False, "past_due")):
        session = shop.sell(
            mode="subscription", line_items=[line("Club", 1500, recurring={"interval": "month"})]
        )
        card = {"card": "4242424242424242", "delayed": True}
        shop.control("POST", f"sessions/{session.id}/pay", card)
        waits = shop.read(session.id, "invoice.payments", "subscription")
        assert isinstance(waits.invoice, stripe.Invoice) and waits.invoice.payments is not None
        assert (waits.payment_status, waits.invoice.status) == ("unpaid", "open")
        assert waits.invoice.payments.data[0].status == "open"
        shop.control("POST", f"sessions/{session.id}/settle", {"succeeded": succeeded})
        done = shop.read(session.id, "invoice", "subscription")
        assert isinstance(done.invoice, stripe.Invoice)
        assert isinstance(done.subscription, stripe.Subscription)
        assert done.invoice.status == ("paid" if succeeded else "open")
        assert done.subscription.status == status


def test_lists_say_what_is_asked_for(shop: Shop) -> None:
    runs, gone = club(shop), club(shop, "year")
    shop.client.v1.subscriptions.cancel(gone.id)
    listing = shop.client.v1.subscriptions.list
    assert [each.id for each in listing().data] == [runs.id]
    assert [each.id for each in listing({"status": "all"}).data] == [gone.id, runs.id]
    assert [each.id for each in listing({"status": "ended"}).data] == [gone.id]
    assert [each.id for each in listing({"status": "active"}).data] == [runs.id]
    assert [each.id for each in listing({"customer": str(runs.customer)}).data] == [runs.id]
    shop.control("POST", f"stripe/subscriptions/{runs.id}/renew", {})
    found = invoices(shop, runs, limit=1)
    assert len(found) == 1 and found[0].billing_reason == "subscription_cycle"
    rest = invoices(shop, runs, starting_after=found[0].id)
    assert [each.billing_reason for each in rest] == ["subscription_create"]
    assert invoices(shop, runs, status="open") == []
    paid_by = shop.client.v1.invoice_payments.list({"invoice": str(found[0].id)}).data
    assert [payment.invoice for payment in paid_by] == [found[0].id]
    by_intent: Any = {
        "type": "payment_intent",
        "payment_intent": paid_by[0].payment.payment_intent,
    }
    same = shop.client.v1.invoice_payments.list({"payment": by_intent}).data
    assert [each.id for each in same] == [paid_by[0].id]
    assert shop.client.v1.invoice_payments.retrieve(same[0].id).status == "paid"


def test_a_renewal_is_in_the_books_under_the_reference_of_its_subscription(shop: Shop) -> None:
    subscription = club(shop)
    shop.control("POST", f"stripe/subscriptions/{subscription.id}/renew", {})
    first, renewal = shop.books()["payments"]
    assert (first["captured_minor"], renewal["captured_minor"]) == (2400, 1500)
    assert (first["reference"], renewal["reference"]) == ("r-1", "r-1")
    assert first["subscription_id"] == renewal["subscription_id"] == subscription.id
    assert renewal["session_id"] == renewal["payment_id"]
    shop.control("POST", f"payments/{renewal['payment_id']}/refund", {"amount_minor": 500})
    assert shop.books()["payments"][1]["refunded_minor"] == 500


def test_a_renewals_intent_is_no_page_of_the_shops(shop: Shop) -> None:
    subscription = club(shop)
    set_card(shop, subscription, FAILS_LATER)
    shop.control("POST", f"stripe/subscriptions/{subscription.id}/renew", {})
    intent = shop.books()["payments"][1]["payment_id"]
    pay = shop.http.post(f"/_control/sessions/{intent}/pay", json={"card": "4242424242424242"})
    assert pay.status_code == 404
    with pytest.raises(stripe.InvalidRequestError):
        shop.client.v1.payment_intents.cancel(intent)


def test_what_is_not_simulated_is_refused_and_changes_nothing(shop: Shop) -> None:
    subscription = club(shop)
    for params in (
        {"items": [{"id": "si_1"}]},
        {"trial_end": "now"},
        {"cancel_at": 2_000_000_000},
        {"pause_collection": {"behavior": "void", "resumes_at": 2_000_000_000}},
        {"default_payment_method": "pm_nowhere"},
        {"nonsense": "1"},
    ):
        asked: Any = params
        with pytest.raises(stripe.InvalidRequestError):
            shop.client.v1.subscriptions.update(subscription.id, asked)
    with pytest.raises(stripe.InvalidRequestError):
        shop.client.v1.subscriptions.cancel(subscription.id, {"prorate": True})
    assert again(shop, subscription).to_dict() == subscription.to_dict()


def test_the_control_api_says_what_it_cannot_do(shop: Shop) -> None:
    subscription = club(shop)
    at = f"/_control/stripe/subscriptions/{subscription.id}"
    assert shop.http.post(f"{at}/card", json={"card": "1234"}).status_code == 400
    assert shop.http.post(f"{at}/renew", json={"x": 1}).status_code == 400
    assert shop.http.post("/_control/stripe/subscriptions/sub_9/renew").status_code == 404
    assert shop.control("POST", f"stripe/subscriptions/{subscription.id}/cancel", {}) == {
        "id": subscription.id,
        "status": "canceled",
        "reference": "r-1",
        "latest_invoice": subscription.latest_invoice,
    }
    assert shop.http.post(f"{at}/renew").status_code == 404


def test_what_was_due_is_told_once(shop: Shop, receiver: Receiver) -> None:
    shop.listen(receiver, "invoice.paid", "customer.subscription.deleted")
    subscription = club(shop)
    over(shop, subscription)
    receiver.wait(2)
    shop.control("POST", f"stripe/subscriptions/{subscription.id}/cancel", {})
    receiver.wait(3)
    assert receiver.types() == ["invoice.paid", "invoice.paid", "customer.subscription.deleted"]


@pytest.mark.parametrize("state", ["draft", "open", "paid"])
def test_an_invoice_has_the_fields_of_the_real_one_however_it_stands(
    shop: Shop, examples: dict[str, Any], state: str
) -> None:
    subscription = club(shop)
    if state == "open":
        set_card(shop, subscription, FAILS_LATER)
    over(shop, subscription, hours=0 if state == "draft" else 1)
    made = invoices(shop, subscription)[0].to_dict()
    assert made["status"] == state
    # Under `parent` since API version 2025-03-31.
    assert set(examples["invoice"]) - {"subscription"} <= set(made)
    assert set(made) <= set(stripe.Invoice.__annotations__)
    for entry in made["payments"]["data"]:
        assert set(entry) == set(examples["invoice_payment"])
    for part in made["lines"]["data"]:
        assert set(examples["line_item"]) <= set(part)
    whole = again(shop, subscription).to_dict()
    assert set(examples["subscription"]) <= set(whole)
