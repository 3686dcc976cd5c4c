"""Products, plans and subscriptions: agreed to on a page, paid by time, failed and ended."""

import json
from typing import Any

import httpx
import pytest

from tests.integration.sandbox.paypal.official import check_answer, check_event
from tests.integration.sandbox.paypal.shop import PayPalShop, issue_of, money
from tests.integration.sandbox.shop import Receiver

PRODUCTS, PLANS, SUBSCRIPTIONS = (
    "/v1/catalogs/products",
    "/v1/billing/plans",
    "/v1/billing/subscriptions",
)
BILLING, CATALOG = "billing_subscriptions_v1", "catalogs_products_v1"
MONTH_S = 31 * 86_400


def _product(paypal: PayPalShop, **changes: Any) -> httpx.Response:
    body = {"name": "Coffee club", "type": "SERVICE", **changes}
    return paypal.api("POST", PRODUCTS, body)


def _plan(paypal: PayPalShop, product: str, **changes: Any) -> httpx.Response:
    cycle = {
        "frequency": {"interval_unit": "MONTH"},
        "tenure_type": "REGULAR",
        "sequence": 1,
        "total_cycles": 0,
        "pricing_scheme": {"fixed_price": money("10.00")},
    }
    body = {
        "product_id": product,
        "name": "Monthly",
        "billing_cycles": [{**cycle, **changes.pop("cycle", {})}],
        "payment_preferences": {"payment_failure_threshold": 2},
        **changes,
    }
    return paypal.api("POST", PLANS, body)


def _subscribe(paypal: PayPalShop, plan: str, **changes: Any) -> httpx.Response:
    context = {
        "return_url": "http://127.0.0.1:9/thanks",
        "cancel_url": "http://127.0.0.1:9/back",
    }
    body = {"plan_id": plan, "custom_id": "till1-7-1", "application_context": context, **changes}
    return paypal.api("POST", SUBSCRIPTIONS, body)


def _new(paypal: PayPalShop, **plan: Any) -> Any:
    product = _product(paypal).json()["id"]
    made = _subscribe(paypal, _plan(paypal, product, **plan).json()["id"])
    assert made.status_code == 201, made.text
    return made.json()


def _for_the_shop_to_begin(paypal: PayPalShop) -> Any:
    """Make one that its payer's word only approves."""
    plan = _plan(paypal, _product(paypal).json()["id"]).json()["id"]
    context = {
        "return_url": "http://127.0.0.1:9/thanks",
        "cancel_url": "http://127.0.0.1:9/back",
        "user_action": "CONTINUE",
    }
    made = _subscribe(paypal, plan, application_context=context)
    assert made.status_code == 201, made.text
    return made.json()


def _page(subscription: Any) -> str:
    (page,) = [each["href"] for each in subscription["links"] if each["rel"] == "approve"]
    return str(page)


def _read(paypal: PayPalShop, id: str) -> Any:
    paypal.renew()
    return paypal.api("GET", f"{SUBSCRIPTIONS}/{id}").json()


