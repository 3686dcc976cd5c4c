"""Plans and subscriptions: the first payment, those that time brings, failures and the end."""

from typing import Any

import pytest

from tests.integration.sandbox.razorpay.shop import DECLINED, Shop

WEEK = 7 * 86_400


def _plan(shop: Shop, **changes: Any) -> Any:
    item = {"name": "Coffee club", "amount": 99900, "currency": "INR"}
    return shop.post("plans", {"period": "weekly", "interval": 1, "item": item, **changes})


def _subscription(shop: Shop, **changes: Any) -> Any:
    body = {"plan_id": _plan(shop)["id"], "total_count": 3, "notes": {"reference": "till1-7-1"}}
    return shop.post("subscriptions", {**body, **changes})


def _invoices(shop: Shop, of: Any) -> Any:
    return shop.get("invoices", subscription_id=of["id"])["items"]


def _read(shop: Shop, of: Any) -> Any:
    return shop.get(f"subscriptions/{of['id']}")


def test_a_plan_is_made_once_and_found_again(new_shop: Shop) -> None:
    plan = _plan(new_shop)
    assert plan["id"].startswith("plan_") and plan["item"]["amount"] == 99900
    assert new_shop.get(f"plans/{plan['id']}") == plan
    assert [one["id"] for one in new_shop.get("plans")["items"]] == [plan["id"]]


def test_the_first_payment_makes_it_active(shop: Shop) -> None:
    made = _subscription(shop)
    assert (made["status"], made["remaining_count"]) == ("created", 3)
    page = shop.http.get(made["short_url"])
    assert "Coffee club" in page.text and "Subscribe for ₹999.00" in page.text
    assert shop.pay(made["short_url"]).status_code == 200
    paid = _read(shop, made)
    assert (paid["status"], paid["paid_count"], paid["remaining_count"]) == ("active", 1, 2)
    assert paid["current_end"] - paid["current_start"] == WEEK
    assert paid["charge_at"] == paid["current_end"]
    assert [name for name in shop.told() if name.startswith("subscription.")] == [
        "subscription.authenticated",
        "subscription.activated",
        "subscription.charged",
    ]
    assert "Already paid" in shop.pay(made["short_url"]).text
    assert len(shop.get("payments")["items"]) == 1


@pytest.mark.parametrize(
    "period, interval, often",
    [
        ("weekly", 1, "every week"),
        ("daily", 10, "every 10 days"),
        ("monthly", 2, "every 2 months"),
        ("quarterly", 1, "every quarter"),
        ("yearly", 1, "every year"),
    ],
)
def test_the_page_says_what_is_paid_from_now_on_and_how_often(
    shop: Shop, period: str, interval: int, often: str
) -> None:
    plan = _plan(shop, period=period, interval=interval)
    made = shop.post("subscriptions", {"plan_id": plan["id"], "total_count": 2, "quantity": 3})
    page = shop.http.get(made["short_url"]).text
    assert f"To pay now, then ₹2,997.00 {often}<" in page


def test_time_brings_the_others_and_the_end(shop: Shop) -> None:
    made = _subscription(shop)
    shop.control("POST", f"sessions/{made['id']}/pay", {})
    shop.advance(WEEK + 1)
    assert _read(shop, made)["paid_count"] == 2
    shop.advance(WEEK)
    done = _read(shop, made)
    assert (done["status"], done["paid_count"], done["charge_at"]) == ("completed", 3, None)
    shop.advance(5 * WEEK)
    assert [line["captured_minor"] for line in shop.books()["payments"]] == [99900] * 3
    assert {line["reference"] for line in shop.books()["payments"]} == {"till1-7-1"}
    told = shop.told()
    assert told.count("subscription.charged") == 3 and told[-1] == "subscription.completed"


def test_a_bank_that_refuses_leads_to_pending_and_then_to_a_halt(shop: Shop) -> None:
    made = _subscription(shop)
    shop.control("POST", f"sessions/{made['id']}/pay", {})
    shop.control("POST", f"razorpay/subscriptions/{made['id']}", {"fails": True})
    shop.advance(WEEK + 1)
    assert _read(shop, made)["status"] == "pending"
    shop.control("POST", f"razorpay/subscriptions/{made['id']}", {"fails": False})
    shop.advance(86_401)
    assert (_read(shop, made)["status"], _read(shop, made)["paid_count"]) == ("active", 2)
    shop.control("POST", f"razorpay/subscriptions/{made['id']}", {"fails": True})
    shop.advance(WEEK)
    for _ in range(3):
        shop.advance(86_401)
    assert _read(shop, made)["status"] == "halted"
    assert shop.told()[-1] == "subscription.halted"


