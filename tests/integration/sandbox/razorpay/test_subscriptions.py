"""Plans and subscriptions: the first payment, those that time brings, failures and the end."""

from typing import Any

import pytest

from tests.integration.sandbox.razorpay.shop import Shop

WEEK = 7 * 86_400


def _plan(shop: Shop, **changes: Any) -> Any:
    item = {"name": "Coffee club", "amount": 99900, "currency": "INR"}
    return shop.post("plans", {"period": "weekly", "interval": 1, "item": item, **changes})


def _subscription(shop: Shop, **changes: Any) -> Any:
    body = {"plan_id": _plan(shop)["id"], "total_count": 3, "notes": {"reference": "till1-7-1"}}
    return shop.post("subscriptions", {**body, **changes})


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
    kept = shop.post(f"subscriptions/{later['id']}/cancel", {"cancel_at_cycle_end": True})
    assert (kept["status"], kept["has_scheduled_changes"]) == ("active", True)
    shop.advance(WEEK + 1)
    assert _read(shop, later)["status"] == "cancelled"
    assert len(shop.get("payments")["items"]) == 2


def test_nobody_began_to_pay_in_time(shop: Shop) -> None:
    now = shop.control("GET", "clock")["now"]
    made = _subscription(shop, expire_by=now + 600)
    shop.advance(601)
    assert _read(shop, made)["status"] == "expired"
    assert shop.pay(made["short_url"]).status_code == 410


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
