"""What is known of Stripe and easily missed: amounts, versions, keys, tries, words."""

import asyncio
import typing
from datetime import timedelta
from typing import Any

import httpx
import pytest
import stripe
from stripe.params import WebhookEndpointCreateParams

from app.domain.attempt import Reference
from app.domain.capabilities import Capabilities, Demand, objection
from app.domain.catalog import BillingInterval
from app.domain.ids import ORDER_ID_LENGTH, TILL_ID_LENGTH
from app.domain.money import EXPONENTS, Money
from app.domain.observation import SessionState, Source
from app.domain.presentation import MAX_NAME, PresentedLine
from app.errors import Protocol, ProviderError, Unavailable
from app.providers.budget import BURST, REQUESTS_PER_S
from app.providers.kinds.stripe_checkout import StripeCheckout
from app.providers.kinds.stripe_links import StripeLinks
from app.providers.stripe.amounts import CURRENCIES
from app.providers.stripe.endpoints import EVENTS
from app.providers.stripe.intents import INTENT_EVENTS, TAKES
from app.providers.stripe.intents import observation_from as intent_seen
from app.providers.stripe.page_setup import setup_of
from app.providers.stripe.sessions import observation_from, session_parameters
from app.providers.stripe.setups import SETUP_EVENTS
from tests.parts.clock import START
from tests.parts.stripe import PAGE, REFERENCE, Raw, Wire, intent, refusal, request, session
from tests.parts.stripe_links import strategy as links
from tests.parts.stripe_strategy import strategy

WITHOUT_DECIMALS = "BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF UGX VND VUV XAF XOF XPF".split()
KINDS = [StripeCheckout.takes, StripeLinks.takes, TAKES]
VERSION = "2026-10-28.endive"


@pytest.fixture(params=KINDS, ids=["checkout", "links", "elements"])
def takes(request: pytest.FixtureRequest) -> Capabilities:
    return typing.cast(Capabilities, request.param)


# --- amounts -----------------------------------------------------------------------------------


def test_of_what_is_taken_stripes_decimals_are_the_tills_own(takes: Capabilities) -> None:
    at_stripe = {**dict.fromkeys(WITHOUT_DECIMALS, 0), "KWD": 3}
    assert {code: EXPONENTS[code] for code in takes.currencies} == {
        code: at_stripe.get(code, 2) for code in takes.currencies
    }
    assert {"EUR", "JPY", "KRW", "KWD", "USD"} <= takes.currencies == CURRENCIES


@pytest.mark.parametrize("code", ["ISK", "UGX", "MGA", "BHD", "JOD", "OMR", "TND"])
def test_where_stripes_decimals_are_others_or_in_doubt_it_is_refused_in_words(
    takes: Capabilities, code: str
) -> None:
    assert code in EXPONENTS
    assert objection(takes, Demand(Money(10_000, code))) == f"It takes no {code}."


@pytest.mark.parametrize(
    "least",
    [
        *(Money(50, code) for code in ("USD", "EUR", "CAD", "AUD", "INR", "JPY")),
        Money(30, "GBP"),
        Money(200, "AED"),
    ],
    ids=str,
)
def test_less_than_the_least_is_refused_before_the_call(takes: Capabilities, least: Money) -> None:
    assert objection(takes, Demand(least)) == ""
    short = Money(least.minor - 1, least.currency)
    assert objection(takes, Demand(short)) == f"The least it takes is {least}."


@pytest.mark.parametrize("code", ["EUR", "JPY"])
def test_eight_digits_are_the_most(takes: Capabilities, code: str) -> None:
    assert objection(takes, Demand(Money(99_999_999, code))) == ""
    assert "most" in objection(takes, Demand(Money(100_000_000, code)))


def test_three_decimals_end_in_nought(takes: Capabilities) -> None:
    assert objection(takes, Demand(Money(1230, "KWD"))) == ""
    assert "steps" in objection(takes, Demand(Money(1234, "KWD")))