def test_it_is_cancelled_now_or_with_its_period(shop: Shop) -> None:
    now, later = _subscription(shop), _subscription(shop)
    for made in (now, later):
        shop.control("POST", f"sessions/{made['id']}/pay", {})
    gone = shop.post(f"subscriptions/{now['id']}/cancel")
    assert gone["status"] == "cancelled" and gone["ended_at"] > 0
    error = shop.refused("POST", f"subscriptions/{now['id']}/cancel")
    assert error["description"] == "Subscription is not cancellable in cancelled status."
    before = _read(shop, later)
    for _ in range(2):
        kept = shop.post(f"subscriptions/{later['id']}/cancel", {"cancel_at_cycle_end": True})
        # Nothing tells of it, which a till has to remember by itself.
        assert kept == before and kept["status"] == "active"
    shop.advance(WEEK + 1)
    assert _read(shop, later)["status"] == "cancelled"
    assert len(shop.get("payments")["items"]) == 2


def test_nobody_began_to_pay_in_time(shop: Shop) -> None:
    now = shop.control("GET", "clock")["now"]
    made = _subscription(shop, expire_by=now + 600)
    shop.advance(601)
    assert _read(shop, made)["status"] == "expired"
    assert shop.pay(made["short_url"]).status_code == 410
    assert not [name for name in shop.told() if name.startswith("subscription.")]


def test_each_period_has_an_invoice_with_an_order_and_the_payment_names_it(shop: Shop) -> None:
    made, other = _subscription(shop), _subscription(shop)
    assert shop.pay(made["short_url"], DECLINED).status_code == 402
    [issued] = _invoices(shop, made)
    assert (issued["status"], issued["payment_id"], issued["amount_due"]) == ("issued", None, 99900)
    for one in (made, other):
        shop.control("POST", f"sessions/{one['id']}/pay", {})
    shop.advance(WEEK + 1)
    second, first = _invoices(shop, made)
    assert first["id"] == issued["id"]
    assert second["billing_start"] == first["billing_end"] == first["billing_start"] + WEEK
    for invoice in (first, second):
        assert (invoice["status"], invoice["amount_paid"]) == ("paid", 99900)
        payment = shop.get(f"payments/{invoice['payment_id']}")
        assert (payment["invoice_id"], payment["order_id"]) == (invoice["id"], invoice["order_id"])
        assert payment["notes"] == []
        assert shop.get(f"orders/{invoice['order_id']}")["status"] == "paid"
        assert shop.get("invoices", payment_id=payment["id"])["items"] == [invoice]
    tries = shop.get(f"orders/{first['order_id']}/payments")["items"]
    assert [each["status"] for each in tries] == ["captured", "failed"]


def test_a_refused_period_is_paid_later_by_the_same_invoice(shop: Shop) -> None:
    made = _subscription(shop)
    shop.control("POST", f"sessions/{made['id']}/pay", {})
    shop.control("POST", f"razorpay/subscriptions/{made['id']}", {"fails": True})
    shop.advance(WEEK + 1)
    due = _invoices(shop, made)[0]
    assert due["status"] == "issued"
    shop.control("POST", f"razorpay/subscriptions/{made['id']}", {"fails": False})
    shop.advance(86_401)
    assert [each["status"] for each in _invoices(shop, made)] == ["paid", "paid"]
    assert _invoices(shop, made)[0]["id"] == due["id"]


def test_what_pays_the_first_period_twice_is_no_second_period(shop: Shop) -> None:
    made = _subscription(shop)
    for _ in range(2):
        path = f"sessions/{made['id']}/pay"
        assert shop.control("POST", path, {"delayed": True})["outcome"] == "processing"
    for _ in range(2):
        shop.control("POST", f"sessions/{made['id']}/settle", {"succeeded": True})
    assert _read(shop, made)["paid_count"] == 1
    assert [line["captured_minor"] for line in shop.books()["payments"]] == [99900] * 2
    [invoice] = _invoices(shop, made)
    tries = shop.get(f"orders/{invoice['order_id']}/payments")["items"]
    assert {each["status"] for each in tries} == {"captured"}


