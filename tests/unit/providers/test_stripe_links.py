"""Payment links over a scripted wire: opened, looked at and closed."""

import asyncio
import json
from typing import Any

import httpx
import pytest

from app.domain.capabilities import Demand, objection
from app.domain.catalog import BillingInterval
from app.domain.money import Money
from app.domain.observation import SeenPayment, SessionState, Source
from app.domain.presentation import PresentedLine
from app.errors import Protocol, Rejected, Unavailable
from tests.conftest import ExpectedLogs
from tests.parts.stripe import (
    REFERENCE,
    Wire,
    intent,
    refusal,
    request,
    session,
)
from tests.parts.stripe_links import (
    LINK,
    OFF,
    STAMP,
    TRIED,
    USED_UP,
    bought,
    closed,
    item,
    link,
    looked_at,
    page,
    strategy,
    visit,
)
from tests.parts.stripe_strategy import dated, form

# --- opening -----------------------------------------------------------------------------------


def test_a_link_is_for_one_purchase_and_carries_our_reference_where_payers_cannot_reach() -> None:
    wire = Wire(dated("Sat, 21 Nov 2026 09:00:00 GMT"))
    parameters = asyncio.run(strategy(wire).prepare_session(request()))
    assert json.loads(json.dumps(parameters)) == parameters
    assert parameters["restrictions"] == {"completed_sessions": {"limit": 1}}
    assert parameters["metadata"] == {"reference": str(REFERENCE), "made": str(STAMP)}
    assert parameters["payment_intent_data"] == {"metadata": {"reference": str(REFERENCE)}}
    back = {"type": "redirect", "redirect": {"url": "https://shop.example/thanks"}}
    assert parameters["after_completion"] == back
    refused = {"client_reference_id", "cancel_url", "customer_email", "expires_at", "mode"}
    assert refused.isdisjoint(parameters)


def test_a_subscription_is_one_by_its_lines_alone() -> None:
    lines = (PresentedLine("Club", 500, BillingInterval.YEARLY.value),)
    wire = Wire(dated("Sat, 21 Nov 2026 09:00:00 GMT"))
    parameters = asyncio.run(strategy(wire).prepare_session(request(lines=lines)))
    assert parameters["line_items"][0]["price_data"]["recurring"]["interval"] == "year"
    assert parameters["subscription_data"] == {"metadata": {"reference": str(REFERENCE)}}
    assert "mode" not in parameters and "payment_intent_data" not in parameters


def test_it_takes_twenty_lines_and_subscriptions_of_every_interval() -> None:
    takes = strategy(Wire()).capabilities
    assert (takes.max_lines, takes.max_lines_recurring) == (20, 20)
    demand = Demand(Money(500, "EUR"), intervals=frozenset({BillingInterval.WEEKLY}))
    assert objection(takes, demand) == ""
    assert objection(takes, Demand(Money(49, "EUR"))) == "The least it takes is 0.50 EUR."


def test_a_link_is_created_under_our_key_and_asks_for_the_sum_of_its_lines() -> None:
    wire = Wire(link())
    opened = asyncio.run(strategy(wire).open_session({"metadata": {"a": "b"}}, key="t-1-create"))
    assert (opened.session_id, opened.url, opened.amount) == ("plink_1", LINK, Money(500, "EUR"))
    (sent,) = wire.requests
    assert (sent.method, sent.url.path) == ("POST", "/v1/payment_links")
    assert sent.headers["idempotency-key"] == "t-1-create"
    assert form(sent) == {"metadata[a]": ["b"]}


def test_lines_that_the_answer_left_out_are_asked_for() -> None:
    first = link(line_items=page(item(300), has_more=True))
    wire = Wire(first, page(item(300), has_more=True), page(item(150)))
    opened = asyncio.run(strategy(wire).open_session({}, key="k" * 10))
    assert opened.amount == Money(450, "EUR")
    assert wire.requests[1].url.path == "/v1/payment_links/plink_1/line_items"


@pytest.mark.parametrize(
    "changes",
    [
        {"line_items": None},
        {"line_items": page()},
        {"line_items": page(item(300), item(200, "usd"))},
        {"line_items": page(item("300"))},
        {"currency": None},
    ],
)
def test_a_link_without_a_sum_proves_nothing(changes: dict[str, Any]) -> None:
    with pytest.raises(Protocol):
        asyncio.run(strategy(Wire(link(**changes))).open_session({}, key="k" * 10))


