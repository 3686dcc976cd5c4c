"""Sessions of Square's that begin a subscription: what is asked for, found, and never guessed."""

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pytest

from app.domain.attempt import Reference
from app.domain.catalog import BillingInterval
from app.domain.ids import ORDER_ID_LENGTH, TILL_ID_LENGTH
from app.domain.money import Money
from app.domain.observation import Observation, SessionState, Source
from app.domain.presentation import PresentedLine
from app.errors import InvariantError, Rejected
from app.providers.square.client import SquareClient
from app.providers.square.plan_sessions import (
    PlanLooks,
    PlanSession,
    order_id_of,
    parameters_of,
)
from app.providers.strategy import Recheck
from app.providers.subscribing import PlanGone
from tests.integration.sandbox.square.description import faults
from tests.parts.clock import START, VirtualClock
from tests.parts.square import (
    LOCATION,
    PAGE,
    asked,
    delivered,
    event,
    link,
    location,
    money,
    order,
    payment,
    refusal,
    refused_try,
    said,
    strategy,
)
from tests.parts.square_plans import (
    PLANNED,
    SEARCH,
    VARIATION,
    Shelf,
    invoice,
    looked,
    paid,
    session_shelf,
    unnamed,
)
from tests.parts.stripe import REFERENCE, Wire, request

CLUB = (PresentedLine("Club", 500, BillingInterval.MONTHLY.value),)
LINKS = "online-checkout/payment-links"
S = SessionState


# --- what is asked for -------------------------------------------------------------------------


def test_a_subscription_is_a_quick_payment_with_a_plan_and_our_reference_as_its_note() -> None:
    parameters = parameters_of(request(lines=CLUB, plan_id=VARIATION), LOCATION)
    assert faults({**parameters, "idempotency_key": "k"}, "CreatePaymentLinkRequest") == []
    assert parameters["quick_pay"] == {
        "name": "Club",
        "price_money": money(),
        "location_id": LOCATION,
    }
    options = parameters["checkout_options"]
    assert options["subscription_plan_id"] == VARIATION
    assert options["enable_coupon"] is options["enable_loyalty"] is False
    assert (parameters["payment_note"], "order" in parameters) == (str(REFERENCE), False)


def test_what_recurs_beside_nothing_else_and_by_a_plan_alone_can_be_asked_for() -> None:
    two = (*CLUB, PresentedLine("Cup", 1))
    for lines, plan_id in ((CLUB, ""), (two, VARIATION)):
        with pytest.raises(InvariantError):
            parameters_of(request(lines=lines, plan_id=plan_id), LOCATION)


def test_a_session_is_known_by_its_links_order_the_variation_and_our_reference() -> None:
    made = {"payment_link": link(), "related_resources": {"orders": [unnamed()]}}
    wire = Wire(location(), made)

    async def story() -> Any:
        till = strategy(wire)
        parameters = await till.prepare_session(request(lines=CLUB, plan_id=VARIATION))
        return await till.open_session(parameters, key="the-key-123")

    opened = asyncio.run(story())
    assert (opened.session_id, opened.url, opened.amount) == (PLANNED, PAGE, Money(500, "EUR"))


@pytest.mark.parametrize(
    "refused, is_of_its_plan",
    [
        (refusal(404, "NOT_FOUND"), True),
        (refusal(400, "INVALID_VALUE", field="checkout_options.subscription_plan_id"), True),
        (refusal(400, "BAD_REQUEST", detail=f"Variation {VARIATION} is archived"), True),
        (refusal(400, "INVALID_VALUE", field="quick_pay.name"), False),
        (refusal(401, "UNAUTHORIZED"), False),
    ],
)
def test_a_plan_that_is_dead_is_told_from_other_refusals(
    refused: Any, is_of_its_plan: bool
) -> None:
    async def story(**asked: Any) -> None:
        till = strategy(Wire(location(), refused))
        parameters = await till.prepare_session(request(**asked))
        await till.open_session(parameters, key="the-key-123")

    with pytest.raises(Rejected) as told:
        asyncio.run(story(lines=CLUB, plan_id=VARIATION))
    assert isinstance(told.value, PlanGone) is is_of_its_plan
    with pytest.raises(Rejected) as told:
        asyncio.run(story())
    assert not isinstance(told.value, PlanGone)


