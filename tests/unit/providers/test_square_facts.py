"""What is known of Square and easily missed: lengths, words, late notices, who asks again."""

import asyncio
import re
from datetime import timedelta
from typing import Any

import httpx
import pytest

from app.domain.attempt import Reference
from app.domain.ids import ORDER_ID_LENGTH, TILL_ID_LENGTH
from app.domain.observation import SessionState, Source
from app.domain.presentation import MAX_NAME, PresentedLine
from app.errors import ProviderError, Rejected, Unavailable
from app.providers.square.client import LIVE_BASE, TEST_BASE
from app.providers.square.endpoints import EVENTS
from app.providers.square.events import seen_in
from app.providers.square.orders import link_parameters, observation_from
from app.providers.square.payments import status_of
from app.providers.square.refunds import refund_from
from app.providers.strategy import WebhookRequest
from tests.integration.sandbox.square.description import description, request_of, resolved
from tests.parts.clock import START
from tests.parts.square import (
    LOCATION,
    delivered,
    dispute,
    event,
    location,
    order,
    payment,
    refund,
    refusal,
    said,
    strategy,
)
from tests.parts.stripe import Raw, Wire, request

LINKS = "/v2/online-checkout/payment-links"
LONGEST = Reference("z" * TILL_ID_LENGTH, "z" * ORDER_ID_LENGTH, 99_999)


def schemas() -> Any:
    return description()["components"]["schemas"]


# --- hosts and times ---------------------------------------------------------------------------


def test_each_mode_has_a_host_of_its_own() -> None:
    assert LIVE_BASE == "https://connect.squareup.com"
    assert TEST_BASE == "https://connect.squareupsandbox.com"


def test_a_link_never_ends_by_itself_so_its_deadline_is_the_tills() -> None:
    takes = strategy(Wire()).capabilities
    assert timedelta(minutes=15) < takes.session_lifetime < takes.key_lifetime
    asked = link_parameters(request(), LOCATION)
    named = {*asked, *asked["checkout_options"], *asked["order"]}
    assert not [name for name in named if "expire" in name or "cancel" in name]


# --- lengths -----------------------------------------------------------------------------------


def test_our_longest_texts_are_within_the_lengths_of_the_description() -> None:
    lines = (PresentedLine("\u2615" * MAX_NAME, 500),)
    asked = link_parameters(request(reference=LONGEST, lines=lines), LOCATION)
    _, link = resolved(request_of("POST", LINKS))
    limits = link["properties"]
    assert len(asked["payment_note"]) <= limits["payment_note"]["maxLength"]
    assert len(LONGEST.key("create")) <= limits["idempotency_key"]["maxLength"]
    of_order, of_line = schemas()["Order"]["properties"], schemas()["OrderLineItem"]["properties"]
    assert len(asked["order"]["reference_id"]) <= of_order["reference_id"]["maxLength"] == 40
    (item,) = asked["order"]["line_items"]
    assert len(item["name"]) <= of_line["name"]["maxLength"]
    assert item["quantity"] == "1"


def test_a_key_is_never_empty() -> None:
    """Square takes an empty one for none."""
    wire = Wire(location(), refusal(400))
    till = strategy(wire, adopted=False)
    parameters = asyncio.run(till.prepare_session(request()))
    with pytest.raises(Rejected):
        asyncio.run(till.open_session(parameters, key=request().reference.key("create")))
    assert len(said(wire.requests[-1])["idempotency_key"]) >= 10


# --- words -------------------------------------------------------------------------------------


def shouted(text: str) -> set[str]:
    return set(re.findall(r"\b[A-Z]{4,}\b", text))


def test_every_state_of_an_order_of_the_description_is_read() -> None:
    states = schemas()["OrderState"]["enum"]
    assert len(states) == 4
    for state in states:
        seen = observation_from(
            order(state),
            [],
            source=Source.POLL,
            provider_account="m",
            live=False,
            at=START,
            looked_for_tries=True,
        )
        assert seen.state is not SessionState.PAID


def test_every_state_of_a_payment_and_a_refund_of_the_description_is_read() -> None:
    payments = shouted(schemas()["Payment"]["properties"]["status"]["description"])
    refunds = shouted(schemas()["PaymentRefund"]["properties"]["status"]["description"])
    assert len(payments) == 5 and len(refunds) == 4
    assert {status_of(payment(status)) for status in payments} == payments
    for status in refunds:
        assert refund_from(refund(status)).refund_id


def test_whatever_tells_of_money_is_asked_for_and_square_has_it() -> None:
    told = {f"{what}.{word}" for what in ("payment", "refund") for word in ("created", "updated")}
    told |= {"dispute.created", "dispute.state.updated", "invoice.payment_made"}
    assert told <= set(EVENTS)
    for kind in EVENTS:
        words = kind.replace("_", ".").split(".")
        assert "".join(word.capitalize() for word in words) + "Event" in schemas()


def test_an_order_that_changed_is_looked_at_wherever_the_owner_has_that_told() -> None:
    """The till does not ask for it; an address of the owner's own may."""
    body = event("order.updated", "order_updated", {"order_id": "order-1", "state": "OPEN"})
    till = strategy(Wire())
    read = seen_in(till.read_webhook(delivered(body)), at=START)
    assert read is not None


# --- asking once -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "answer, error",
    [
        (refusal(408), Unavailable),
        (refusal(409), Unavailable),
        (refusal(429, "RATE_LIMITED"), Unavailable),
        (refusal(500), Unavailable),
        (Raw(503, b"<html>"), Unavailable),
        (httpx.ConnectError("down"), Unavailable),
        (refusal(400), Rejected),
        (refusal(401, "UNAUTHORIZED"), Rejected),
        (refusal(404, "NOT_FOUND"), Rejected),
        (refusal(422), Rejected),
    ],
)
def test_what_is_asked_for_again_is_the_tills_to_say(
    answer: Any, error: type[ProviderError]
) -> None:
    wire = Wire(answer, {})
    with pytest.raises(error):
        asyncio.run(strategy(wire).open_session({"checkout_options": {}}, key="k-create-1"))
    assert len(wire.requests) == 1


# --- notices -----------------------------------------------------------------------------------


@pytest.mark.parametrize("late", [timedelta(0), timedelta(hours=48), timedelta(hours=72)])
def test_a_notice_that_is_sent_again_days_later_is_genuine(late: timedelta) -> None:
    """Nothing that is signed says when it was sent; Square tries for two days or three."""
    sent = delivered(event("payment.updated", "payment", payment()))
    late_one = WebhookRequest(sent.headers, sent.body, sent.received_at + late)
    assert strategy(Wire()).read_webhook(late_one).event_id == "event-1"


@pytest.mark.parametrize("kind", ["dispute.created", "dispute.state.updated"])
@pytest.mark.parametrize("name", ["dispute", "object"])
def test_a_dispute_is_read_under_either_of_its_names(kind: str, name: str) -> None:
    """The description's examples and its schemas, and with these its package, differ."""
    body = event(kind, name, dispute())
    seen: Any = seen_in(strategy(Wire()).read_webhook(delivered(body)), at=START)
    assert seen.dispute.dispute_id == "dispute-1"


def test_a_notice_names_the_payment_by_its_order_where_it_does_not_have_our_reference() -> None:
    body = event("payment.updated", "payment", payment(note=None))
    seen: Any = seen_in(strategy(Wire()).read_webhook(delivered(body)), at=START)
    assert (seen.session_id, seen.reference) == ("order-1", "")
