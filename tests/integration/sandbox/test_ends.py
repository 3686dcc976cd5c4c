"""The ends of a Checkout payment besides paid and declined, through the SDK and the page."""

from pathlib import Path
from typing import Any

import httpx
import pytest
import stripe

from app.sandbox import SandboxServer
from tests.integration.sandbox.shop import GOOD_CARD, Receiver, Shop, eventually, line

CHALLENGED = "4000002500003155"
GOOD_IBAN = "DE89370400440532013000"
BAD_IBAN = "DE62370400440532013001"


def _intent(shop: Shop, session_id: str) -> stripe.PaymentIntent:
    intent = shop.read(session_id, "payment_intent.latest_charge").payment_intent
    assert isinstance(intent, stripe.PaymentIntent)
    return intent


def _debit(shop: Shop, session: stripe.checkout.Session, iban: str, **form: str) -> httpx.Response:
    fields = {"method": "sepa_debit", "iban": iban, "name": "Ada", **form}
    return shop.http.post(session.url or "", data=fields)


def _challenged(shop: Shop) -> tuple[stripe.checkout.Session, str]:
    session = shop.sell()
    sent = shop.pay(session.url, CHALLENGED)
    assert sent.status_code == 303
    return session, sent.headers["Location"]


def test_a_challenge_is_asked_on_a_page_of_the_bank_and_passing_it_pays(
    shop: Shop, receiver: Receiver
) -> None:
    shop.listen(receiver)
    session, page = _challenged(shop)
    assert page == f"/c/pay/{session.id}/challenge"
    waiting = _intent(shop, session.id)
    assert (waiting.status, waiting.latest_charge) == ("requires_action", None)
    assert waiting.next_action is not None and waiting.next_action.type == "use_stripe_sdk"
    assert shop.read(session.id).status == "open"
    asked = shop.http.get(page)
    assert 'data-state="challenge"' in asked.text and "3155" in asked.text
    assert shop.http.post(page, data={"verdict": "odd"}).status_code == 200
    done = shop.http.post(page, data={"verdict": "complete"})
    assert (done.status_code, done.headers["Location"][:27]) == (303, "http://127.0.0.1:9/thanks?s")
    paid = _intent(shop, session.id)
    assert (paid.status, paid.amount_received, paid.next_action) == ("succeeded", 380, None)
    assert shop.read(session.id).payment_status == "paid"
    assert "Already paid" in shop.http.get(page).text
    receiver.wait(5)
    assert "payment_intent.requires_action" in receiver.types()


def test_a_failed_challenge_leaves_the_session_open_and_takes_nothing(
    shop: Shop, receiver: Receiver
) -> None:
    shop.listen(receiver, "payment_intent.payment_failed")
    session, page = _challenged(shop)
    refused = shop.http.post(page, data={"verdict": "fail"})
    assert refused.status_code == 402
    assert 'data-code="payment_intent_authentication_failure"' in refused.text
    intent = _intent(shop, session.id)
    assert (intent.status, intent.latest_charge) == ("requires_payment_method", None)
    error = intent.last_payment_error
    assert error is not None
    assert error.code == "payment_intent_authentication_failure"
    assert {"decline_code", "charge"}.isdisjoint(error.to_dict())
    assert shop.read(session.id).status == "open"
    receiver.wait(1)
    back = shop.http.get(page)
    assert (back.status_code, back.headers["Location"]) == (303, f"/c/pay/{session.id}")
    assert shop.pay(session.url).status_code == 303
    assert [p["captured_minor"] for p in shop.books()["payments"]] == [380]


def test_a_session_that_expires_during_a_challenge_can_not_be_paid_any_more(shop: Shop) -> None:
    session, page = _challenged(shop)
    shop.client.v1.checkout.sessions.expire(session.id)
    assert shop.http.post(page, data={"verdict": "complete"}).status_code == 410
    intent = _intent(shop, session.id)
    assert (intent.status, intent.next_action) == ("canceled", None)


def test_the_control_api_challenges_too(shop: Shop) -> None:
    session = shop.sell()
    path = f"sessions/{session.id}/challenge"
    assert shop.http.post(f"/_control/{path}", json={}).status_code == 404
    asked = shop.control("POST", f"sessions/{session.id}/pay", {"card": CHALLENGED})
    assert asked["outcome"] == "requires_action"
    assert shop.control("POST", path, {"succeeded": False})["outcome"] == "declined"
    shop.control("POST", f"sessions/{session.id}/pay", {"card": CHALLENGED})
    assert shop.control("POST", path)["outcome"] == "paid"