def test_the_whole_way_is_as_described(paypal: PayPalShop, receiver: Receiver) -> None:
    product = _product(paypal)
    check_answer(CATALOG, "post", PRODUCTS, product)
    id = product.json()["id"]
    found = paypal.api("GET", f"{PRODUCTS}/{id}")
    check_answer(CATALOG, "get", f"{PRODUCTS}/{{product_id}}", found)
    plan = _plan(paypal, id)
    check_answer(BILLING, "post", PLANS, plan)
    found = paypal.api("GET", f"{PLANS}/{plan.json()['id']}")
    check_answer(BILLING, "get", f"{PLANS}/{{id}}", found)
    check_answer(BILLING, "get", PLANS, paypal.api("GET", PLANS))
    paypal.listen(receiver)
    made = _subscribe(paypal, plan.json()["id"])
    check_answer(BILLING, "post", SUBSCRIPTIONS, made)
    assert made.json()["status"] == "APPROVAL_PENDING"
    back = httpx.post(_page(made.json()), data={"funding": "balance"})
    assert back.status_code == 303
    assert back.headers["Location"].startswith("http://127.0.0.1:9/thanks?subscription_id=I-")
    one = f"{SUBSCRIPTIONS}/{made.json()['id']}"
    active = paypal.api("GET", one)
    check_answer(BILLING, "get", f"{SUBSCRIPTIONS}/{{id}}", active)
    assert active.json()["billing_info"]["last_payment"]["amount"] == money("10.00")
    for verb, status in (("suspend", "SUSPENDED"), ("activate", "ACTIVE"), ("cancel", "CANCELLED")):
        changed = paypal.api("POST", f"{one}/{verb}", {"reason": "asked for"})
        check_answer(BILLING, "post", f"{SUBSCRIPTIONS}/{{id}}/{verb}", changed)
        assert (changed.status_code, paypal.api("GET", one).json()["status"]) == (204, status)
        again = paypal.api("POST", f"{one}/{verb}", {"reason": "asked for"})
        check_answer(BILLING, "post", f"{SUBSCRIPTIONS}/{{id}}/{verb}", again)
        assert issue_of(again) == "SUBSCRIPTION_STATUS_INVALID"
    receiver.wait(6)
    told = [json.loads(body) for _, body in receiver.received]
    for event in told:
        check_event(event)
    assert sorted(event["event_type"] for event in told) == [
        "BILLING.SUBSCRIPTION.ACTIVATED",
        "BILLING.SUBSCRIPTION.CANCELLED",
        "BILLING.SUBSCRIPTION.CREATED",
        "BILLING.SUBSCRIPTION.RE-ACTIVATED",
        "BILLING.SUBSCRIPTION.SUSPENDED",
        "PAYMENT.SALE.COMPLETED",
    ]
    (sale,) = [event for event in told if event["resource_type"] == "sale"]
    assert sale["resource"]["billing_agreement_id"] == made.json()["id"]
    assert sale["resource"]["custom"] == "till1-7-1"


def test_what_the_shop_begins_is_approved_first_and_paid_from_then_on(
    paypal: PayPalShop, receiver: Receiver
) -> None:
    paypal.listen(receiver)
    made = _for_the_shop_to_begin(paypal)
    one = f"{SUBSCRIPTIONS}/{made['id']}"
    assert ">Continue</button>" in httpx.get(_page(made)).text
    early = paypal.api("POST", f"{one}/activate", {"reason": "too early"})
    check_answer(BILLING, "post", f"{SUBSCRIPTIONS}/{{id}}/activate", early)
    assert issue_of(early) == "SUBSCRIPTION_STATUS_INVALID"
    assert httpx.post(_page(made), data={"funding": "balance"}).status_code == 303
    approved = paypal.api("GET", one)
    check_answer(BILLING, "get", f"{SUBSCRIPTIONS}/{{id}}", approved)
    told = approved.json()
    assert (told["status"], "billing_info" in told) == ("APPROVED", False)
    assert [each["rel"] for each in told["links"]] == ["self", "activate"]
    assert paypal.books()["payments"] == []
    page = httpx.get(_page(made)).text
    assert "on its way" in page and "You were charged" not in page
    begun = paypal.api("POST", f"{one}/activate", {"reason": "the sale goes on"})
    check_answer(BILLING, "post", f"{SUBSCRIPTIONS}/{{id}}/activate", begun)
    assert (begun.status_code, _read(paypal, made["id"])["status"]) == (204, "ACTIVE")
    assert len(paypal.books()["payments"]) == 1
    again = paypal.api("POST", f"{one}/activate", {"reason": "again"})
    assert issue_of(again) == "SUBSCRIPTION_STATUS_INVALID"
    paypal.control("POST", "clock", {"advance_s": MONTH_S})
    assert len(paypal.books()["payments"]) == 2
    receiver.wait(4)
    kinds = [json.loads(body)["event_type"] for _, body in receiver.received]
    assert sorted(kinds) == [
        "BILLING.SUBSCRIPTION.ACTIVATED",
        "BILLING.SUBSCRIPTION.CREATED",
        "PAYMENT.SALE.COMPLETED",
        "PAYMENT.SALE.COMPLETED",
    ]


def test_what_the_shop_never_begins_stays_approved_and_takes_nothing(paypal: PayPalShop) -> None:
    made = _for_the_shop_to_begin(paypal)
    for _ in range(2):
        said = paypal.control("POST", f"sessions/{made['id']}/pay", {})
        assert (said["outcome"], said["status"]) == ("approved", "APPROVED")
    paypal.control("POST", "clock", {"advance_s": 3 * MONTH_S})
    assert _read(paypal, made["id"])["status"] == "APPROVED"
    assert paypal.books()["payments"] == []
    # PayPal's description lets nobody cancel what is neither active nor suspended.
    refused = paypal.api("POST", f"{SUBSCRIPTIONS}/{made['id']}/cancel", {"reason": "enough"})
    check_answer(BILLING, "post", f"{SUBSCRIPTIONS}/{{id}}/cancel", refused)
    assert issue_of(refused) == "SUBSCRIPTION_STATUS_INVALID"


