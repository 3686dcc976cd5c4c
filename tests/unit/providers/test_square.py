"""The strategy over a scripted wire: which requests it makes, and what it makes of the answers."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, TypeVar

import httpx
import pytest

from app.domain.capabilities import Demand, objection
from app.domain.money import Money
from app.domain.observation import Observation, SessionState, Source
from app.errors import InvariantError, Protocol, Rejected, Unavailable
from app.providers.square.client import API_VERSION, SquareClient, credential_digest
from app.providers.square.links import Links
from tests.conftest import ExpectedLogs
from tests.integration.sandbox.square.description import faults
from tests.parts.clock import VirtualClock
from tests.parts.square import (
    LOCATION,
    MERCHANT,
    PAGE,
    asked,
    link,
    location,
    order,
    payment,
    refusal,
    refused_try,
    said,
    strategy,
)
from tests.parts.stripe import Wire, request

T = TypeVar("T")

LINKS = "/v2/online-checkout/payment-links"
MADE = {"payment_link": link(), "related_resources": {"orders": [order()]}}
NONE_LISTED: dict[str, Any] = {}


def all_of(listed: AsyncIterator[T]) -> list[T]:
    async def run() -> list[T]:
        return [each async for each in listed]

    return asyncio.run(run())


# --- who am I ----------------------------------------------------------------------------------


def test_the_merchant_and_the_currency_behind_the_token_are_asked_for_in_one_request() -> None:
    wire = Wire(location(currency="GBP"))
    till = strategy(wire, adopted=False)
    known = asyncio.run(till.identify())
    assert (known.id, known.live) == (MERCHANT, False)
    assert till.capabilities.currencies == {"GBP"}
    assert asked(wire) == [("GET", f"/v2/locations/{LOCATION}")]
    sent = wire.requests[0].headers
    assert sent["Authorization"] == "Bearer EAAAtest"
    assert sent["Square-Version"] == API_VERSION


@pytest.mark.parametrize(
    "answer, words",
    [
        (refusal(404, "NOT_FOUND"), f"Square does not know the location {LOCATION}"),
        (location(status="INACTIVE"), f"The location {LOCATION} is closed at Square"),
        (location(currency="CHF"), "The till does not sell in CHF through Square"),
        (refusal(401, "UNAUTHORIZED"), "Square does not accept the till's access token"),
    ],
)
def test_where_nothing_can_be_sold_it_is_said_in_words(answer: Any, words: str) -> None:
    with pytest.raises(Rejected) as refused:
        asyncio.run(strategy(Wire(answer), adopted=False).identify())
    assert refused.value.title == words and refused.value.action


@pytest.mark.parametrize("changes", [{"merchant_id": None}, {"currency": None}])
def test_a_location_that_says_too_little_proves_nothing(changes: dict[str, Any]) -> None:
    with pytest.raises(Protocol):
        asyncio.run(strategy(Wire(location(**changes)), adopted=False).identify())


def test_another_location_is_another_credential_and_none_is_revealed() -> None:
    digests = {credential_digest("EAAAtest", place) for place in ("L1", "L2")}
    assert len(digests) == 2 and credential_digest("EAAAtest", "L1") in digests
    assert not any("EAAA" in digest for digest in digests)


def test_without_an_account_from_the_books_the_first_look_asks_for_it() -> None:
    wire = Wire(location(), {"order": order("OPEN", "pay-1")}, {"payment": payment()})
    seen = asyncio.run(strategy(wire, adopted=False).fetch("order-1", source=Source.POLL))
    assert seen.provider_account == MERCHANT


# --- opening -----------------------------------------------------------------------------------


def test_a_currency_that_is_not_the_locations_is_refused_before_anything_is_sold() -> None:
    """After a restart the books know the merchant and not the currency: it is asked for once."""
    wire = Wire(location(currency="USD"))
    till = strategy(wire)
    for _ in range(2):
        with pytest.raises(Rejected) as refused:
            asyncio.run(till.prepare_session(request()))
        assert refused.value.title == "The Square location takes USD alone"
    assert asked(wire) == [("GET", f"/v2/locations/{LOCATION}")]
    assert objection(till.capabilities, Demand(Money(500, "EUR"))) == "It takes no EUR."


def test_a_session_is_known_by_its_order() -> None:
    wire = Wire(location(), MADE)

    async def story() -> Any:
        till = strategy(wire)
        return await till.open_session(await till.prepare_session(request()), key="the-key-123")

    opened = asyncio.run(story())
    assert (opened.session_id, opened.url, opened.amount) == ("order-1", PAGE, Money(500, "EUR"))
    body = said(wire.requests[1])
    assert body["idempotency_key"] == "the-key-123"
    assert faults(body, "CreatePaymentLinkRequest") == []
    assert asked(wire)[1] == ("POST", LINKS)


@pytest.mark.parametrize("related", [None, {}, {"orders": []}, {"orders": [order(id="other")]}])
def test_what_it_asks_for_is_read_from_the_order_where_that_did_not_come_along(
    related: Any,
) -> None:
    told = {"payment_link": link(), "related_resources": related}
    wire = Wire(told, {"order": order()})
    opened = asyncio.run(strategy(wire).open_session({}, key="the-key-123"))
    assert opened.amount == Money(500, "EUR")
    assert asked(wire)[1] == ("GET", "/v2/orders/order-1")


@pytest.mark.parametrize(
    "url",
    [
        None,
        "",
        "https://square.link/u/abcd",
        "http://sandbox.square.link/u/abcd",
        "https://sandbox.square.link.evil.example/u/abcd",
        "https://sandbox.square.link@evil.example/u/abcd",
        "https://sandbox.square.link:8443/u/abcd",
    ],
)
def test_a_page_that_is_not_squares_own_is_not_shown(url: Any, expected_logs: ExpectedLogs) -> None:
    told = {**MADE, "payment_link": link(url=url)}
    opened = asyncio.run(strategy(Wire(told)).open_session({}, key="the-key-123"))
    assert (opened.session_id, opened.url) == ("order-1", "")
    expected_logs.take("it is not shown")


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"payment_link": None},
        {"payment_link": {**link(), "order_id": None}},
        {"payment_link": link(id=None)},
        {"payment_link": link(), "related_resources": {"orders": [order(total_money=None)]}},
    ],
)
def test_a_link_that_says_too_little_proves_nothing(told: dict[str, Any]) -> None:
    with pytest.raises(Protocol):
        asyncio.run(strategy(Wire(told)).open_session({}, key="the-key-123"))


# --- looking -----------------------------------------------------------------------------------


def looked(*answers: Any) -> tuple[Observation, Wire]:
    wire = Wire(*answers)
    return asyncio.run(strategy(wire).fetch("order-1", source=Source.POLL)), wire


def test_a_paid_order_is_judged_by_its_payment() -> None:
    seen, wire = looked({"order": order("OPEN", "pay-1")}, {"payment": payment()})
    assert seen.state is SessionState.PAID
    assert asked(wire) == [("GET", "/v2/orders/order-1"), ("GET", "/v2/payments/pay-1")]


def test_tries_are_looked_for_at_the_tills_own_location_and_never_at_the_main_one() -> None:
    strangers = [refused_try("CVV_FAILURE", id="x", order_id="other"), payment(order_id=None)]
    seen, wire = looked({"order": order()}, {"payments": [*strangers, refused_try()]})
    assert (seen.state, seen.decline) == (SessionState.OPEN, "GENERIC_DECLINE")
    query = dict(wire.requests[1].url.params)
    assert query["location_id"] == LOCATION and query["begin_time"] == order()["created_at"]


def test_money_that_the_order_does_not_know_of_yet_is_found_on_the_list() -> None:
    seen, _ = looked({"order": order()}, {"payments": [payment()]})
    assert seen.state is SessionState.PAID
    assert [paid.payment_id for paid in seen.payments] == ["pay-1"]


def test_a_refused_payment_that_the_order_names_counts_once() -> None:
    told = refused_try()
    seen, _ = looked({"order": order("OPEN", "pay-1")}, {"payment": told}, {"payments": [told]})
    assert (seen.state, seen.decline) == (SessionState.OPEN, "GENERIC_DECLINE")


def test_a_draft_that_was_purged_is_gone() -> None:
    with pytest.raises(Rejected) as refused:
        looked(refusal(404, "NOT_FOUND"))
    assert refused.value.status == 404


def test_an_id_never_leads_anywhere_else() -> None:
    wire = Wire({"order": order()}, NONE_LISTED)
    asyncio.run(strategy(wire).fetch("../payments/x?y#z", source=Source.POLL))
    assert wire.requests[0].url.raw_path == b"/v2/orders/..%2Fpayments%2Fx%3Fy%23z"


# --- closing -----------------------------------------------------------------------------------

CANCELED = {"order": order("CANCELED")}
DELETED = {"id": "LINK-OF-order-1", "cancelled_order_id": "order-1"}


def closed(*answers: Any, opened: bool = True) -> tuple[Observation, Wire]:
    wire = Wire(*([MADE] if opened else []), *answers)

    async def story() -> Observation:
        till = strategy(wire)
        if opened:
            await till.open_session({}, key="the-key-123")
        return await till.close_session("order-1", key="the-close-key")

    return asyncio.run(story()), wire


def test_closing_deletes_the_link_and_looks_again() -> None:
    seen, wire = closed(DELETED, CANCELED, NONE_LISTED)
    assert (seen.state, seen.is_final, seen.source) == (SessionState.EXPIRED, True, Source.CLOSE)
    assert asked(wire)[1] == ("DELETE", f"{LINKS}/LINK-OF-order-1")


@pytest.mark.parametrize("status", [400, 404])
def test_a_refused_deletion_means_to_look_again_since_it_may_be_paid(status: int) -> None:
    paid = ({"order": order("OPEN", "pay-1")}, {"payment": payment()})
    seen, _ = closed(refusal(status), *paid)
    assert seen.state is SessionState.PAID


def test_a_deletion_that_changed_nothing_yet_is_no_end() -> None:
    seen, _ = closed(DELETED, {"order": order()}, NONE_LISTED)
    assert (seen.state, seen.is_final) == (SessionState.OPEN, False)


@pytest.mark.parametrize("status", [401, 403])
def test_a_token_that_is_refused_is_no_answer_about_the_link(status: int) -> None:
    with pytest.raises(Rejected) as refused:
        closed(refusal(status, "UNAUTHORIZED"))
    assert refused.value.is_of_the_key


def test_a_deletion_without_an_answer_says_nothing() -> None:
    with pytest.raises(Unavailable):
        closed(httpx.ConnectError("down"))


def test_after_a_restart_the_link_is_found_on_squares_list_whatever_its_order() -> None:
    pages = (
        {"payment_links": [link("other-1"), link("other-2")], "cursor": "more"},
        {"payment_links": [link("order-1"), link("other-3")], "cursor": "never-asked-for"},
    )
    seen, wire = closed(*pages, DELETED, CANCELED, NONE_LISTED, opened=False)
    assert seen.state is SessionState.EXPIRED
    assert asked(wire)[:3] == [
        ("GET", LINKS),
        ("GET", LINKS),
        ("DELETE", f"{LINKS}/LINK-OF-order-1"),
    ]
    assert wire.requests[1].url.params["cursor"] == "more"


def test_links_that_were_seen_are_not_looked_for_again() -> None:
    listed = {"payment_links": [link("other-1"), link("order-1")]}
    other = {"order": order("CANCELED", id="other-1")}
    wire = Wire(listed, DELETED, CANCELED, NONE_LISTED, DELETED, other, NONE_LISTED)

    async def story() -> None:
        till = strategy(wire)
        for order_id in ("order-1", "other-1"):
            await till.close_session(order_id, key="the-close-key")

    asyncio.run(story())
    assert [way for way in asked(wire) if way == ("GET", LINKS)] == [("GET", LINKS)]


def test_of_links_that_were_seen_only_the_newest_are_remembered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("app.providers.square.links._REMEMBERED", 2)
    kept = Links(SquareClient("EAAAtest", api_base="https://x.example", clock=VirtualClock()))
    for number in range(5):
        kept.remember(f"order-{number}", f"link-{number}")
    assert kept.remembered == {"order-3": "link-3", "order-4": "link-4"}


def test_an_order_whose_link_was_deleted_before_is_looked_at_alone() -> None:
    seen, wire = closed({"payment_links": []}, CANCELED, NONE_LISTED, opened=False)
    assert seen.state is SessionState.EXPIRED
    assert "DELETE" not in [method for method, _ in asked(wire)]


def test_a_list_that_leads_round_in_a_circle_ends() -> None:
    page = {"payment_links": [link("other")], "cursor": "again"}
    with pytest.raises(Protocol):
        closed(page, page, page, opened=False)


# --- its pages ---------------------------------------------------------------------------------


def test_squares_own_pages_never_move() -> None:
    with pytest.raises(InvariantError):
        strategy(Wire()).move_pages("http://192.168.1.5:8000")


def test_where_a_page_is_now_is_asked_for() -> None:
    listed = {"payment_links": [link()]}
    ask = strategy(Wire(listed, {"payment_link": link()})).page_of("order-1")
    assert asyncio.run(ask) == PAGE
    ask = strategy(Wire(listed, {"payment_link": link(url="https://evil.example/")})).page_of(
        "order-1"
    )
    assert asyncio.run(ask) == ""
    assert asyncio.run(strategy(Wire({"payment_links": []})).page_of("order-1")) == ""