def test_a_processing_error_is_a_decline_of_its_own(shop: Shop) -> None:
    session = shop.sell()
    page = shop.pay(session.url, "4000000000000119")
    assert page.status_code == 402 and 'data-code="processing_error"' in page.text
    error = _intent(shop, session.id).last_payment_error
    assert error is not None and (error.code, error.type) == ("processing_error", "card_error")
    assert shop.read(session.id).status == "open"


@pytest.mark.parametrize(
    "iban, event, status",
    [
        (GOOD_IBAN, "checkout.session.async_payment_succeeded", "succeeded"),
        (BAD_IBAN, "checkout.session.async_payment_failed", "requires_payment_method"),
    ],
)
def test_a_bank_debit_completes_unpaid_and_is_decided_by_itself(
    shop: Shop, receiver: Receiver, iban: str, event: str, status: str
) -> None:
    shop.listen(receiver, "checkout.session.completed", event)
    shop.control("POST", "debits", {"delay_s": 60})
    session = shop.sell(success_url=f"{shop.origin}/success?session={{CHECKOUT_SESSION_ID}}")
    assert session.payment_method_types == ["card", "sepa_debit"]
    landed = shop.http.get(_debit(shop, session, iban).headers["Location"])
    assert "on its way" in landed.text
    waiting = shop.read(session.id)
    assert (waiting.status, waiting.payment_status) == ("complete", "unpaid")
    intent = _intent(shop, session.id)
    assert intent.status == "processing"
    charge = intent.latest_charge
    assert isinstance(charge, stripe.Charge)
    assert (charge.status, charge.paid) == ("pending", False)
    details: Any = charge.payment_method_details
    assert (details.type, details.sepa_debit.last4) == ("sepa_debit", iban[-4:])
    shop.control("POST", "clock", {"advance_s": 61})
    assert _intent(shop, session.id).status == status
    receiver.wait(2)
    assert receiver.types() == ["checkout.session.completed", event]
    is_paid = iban == GOOD_IBAN
    assert shop.read(session.id).payment_status == ("paid" if is_paid else "unpaid")
    again = shop.http.get(session.url or "").text
    assert ("Already paid" if is_paid else "did not pay") in again
    landed = shop.http.get(f"/success?session={session.id}")
    assert ("Payment received" if is_paid else "did not pay") in landed.text
    assert [p["captured_minor"] for p in shop.books()["payments"]] == [380 if is_paid else 0]


def test_a_debit_that_is_under_way_is_decided_after_a_restart(
    shop: Shop, server: SandboxServer, receiver: Receiver
) -> None:
    shop.listen(receiver, "checkout.session.async_payment_succeeded")
    shop.control("POST", "debits", {"delay_s": 1})
    session = shop.sell()
    _debit(shop, session, GOOD_IBAN)
    server.stop()
    assert receiver.received == []
    server.start()
    receiver.wait(1)
    assert shop.read(session.id).payment_status == "paid"
    assert shop.control("POST", "debits", {"delay_s": 2}) == {"delay_s": 2}


@pytest.mark.parametrize(
    "iban, form, code",
    [
        ("", {}, "incomplete_iban"),
        ("DE00370400440532013000", {}, "invalid_iban"),
        ("GB82WEST12345698765432", {}, "not_a_test_iban"),
        (GOOD_IBAN, {"name": ""}, "incomplete_name"),
    ],
)
def test_a_mandate_that_cannot_be_used_reaches_no_bank(
    shop: Shop, iban: str, form: dict[str, str], code: str
) -> None:
    session = shop.sell()
    page = _debit(shop, session, iban, **form)
    assert page.status_code == 422 and f'data-code="{code}"' in page.text
    assert 'value="sepa_debit" checked' in page.text
    assert shop.read(session.id).payment_intent is None


@pytest.mark.parametrize(
    "changes",
    [
        {"line_items": [line(currency="usd")]},
        {"excluded_payment_method_types": ["sepa_debit"]},
        {"allowed_payment_method_types": ["card"]},
        {"mode": "subscription", "line_items": [line(recurring={"interval": "month"})]},
        {"line_items": [line(unit_amount=0)]},
    ],
)
def test_a_bank_debit_is_offered_only_where_stripe_has_it(
    new_shop: Shop, changes: dict[str, Any]
) -> None:
    session = new_shop.sell(**changes)
    assert session.payment_method_types == ["card"]
    assert 'sepa_debit"' not in new_shop.http.get(session.url or "").text
    if session.amount_total:
        page = _debit(new_shop, session, GOOD_IBAN)
        assert page.status_code == 422 and "payment_method_unavailable" in page.text


