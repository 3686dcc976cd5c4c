"""Payment links over a scripted wire: their lists, their events, and answers that are none."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any

import pytest

from app.domain.money import Money
from app.domain.observation import SeenPayment, SessionState, Source
from app.errors import Protocol, ProviderError, Unavailable
from app.providers.kinds.stripe_links import StripeLinks
from app.providers.strategy import Recheck
from app.providers.stripe.links import amount_of, made_at
from tests.conftest import ExpectedLogs
from tests.parts.clock import START
from tests.parts.stripe import (
    REFERENCE,
    Raw,
    Wire,
    delivered,
    event,
    refusal,
    session,
)
from tests.parts.stripe_links import (
    OFF,
    STAMP,
    USED_UP,
    bought,
    closed,
    item,
    link,
    page,
    strategy,
    visit,
)
from tests.unit.providers.test_stripe_checkout_answers import GARBAGE

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
