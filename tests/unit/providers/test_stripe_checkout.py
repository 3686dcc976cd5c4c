"""The strategy over a scripted wire: which requests it makes, and what it makes of the answers."""

import asyncio
import json
from datetime import timedelta
from typing import Any

import httpx
import pytest

from app.domain.money import Money
from app.domain.observation import SessionState, Source
from app.errors import Rejected, Unavailable
from app.providers.strategy import Recheck
from tests.conftest import ExpectedLogs
from tests.parts.clock import START, VirtualClock
from tests.parts.stripe import (
    PAGE,
    REFERENCE,
    SECRET,
    Wire,
    delivered,
    event,
    intent,
    refusal,
    request,
    session,
)
from tests.parts.stripe_strategy import ACCOUNT, dated, form, strategy
from tests.parts.stripe_strategy import listed as list_all

COMPLETE = {"status": "complete", "payment_status": "paid", "payment_intent": intent()}


# --- who am I ----------------------------------------------------------------------------------


def test_the_account_behind_the_key_is_asked_for() -> None:
    known = asyncio.run(strategy(Wire(ACCOUNT), adopted=False).identify())
    assert (known.id, known.live) == ("acct_1", False)


def test_a_key_that_may_not_read_its_account_is_told_apart_by_our_name() -> None:
    known = asyncio.run(strategy(Wire(refusal(403)), adopted=False).identify())
    assert known.id == "name:main"


def test_a_key_that_is_not_known_is_refused() -> None:
    with pytest.raises(Rejected) as refused:
        asyncio.run(strategy(Wire(refusal(401)), adopted=False).identify())
    assert refused.value.status == 401


def test_without_an_account_from_the_books_the_first_look_asks_for_it() -> None:
    """After a new key the books know no account for it; money must still find its attempt."""
    wire = Wire(ACCOUNT, session(**COMPLETE))
    seen = asyncio.run(strategy(wire, adopted=False).fetch("cs_test_1", source=Source.POLL))
    assert seen.provider_account == "acct_1"


def test_a_right_that_was_taken_away_makes_it_no_other_account() -> None:
    till = strategy(Wire(refusal(403)))
    assert asyncio.run(till.identify()).id == "acct_1"


# --- opening -----------------------------------------------------------------------------------


def test_a_session_lives_by_stripes_own_clock() -> None:
    """A clock of ours that is wrong by an hour would make Stripe refuse the session."""
    clock = VirtualClock(START - timedelta(hours=1))
    wire = Wire(dated("Sat, 21 Nov 2026 09:00:00 GMT"))
    parameters = asyncio.run(strategy(wire, clock=clock).prepare_session(request()))
    assert parameters["expires_at"] == int((START + timedelta(minutes=35)).timestamp())


@pytest.mark.parametrize(
    "date", ["", "nonsense", "Sat, 21 Nov 2026 09:00:00", "Fri, 31 Dec 9999 23:59:59 -0100"]
)
def test_without_a_usable_date_our_clock_has_to_do(date: str) -> None:
    wire = Wire(dated(date))
    parameters = asyncio.run(strategy(wire).prepare_session(request()))
    assert parameters["expires_at"] == int((START + timedelta(minutes=35)).timestamp())


def test_once_stripes_clock_is_known_it_is_not_asked_for_again() -> None:
    clock = VirtualClock()
    wire = Wire(dated("Sat, 21 Nov 2026 10:00:00 GMT"))
    till = strategy(wire, clock=clock)

    async def twice() -> dict[str, Any]:
        await till.prepare_session(request())
        clock.advance(60)
        return await till.prepare_session(request())

    parameters = asyncio.run(twice())
    assert len(wire.requests) == 1
    assert parameters["expires_at"] == int((START + timedelta(minutes=96)).timestamp())


