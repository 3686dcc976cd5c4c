"""Square's orders: what is asked for, and what an order and its payments come to."""

import json
from typing import Any

import pytest

from app.domain.attempt import MAX_REFERENCE, Reference
from app.domain.ids import ORDER_ID_LENGTH, TILL_ID_LENGTH
from app.domain.money import Money
from app.domain.observation import Observation, SessionState, Source
from app.domain.presentation import PresentedLine
from app.errors import Protocol
from app.providers.square.orders import link_parameters, observation_from, paying
from tests.integration.sandbox.square.description import faults
from tests.parts.clock import START
from tests.parts.square import LOCATION, MERCHANT, money, order, payment, refused_try
from tests.parts.stripe import REFERENCE, request

S = SessionState


def seen(told: dict[str, Any], *payments: dict[str, Any], **changes: Any) -> Observation:
    usual: dict[str, Any] = {
        "source": Source.POLL,
        "provider_account": MERCHANT,
        "live": False,
        "at": START,
        "looked_for_tries": True,
    }
    return observation_from(told, payments, **usual | changes)


# --- out ---------------------------------------------------------------------------------------


def test_what_is_sent_is_as_squares_description_says() -> None:
    lines = (PresentedLine("2 x Kaffee \u00e0 la cr\u00e8me", 499), PresentedLine("B", 1))
    parameters = link_parameters(request(lines=lines), LOCATION)
    assert faults({**parameters, "idempotency_key": "k" * 40}, "CreatePaymentLinkRequest") == []
    assert json.loads(json.dumps(parameters)) == parameters
    assert parameters == link_parameters(request(lines=lines), LOCATION)
    items = parameters["order"]["line_items"]
    assert [item["quantity"] for item in items] == ["1", "1"]
    assert [item["base_price_money"] for item in items] == [money(499), money(1)]


def test_the_longest_reference_fits_where_it_is_put() -> None:
    reference = Reference("z" * TILL_ID_LENGTH, "z" * ORDER_ID_LENGTH, 99_999)
    parameters = link_parameters(request(reference=reference), LOCATION)
    assert parameters["order"]["reference_id"] == parameters["payment_note"] == str(reference)
    assert len(str(reference)) <= MAX_REFERENCE == 40


def test_nothing_on_its_page_may_change_what_is_to_be_paid() -> None:
    options = link_parameters(request(), LOCATION)["checkout_options"]
    assert options["enable_coupon"] is options["enable_loyalty"] is False
    assert options["ask_for_shipping_address"] is False


@pytest.mark.parametrize(
    "given, sent",
    [
        ("https://shop.example/thanks", "https://shop.example/thanks"),
        ("https://s.example/t?session={CHECKOUT_SESSION_ID}", "https://s.example/t"),
        ("https://s.example/t?a=b&x={CHECKOUT_SESSION_ID}#c", "https://s.example/t?a=b#c"),
        ("https://s.example/t?a=", "https://s.example/t?a="),
    ],
)
def test_the_page_to_return_to_has_no_gap_that_only_stripe_fills(given: str, sent: str) -> None:
    parameters = link_parameters(request(success_url=given), LOCATION)
    assert parameters["checkout_options"]["redirect_url"] == sent


def test_without_a_page_to_return_to_none_is_sent() -> None:
    options = link_parameters(request(success_url=""), LOCATION)["checkout_options"]
    assert "redirect_url" not in options


# --- in ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "told, payments, state, is_final",
    [
        (order("DRAFT"), [], S.OPEN, False),
        (order("OPEN"), [], S.OPEN, False),
        (order("CANCELED"), [], S.EXPIRED, True),
        (order("COMPLETED"), [], S.PROCESSING, False),
        (order("OPEN"), [payment("APPROVED")], S.PROCESSING, False),
        (order("OPEN"), [payment("PENDING")], S.PROCESSING, False),
        (order("OPEN"), [payment("COMPLETED")], S.PAID, True),
        (order("COMPLETED"), [payment("COMPLETED")], S.PAID, True),
        (order("DRAFT"), [refused_try()], S.OPEN, False),
        (order("OPEN"), [payment("CANCELED")], S.OPEN, False),
        (order("CANCELED"), [refused_try()], S.EXPIRED, True),
        (order("OPEN"), [refused_try(), payment("COMPLETED", id="pay-2")], S.PAID, True),
    ],
)
def test_an_order_and_its_payments_come_to_a_state(
    told: dict[str, Any], payments: list[dict[str, Any]], state: SessionState, is_final: bool
) -> None:
    look = seen(told, *payments)
    assert (look.state, look.is_final) == (state, is_final)
    assert bool(look.payments) is (state is S.PAID)