def test_a_pause_charges_nothing_until_it_is_over(shop: Shop) -> None:
    made = _subscription(shop)
    refused = shop.refused("POST", f"subscriptions/{made['id']}/pause", {"pause_at": "now"})
    assert "active" in refused["description"]
    shop.control("POST", f"sessions/{made['id']}/pay", {})
    paused = shop.post(f"subscriptions/{made['id']}/pause", {"pause_at": "now"})
    assert (paused["status"], paused["charge_at"]) == ("paused", None)
    shop.advance(2 * WEEK)
    assert _read(shop, made)["paid_count"] == 1
    resumed = shop.post(f"subscriptions/{made['id']}/resume", {"resume_at": "now"})
    assert (resumed["status"], resumed["charge_at"]) == ("active", resumed["current_end"])
    assert resumed["current_end"] == paused["current_end"] + 2 * WEEK
    assert _read(shop, made)["paid_count"] == 1
    shop.advance(WEEK + 1)
    assert _read(shop, made)["paid_count"] == 2
    shop.refused("POST", f"subscriptions/{made['id']}/resume")
    told = shop.told()
    assert "subscription.paused" in told and "subscription.resumed" in told


def test_those_of_a_plan_are_listed_by_it(new_shop: Shop) -> None:
    made, _ = _subscription(new_shop), _subscription(new_shop)
    listed = new_shop.get("subscriptions", plan_id=made["plan_id"])["items"]
    assert [each["id"] for each in listed] == [made["id"]]
    assert new_shop.get("subscriptions", plan_id=made["plan_id"], skip=1)["items"] == []
    assert len(new_shop.get("subscriptions")["items"]) == 2


@pytest.mark.parametrize(
    "period, interval, most", [("weekly", 1, 5200), ("monthly", 2, 600), ("yearly", 1, 100)]
)
def test_none_lasts_longer_than_a_hundred_years(
    new_shop: Shop, period: str, interval: int, most: int
) -> None:
    plan = _plan(new_shop, period=period, interval=interval)["id"]
    body = {"plan_id": plan, "total_count": most}
    assert new_shop.post("subscriptions", body)["total_count"] == most
    error = new_shop.refused("POST", "subscriptions", {**body, "total_count": most + 1})
    assert error["description"] == (
        f"Exceeds the maximum total_count ({most}) allowed for the given period and interval"
    )


def test_one_that_is_not_there_is_refused_in_words_of_its_own(new_shop: Shop) -> None:
    for method, path in (("GET", "sub_1"), ("POST", "sub_AbCdEfGhIjKlMn/cancel")):
        error = new_shop.refused(method, f"subscriptions/{path}")
        assert error["description"] == "The ID provided is invalid or could not be found."


def test_without_the_feature_there_are_no_such_addresses(shop: Shop) -> None:
    made = _subscription(shop)
    shop.control("POST", "razorpay/features", {"subscriptions": False})
    for path in ("plans", "subscriptions", f"subscriptions/{made['id']}"):
        error = shop.refused("GET", path)
        assert error["description"] == "The requested URL was not found on the server."


@pytest.mark.parametrize(
    "path, body, words",
    [
        ("plans", {"period": "weekly"}, "The interval field is required."),
        ("plans", {"period": "hourly", "interval": 1}, "The period is invalid"),
        ("subscriptions", {"total_count": 1}, "The plan_id field is required."),
        (
            "subscriptions",
            {"plan_id": "plan_AbCdEfGhIjKlMn", "total_count": 1},
            "The id provided does not exist",
        ),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(
    new_shop: Shop, path: str, body: dict[str, Any], words: str
) -> None:
    assert new_shop.refused("POST", path, body)["description"] == words


def test_a_daily_plan_is_for_a_week_at_least(new_shop: Shop) -> None:
    item = {"name": "Coffee", "amount": 100}
    body = {"period": "daily", "interval": 6, "item": item}
    assert "minimum interval is 7" in new_shop.refused("POST", "plans", body)["description"]