def test_a_session_is_created_under_our_key_with_the_parameters_as_they_are() -> None:
    wire = Wire(session())
    till = strategy(wire)
    parameters = {"mode": "payment", "client_reference_id": str(REFERENCE), "expires_at": 5}
    opened = asyncio.run(till.open_session(parameters, key="t-1-create"))
    assert (opened.session_id, opened.url, opened.amount) == ("cs_test_1", PAGE, Money(500, "EUR"))
    (sent,) = wire.requests
    assert (sent.method, sent.url.path) == ("POST", "/v1/checkout/sessions")
    assert sent.headers["idempotency-key"] == "t-1-create"
    assert form(sent) == {
        "mode": ["payment"],
        "client_reference_id": [str(REFERENCE)],
        "expires_at": ["5"],
    }


@pytest.mark.parametrize(
    "url",
    [
        "https://checkout.stripe.com.evil.example/c",
        "http://checkout.stripe.com/c",
        "https://user@checkout.stripe.com/c",
        "http://127.0.0.1:1/c",
    ],
)
def test_a_page_that_is_not_stripes_is_never_handed_out(
    url: str, expected_logs: ExpectedLogs
) -> None:
    opened = asyncio.run(strategy(Wire(session(url=url))).open_session({}, key="k" * 10))
    assert (opened.session_id, opened.url) == ("cs_test_1", "")
    expected_logs.take("no page of Stripe's")


def test_a_domain_of_the_owners_and_a_loopback_doubles_own_are_pages_too() -> None:
    own = strategy(Wire(session(url="https://pay.shop.example/c")), custom_host="pay.shop.example")
    assert asyncio.run(own.open_session({}, key="k" * 10)).url == "https://pay.shop.example/c"
    base = "http://127.0.0.1:4242"
    double = strategy(Wire(session(url=f"{base}/c/pay/1")), api_base=base)
    assert asyncio.run(double.open_session({}, key="k" * 10)).url == f"{base}/c/pay/1"
    elsewhere = strategy(Wire(), api_base="https://stripe.double.example")
    assert elsewhere.capabilities.page_origin == ""


# --- looking and closing -----------------------------------------------------------------------


def test_a_look_asks_for_all_that_money_is_judged_by() -> None:
    wire = Wire(session(**COMPLETE))
    seen = asyncio.run(strategy(wire).fetch("cs_test_1", source=Source.SWEEP))
    assert (seen.state, seen.source, seen.provider_account) == (
        SessionState.PAID,
        Source.SWEEP,
        "acct_1",
    )
    assert wire.requests[0].url.params.get_list("expand[0]") == ["payment_intent"]
    assert wire.requests[0].url.params.get_list("expand[1]") == ["invoice.payments"]


def test_closing_expires_the_session_and_looks_again() -> None:
    wire = Wire(session(status="expired"), session(status="expired"))
    seen = asyncio.run(strategy(wire).close_session("cs_test_1", key="t-1-close-1"))
    assert (seen.state, seen.source) == (SessionState.EXPIRED, Source.CLOSE)
    assert [r.url.path.rsplit("/", 1)[-1] for r in wire.requests] == ["expire", "cs_test_1"]
    assert wire.requests[0].headers["idempotency-key"] == "t-1-close-1"


def test_a_refused_closing_is_answered_with_what_the_session_is_now() -> None:
    wire = Wire(refusal(400), session(**COMPLETE))
    seen = asyncio.run(strategy(wire).close_session("cs_test_1", key="k" * 10))
    assert seen.state is SessionState.PAID


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_closing_that_was_refused_for_another_reason_proves_nothing(status: int) -> None:
    with pytest.raises(Rejected):
        asyncio.run(strategy(Wire(refusal(status))).close_session("cs_test_1", key="k" * 10))


def test_a_closing_without_a_look_afterwards_proves_nothing() -> None:
    wire = Wire(session(status="expired"), httpx.ConnectError("gone"))
    with pytest.raises(Unavailable):
        asyncio.run(strategy(wire).close_session("cs_test_1", key="k" * 10))


