"""Every object has the fields that Razorpay's reference documents for it, and no name of ours."""

from typing import Any

from tests.integration.sandbox.razorpay.shop import Shop, opened
from tests.integration.sandbox.shop import Receiver

LINK = set(
    "accept_partial amount amount_paid callback_method callback_url cancelled_at created_at"
    " currency customer description expire_by expired_at first_min_partial_amount id notes notify"
    " payments reference_id reminder_enable reminders short_url status updated_at upi_link user_id"
    " whatsapp_link".split()
)
PAYMENT = set(
    "id entity amount currency status order_id invoice_id international method amount_refunded"
    " refund_status captured description card_id bank wallet vpa email contact notes fee tax"
    " error_code error_description error_source error_step error_reason acquirer_data"
    " created_at".split()
)
ORDER = set(
    "id entity amount amount_paid amount_due currency receipt offer_id status attempts notes"
    " created_at".split()
)
REFUND = set(
    "id entity amount currency payment_id notes receipt acquirer_data created_at batch_id status"
    " speed_processed speed_requested".split()
)
QR_CODE = set(
    "id entity created_at name usage type image_url payment_amount status description fixed_amount"
    " payments_amount_received payments_count_received notes customer_id close_by closed_at"
    " close_reason".split()
)
DISPUTE = set(
    "id entity payment_id amount currency amount_deducted reason_code respond_by status phase"
    " created_at evidence".split()
)
PLAN = set("id entity interval period item notes created_at".split())
SUBSCRIPTION = set(
    "id entity plan_id customer_id status current_start current_end ended_at quantity notes"
    " charge_at start_at end_at auth_attempts total_count paid_count customer_notify created_at"
    " expire_by short_url has_scheduled_changes change_scheduled_at source"
    " remaining_count".split()
)
INVOICE = set(
    "id entity receipt invoice_number customer_id customer_details order_id subscription_id"
    " line_items payment_id status expire_by issued_at paid_at cancelled_at expired_at sms_status"
    " email_status date terms partial_payment gross_amount tax_amount taxable_amount amount"
    " amount_paid amount_due currency currency_symbol description notes comment short_url view_less"
    " billing_start billing_end type group_taxes_discounts created_at idempotency_key".split()
)
INVOICE_LINE = set(
    "id item_id ref_id ref_type name description amount unit_amount gross_amount tax_amount"
    " taxable_amount net_amount currency type tax_inclusive hsn_code sac_code tax_rate unit"
    " quantity taxes".split()
)
EVENT = {"entity", "account_id", "event", "contains", "payload", "created_at"}


def test_links_payments_orders_and_refunds(new_shop: Shop) -> None:
    assert set(new_shop.sell(reference_id=None)) == LINK
    sold = new_shop.sold()
    assert set(sold) == LINK | {"order_id"}
    assert set(sold["payments"][0]) == set(
        "amount created_at method payment_id plink_id status".split()
    )
    payment = new_shop.payment(sold)
    assert set(payment) == PAYMENT | {"card"}
    assert set(new_shop.get(f"orders/{sold['order_id']}")) == ORDER
    refund = new_shop.post(f"payments/{payment['id']}/refund")
    assert set(refund) == REFUND
    assert set(new_shop.get("payments")) == {"entity", "count", "items"}


def test_codes_and_disputes(new_shop: Shop) -> None:
    shown = new_shop.show()
    assert set(shown) == QR_CODE
    new_shop.control("POST", f"sessions/{shown['id']}/pay", {})
    [payment] = new_shop.get(f"payments/qr_codes/{shown['id']}/payments")["items"]
    assert set(payment) == PAYMENT | {"upi"}
    made = new_shop.control("POST", f"payments/{payment['id']}/dispute", {})
    assert set(new_shop.get(f"disputes/{made['dispute_id']}")) == DISPUTE


def test_plans_and_subscriptions(new_shop: Shop) -> None:
    item = {"name": "Coffee", "amount": 100}
    plan = new_shop.post("plans", {"period": "monthly", "interval": 1, "item": item})
    assert set(plan) == PLAN
    made = new_shop.post("subscriptions", {"plan_id": plan["id"], "total_count": 1})
    assert set(made) == SUBSCRIPTION
    new_shop.control("POST", f"sessions/{made['id']}/pay", {})
    [invoice] = new_shop.get("invoices", subscription_id=made["id"])["items"]
    assert set(invoice) == INVOICE and set(invoice["line_items"][0]) == INVOICE_LINE
    payment = new_shop.get(f"payments/{invoice['payment_id']}")
    assert set(payment) == PAYMENT | {"upi"}
    assert set(new_shop.get(f"orders/{invoice['order_id']}")) == ORDER


def test_empty_notes_are_a_list_and_those_of_a_link_are_null(new_shop: Shop) -> None:
    sold = new_shop.sold(notes={})
    assert sold["notes"] is None
    payment: Any = new_shop.payment(sold)
    assert payment["notes"] == []
    assert new_shop.post(f"payments/{payment['id']}/refund")["notes"] == []
    assert new_shop.show(notes={})["notes"] == []


def test_a_notice_names_what_it_contains(shop: Shop, receiver: Receiver) -> None:
    shop.listen(receiver)
    sold = shop.sold()
    shop.post(f"payments/{shop.payment(sold)['id']}/refund")
    receiver.wait(6)
    for event in opened(receiver):
        assert set(event) == EVENT | {"id"}
        assert set(event["payload"]) == set(event["contains"])
        for about in event["payload"].values():
            assert set(about) == {"entity"}