@pytest.mark.parametrize("state", ["DRAFT", "CANCELED", "OPEN", "COMPLETED", "NEWLY_INVENTED"])
def test_money_that_was_taken_counts_whatever_the_order_says(state: str) -> None:
    look = seen(order(state), payment("COMPLETED"))
    assert look.state is S.PAID
    assert [paid.amount for paid in look.payments] == [Money(500, "EUR")]


@pytest.mark.parametrize("state", ["DRAFT", "CANCELED", "COMPLETED"])
def test_money_that_may_still_come_keeps_an_order_from_being_over(state: str) -> None:
    look = seen(order(state), payment("PENDING"))
    assert (look.state, look.is_final) == (S.PROCESSING, False)


def test_a_paid_order_stays_open_and_is_paid_all_the_same() -> None:
    told = order("OPEN", "pay-1", net_amount_due_money=money(500))
    assert seen(told, payment()).state is S.PAID


def test_an_open_order_with_nothing_due_is_not_paid_without_a_payment() -> None:
    look = seen(order("OPEN", net_amount_due_money=money(0)))
    assert (look.state, look.payments) == (S.OPEN, ())


def test_a_tip_is_part_of_what_was_taken() -> None:
    tipped = payment(total_money=money(600), tip_money=money(100))
    assert [paid.amount.minor for paid in seen(order("OPEN"), tipped).payments] == [600]


def test_a_part_of_the_money_is_told_and_the_link_may_take_the_rest() -> None:
    look = seen(order("OPEN"), payment(total_money=money(200)))
    assert (look.state, look.is_final) == (S.PAID, False)
    other = seen(order("OPEN"), payment(total_money=money(500, "USD")))
    assert (other.state, other.is_final) == (S.PAID, False)


def test_two_payments_of_one_order_are_both_told() -> None:
    look = seen(order("OPEN"), payment(), payment(id="pay-2"))
    assert [paid.payment_id for paid in look.payments] == ["pay-1", "pay-2"]


def test_whose_it_is_comes_along() -> None:
    look = seen(order(), live=True)
    assert (look.reference, look.session_id) == (str(REFERENCE), "order-1")
    assert (look.provider, look.provider_account, look.live) == ("square", MERCHANT, True)
    assert seen(order(reference_id=None)).reference == ""


def test_the_newest_try_says_why_it_was_refused() -> None:
    first = refused_try("CVV_FAILURE")
    second = refused_try("INSUFFICIENT_FUNDS", id="pay-2", created_at="2026-11-21T09:05:00Z")
    for tries in ([first, second], [second, first]):
        assert seen(order(), *tries).decline == "INSUFFICIENT_FUNDS"
    bank = payment("FAILED", bank_account_details={"errors": [{"code": "INVALID_ACCOUNT"}]})
    assert seen(order(), bank).decline == "INVALID_ACCOUNT"
    assert seen(order(), payment("CANCELED")).decline == "declined"


def test_a_look_that_saw_no_tries_says_nothing_of_them() -> None:
    assert seen(order()).decline == ""
    assert seen(order(), looked_for_tries=False).decline is None
    assert seen(order("OPEN"), payment()).decline is None


@pytest.mark.parametrize(
    "told, payments",
    [
        (order("NEWLY_INVENTED"), []),
        ({**order(), "state": None}, []),
        (order(id=None), []),
        (order("OPEN"), [payment("NEWLY_INVENTED")]),
        (order("OPEN"), [{**payment(), "status": None}]),
        (order("OPEN"), [payment(id="")]),
        (order("OPEN"), [payment(total_money=money("500"))]),
        (order("OPEN"), [payment(total_money=None, amount_money=None)]),
        (order("OPEN", total_money=None), [payment()]),
    ],
)
def test_what_breaks_squares_own_rules_proves_nothing(
    told: dict[str, Any], payments: list[dict[str, Any]]
) -> None:
    with pytest.raises(Protocol):
        seen(told, *payments)


def test_a_tender_without_a_payment_is_the_payment_itself() -> None:
    assert paying(order("OPEN", "pay-1")) == ["pay-1"]
    assert paying({"tenders": [{"id": "pay-2"}]}) == ["pay-2"]
    assert paying(order()) == []
