"""Stripe Checkout over a scripted wire: refunds, and answers that prove nothing."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import httpx
import pytest

from app.domain.money import Money
from app.domain.observation import Source
from app.domain.refund import RefundState
from app.errors import Protocol, ProviderError, Unavailable
from app.providers.kinds.stripe_checkout import StripeCheckout
from app.providers.strategy import RefundRequest
from tests.parts.clock import START
from tests.parts.stripe import (
    REFERENCE,
    Raw,
    Wire,
    refusal,
)
from tests.parts.stripe_strategy import form, strategy
from tests.parts.stripe_strategy import listed as list_all

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
    "list_since": list_all,
    "register_webhook": lambda till: till.register_webhook("http://127.0.0.1:1/w", owner="t"),
    "open_setup": lambda till: till.open_setup({}, key="k" * 10),
    "fetch_setup": lambda till: till.fetch_setup("cs_test_1", source=Source.POLL),
    "close_setup": lambda till: till.close_setup("cs_test_1", key="k" * 10),
    "fetch_subscription": lambda till: till.fetch_subscription("sub_1", source=Source.POLL),
    "end_now": lambda till: till.cancel_subscription("sub_1", at_period_end=False, key="k" * 10),
    "end_later": lambda till: till.cancel_subscription("sub_1", at_period_end=True, key="k" * 10),
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