def test_a_session_takes_a_hundred_lines_and_twenty_beside_a_subscription() -> None:
    """Twenty of each kind are taken; twenty in all are surely no more."""
    assert (StripeCheckout.takes.max_lines, StripeCheckout.takes.max_lines_recurring) == (100, 20)


# --- what is asked -----------------------------------------------------------------------------


def test_our_id_is_with_the_subscription_too() -> None:
    lines = (PresentedLine("x" * MAX_NAME, 500, BillingInterval.YEARLY.value),)
    asked = session_parameters(request(lines=lines), expires_at=1)
    assert asked["subscription_data"] == {"metadata": {"reference": str(REFERENCE)}}
    assert asked["metadata"] == {"reference": str(REFERENCE)}


def test_the_ways_to_pay_are_never_named_as_they_were_before_this_version() -> None:
    """Since 2026-09-30.endive the creation of a session is refused with `payment_method_types`."""
    sent = Wire(session())
    asyncio.run(strategy(sent).open_session(session_parameters(request(), expires_at=1), key="k"))
    assert b"payment_method_types" not in sent.requests[0].content


def test_every_call_is_made_in_the_version_that_is_read_here() -> None:
    wire = Wire(session())
    asyncio.run(strategy(wire).fetch("cs_test_1", source=Source.POLL))
    assert wire.requests[0].headers["stripe-version"] == VERSION == stripe.api_version


def test_events_are_asked_for_in_the_version_that_is_read_here() -> None:
    """An endpoint without one gets them in the account's own, however old that is."""
    listed = {"object": "list", "data": [], "has_more": False, "url": "/v1/x"}
    made = {"id": "we_1", "object": "webhook_endpoint", "secret": "whsec_1", "metadata": {}}
    wire = Wire(listed, made)
    asyncio.run(strategy(wire).register_webhook("http://127.0.0.1:1/w", owner="t"))
    assert f"api_version={VERSION}".encode() in wire.requests[-1].content


@pytest.mark.parametrize(
    "answer",
    [
        refusal(500),
        refusal(503),
        refusal(409, code="idempotency_key_in_use"),
        refusal(429),
        Raw(409, b"{}", {"Stripe-Should-Retry": "true"}),
        Raw(429, b'{"error": {"message": "later"}}', {"Stripe-Should-Retry": "true"}),
        httpx.ConnectError("down"),
        httpx.ReadTimeout("slow"),
    ],
)
def test_the_package_asks_once_and_asking_again_is_the_tills(answer: Any) -> None:
    """It would ask again by rules of its own, which know no Retry-After."""
    wire = Wire(answer, session())
    with pytest.raises(Unavailable):
        asyncio.run(strategy(wire).open_session({"mode": "payment"}, key="k-create"))
    assert [sent.headers["idempotency-key"] for sent in wire.requests] == ["k-create"]


def test_a_session_has_a_page_only_while_it_is_open() -> None:
    wire = Wire(session(), session(status="complete", url=None))
    till = strategy(wire)
    assert asyncio.run(till.page_of("cs_test_1")) == PAGE
    assert asyncio.run(till.page_of("cs_test_1")) == ""


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404])
def test_a_refusal_is_not_asked_for_again(status: int) -> None:
    wire = Wire(refusal(status), session())
    with pytest.raises(ProviderError) as refused:
        asyncio.run(strategy(wire).open_session({"mode": "payment"}, key="k-create"))
    assert not isinstance(refused.value, Unavailable) and len(wire.requests) == 1


