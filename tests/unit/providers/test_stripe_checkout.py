"""The strategy over a scripted wire: which requests it makes, and what it makes of the answers."""

import asyncio
import json
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest

from app.domain.money import Money
from app.domain.observation import SessionState, Source
from app.domain.refund import RefundState
from app.errors import Protocol, ProviderError, Rejected, Unavailable
from app.providers.strategy import Recheck, RefundRequest
from app.providers.stripe_checkout import StripeCheckout
from tests.conftest import ExpectedLogs
from tests.parts.clock import START, VirtualClock
from tests.parts.stripe import (
    PAGE,
    REFERENCE,
    SECRET,
    Raw,
    Wire,
    delivered,
    event,
    intent,
    refusal,
    request,
    session,
)

ACCOUNT = {"id": "acct_1", "object": "account"}
COMPLETE = {"status": "complete", "payment_status": "paid", "payment_intent": intent()}


def strategy(wire: Wire, *, adopted: bool = True, **changes: Any) -> StripeCheckout:
    usual: dict[str, Any] = {"clock": VirtualClock(), "webhook_secrets": (SECRET,)}
    made = StripeCheckout("main", "sk_test_1", transport=wire, **usual | changes)
    if adopted:
        made.adopt("acct_1")
    return made


def dated(date: str) -> Raw:
    return Raw(200, json.dumps(ACCOUNT).encode(), {"Date": date})


def form(request: httpx.Request) -> dict[str, list[str]]:
    return parse_qs(request.content.decode())


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
        return [s.session_id for s in await _listed(till)]

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
        return [s.session_id for s in await _listed(till)]

    assert asyncio.run(ids()) == ["cs_test_1"]


def test_a_list_without_an_account_from_the_books_asks_for_it_first() -> None:
    listed = {"object": "list", "url": "/v1/x", "data": [session()], "has_more": False}
    wire = Wire(ACCOUNT, listed)

    async def accounts() -> list[str]:
        till = strategy(wire, adopted=False)
        return [s.provider_account for s in await _listed(till)]

    assert asyncio.run(accounts()) == ["acct_1"]


def test_a_session_of_ours_that_is_not_understood_hides_no_other(
    expected_logs: ExpectedLogs,
) -> None:
    odd = session(id="cs_odd", status="new state")
    listed = {"object": "list", "url": "/v1/x", "data": [odd, session()], "has_more": False}
    first, second = asyncio.run(_listed(strategy(Wire(listed))))
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


# --- refunds -----------------------------------------------------------------------------------

REFUND = RefundRequest("pi_1", Money(200, "EUR"), "t-1-refund-1", REFERENCE)


def test_a_refund_is_asked_for_once_under_its_key() -> None:
    answer = {
        "id": "re_1",
        "object": "refund",
        "status": "pending",
        "amount": 200,
        "currency": "eur",
        "payment_intent": "pi_1",
    }
    wire = Wire(answer)
    till = strategy(wire)
    refund = asyncio.run(till.refund(till.prepare_refund(REFUND), key=REFUND.key))
    assert (refund.refund_id, refund.state) == ("re_1", RefundState.PENDING)
    assert wire.requests[0].headers["idempotency-key"] == "t-1-refund-1"
    sent = form(wire.requests[0])
    assert (sent["amount"], sent["metadata[key]"]) == (["200"], ["t-1-refund-1"])


def test_refunds_are_listed_page_by_page() -> None:
    def page(name: str, *, has_more: bool) -> dict[str, Any]:
        refund = {
            "id": name,
            "object": "refund",
            "status": "succeeded",
            "amount": 200,
            "currency": "eur",
            "payment_intent": "pi_1",
            "metadata": {"key": f"key-of-{name}"},
        }
        return {"object": "list", "url": "/v1/refunds", "has_more": has_more, "data": [refund]}

    wire = Wire(page("re_2", has_more=True), page("re_1", has_more=False))
    found = asyncio.run(_refunds_listed(strategy(wire)))
    assert [(seen.refund_id, seen.key) for seen in found] == [
        ("re_2", "key-of-re_2"),
        ("re_1", "key-of-re_1"),
    ]
    assert wire.requests[1].url.params["starting_after"] == "re_2"
    assert {request.url.params["payment_intent"] for request in wire.requests} == {"pi_1"}


# --- answers that are none ---------------------------------------------------------------------

Verb = Callable[[StripeCheckout], Coroutine[Any, Any, Any]]


async def _listed(till: StripeCheckout) -> Any:
    return [seen async for seen in till.list_since(START, source=Source.SWEEP)]


async def _refunds_listed(till: StripeCheckout) -> Any:
    return [seen async for seen in till.list_refunds("pi_1")]