def test_every_page_of_the_list_is_looked_at() -> None:
    def page(*ids: str, more: bool) -> dict[str, Any]:
        data = [session(id=id) for id in ids]
        return {"object": "list", "url": "/v1/checkout/sessions", "data": data, "has_more": more}

    wire = Wire(page("cs_1", "cs_2", more=True), page("cs_3", more=False))

    async def ids() -> list[str]:
        till = strategy(wire)
        return [s.session_id for s in await list_all(till)]

    assert asyncio.run(ids()) == ["cs_1", "cs_2", "cs_3"]
    first, second = wire.requests
    assert first.url.params["created[gte]"] == str(int(START.timestamp()))
    assert first.url.params["limit"] == "50"
    assert second.url.params["starting_after"] == "cs_2"


def test_sessions_that_are_not_a_tills_need_not_be_understood() -> None:
    odd = session(id="cs_web", client_reference_id="web-4711", metadata={}, status="new state")
    listed = {"object": "list", "url": "/v1/x", "data": [odd, session()], "has_more": False}

    async def ids() -> list[str]:
        till = strategy(Wire(listed))
        return [s.session_id for s in await list_all(till)]

    assert asyncio.run(ids()) == ["cs_test_1"]


def test_a_list_without_an_account_from_the_books_asks_for_it_first() -> None:
    listed = {"object": "list", "url": "/v1/x", "data": [session()], "has_more": False}
    wire = Wire(ACCOUNT, listed)

    async def accounts() -> list[str]:
        till = strategy(wire, adopted=False)
        return [s.provider_account for s in await list_all(till)]

    assert asyncio.run(accounts()) == ["acct_1"]


def test_a_session_of_ours_that_is_not_understood_hides_no_other(
    expected_logs: ExpectedLogs,
) -> None:
    odd = session(id="cs_odd", status="new state")
    listed = {"object": "list", "url": "/v1/x", "data": [odd, session()], "has_more": False}
    first, second = asyncio.run(list_all(strategy(Wire(listed))))
    assert first == Recheck(str(REFERENCE)) and second.session_id == "cs_test_1"
    expected_logs.take("is not understood")


def test_an_event_on_the_list_that_is_none_hides_no_other(expected_logs: ExpectedLogs) -> None:
    good = event("checkout.session.completed", session())
    odd = {"id": "evt_0", "object": "event", "type": "x", "livemode": "perhaps"}
    listed = {"object": "list", "url": "/v1/events", "data": [odd, good], "has_more": False}
    wire = Wire(listed)

    async def events() -> list[str]:
        until = START + timedelta(days=1)
        return [d.event_id async for d in strategy(wire).events_since(START, until=until)]

    assert asyncio.run(events()) == ["evt_1"]
    expected_logs.take("lists an event that is none")
    asked = wire.requests[0].url.params
    assert asked["created[lt]"] == str(int(START.timestamp()) + 86_400)
    assert asked["types[0]"] == "checkout.session.completed"


# --- webhooks ----------------------------------------------------------------------------------


def test_a_webhook_is_verified_read_and_understood() -> None:
    till = strategy(Wire())
    body = event("checkout.session.completed", session(**COMPLETE))
    delivery = till.read_webhook(delivered(body))
    assert json.loads(delivery.body) == body
    seen = till.observe(delivery, at=START)
    assert getattr(seen, "state", None) is SessionState.PAID


def test_the_key_and_the_secret_are_in_no_picture_of_the_strategy() -> None:
    till = strategy(Wire())
    for text in (repr(till), str(till.capabilities), till.credential_digest):
        assert "sk_test_1" not in text and SECRET not in text


def test_it_lets_go_of_the_network() -> None:
    till = strategy(Wire())
    asyncio.run(till.aclose())
    with pytest.raises(Unavailable):
        asyncio.run(till.identify())