def test_its_id_is_read_again_and_no_other_is_taken_for_one() -> None:
    longest = Reference("z" * TILL_ID_LENGTH, "z" * ORDER_ID_LENGTH, 99_999)
    known = PlanSession("o" * 29, "v" * 24, str(longest))
    assert PlanSession.parse(str(known)) == known
    assert order_id_of(PLANNED) == "order-1" == order_id_of("order-1")
    for other in ("order-1", "", "..", f".v.{REFERENCE}", "../payments/x.y", "a.b.table 7"):
        assert PlanSession.parse(other) is None and order_id_of(other) == other


# --- what is found -----------------------------------------------------------------------------


def test_nobody_has_paid_while_no_payment_has_our_reference() -> None:
    strangers = [payment(note=None), payment(note="t11111-0rder0000002-1"), payment(note="table 7")]
    wire = session_shelf(*strangers)
    seen = looked(wire)
    assert (seen.state, seen.payments, seen.is_final) == (S.OPEN, (), False)
    assert (seen.reference, seen.session_id) == (str(REFERENCE), PLANNED)
    assert seen.subscription_id == ""
    query = dict(wire.requests[1].url.params)
    assert query["location_id"] == LOCATION and query["begin_time"] == order()["created_at"]


def test_the_same_amount_at_the_same_time_by_the_same_customer_is_not_its_money() -> None:
    seen = looked(session_shelf(paid(note="t11111-0rder0000002-1"), paid(id="pay-2", note="")))
    assert (seen.state, seen.payments, seen.subscription_id) == (S.OPEN, (), "")


def test_money_of_an_order_that_is_not_the_links_is_found_by_our_reference() -> None:
    wire = session_shelf(paid())
    seen = looked(wire)
    assert seen.state is S.PAID
    assert [each.payment_id for each in seen.payments] == ["pay-1"]
    assert seen.subscription_id == "sub-1"
    # Until its link is deleted somebody might subscribe by it again.
    assert seen.is_final is False
    (search,) = [said(each) for each in wire.requests if each.method == "POST"]
    assert faults(search, "SearchSubscriptionsRequest") == []
    filters = search["query"]["filter"]
    assert filters == {"customer_ids": ["customer-1"], "location_ids": [LOCATION]}


def test_money_of_the_links_own_order_is_found_there_and_nothing_more_comes_by_it() -> None:
    told = paid(order_id="order-1")
    wire = session_shelf(told)
    wire.ways["GET orders/order-1"] = {"order": unnamed("OPEN", "pay-1")}
    wire.ways["GET payments/pay-1"] = {"payment": told}
    wire.ways["GET invoices/inv-1"] = {"invoice": invoice(order_id="order-1")}
    seen = looked(wire)
    assert (seen.state, seen.is_final, seen.subscription_id) == (S.PAID, True, "sub-1")
    assert len(seen.payments) == 1


def test_a_payment_is_found_on_any_page_of_the_list() -> None:
    class Pages(Shelf):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            is_second = request.url.params.get("cursor") == "more"
            many = [payment(id=f"other-{at}", note=None) for at in range(100)]
            page = {"payments": [paid()]} if is_second else {"payments": many, "cursor": "more"}
            self.ways["GET payments"] = page
            return await super().handle_async_request(request)

    assert looked(Pages(session_shelf().ways)).state is S.PAID


def test_once_its_link_is_deleted_and_all_is_known_it_is_over() -> None:
    wire = session_shelf(paid())
    wire.ways["GET orders/order-1"] = {"order": unnamed("CANCELED")}
    seen = looked(wire)
    assert (seen.state, seen.is_final, seen.subscription_id) == (S.PAID, True, "sub-1")
    wire.ways[SEARCH] = {}
    seen = looked(wire)
    assert (seen.state, seen.is_final, seen.subscription_id) == (S.PAID, False, "")


@pytest.mark.parametrize("status", ["APPROVED", "PENDING"])
def test_money_that_is_under_way_is_not_paid(status: str) -> None:
    seen = looked(session_shelf(paid(status=status)))
    assert (seen.state, seen.payments, seen.is_final) == (S.PROCESSING, (), False)


def test_a_refused_try_is_told_with_its_reason() -> None:
    seen = looked(session_shelf(refused_try("INSUFFICIENT_FUNDS", order_id="order-9")))
    assert (seen.state, seen.decline) == (S.OPEN, "INSUFFICIENT_FUNDS")


@pytest.mark.parametrize("age_s, is_over", [(0, False), (59, False), (60, True)])
def test_a_deleted_link_is_over_once_the_list_of_payments_must_know_of_all(
    age_s: int, is_over: bool
) -> None:
    """Square's list of payments is late: money of the last moment may not be on it yet."""
    closed_at = (START - timedelta(seconds=age_s)).isoformat()
    wire = session_shelf()
    wire.ways["GET orders/order-1"] = {"order": unnamed("CANCELED", closed_at=closed_at)}
    seen = looked(wire)
    assert (seen.state, seen.is_final) == (S.EXPIRED, is_over)