@pytest.mark.parametrize(
    "url",
    [
        "https://buy.stripe.com.evil.example/test_1",
        "https://checkout.stripe.com/c/pay/1",
        "http://buy.stripe.com/test_1",
        "https://buy.stripe.com@evil.example/test_1",
        "https://buy.stripe.com:444/test_1",
        "https://buy.xn--strpe-7va.com/test_1",
        "",
    ],
)
def test_an_address_that_is_not_stripes_is_never_handed_out(
    url: str, expected_logs: ExpectedLogs
) -> None:
    opened = asyncio.run(strategy(Wire(link(url=url))).open_session({}, key="k" * 10))
    assert (opened.session_id, opened.url) == ("plink_1", "")
    expected_logs.take("no page of Stripe's")


def test_where_its_page_is_now_is_told_while_there_is_one() -> None:
    base = "http://127.0.0.1:4242"
    moved, elsewhere = "http://192.0.2.7:4242/test_1", "http://192.0.2.8:4242/test_1"

    async def pages(*links: dict[str, Any]) -> list[str]:
        till = strategy(Wire(*links), api_base=base)
        till.move_pages("http://192.0.2.7:4242")
        return [await till.page_of("plink_1") for _ in links]

    told = asyncio.run(pages(link(url=moved), link(url=moved, active=False), link(url=elsewhere)))
    assert told == [moved, "", ""]


# --- looking -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changes, visits, state, is_final",
    [
        ({}, [], SessionState.OPEN, False),
        ({}, [visit()], SessionState.OPEN, False),
        ({}, [visit(status="expired")], SessionState.OPEN, False),
        (OFF, [], SessionState.EXPIRED, True),
        (OFF, [visit(status="expired")], SessionState.EXPIRED, True),
        (OFF, [visit()], SessionState.OPEN, False),
        (USED_UP, [bought()], SessionState.PAID, True),
        (OFF, [bought()], SessionState.PAID, True),
        (OFF | {"restrictions": None}, [bought()], SessionState.PAID, True),
        # Active and not used up, as it may stand for a moment: somebody else may still come.
        ({}, [bought()], SessionState.PAID, False),
        ({"restrictions": None}, [bought()], SessionState.PAID, False),
        (USED_UP, [visit("cs_2"), bought()], SessionState.PAID, False),
        (USED_UP, [visit("cs_2", status="expired"), bought()], SessionState.PAID, True),
        (USED_UP, [visit(status="complete")], SessionState.PROCESSING, False),
        (USED_UP, [visit("cs_2", status="complete"), bought()], SessionState.PAID, False),
        (USED_UP, [visit("cs_2"), visit(status="complete")], SessionState.PROCESSING, False),
        (USED_UP, [visit(status="complete", **TRIED)], SessionState.FAILED, True),
        (USED_UP, [visit("cs_2"), visit(status="complete", **TRIED)], SessionState.OPEN, False),
    ],
)
def test_what_is_known_of_a_link_is_what_is_known_of_all_its_visits(
    changes: dict[str, Any], visits: list[Any], state: SessionState, is_final: bool
) -> None:
    seen = looked_at(link(**changes), page(*visits))
    assert (seen.state, seen.is_final) == (state, is_final)
    assert (seen.session_id, seen.reference) == ("plink_1", str(REFERENCE))
    assert (seen.provider, seen.provider_account, seen.live) == ("stripe", "acct_1", False)
    assert bool(seen.payments) is (state is SessionState.PAID)


def test_two_who_paid_are_both_seen_the_first_of_them_first() -> None:
    seen = looked_at(link(**USED_UP), page(bought("cs_2", "pi_late"), bought("cs_1", "pi_soon")))
    five = Money(500, "EUR")
    assert seen.payments == (SeenPayment("pi_soon", five), SeenPayment("pi_late", five))


def test_the_link_is_read_first_and_then_every_page_of_its_sessions() -> None:
    """In the other order a visit between the two would be missed by what calls it final."""
    wire = Wire(link(**OFF), page(visit("cs_2"), has_more=True), page(bought()))
    seen = asyncio.run(strategy(wire).fetch("plink_1", source=Source.SWEEP))
    assert seen.state is SessionState.PAID
    paths = [sent.url.path for sent in wire.requests]
    assert paths == ["/v1/payment_links/plink_1", "/v1/checkout/sessions", "/v1/x"]
    asked = wire.requests[1].url.params
    assert asked["payment_link"] == "plink_1"
    assert asked["expand[0]"] == "data.payment_intent"
    assert wire.requests[2].url.params["starting_after"] == "cs_2"