def test_one_can_be_agreed_to_and_begun_in_one_go(paypal: PayPalShop) -> None:
    made = _for_the_shop_to_begin(paypal)
    said = paypal.control("POST", f"sessions/{made['id']}/pay", {"capture": True})
    assert (said["outcome"], said["status"]) == ("paid", "ACTIVE")


def test_one_is_begun_without_a_reason_and_goes_on_only_with_one(paypal: PayPalShop) -> None:
    made = _for_the_shop_to_begin(paypal)
    one = f"{SUBSCRIPTIONS}/{made['id']}"
    paypal.control("POST", f"sessions/{made['id']}/pay", {"funding": "declines"})
    assert paypal.api("POST", f"{one}/activate", {}).status_code == 204
    assert _read(paypal, made["id"])["billing_info"]["failed_payments_count"] == 1
    assert paypal.api("POST", f"{one}/suspend", {"reason": "a pause"}).status_code == 204
    assert paypal.api("POST", f"{one}/activate", {}).status_code == 400


def test_time_brings_renewals_until_it_is_cancelled(paypal: PayPalShop) -> None:
    id = _new(paypal)["id"]
    paid = paypal.control("POST", f"sessions/{id}/pay", {})
    assert (paid["outcome"], paid["amount_total"]) == ("paid", 1000)
    paypal.control("POST", "clock", {"advance_s": MONTH_S})
    assert len(paypal.books()["payments"]) == 2
    paypal.control("POST", "clock", {"advance_s": 2 * MONTH_S + 86_400})
    payments = paypal.books()["payments"]
    assert [each["session_id"] for each in payments] == [id] * 4
    assert {each["reference"] for each in payments} == {"till1-7-1"}
    paypal.renew()
    cancelled = paypal.api("POST", f"{SUBSCRIPTIONS}/{id}/cancel", {"reason": "enough"})
    assert cancelled.status_code == 204
    paypal.control("POST", "clock", {"advance_s": 3 * MONTH_S})
    assert len(paypal.books()["payments"]) == 4
    assert "next_billing_time" not in _read(paypal, id)["billing_info"]


def test_its_payments_are_listed(paypal: PayPalShop) -> None:
    id = _new(paypal)["id"]
    paypal.control("POST", f"sessions/{id}/pay", {})
    span = {"start_time": "2020-01-01T00:00:00Z", "end_time": "2040-01-01T00:00:00Z"}
    path = f"{SUBSCRIPTIONS}/{id}/transactions"
    answer = paypal.http_get(path, span)
    check_answer(BILLING, "get", f"{SUBSCRIPTIONS}/{{id}}/transactions", answer)
    (line,) = answer.json()["transactions"]
    assert line["amount_with_breakdown"] == {
        "gross_amount": money("10.00"),
        "fee_amount": money("0.84"),
        "net_amount": money("9.16"),
    }
    span = {"start_time": "2020-01-01T00:00:00Z", "end_time": "2021-01-01T00:00:00Z"}
    assert paypal.http_get(path, span).json()["transactions"] == []
    assert paypal.http_get(path, {}).status_code == 400


def test_a_payment_of_it_is_refunded_like_a_capture(paypal: PayPalShop, receiver: Receiver) -> None:
    paypal.listen(receiver, "PAYMENT.SALE.COMPLETED", "PAYMENT.SALE.REFUNDED")
    id = _new(paypal)["id"]
    paypal.control("POST", f"sessions/{id}/pay", {})
    (payment,) = paypal.books()["payments"]
    sale = paypal.api("GET", f"/v1/payments/sale/{payment['payment_id']}").json()
    assert (sale["billing_agreement_id"], sale["state"]) == (id, "completed")
    refund = paypal.refund(payment["payment_id"], {"amount": money("4.00")})
    assert (refund.status_code, refund.json()["custom_id"]) == (201, "till1-7-1")
    receiver.wait(2)
    told = [json.loads(body) for _, body in receiver.received]
    (resource,) = [each["resource"] for each in told if each["event_type"].endswith("REFUNDED")]
    assert resource["sale_id"] == payment["payment_id"]
    assert resource["amount"] == {"total": "-4.00", "currency": "EUR"}
    assert paypal.books()["payments"][0]["refunded_minor"] == 400