def test_without_lists_that_are_late_a_deleted_link_is_over_at_once() -> None:
    wire = session_shelf()
    wire.ways["GET orders/order-1"] = {"order": unnamed("CANCELED")}
    assert looked(wire, lists_after=timedelta(0)).is_final is True


# --- closing, hearing, listing -----------------------------------------------------------------


@pytest.mark.parametrize("answer", [{"id": "x"}, refusal(400), refusal(404, "NOT_FOUND")])
def test_closing_deletes_the_link_or_looks_again_where_that_is_refused(answer: Any) -> None:
    wire = session_shelf(paid())
    wire.ways[f"GET {LINKS}"] = {"payment_links": [link("other"), link()]}
    wire.ways[f"DELETE {LINKS}/LINK-OF-order-1"] = answer
    closed = strategy(wire).close_session(PLANNED, key="the-close-key")
    seen = asyncio.run(closed)
    assert (seen.state, seen.source) == (S.PAID, Source.CLOSE)
    assert ("DELETE", f"/v2/{LINKS}/LINK-OF-order-1") in asked(wire)


def test_a_draft_that_was_purged_is_gone() -> None:
    with pytest.raises(Rejected) as refused:
        looked(Shelf({}))
    assert refused.value.status == 404


def test_money_that_an_event_told_of_is_found_before_the_list_knows_it() -> None:
    wire = session_shelf()
    told = paid(card_details={"entry_method": "ON_FILE"})

    async def story() -> Observation:
        till = strategy(wire)
        delivery = till.read_webhook(delivered(event("payment.updated", "payment", told)))
        heard = till.observe(delivery, at=START)
        assert heard == Recheck(str(REFERENCE), session_id="order-9")
        return await till.fetch(PLANNED, source=Source.POLL)

    seen = asyncio.run(story())
    assert (seen.state, seen.subscription_id) == (S.PAID, "sub-1")


def test_of_orders_that_events_told_of_only_the_newest_are_remembered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("app.providers.square.plan_sessions._REMEMBERED", 2)
    client = SquareClient("EAAAtest", api_base="https://x.example", clock=VirtualClock())
    looks = PlanLooks(client, LOCATION, timedelta(0))
    for number in range(5):
        looks.hear(f"reference-{number}", f"order-{number}")
    assert looks.heard == {"reference-3": "order-3", "reference-4": "order-4"}


def test_an_order_that_an_event_told_of_counts_by_what_square_says_of_it() -> None:
    wire = session_shelf()
    wire.ways["GET payments/pay-1"] = {"payment": paid(note="t11111-0rder0000002-1")}

    async def story() -> Observation:
        till = strategy(wire)
        told = paid(card_details={"entry_method": "ON_FILE"})
        delivery = till.read_webhook(delivered(event("payment.updated", "payment", told)))
        till.observe(delivery, at=START)
        return await till.fetch(PLANNED, source=Source.POLL)

    assert asyncio.run(story()).state is S.OPEN


def listed(wire: Shelf) -> list[Observation | Recheck]:
    async def run() -> list[Observation | Recheck]:
        since = START - timedelta(hours=1)
        return [each async for each in strategy(wire).list_since(since, source=Source.SWEEP)]

    return asyncio.run(run())


def test_money_that_came_by_a_plan_is_listed_by_its_reference_and_the_order_that_it_paid() -> None:
    """The order that was paid may be another than the link's, and the payment a renewal's."""
    wire = session_shelf(paid(), payment(note=None), refused_try(note="t11111-0rder0000003-1"))
    wire.ways["POST orders/search"] = {}
    assert listed(wire) == [Recheck(str(REFERENCE), session_id=f"order-9..{REFERENCE}")]


def test_a_sale_is_listed_once_and_its_order_asked_for_no_more() -> None:
    wire = session_shelf(payment())
    wire.ways["POST orders/search"] = {"orders": [order("OPEN", "pay-1")]}
    (seen,) = listed(wire)
    assert isinstance(seen, Observation) and seen.session_id == "order-1"
    assert ("GET", "/v2/orders/order-1") not in asked(wire)


def test_a_sale_that_changed_before_is_no_subscription() -> None:
    wire = session_shelf(payment())
    wire.ways["POST orders/search"] = {}
    wire.ways["GET orders/order-1"] = {"order": order("OPEN", "pay-1")}
    assert listed(wire) == []
