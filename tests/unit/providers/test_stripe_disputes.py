"""Stripe's disputes: every state and event that it documents, its lists, and what it may break."""

import asyncio
import json
import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import stripe

from app.domain.delivery import Delivery
from app.domain.dispute import DisputeEntry, DisputeObservation, DisputeState
from app.domain.dispute_words import reason_words
from app.domain.money import Money
from app.domain.observation import Source
from app.errors import Protocol, Rejected, Unavailable
from app.providers.kinds.stripe_checkout import StripeCheckout
from app.providers.stripe.disputes import DISPUTE_EVENTS, dispute_from, moment_from
from app.providers.stripe.endpoints import EVENTS
from app.providers.stripe.events import seen_in
from tests.conftest import ExpectedLogs
from tests.parts.clock import START, VirtualClock
from tests.parts.stripe import Raw, Wire, dispute, event, refusal, transaction

S = DisputeState
STATES = {
    "warning_needs_response": S.INQUIRY,
    "warning_under_review": S.INQUIRY_UNDER_REVIEW,
    "warning_closed": S.CLOSED,
    "needs_response": S.NEEDS_RESPONSE,
    "under_review": S.UNDER_REVIEW,
    "appeal_needs_response": S.APPEALED,
    "appeal_under_review": S.APPEALED,
    "prevented": S.CLOSED,
    "won": S.WON,
    "lost": S.LOST,
}
REASONS = (
    "bank_cannot_process check_returned credit_not_processed customer_initiated "
    "debit_not_authorized duplicate fraudulent general incorrect_account_details "
    "insufficient_funds noncompliant product_not_received product_unacceptable "
    "subscription_canceled unrecognized"
).split()
TAKEN = transaction(-500, 1500)
BACK = transaction(500, -1500, id="txn_2")


def strategy(wire: Wire) -> StripeCheckout:
    checkout = StripeCheckout("main", "sk_test_1", clock=VirtualClock(), transport=wire)
    checkout.adopt("acct_1")
    return checkout


def seen(kind: str, subject: Any, **changes: Any) -> Any:
    document = event(kind, subject) | changes
    delivery = Delivery(
        "main", "stripe", "acct_1", False, "evt_1", kind, json.dumps(document).encode()
    )
    return seen_in(delivery, at=START)


@pytest.mark.parametrize("status", STATES)
def test_every_state_that_stripe_documents_is_known(status: str) -> None:
    assert dispute_from(dispute(status)).state is STATES[status]


def test_the_states_and_reasons_are_those_of_the_official_client() -> None:
    source = Path(str(stripe.__file__)).with_name("_dispute.py").read_text("utf-8")
    of_status = source[source.index("Possible values include:`warning") :].split(".")[0]
    of_reason = source[source.index("Possible values are `bank_cannot_process`") :].split(".")[0]
    assert set(of_status.split("`")[1::2]) == set(STATES)
    assert set(of_reason.split("`")[1::2]) == set(REASONS)
    assert all("names as the reason" not in reason_words(reason) for reason in REASONS)


def test_a_state_and_a_reason_that_are_not_known_are_kept_as_they_are() -> None:
    read = dispute_from(dispute("arbitration", reason="sorcery"))
    assert (read.state, read.word, read.reason) == (S.UNKNOWN, "arbitration", "sorcery")
    bare = dispute_from(dispute("won", reason=None, evidence_details=None))
    assert (bare.reason, bare.due_at) == ("", None)
    del (no_word := dispute())["status"]
    assert dispute_from(no_word).state is S.UNKNOWN


def test_the_money_it_moved_is_read_from_its_balance_transactions() -> None:
    read = dispute_from(dispute("won", balance_transactions=[TAKEN, BACK]))
    assert read.entries == (
        DisputeEntry("txn_1", 500, Money(1500, "EUR")),
        DisputeEntry("txn_2", -500, Money(-1500, "EUR")),
    )
    assert read.due_at == datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
    assert dispute_from(dispute(balance_transactions=None)).entries == ()


def test_money_settled_in_another_currency_is_what_is_disputed_and_the_fee_is_as_it_is() -> None:
    settled = [
        transaction(-612, 2000, currency="usd"),
        transaction(598, 0, currency="usd", id="txn_2"),
        transaction(0, 5, currency="usd", id="txn_3"),
    ]
    read = dispute_from(dispute(balance_transactions=settled))
    assert [(e.withdrawn_minor, str(e.fee)) for e in read.entries] == [
        (500, "20.00 USD"),
        (-500, "0.00 USD"),
        (0, "0.05 USD"),
    ]


@pytest.mark.parametrize(
    "changes",
    [
        {"id": None},
        {"amount": None},
        {"amount": 0},
        {"amount": "500"},
        {"currency": "xyz"},
        {"payment_intent": 7},
        {"balance_transactions": ["txn_1"]},
        {"balance_transactions": [transaction(fee=None)]},
        {"balance_transactions": [transaction(currency=None)]},
    ],
    ids=str,
)
def test_a_dispute_that_proves_nothing_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(Protocol):
        dispute_from(dispute(**changes))