def test_failed_renewals_are_told_and_suspend_it(paypal: PayPalShop, receiver: Receiver) -> None:
    paypal.listen(receiver, "BILLING.SUBSCRIPTION.PAYMENT.FAILED", "BILLING.SUBSCRIPTION.SUSPENDED")
    id = _new(paypal)["id"]
    paypal.control("POST", f"sessions/{id}/pay", {})
    paypal.control("POST", f"sessions/{id}/pay", {"funding": "declines"})
    paypal.control("POST", "clock", {"advance_s": MONTH_S})
    info = _read(paypal, id)["billing_info"]
    assert (info["failed_payments_count"], info["outstanding_balance"]) == (1, money("10.00"))
    paypal.control("POST", "clock", {"advance_s": MONTH_S})
    assert _read(paypal, id)["status"] == "SUSPENDED"
    receiver.wait(3)
    assert len(paypal.books()["payments"]) == 1


def test_a_payment_that_succeeds_again_ends_the_count_and_takes_what_is_owed(
    paypal: PayPalShop,
) -> None:
    for bills, taken, owed in ((True, "20.00", "0.00"), (False, "10.00", "10.00")):
        preferences = {"auto_bill_outstanding": bills, "payment_failure_threshold": 3}
        id = _new(paypal, payment_preferences=preferences)["id"]
        paypal.control("POST", f"sessions/{id}/pay", {})
        for funding in ("declines", "balance"):
            paypal.control("POST", f"sessions/{id}/pay", {"funding": funding})
            paypal.control("POST", "clock", {"advance_s": MONTH_S})
        paypal.renew()
        info = _read(paypal, id)["billing_info"]
        assert info["failed_payments_count"] == 0
        assert info["outstanding_balance"] == money(owed)
        assert info["last_payment"]["amount"] == money(taken)


@pytest.mark.parametrize("funding", ["echeck", "review"])
@pytest.mark.parametrize("succeeded", [True, False])
def test_a_first_payment_that_pends_is_decided_later(
    paypal: PayPalShop, receiver: Receiver, funding: str, succeeded: bool
) -> None:
    paypal.listen(receiver, "PAYMENT.SALE.PENDING", "PAYMENT.SALE.COMPLETED", "PAYMENT.SALE.DENIED")
    id = _new(paypal)["id"]
    pays = paypal.control("POST", f"sessions/{id}/pay", {"funding": funding})
    assert (pays["outcome"], pays["payment_status"]) == ("processing", "unpaid")
    path = f"{SUBSCRIPTIONS}/{id}/transactions"
    span = {"start_time": "2020-01-01T00:00:00Z", "end_time": "2040-01-01T00:00:00Z"}
    told = f"{SUBSCRIPTIONS}/{{id}}/transactions"
    for settles in (False, True):
        if settles:
            paypal.control("POST", f"sessions/{id}/settle", {"succeeded": succeeded})
        answer = paypal.http_get(path, span)
        check_answer(BILLING, "get", told, answer)
        (line,) = answer.json()["transactions"]
        wanted = "PENDING" if not settles else "COMPLETED" if succeeded else "DECLINED"
        assert line["status"] == wanted
        (payment,) = paypal.books()["payments"]
        assert payment["captured_minor"] == (1000 if wanted == "COMPLETED" else 0)
    info = _read(paypal, id)["billing_info"]
    assert ("last_payment" in info, info["failed_payments_count"]) == (
        succeeded,
        int(not succeeded),
    )
    receiver.wait(2)
    kinds = [json.loads(body)["event_type"] for _, body in receiver.received]
    # They are sent at once and may overtake each other.
    assert set(kinds) == {
        "PAYMENT.SALE.PENDING",
        f"PAYMENT.SALE.{'COMPLETED' if succeeded else 'DENIED'}",
    }
    again = paypal.http.post(f"/_control/sessions/{id}/settle", json={"succeeded": True})
    assert again.status_code == 404