def test_keys_are_shorter_than_255_characters_and_used_for_less_than_a_day(
    takes: Capabilities,
) -> None:
    """The longest is that of a link's session, which the link's closing expires."""
    assert takes.key_lifetime < timedelta(hours=24)
    visit = f"cs_live_{'a' * 62}"
    link = {"id": "plink_1", "object": "payment_link", "active": False, "livemode": False}
    link |= {"metadata": {"reference": str(REFERENCE)}, "restrictions": None}
    opened = session(id=visit, payment_link="plink_1")
    listed = {"object": "list", "data": [opened], "has_more": False, "url": "/v1/x"}
    gone = {**listed, "data": [{**opened, "status": "expired"}]}
    wire = Wire(link, link, listed, {**opened, "status": "expired"}, link, gone)
    reference = Reference("z" * TILL_ID_LENGTH, "z" * ORDER_ID_LENGTH, 99_999)
    key = reference.key("close-999999")
    asyncio.run(links(wire).close_session("plink_1", key=key))
    keys = [sent.headers["idempotency-key"] for sent in wire.requests if sent.method == "POST"]
    assert len(keys) == 2 and all(len(each) <= 255 for each in keys)
    assert len(set(keys)) == len(keys)


def test_an_account_is_asked_no_more_in_a_second_than_stripe_takes_in_test_mode() -> None:
    """It takes 25 there, and as many at each of its addresses."""
    assert REQUESTS_PER_S + BURST <= 25


# --- what is told ------------------------------------------------------------------------------


def test_whatever_tells_of_money_is_asked_for() -> None:
    of_sessions = "completed async_payment_succeeded async_payment_failed expired".split()
    assert {f"checkout.session.{word}" for word in of_sessions} <= set(EVENTS)
    told = {"refund.created", "refund.updated", "refund.failed"}
    told |= {"invoice.paid", "invoice.payment_failed"}
    told |= {"customer.subscription.updated", "customer.subscription.deleted"}
    told |= {f"charge.dispute.{word}" for word in ("created", "updated", "closed")}
    told |= {f"charge.dispute.funds_{word}" for word in ("withdrawn", "reinstated")}
    assert told <= set(EVENTS)
    words = ("succeeded", "payment_failed", "processing", "canceled")
    assert {f"payment_intent.{word}" for word in words} <= set(INTENT_EVENTS)
    assert {f"setup_intent.{word}" for word in ("succeeded", "setup_failed", "canceled")} == set(
        SETUP_EVENTS
    )


def words_of(hint: Any) -> set[str]:
    found: set[str] = set()
    for each in typing.get_args(hint):
        found |= {each} if isinstance(each, str) else words_of(each)
    return found


def test_every_event_that_is_asked_for_is_one_that_stripe_has() -> None:
    known = words_of(WebhookEndpointCreateParams.__annotations__["enabled_events"])
    assert len(known) > 200
    assert {*EVENTS, *INTENT_EVENTS, *SETUP_EVENTS} <= known


def test_the_states_of_sessions_and_intents_are_those_of_the_official_client() -> None:
    of_session = stripe.checkout.Session.__annotations__
    statuses, payments = (words_of(of_session[name]) for name in ("status", "payment_status"))
    assert len(statuses) == len(payments) == 3
    for status in statuses:
        for paid in payments:
            told = session(status=status, payment_status=paid, payment_intent=intent())
            seen = observation_from(told, source=Source.POLL, provider_account="a", at=START)
            assert (seen.state is SessionState.OPEN) is (status == "open")
    known = words_of(stripe.PaymentIntent.__annotations__["status"])
    assert len(known) == 7
    for status in known:
        seen = intent_seen(intent(status), source=Source.POLL, provider_account="a", at=START)
        assert bool(seen.payments) is (status == "succeeded")


def test_an_amount_that_a_double_writes_as_a_text_proves_nothing() -> None:
    """Localstripe gives a changed amount back as a text; the till never changes one."""
    with pytest.raises(Protocol):
        intent_seen(
            intent(amount_received="500"), source=Source.POLL, provider_account="a", at=START
        )


def test_the_page_loads_from_stripe_alone_what_stripe_says_that_it_needs() -> None:
    page = setup_of("pk_test_1", "https://api.stripe.com", "", is_minimal=False)
    assert page.script_url == "https://js.stripe.com/v3/"
    assert page.script_origins == ("https://js.stripe.com", "https://*.js.stripe.com")
    assert page.frame_origins == (*page.script_origins, "https://hooks.stripe.com")
    assert page.connect_origins == ("https://api.stripe.com",)