async def _refunds_made(till: StripeCheckout) -> Any:
    return [seen async for seen in till.refunds_since(START)]


VERBS: dict[str, Verb] = {
    "identify": lambda till: till.identify(),
    "open_session": lambda till: till.open_session({}, key="k" * 10),
    "fetch": lambda till: till.fetch("cs_test_1", source=Source.POLL),
    "close_session": lambda till: till.close_session("cs_test_1", key="k" * 10),
    "refund": lambda till: till.refund(till.prepare_refund(REFUND), key=REFUND.key),
    "fetch_refund": lambda till: till.fetch_refund("re_1"),
    "list_refunds": _refunds_listed,
    "refunds_since": _refunds_made,
    "list_since": _listed,
    "register_webhook": lambda till: till.register_webhook("http://127.0.0.1:1/w", owner="t"),
}


def raw(body: bytes, status: int = 200, **headers: str) -> Raw:
    return Raw(status, body, {name.replace("_", "-"): value for name, value in headers.items()})


GARBAGE: dict[str, Raw] = {
    "a captive portal": raw(b"<html>Welcome to the hotel</html>", content_type="text/html"),
    "nothing": raw(b""),
    "an empty object": raw(b"{}"),
    "a list": raw(b"[]"),
    "a list of lists": raw(b"[[1]]"),
    "a number": raw(b"5"),
    "null": raw(b"null"),
    "a text": raw(b'"hello"'),
    "an id that is a number": raw(b'{"id": 5, "object": "checkout.session"}'),
    "deep": raw(b"[" * 100_000),
    "bad UTF-8": raw(b'{"id": "\xff"}'),
    "cut": raw(b'{"id": "cs_'),
    "a list object without data": raw(b'{"object": "list"}'),
    "a list object of nonsense": raw(
        b'{"object": "list", "data": [null, 5], "has_more": false, "url": "/v1/x"}'
    ),
    "a redirect": raw(b"", 302, location="https://evil.example/"),
    "a redirect with JSON": raw(b'{"id": "cs_1"}', 307, location="/x"),
    "not modified": raw(b"", 304),
    "an HTML 404": raw(b"<h1>Not found</h1>", 404),
    "an HTML 401": raw(b"<h1>Log in</h1>", 401),
    "an error that is a text": raw(b'{"error": "oops"}', 400),
    "an error that is a list": raw(b'{"error": ["oops"]}', 400),
    "an error that is null": raw(b'{"error": null}', 403),
    "an error without an error": raw(b'{"message": "oops"}', 400),
    "an error in a list": raw(b'["error"]', 400),
    "compressed": raw(b"\x1f\x8b", content_encoding="gzip"),
}


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("answer", GARBAGE)
def test_an_answer_that_is_none_of_stripes_proves_nothing(verb: str, answer: str) -> None:
    """Neither a success nor a refusal: a refusal would let the till say that nothing happened."""
    wire = Wire()
    wire.answer = GARBAGE[answer]
    with pytest.raises(ProviderError) as error:
        asyncio.run(VERBS[verb](strategy(wire)))
    assert isinstance(error.value, Protocol | Unavailable)
    assert error.value.__cause__ is not None or error.value.title


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize(
    "fault",
    [
        httpx.ConnectError("refused"),
        httpx.ConnectTimeout("slow"),
        httpx.ReadTimeout("slow"),
        httpx.ReadError("reset"),
        httpx.RemoteProtocolError("cut off"),
        httpx.WriteError("broken pipe"),
        httpx.ProxyError("no"),
    ],
    ids=lambda fault: type(fault).__name__,
)
def test_no_answer_is_unavailable_whichever_way_it_failed(verb: str, fault: Exception) -> None:
    with pytest.raises(Unavailable) as error:
        asyncio.run(VERBS[verb](strategy(Wire(fault))))
    assert error.value.__cause__ is fault
    assert error.value.detail == f"{type(fault).__name__}: {fault}."


@pytest.mark.parametrize("verb", ["open_session", "fetch", "refund", "list_since"])
@pytest.mark.parametrize("status", [409, 429, 500, 503])
def test_later_is_unavailable_with_the_wait_that_was_asked_for(verb: str, status: int) -> None:
    wire = Wire(refusal(status, retry_after="7"))
    with pytest.raises(Unavailable) as error:
        asyncio.run(VERBS[verb](strategy(wire)))
    assert error.value.retry_after_s == 7
    assert len(wire.requests) == 1, "retrying is the till's, under the same key"


def test_another_request_under_the_same_key_proves_nothing_of_the_first() -> None:
    wire = Wire(refusal(400, type="idempotency_error"))
    with pytest.raises(Protocol):
        asyncio.run(strategy(wire).open_session({}, key="k" * 10))


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
