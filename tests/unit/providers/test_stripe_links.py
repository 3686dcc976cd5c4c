"""Payment links over a scripted wire: which requests are made, and what is made of the answers."""

import asyncio
import json
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any

import httpx
import pytest

from app.domain.capabilities import Demand, objection
from app.domain.catalog import BillingInterval
from app.domain.money import Money
from app.domain.observation import Observation, SeenPayment, SessionState, Source
from app.domain.presentation import PresentedLine
from app.errors import Protocol, ProviderError, Rejected, Unavailable
from app.providers.kinds.stripe_links import StripeLinks
from app.providers.strategy import Recheck
from app.providers.stripe.links import amount_of, made_at
from tests.conftest import ExpectedLogs
from tests.parts.clock import START, VirtualClock
from tests.parts.stripe import (
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
from tests.parts.stripe_strategy import dated, form
from tests.unit.providers.test_stripe_checkout_answers import GARBAGE

LINK = "https://buy.stripe.com/test_14k5nQ2Ob7Ix3mgcMM"
STAMP = int(START.timestamp())


def strategy(wire: Wire, **changes: Any) -> StripeLinks:
    usual: dict[str, Any] = {"clock": VirtualClock(), "webhook_secrets": (SECRET,)}
    made = StripeLinks("links", "sk_test_1", transport=wire, **usual | changes)
    made.adopt("acct_1")
    return made


def link(**changes: Any) -> dict[str, Any]:
    """Give an active link of 5.00 EUR as Stripe sends it."""
    return {
        "id": "plink_1",
        "object": "payment_link",
        "active": True,
        "currency": "eur",
        "livemode": False,
        "line_items": page(item(300), item(200)),
        "metadata": {"reference": str(REFERENCE), "made": str(STAMP)},
        "restrictions": {"completed_sessions": {"count": 0, "limit": 1}},
        "url": LINK,
        **changes,
    }


def item(minor: Any, currency: str = "eur") -> dict[str, Any]:
    return {"id": "li_1", "object": "item", "amount_total": minor, "currency": currency}


def visit(name: str = "cs_1", **changes: Any) -> dict[str, Any]:
    usual = {"payment_link": "plink_1", "client_reference_id": None}
    return session(id=name, **usual | changes)


def bought(name: str = "cs_1", payment: str = "pi_1") -> dict[str, Any]:
    taken = intent(id=payment)
    return visit(name, status="complete", payment_status="paid", payment_intent=taken)


def page(*data: Any, has_more: bool = False) -> dict[str, Any]:
    return {"object": "list", "url": "/v1/x", "data": list(data), "has_more": has_more}


def looked_at(*answers: Any) -> Observation:
    return asyncio.run(strategy(Wire(*answers)).fetch("plink_1", source=Source.POLL))


USED_UP = {"restrictions": {"completed_sessions": {"count": 1, "limit": 1}}}
OFF = {"active": False}
TRIED: dict[str, Any] = {
    "payment_intent": intent("requires_payment_method", last_payment_error={"code": "no"})
}


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


def closed(*answers: Any) -> tuple[Observation, list[httpx.Request]]:
    wire = Wire(*answers)
    seen = asyncio.run(strategy(wire).close_session("plink_1", key="t-1-close-1"))
    return seen, wire.requests


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


# --- lists -------------------------------------------------------------------------------------


def listed(*answers: Any, until: Any = None, **changes: Any) -> tuple[list[Any], Wire]:
    wire = Wire(*answers)

    async def all_of_it() -> list[Any]:
        till = strategy(wire, **changes)
        found = till.list_since(START, source=Source.SWEEP, until=until)
        return [seen async for seen in found]

    return asyncio.run(all_of_it()), wire


def made(hours: float, **changes: Any) -> dict[str, Any]:
    stamp = str(STAMP + int(hours * 3600))
    return link(metadata={"reference": str(REFERENCE), "made": stamp}, **changes)


def test_links_made_since_are_listed_with_the_money_of_their_visits_and_nothing_is_final() -> None:
    newer = made(2, id="plink_2", active=False)
    (open_, paid), wire = listed(page(bought(), session()), page(newer, made(1, **USED_UP)))
    assert (open_.session_id, open_.state, open_.is_final) == ("plink_2", SessionState.OPEN, False)
    assert (paid.session_id, paid.state, paid.is_final) == ("plink_1", SessionState.PAID, False)
    assert paid.payments == (SeenPayment("pi_1", Money(500, "EUR")),)
    assert wire.requests[0].url.params["created[gte]"] == str(STAMP)
    assert wire.requests[1].url.params["limit"] == "100"


def test_money_that_came_by_a_link_made_before_is_listed_too() -> None:
    late = visit("cs_9", status="complete")
    visits = page(late, bought("cs_8"), visit("cs_7"), visit("cs_6", status="expired"))
    first, second = listed(visits, page())[0]
    assert (first.state, first.session_id) == (SessionState.PROCESSING, "plink_1")
    assert (second.state, second.session_id) == (SessionState.PAID, "plink_1")
    assert not (first.is_final or second.is_final)


def test_the_list_is_read_until_one_of_ours_is_too_old_and_no_further() -> None:
    """A link may be made as late as its key lives; after that none can come that is newer."""
    strangers = [link(id="plink_web", metadata={}), link(metadata={"made": str(STAMP)})]
    asked_early = made(-22, id="plink_3")
    pages = [
        page(*strangers, asked_early, made(1, id="plink_2"), has_more=True),
        page(made(-24, id="plink_0"), made(3, id="plink_9"), has_more=True),
    ]
    found, wire = listed(page(), *pages)
    assert [seen.session_id for seen in found] == ["plink_2"]
    assert len(wire.requests) == 3


def test_an_upper_end_leaves_out_what_was_made_later() -> None:
    found, wire = listed(
        page(), page(made(2), made(1, id="plink_0")), until=START + timedelta(hours=2)
    )
    assert [seen.session_id for seen in found] == ["plink_0"]
    assert wire.requests[0].url.params["created[lt]"] == str(STAMP + 7200)


def test_a_link_that_is_not_understood_hides_no_other(expected_logs: ExpectedLogs) -> None:
    odd = visit("cs_odd", status="new state", payment_link="plink_0")
    links = page(made(2, id="plink_2", active="perhaps"), made(1))
    found, _ = listed(page(odd), links)
    assert found == [
        Recheck(str(REFERENCE), session_id="plink_2"),
        found[1],
        Recheck(str(REFERENCE), session_id="plink_0"),
    ]
    assert found[1].session_id == "plink_1"
    expected_logs.take("a payment link of links is not understood")
    expected_logs.take("a session of links is not understood")


@pytest.mark.parametrize("stamp", [None, "", "soon", "-1", "1e9", "9" * 12, "\u0661"])
def test_a_stamp_that_is_none_is_no_time(stamp: Any) -> None:
    assert made_at(link(metadata={"made": stamp})) is None
    assert made_at(link(metadata=None)) is None


# --- webhooks ----------------------------------------------------------------------------------


def told(kind: str, subject: dict[str, Any]) -> Any:
    till = strategy(Wire())
    return till.observe(till.read_webhook(delivered(event(kind, subject))), at=START)


def test_money_of_a_visit_is_news_of_its_link_and_never_the_last_word() -> None:
    seen = told("checkout.session.completed", bought())
    assert (seen.state, seen.is_final, seen.session_id) == (SessionState.PAID, False, "plink_1")
    assert seen.payments == (SeenPayment("pi_1", Money(500, "EUR")),)
    assert (seen.reference, seen.source, seen.event_id) == (
        str(REFERENCE),
        Source.WEBHOOK,
        "evt_1",
    )
    slow = told("checkout.session.completed", visit(status="complete"))
    assert (slow.state, slow.session_id) == (SessionState.PROCESSING, "plink_1")


@pytest.mark.parametrize(
    "kind, subject",
    [
        ("checkout.session.expired", visit(status="expired")),
        ("checkout.session.async_payment_failed", visit(status="complete")),
    ],
)
def test_a_visit_that_came_to_nothing_only_makes_the_link_be_looked_at(
    kind: str, subject: dict[str, Any]
) -> None:
    assert told(kind, subject) == Recheck(str(REFERENCE), session_id="plink_1")


def test_a_visit_that_is_not_understood_makes_its_link_be_looked_at() -> None:
    odd = visit(status="new state")
    seen = told("checkout.session.completed", odd)
    assert seen == Recheck(str(REFERENCE), Money(500, "EUR"), "plink_1")


def test_a_reference_that_a_payer_put_behind_an_address_counts_for_nothing() -> None:
    """Neither over the link's own metadata, nor where a web shop's link has none."""
    mine = "t11111-0rder0000009-1"
    ours = bought() | {"client_reference_id": mine}
    assert told("checkout.session.completed", ours).reference == str(REFERENCE)
    web = ours | {"metadata": {}}
    assert told("checkout.session.completed", web).reference == ""
    expanded = web | {"payment_link": {"id": "plink_1"}}
    assert told("checkout.session.completed", expanded).reference == ""


# --- answers that are none ---------------------------------------------------------------------

Verb = Callable[[StripeLinks], Coroutine[Any, Any, Any]]


async def _all(till: StripeLinks) -> Any:
    return [seen async for seen in till.list_since(START, source=Source.SWEEP)]


VERBS: dict[str, Verb] = {
    "open_session": lambda till: till.open_session({}, key="k" * 10),
    "page_of": lambda till: till.page_of("plink_1"),
    "fetch": lambda till: till.fetch("plink_1", source=Source.POLL),
    "close_session": lambda till: till.close_session("plink_1", key="k" * 10),
    "list_since": _all,
}
BEFORE: dict[str, list[Any]] = {
    "the first answer": [],
    "the second": [link(**OFF)],
    "the third": [link(**OFF), link(**OFF)],
}


@pytest.mark.parametrize("verb", ["open_session", "fetch", "close_session", "list_since"])
@pytest.mark.parametrize("answer", GARBAGE)
def test_an_answer_that_is_none_of_stripes_proves_nothing(verb: str, answer: str) -> None:
    wire = Wire()
    wire.answer = GARBAGE[answer]
    with pytest.raises(ProviderError) as error:
        asyncio.run(VERBS[verb](strategy(wire)))
    assert isinstance(error.value, Protocol | Unavailable)


@pytest.mark.parametrize("before", ["the second", "the third"])
@pytest.mark.parametrize("answer", GARBAGE)
def test_neither_does_one_in_the_middle_of_a_closing(before: str, answer: str) -> None:
    garbage: Raw = GARBAGE[answer]
    with pytest.raises(ProviderError) as error:
        closed(*BEFORE[before], garbage)
    assert isinstance(error.value, Protocol | Unavailable)


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("status", [409, 429, 500, 503])
def test_later_is_unavailable_with_the_wait_that_was_asked_for(verb: str, status: int) -> None:
    wire = Wire(refusal(status, retry_after="7"))
    with pytest.raises(Unavailable) as error:
        asyncio.run(VERBS[verb](strategy(wire)))
    assert error.value.retry_after_s == 7 and len(wire.requests) == 1


def test_a_sum_is_of_the_links_own_currency() -> None:
    assert amount_of(link(), [item(1), item(2)]) == Money(3, "EUR")