def test_the_official_example_is_read_and_is_none_of_the_tills() -> None:
    specs = os.environ.get("SCANTILL_API_SPECS")
    if specs is None:
        pytest.skip("SCANTILL_API_SPECS is not set")
    text = (Path(specs) / "stripe" / "fixtures3.json").read_text("utf-8")
    example = json.loads(text)["resources"]["dispute"]
    assert seen("charge.dispute.created", example) is None
    read = dispute_from({**example, "payment_intent": {"id": "pi_1", "object": "payment_intent"}})
    assert (read.payment_id, read.amount, read.state) == ("pi_1", Money(1000, "USD"), S.INQUIRY)
    assert read.due_at == datetime(2024, 8, 14, 23, 59, 59, tzinfo=UTC)


@pytest.mark.parametrize("kind", sorted(DISPUTE_EVENTS))
def test_an_event_of_a_dispute_is_a_look_at_it_as_it_was_then(kind: str) -> None:
    observation = seen(kind, dispute(balance_transactions=[TAKEN]), created=1_700_000_000)
    assert isinstance(observation, DisputeObservation)
    assert observation.told_at == datetime.fromtimestamp(1_700_000_000, UTC)
    assert (observation.source, observation.event_id) == (Source.WEBHOOK, "evt_1")
    assert (observation.provider, observation.provider_account) == ("stripe", "acct_1")
    assert observation.live is False
    assert observation.dispute.entries[0].withdrawn_minor == 500
    assert kind in EVENTS


@pytest.mark.parametrize("created", [None, "now", True, 0, -1, 10**20])
def test_an_event_without_a_time_counts_from_when_it_came(created: Any) -> None:
    assert moment_from(created) is None
    assert seen("charge.dispute.created", dispute(), created=created).told_at == START


def test_a_dispute_of_a_charge_without_an_intent_is_none_of_the_tills() -> None:
    assert seen("charge.dispute.created", dispute(payment_intent=None)) is None


def test_a_dispute_is_fetched_by_the_providers_clock_in_whole_seconds() -> None:
    date = {"Date": "Sat, 21 Nov 2026 10:00:00 GMT"}
    wire = Wire(Raw(200, json.dumps(dispute("lost", livemode=True)).encode(), date))
    look = asyncio.run(strategy(wire).fetch_dispute("dp_1", source=Source.SWEEP))
    assert wire.requests[0].url.path == "/v1/disputes/dp_1"
    assert look.told_at == datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
    assert (look.dispute.state, look.live, look.source) == (S.LOST, True, Source.SWEEP)
    assert look.observed_at == START
    undated = asyncio.run(strategy(Wire(dispute())).fetch_dispute("dp_1", source=Source.SWEEP))
    assert undated.told_at == START


def test_an_account_that_is_not_known_yet_is_asked_for_first() -> None:
    wire = Wire({"id": "acct_9", "object": "account"}, dispute())
    checkout = StripeCheckout("main", "sk_test_1", clock=VirtualClock(), transport=wire)
    look = asyncio.run(checkout.fetch_dispute("dp_1", source=Source.SWEEP))
    assert look.provider_account == "acct_9"


def page(*disputes: Any, more: bool = False) -> dict[str, Any]:
    return {"object": "list", "data": list(disputes), "has_more": more, "url": "/v1/disputes"}


def listed(wire: Wire) -> list[DisputeObservation]:
    async def run() -> list[DisputeObservation]:
        since = datetime.fromtimestamp(1_700_000_000, UTC)
        return [look async for look in strategy(wire).list_disputes(since, source=Source.SWEEP)]

    return asyncio.run(run())


def test_all_pages_of_the_list_are_read_since_a_moment(expected_logs: ExpectedLogs) -> None:
    wire = Wire(
        page(dispute(), dispute(id="dp_web", payment_intent=None), more=True),
        page(dispute(id="dp_odd", amount=None), dispute(id="dp_2", livemode=True)),
    )
    looks = listed(wire)
    assert [(look.dispute.dispute_id, look.live) for look in looks] == [
        ("dp_1", False),
        ("dp_2", True),
    ]
    query = httpx.QueryParams(wire.requests[0].url.query)
    assert (query["created[gte]"], query["limit"]) == ("1700000000", "100")
    assert httpx.QueryParams(wire.requests[1].url.query)["starting_after"] == "dp_web"
    # One that cannot be read is heard of and hides no other.
    expected_logs.take("dispute 'dp_odd' cannot be understood")


@pytest.mark.parametrize("status, kind", [(403, Rejected), (404, Rejected), (503, Unavailable)])
def test_what_is_refused_or_not_answered_comes_out_in_our_words(
    status: int, kind: type[Exception]
) -> None:
    with pytest.raises(kind):
        asyncio.run(strategy(Wire(refusal(status))).fetch_dispute("dp_1", source=Source.SWEEP))
    with pytest.raises(kind):
        listed(Wire(refusal(status)))
    with pytest.raises(kind):
        listed(Wire(page(dispute(), more=True), refusal(status)))


def test_a_look_and_an_event_of_the_same_second_say_the_same() -> None:
    body = dispute(balance_transactions=[TAKEN])
    told = seen("charge.dispute.created", body)
    looked = asyncio.run(strategy(Wire(body)).fetch_dispute("dp_1", source=Source.SWEEP))
    assert replace(told, source=Source.SWEEP, event_id="") == looked
