"""Stripe's set-up mode: what each answer means, and what proves nothing."""

import asyncio
import json
import typing
from typing import Any

import pytest
import stripe
from stripe.params.checkout import SessionCreateParams

from app.domain.delivery import Delivery
from app.domain.observation import Source
from app.errors import Protocol
from app.providers.saving import SeenSetup, SetupNews, SetupRequest, SetupState
from app.providers.stripe.setups import SETUP_EVENTS, setup_from, setup_told
from tests.parts.clock import START
from tests.parts.stripe import PAGE, Wire, event, session
from tests.parts.stripe_strategy import dated, form, strategy

S = SetupState
REQUEST = SetupRequest(
    "t11111-setup-1", "EUR", "https://shop.example/thanks", "https://shop.example/back"
)
CARD = {"brand": "visa", "last4": "4242", "exp_month": 12, "exp_year": 2034}
SAVED = {
    "status": "succeeded",
    "customer": "cus_1",
    "payment_method": {"id": "pm_1", "object": "payment_method", "type": "card", "card": CARD},
}


def setup(intent: Any = None, **changes: Any) -> dict[str, Any]:
    """Give a set-up's session as Stripe sends it, complete unless it is said otherwise."""
    kept = {"id": "seti_1", "object": "setup_intent", "last_setup_error": None, **(intent or SAVED)}
    values = {
        "mode": "setup",
        "status": "complete",
        "payment_status": "no_payment_required",
        "amount_total": None,
        "setup_intent": kept,
        "client_reference_id": REQUEST.reference,
        "metadata": {"reference": REQUEST.reference},
    }
    return session(**values | changes)


def seen(document: dict[str, Any]) -> SeenSetup:
    return setup_from(document, source=Source.POLL, provider_account="acct_1", at=START)


STATES = {
    "requires_payment_method": S.FAILED,
    "requires_confirmation": S.PROCESSING,
    "requires_action": S.PROCESSING,
    "processing": S.PROCESSING,
    "canceled": S.FAILED,
    "succeeded": S.SAVED,
}


@pytest.mark.parametrize("status", STATES)
def test_a_complete_one_is_what_its_intent_is(status: str) -> None:
    assert seen(setup({**SAVED, "status": status})).state is STATES[status]


def test_the_states_are_those_of_the_official_client() -> None:
    kinds = typing.get_args(stripe.SetupIntent.__annotations__["status"])
    assert {word for kind in kinds for word in typing.get_args(kind)} == set(STATES)


@pytest.mark.parametrize("status, state", [("open", S.OPEN), ("expired", S.EXPIRED)])
def test_before_it_is_complete_nothing_is_kept(status: str, state: SetupState) -> None:
    found = seen(setup(status=status))
    assert (found.state, found.customer_id, found.method_id) == (state, "", "")


def test_what_is_known_of_a_card_that_was_kept_is_told() -> None:
    found = seen(setup())
    assert (found.customer_id, found.method_id) == ("cus_1", "pm_1")
    assert (found.brand, found.last4) == ("visa", "4242")
    assert (found.expiry_month, found.expiry_year) == (12, 2034)
    other = seen(setup({**SAVED, "payment_method": {"id": "pm_2", "type": "link"}}))
    assert (other.brand, other.last4, other.expiry_year) == ("link", "", None)
    assert seen(setup({**SAVED, "customer": {"id": "cus_2"}})).customer_id == "cus_2"
    assert seen(setup({**SAVED, "customer": None}, customer="cus_3")).customer_id == "cus_3"


@pytest.mark.parametrize(
    "error, told",
    [
        (None, ""),
        ({"code": "card_declined", "decline_code": "do_not_honor"}, "do_not_honor"),
        ({"code": "setup_intent_authentication_failure"}, "setup_intent_authentication_failure"),
        ({}, "declined"),
    ],
)
def test_a_refused_card_is_told_by_its_code(error: Any, told: str) -> None:
    waits = {"status": "requires_payment_method", "last_setup_error": error}
    assert seen(setup(waits, status="open")).decline == told
    newer = {"status": "requires_action", "last_setup_error": error}
    assert seen(setup(newer, status="open")).decline == ""


@pytest.mark.parametrize(
    "document",
    [
        session(),
        setup(setup_intent="seti_1"),
        setup(setup_intent=None),
        setup({**SAVED, "payment_method": "pm_1"}),
        setup({**SAVED, "customer": None}),
        setup({**SAVED, "status": "hibernating"}),
        setup(status="hibernating"),
        setup(id=None),
    ],
)
def test_what_proves_nothing_is_refused(document: dict[str, Any]) -> None:
    with pytest.raises(Protocol):
        seen(document)


def test_it_is_asked_for_with_our_reference_and_a_new_customer_or_the_known_one() -> None:
    wire = Wire(dated("Sat, 21 Nov 2026 09:00:00 GMT"), setup(status="open", url=PAGE))
    till = strategy(wire)
    parameters = asyncio.run(till.prepare_setup(REQUEST))
    assert json.loads(json.dumps(parameters)) == parameters
    opened = asyncio.run(till.open_setup(parameters, key="k-setup-1"))
    assert (opened.setup_id, opened.url) == ("cs_test_1", PAGE)
    sent = wire.requests[-1]
    assert sent.headers["idempotency-key"] == "k-setup-1"
    asked = form(sent)
    assert (asked["mode"], asked["customer_creation"]) == (["setup"], ["always"])
    assert asked["setup_intent_data[metadata][reference]"] == [REQUEST.reference]
    assert asked["allowed_payment_method_types[0]"] == ["card"]
    assert "payment_method_types" not in str(asked.keys() - {"allowed_payment_method_types[0]"})
    assert not any(name.startswith(("line_items", "payment_intent_data")) for name in asked)
    assert set(parameters) <= set(SessionCreateParams.__annotations__)
    known = asyncio.run(till.prepare_setup(SetupRequest("r", "EUR", "a", "b", "cus_1")))
    assert known["customer"] == "cus_1" and "customer_creation" not in known


def test_a_page_that_is_not_stripes_is_never_handed_out() -> None:
    wire = Wire(setup(status="open", url="https://evil.example/c/pay/cs_1"))
    assert asyncio.run(strategy(wire).open_setup({}, key="k-setup-1")).url == ""


def told(kind: str, subject: Any) -> SetupNews | None:
    body = json.dumps(event(kind, subject)).encode()
    return setup_told(Delivery("main", "stripe", "acct_1", False, "evt_1", kind, body))


@pytest.mark.parametrize("kind", SETUP_EVENTS)
def test_an_event_of_an_intent_names_it_by_our_reference(kind: str) -> None:
    intent = {"id": "seti_1", "object": "setup_intent", "metadata": {"reference": "r-1"}}
    assert told(kind, intent) == SetupNews(reference="r-1")
    assert told(kind, {**intent, "metadata": {}}) is None


def test_an_event_of_its_session_names_it() -> None:
    for kind in ("checkout.session.completed", "checkout.session.expired"):
        assert told(kind, setup()) == SetupNews("cs_test_1", REQUEST.reference)
        assert told(kind, session()) is None
    assert told("invoice.paid", setup()) is None