def test_its_plan_and_its_last_failure_are_told_to_whoever_asks(paypal: PayPalShop) -> None:
    id = _new(paypal)["id"]
    paypal.control("POST", f"sessions/{id}/pay", {"funding": "declines"})
    query = {"fields": "plan,last_failed_payment"}
    answer = paypal.http_get(f"{SUBSCRIPTIONS}/{id}", query)
    check_answer(BILLING, "get", f"{SUBSCRIPTIONS}/{{id}}", answer)
    told = answer.json()
    price = told["plan"]["billing_cycles"][0]["pricing_scheme"]["fixed_price"]
    assert price == money("10.00")
    assert told["billing_info"]["last_failed_payment"]["reason_code"] == "PAYMENT_DENIED"
    plain = paypal.api("GET", f"{SUBSCRIPTIONS}/{id}").json()
    assert "plan" not in plain and "last_failed_payment" not in plain["billing_info"]


def test_one_of_few_cycles_ends_by_itself(paypal: PayPalShop) -> None:
    id = _new(paypal, cycle={"total_cycles": 2})["id"]
    paypal.control("POST", f"sessions/{id}/pay", {})
    paypal.control("POST", "clock", {"advance_s": 12 * MONTH_S})
    assert _read(paypal, id)["status"] == "EXPIRED"
    assert len(paypal.books()["payments"]) == 2


def test_a_source_that_cannot_be_used_leaves_it_to_be_approved(paypal: PayPalShop) -> None:
    made = _new(paypal)
    assert "every month" in httpx.get(_page(made)).text
    assert httpx.post(_page(made), data={"funding": "unusable"}).status_code == 402
    assert _read(paypal, made["id"])["status"] == "APPROVAL_PENDING"
    paypal.control("POST", f"sessions/{made['id']}/expire")
    assert httpx.get(_page(made)).status_code == 410
    assert paypal.api("GET", f"{SUBSCRIPTIONS}/{made['id']}").status_code == 404
    assert httpx.get(f"{paypal.origin}/paypal/webapps/billing/subscriptions").status_code == 404


def test_request_ids_bring_back_what_was_made(paypal: PayPalShop) -> None:
    body = {"name": "Coffee club", "type": "SERVICE"}
    first, again = (paypal.api("POST", PRODUCTS, body, id="p") for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["id"] == again.json()["id"]


@pytest.mark.parametrize(
    "changes, status, issue",
    [
        ({"name": None}, 400, "MISSING_REQUIRED_PARAMETER"),
        ({"name": "x" * 128}, 400, "INVALID_STRING_MAX_LENGTH"),
        ({"product_id": "PROD-NOBODY"}, 404, "INVALID_RESOURCE_ID"),
        ({"billing_cycles": []}, 400, "INVALID_ARRAY_MIN_ITEMS"),
        ({"cycle": {"tenure_type": "TRIAL"}}, 422, "MISSING_REGULAR_BILLING_CYCLE"),
        ({"cycle": {"frequency": {"interval_unit": "HOUR"}}}, 400, "INVALID_PARAMETER_VALUE"),
        (
            {"cycle": {"pricing_scheme": {"fixed_price": money("1.000", "KWD")}}},
            422,
            "CURRENCY_NOT_SUPPORTED_FOR_RECEIVER",
        ),
    ],
)
def test_a_plan_that_makes_no_sense_is_refused(
    new_paypal: PayPalShop, changes: Any, status: int, issue: str
) -> None:
    answer = _plan(new_paypal, _product(new_paypal).json()["id"], **changes)
    assert (answer.status_code, issue_of(answer)) == (status, issue)
    if issue != "INVALID_ARRAY_MIN_ITEMS":
        check_answer(BILLING, "post", PLANS, answer)


def test_a_subscription_needs_a_plan_that_is_active(new_paypal: PayPalShop) -> None:
    plan = _plan(new_paypal, _product(new_paypal).json()["id"]).json()["id"]
    refusals = [
        _subscribe(new_paypal, "P-NOBODY"),
        _subscribe(new_paypal, plan, quantity="2"),
        _subscribe(new_paypal, plan, application_context={}),
    ]
    assert new_paypal.api("POST", f"{PLANS}/{plan}/deactivate").status_code == 204
    refusals.append(_subscribe(new_paypal, plan))
    assert [issue_of(each) for each in refusals] == [
        "INVALID_RESOURCE_ID",
        "SUBSCRIPTION_CANNOT_HAVE_QUANTITY",
        "MISSING_REQUIRED_PARAMETER",
        "PLAN_STATUS_INVALID",
    ]
    for refusal in refusals:
        check_answer(BILLING, "post", SUBSCRIPTIONS, refusal)