def test_no_iban_is_kept_anywhere(shop: Shop, books_path: Path) -> None:
    _debit(shop, shop.sell(), GOOD_IBAN)
    assert all(GOOD_IBAN.encode() not in p.read_bytes() for p in books_path.parent.iterdir())


def test_the_limit_refuses_with_the_time_to_wait_and_only_that_account(shop: Shop) -> None:
    shop.control("POST", "limits", {"per_second": 5})
    answers = [shop.api("GET", "/v1/balance") for _ in range(12)]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused and answers[0].status_code == 200
    assert refused[0].headers["Retry-After"] == "1"
    assert refused[0].headers["Stripe-Should-Retry"] == "false"
    assert refused[0].json()["error"]["code"] == "rate_limit"
    shop.control("POST", "limits", {"per_second": 1})
    shop.client.v1.balance.retrieve()
    with pytest.raises(stripe.RateLimitError):
        shop.client.v1.balance.retrieve()
    other = Shop(shop.origin, "sk_test_other")
    assert other.api("GET", "/v1/balance").status_code == 200
    other.close()
    assert shop.control("POST", "limits") == {"per_second": None}
    assert all(shop.api("GET", "/v1/balance").status_code == 200 for _ in range(12))


def test_a_429_of_the_fault_api_says_how_long_to_wait(shop: Shop) -> None:
    for headers, wait in (({}, "1"), ({"Retry-After": "7"}, "7")):
        order = {"match": {"path": "/v1/balance"}, "fault": {"status": 429, "headers": headers}}
        shop.control("POST", "faults", order)
        refused = shop.api("GET", "/v1/balance")
        assert (refused.status_code, refused.headers["Retry-After"]) == (429, wait)
        assert refused.json()["error"]["code"] == "rate_limit"


def test_the_accounts_version_rules_its_webhooks_unless_an_endpoint_has_its_own(
    shop: Shop, receiver: Receiver
) -> None:
    older = "2026-09-30.endive"
    account = shop.client.v1.accounts.retrieve_current().id
    shop.control("POST", "versions", {"account": account, "api_version": older})
    assert shop.api("GET", "/v1/balance").headers["Stripe-Version"] == older
    shop.listen(receiver, "checkout.session.completed")
    shop.sold()
    receiver.wait(1)
    assert receiver.events()[0].api_version == older
    newer: Any = {
        "url": receiver.url,
        "enabled_events": ["checkout.session.expired"],
        "api_version": "2026-10-28.endive",
    }
    receiver.secret = shop.client.v1.webhook_endpoints.create(newer).secret or ""
    shop.client.v1.checkout.sessions.expire(shop.sell().id)
    receiver.wait(2)
    del receiver.received[0]
    assert receiver.events()[0].api_version == "2026-10-28.endive"


def test_a_version_that_is_not_known_is_refused_everywhere(shop: Shop) -> None:
    for version in ("2020-08-27", "2026-10-28", "odd"):
        refused = shop.api("GET", "/v1/balance", headers={"Stripe-Version": version})
        assert refused.status_code == 400
        assert f"Invalid Stripe API version: {version}" in refused.json()["error"]["message"]
    order = {"account": "acct_1", "api_version": "2020-08-27"}
    assert shop.http.post("/_control/versions", json=order).status_code == 400


def test_the_retry_schedule_can_be_chosen_and_sped_up(shop: Shop, receiver: Receiver) -> None:
    shown = shop.control("POST", "webhooks", {"retries": "live", "speed_up": 1_000_000})
    assert (len(shown["pauses_s"]), shown["speed_up"]) == (9, 1_000_000)
    assert shop.http.post("/_control/webhooks", json={"retries": "odd"}).status_code == 400
    receiver.answers = [500] * 9
    shop.listen(receiver, "checkout.session.completed")
    shop.sold()
    receiver.wait(10)
    eventually(lambda: shop.control("GET", "webhooks")["waiting"] == 0)
    assert len(receiver.received) == 10


def test_a_good_card_pays_where_debits_are_offered_and_no_method_is_named(shop: Shop) -> None:
    assert shop.pay(shop.sell().url, GOOD_CARD).status_code == 303