def test_a_refusal_is_the_newest_try_among_those_who_tried() -> None:
    newer = visit("cs_3", payment_intent=intent("requires_action"))
    tried = visit("cs_2", **TRIED)
    assert looked_at(link(), page(visit("cs_4"), tried, visit())).decline == "no"
    assert looked_at(link(), page(newer, tried)).decline == ""
    assert looked_at(link(), page(visit("cs_4"))).decline is None


@pytest.mark.parametrize(
    "answers",
    [
        (link(active=None), page()),
        (link(active="yes"), page()),
        (link(id=None), page()),
        (link(), page(visit(payment_link="plink_2"))),
        (link(), page(session())),
        (link(), page(visit(status="new state"))),
        (link(), page(bought() | {"livemode": True})),
        (link(livemode=True), page(bought())),
        (link(), page(visit(status="complete", payment_status="paid"))),
    ],
)
def test_what_does_not_fit_together_proves_nothing(answers: tuple[Any, ...]) -> None:
    """A list that left out the filter would make any till's money this one's."""
    with pytest.raises(Protocol):
        looked_at(*answers)


# --- closing -----------------------------------------------------------------------------------


def test_closing_deactivates_expires_every_page_and_looks_until_none_is_open() -> None:
    """A visit that slipped in before the link was off is found by the next look."""
    seen, sent = closed(
        link(**OFF),
        link(**OFF),
        page(visit("cs_2"), visit("cs_1")),
        visit("cs_2", status="expired"),
        visit("cs_1", status="expired"),
        link(**OFF),
        page(visit("cs_3"), visit("cs_2", status="expired"), visit("cs_1", status="expired")),
        visit("cs_3", status="expired"),
        link(**OFF),
        page(*(visit(f"cs_{n}", status="expired") for n in (3, 2, 1))),
    )
    assert (seen.state, seen.is_final, seen.source) == (SessionState.EXPIRED, True, Source.CLOSE)
    assert form(sent[0]) == {"active": ["false"]}
    made = [(each.url.path, each.headers["idempotency-key"]) for each in sent if each.content]
    assert made[0] == ("/v1/payment_links/plink_1", "t-1-close-1-off")
    closings = [each for each in sent if each.url.path.endswith("/expire")]
    assert [each.headers["idempotency-key"] for each in closings] == [
        "t-1-close-1-cs_2",
        "t-1-close-1-cs_1",
        "t-1-close-1-cs_3",
    ]


def test_a_page_that_was_paid_meanwhile_is_found_paid() -> None:
    seen, _ = closed(
        link(**OFF), link(**OFF), page(visit()), refusal(400), link(**OFF), page(bought())
    )
    assert (seen.state, seen.is_final) == (SessionState.PAID, True)


def test_a_link_that_may_not_be_changed_is_seen_as_it_is() -> None:
    seen, _ = closed(refusal(400), link(), page())
    assert (seen.state, seen.is_final) == (SessionState.OPEN, False)


def test_pages_that_stay_open_are_no_answer() -> None:
    round_ = [link(**OFF), page(visit()), refusal(400)]
    with pytest.raises(Unavailable, match="every page"):
        closed(link(**OFF), *round_ * 5)


@pytest.mark.parametrize("status", [401, 403, 404])
@pytest.mark.parametrize("step", [0, 3])
def test_a_closing_that_was_refused_for_another_reason_proves_nothing(
    status: int, step: int
) -> None:
    answers: list[Any] = [link(**OFF), link(**OFF), page(visit())][:step]
    with pytest.raises(Rejected) as refused:
        closed(*answers, refusal(status))
    assert refused.value.status == status


@pytest.mark.parametrize("step", range(4))
def test_a_closing_that_was_cut_off_anywhere_proves_nothing(step: int) -> None:
    answers = [link(**OFF), link(**OFF), page(visit()), visit(status="expired")][:step]
    with pytest.raises(Unavailable):
        closed(*answers, httpx.ReadError("cut"))
