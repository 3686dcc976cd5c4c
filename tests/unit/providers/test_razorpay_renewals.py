"""Plans over a scripted wire, and subscriptions as their own record: looked at, ended."""

import asyncio
import json
from datetime import timedelta
from typing import Any

import httpx
import pytest

from app.domain.catalog import BillingInterval
from app.domain.money import Money
from app.domain.observation import SeenPayment, Source
from app.domain.subscription import PlanTerms, SubscriptionObservation, SubscriptionState
from app.errors import Protocol, Rejected, Unavailable
from app.providers.subscribing import KeepsPlans, Subscribes
from app.sandbox.razorpay import errors as simulated
from tests.parts.clock import START
from tests.parts.razorpay import (
    MONEY,
    NOW,
    PLAN_KEY,
    codes_over,
    failed,
    invoice,
    links_over,
    listed,
    payment,
    plan,
    refusal,
    running,
    subscription,
)
from tests.parts.stripe import REFERENCE, Raw, Wire

S = SubscriptionState
ID = subscription()["id"]
NOTHING = listed()
TERMS = PlanTerms("Club", MONEY, BillingInterval.MONTHLY)
DUE = START + timedelta(days=30)
DAY = 86_400


def planned(*answers: Any, terms: PlanTerms = TERMS) -> tuple[str, list[httpx.Request]]:
    wire = Wire(*answers)
    return asyncio.run(links_over(wire).open_plan(terms, key=PLAN_KEY)), wire.requests


def looked(*answers: Any) -> SubscriptionObservation:
    till = links_over(Wire(*answers))
    return asyncio.run(till.fetch_subscription(ID, source=Source.POLL))


def ended(*answers: Any, at_period_end: bool) -> SubscriptionObservation:
    wire = Wire(*answers)
    call = links_over(wire).cancel_subscription(ID, at_period_end=at_period_end, key="any-key-1")
    seen = asyncio.run(call)
    assert json.loads(wire.requests[0].content) == {"cancel_at_cycle_end": at_period_end}
    return seen


def test_links_have_subscriptions_and_codes_have_none() -> None:
    assert isinstance(links_over(Wire()), KeepsPlans) and isinstance(links_over(Wire()), Subscribes)
    codes = codes_over(Wire())
    assert not isinstance(codes, KeepsPlans | Subscribes)
    assert not codes.capabilities.takes_recurring


# --- plans -------------------------------------------------------------------------------------


def test_a_plan_has_its_key_in_its_notes_and_is_looked_for_by_it_first() -> None:
    plan_id, (searched, made) = planned(NOTHING, plan())
    assert plan_id == plan()["id"]
    assert dict(searched.url.params) == {"count": "100", "skip": "0"}
    assert json.loads(made.content) == {
        "period": "monthly",
        "interval": 1,
        "item": {"name": "Club", "amount": 50_000, "currency": "INR"},
        "notes": {"key": PLAN_KEY},
    }


def test_a_plan_that_was_made_before_is_found_on_whichever_page() -> None:
    others = [plan(id=f"plan_{n:014}", notes=[]) for n in range(2, 102)]
    plan_id, requests = planned(listed(*others), listed(plan()))
    assert plan_id == plan()["id"] and [each.method for each in requests] == ["GET", "GET"]


def test_a_plan_whose_answer_was_lost_is_found() -> None:
    wire = Wire(NOTHING, Raw(502), listed(plan()))
    till = links_over(wire)
    with pytest.raises(Unavailable):
        asyncio.run(till.open_plan(TERMS, key=PLAN_KEY))
    assert asyncio.run(till.open_plan(TERMS, key=PLAN_KEY)) == plan()["id"]


@pytest.mark.parametrize(
    "changes",
    [
        {"item": {"amount": 49_999, "currency": "INR"}},
        {"item": {"amount": 50_000, "currency": "USD"}},
        {"period": "weekly"},
        {"interval": 2},
        {"item": []},
    ],
)
def test_a_plan_of_other_terms_is_never_taken_for_ours(changes: dict[str, Any]) -> None:
    for answers in ([listed(plan(**changes))], [NOTHING, plan(**changes)]):
        with pytest.raises(Protocol):
            planned(*answers)


def test_an_account_without_subscriptions_is_told_whom_to_ask() -> None:
    with pytest.raises(Rejected, match="switched off") as refused:
        planned(refusal(400, simulated.unrecognized().message))
    assert "support" in refused.value.action


# --- looking -----------------------------------------------------------------------------------


def test_a_subscription_is_told_with_its_price_and_all_that_it_took() -> None:
    second = invoice(2, paid_at=NOW + 1)
    third = invoice(3, "issued")
    seen = looked(
        running(), plan(), listed(third, second, invoice()), payment(), payment(id="pay_2")
    )
    assert (seen.state, seen.subscription_id, seen.reference) == (S.ACTIVE, ID, str(REFERENCE))
    assert (seen.amount, seen.interval) == (MONEY, BillingInterval.MONTHLY)
    assert [each.payment_id for each in seen.payments] == ["pay_00000000000001", "pay_2"]
    assert seen.first_payment_id == "pay_00000000000001"
    assert (seen.current_until, seen.ends_at, seen.ended_at) == (DUE, None, None)
    assert (seen.provider_account, seen.live, seen.decline) == ("rzp_test_key", False, "")
    assert (seen.source, seen.observed_at) == (Source.POLL, START)


def test_a_new_payment_counts_once_it_is_captured() -> None:
    for word, captured in (("authorized", False), ("failed", False), ("refunded", False)):
        told = payment(word, captured=captured)
        assert looked(running(), plan(), listed(invoice()), told).payments == ()
    given_back = payment("refunded", captured=True)
    assert len(looked(running(), plan(), listed(invoice()), given_back).payments) == 1


def test_years_of_payments_are_not_asked_for_one_by_one() -> None:
    """What is older than a promise can be, the invoice's own word tells."""
    old = [
        invoice(n, paid_at=NOW - (300 - n) * 7 * DAY, currency="INR", amount_paid=50_000 + n)
        for n in range(1, 251)
    ]
    newest_first = old[::-1]
    pages = [listed(*newest_first[at : at + 100]) for at in (0, 100, 200)]
    seen = looked(running(), plan(), *pages)
    assert len(seen.payments) == 250
    assert seen.first_payment_id == "pay_00000000000001"
    assert seen.payments[-1] == SeenPayment("pay_00000000000250", Money(50_250, "INR"))


def test_a_period_that_was_free_took_nothing() -> None:
    free = invoice(2, payment_id=None, amount_paid=0)
    seen = looked(running(), plan(), listed(free, invoice(paid_at=NOW - 30 * DAY)))
    assert [each.payment_id for each in seen.payments] == ["pay_00000000000001"]


def test_an_invoice_that_was_paid_late_comes_after_those_before_it() -> None:
    late = invoice(1, paid_at=NOW - 10 * DAY)
    early = invoice(2, paid_at=NOW - 20 * DAY)
    seen = looked(running(), plan(), listed(early, late))
    assert [each.payment_id[-1] for each in seen.payments] == ["2", "1"]


@pytest.mark.parametrize(
    "status, state",
    [
        ("created", S.PENDING),
        ("authenticated", S.PENDING),
        ("active", S.ACTIVE),
        ("paused", S.PAUSED),
        ("cancelled", S.ENDED),
        ("completed", S.ENDED),
        ("expired", S.ENDED),
    ],
)
def test_every_state_of_razorpays_is_one_of_ours(status: str, state: S) -> None:
    seen = looked(subscription(status, ended_at=NOW), plan(), NOTHING)
    assert (seen.state, seen.decline, seen.payments) == (state, "", ())
    assert seen.ended_at == (START if state is S.ENDED else None)


@pytest.mark.parametrize("status", ["pending", "halted"])
def test_a_refused_renewal_is_past_due_with_razorpays_reason(status: str) -> None:
    bills = listed(invoice(2, "issued"), invoice(paid_at=NOW - 30 * DAY))
    tries = listed(failed("insufficient_funds", created_at=NOW + 1), failed("lost_card"))
    seen = looked(running(status), plan(), bills, tries)
    assert (seen.state, seen.decline) == (S.PAST_DUE, "insufficient_funds")
    assert len(seen.payments) == 1
    # Where nothing is said of why, that it was refused still is.
    for answers in ([bills, NOTHING], [listed(invoice(paid_at=NOW - 30 * DAY))]):
        assert looked(running(status), plan(), *answers).decline == "payment_failed"


def test_the_next_try_is_what_is_due() -> None:
    again = running("pending", charge_at=NOW + DAY)
    seen = looked(again, plan(), listed(invoice(paid_at=NOW - 30 * DAY)))
    assert seen.current_until == START + timedelta(days=1)
    resting = running("paused", charge_at=None)
    assert looked(resting, plan(), NOTHING).current_until == DUE


def test_one_that_was_charged_for_the_last_time_ends_with_that_period() -> None:
    assert looked(running(remaining_count=0), plan(), NOTHING).ends_at == DUE
    assert looked(running("cancelled", remaining_count=0), plan(), NOTHING).ends_at is None


def test_a_change_of_plan_that_is_scheduled_is_no_end() -> None:
    changed = running(has_scheduled_changes=True, change_scheduled_at=NOW + 30 * DAY)
    assert looked(changed, plan(), NOTHING).ends_at is None


def test_a_look_does_not_tell_of_an_end_that_was_asked_for() -> None:
    assert not looked(running(), plan(), NOTHING).tells_end


def test_of_three_it_costs_three_times_as_much() -> None:
    assert looked(running(quantity=3), plan(), NOTHING).amount == Money(150_000, "INR")


def test_a_rhythm_that_the_till_does_not_have_is_none() -> None:
    for changes in ({"period": "daily", "interval": 7}, {"interval": 2}):
        assert looked(running(), plan(**changes), NOTHING).interval is None


@pytest.mark.parametrize(
    "answers",
    [
        [running("of tomorrow"), plan(), NOTHING],
        [running(plan_id=None)],
        [running(), plan(item=None), NOTHING],
        [running(quantity=0), plan(), NOTHING],
        [running(), plan(), listed(invoice(payment_id=None))],
        [running(), plan(), listed(invoice(payment_id=None, paid_at=NOW - 30 * DAY))],
        [running(), plan(), listed(invoice(amount_paid=None, paid_at=NOW - 30 * DAY))],
        [running(), plan(), listed(invoice(amount_paid=0, paid_at=NOW - 30 * DAY))],
        [running(), plan(), listed(invoice()), payment("settled")],
        [running(), plan(), {"items": [1]}],
    ],
)
def test_what_is_not_understood_proves_nothing(answers: list[Any]) -> None:
    with pytest.raises(Protocol):
        looked(*answers)


# --- ending ------------------------------------------------------------------------------------


def test_ending_one_at_once_says_so_to_razorpay() -> None:
    gone = running("cancelled", ended_at=NOW)
    seen = ended(gone, gone, plan(), NOTHING, at_period_end=False)
    assert (seen.state, seen.ended_at, seen.source) == (S.ENDED, START, Source.MANUAL)


def test_an_end_with_the_period_counts_though_the_subscription_does_not_say_so() -> None:
    seen = ended(running(), running(), plan(), NOTHING, at_period_end=True)
    assert (seen.state, seen.ends_at) == (S.ACTIVE, DUE)
    # With the period, and not with the next try to charge for it.
    late = running("pending", charge_at=NOW + DAY)
    assert ended(late, late, plan(), NOTHING, at_period_end=True).ends_at == DUE


@pytest.mark.parametrize("at_period_end", [True, False])
def test_one_that_is_over_is_answered_with_what_it_is(at_period_end: bool) -> None:
    refused = refusal(400, "Subscription is not cancellable in completed status.")
    over = running("completed", ended_at=NOW)
    seen = ended(refused, over, plan(), NOTHING, at_period_end=at_period_end)
    assert seen.state is S.ENDED


def test_one_in_its_last_period_ends_as_it_was_asked_to() -> None:
    refused = refusal(400, "The subscription is in its final cycle and cannot be cancelled now.")
    last = running(remaining_count=0)
    assert ended(refused, last, plan(), NOTHING, at_period_end=True).ends_at == DUE
    with pytest.raises(Rejected, match="refused"):
        ended(refused, last, plan(), NOTHING, at_period_end=False)


def test_another_change_that_is_scheduled_is_not_taken_for_the_end() -> None:
    """A customer who asked for the end must not be charged on without anybody noticing."""
    changed = running(has_scheduled_changes=True, change_scheduled_at=NOW + 30 * DAY)
    with pytest.raises(Rejected):
        ended(refusal(400, "Not now"), changed, plan(), NOTHING, at_period_end=True)


def test_a_refusal_is_told_in_razorpays_words() -> None:
    words = "Subscription cannot be cancelled since no billing cycle is going on"
    with pytest.raises(Rejected) as refused:
        ended(refusal(400, words), subscription(), plan(), NOTHING, at_period_end=True)
    assert words in refused.value.detail


def test_one_that_is_not_there_is_not_found() -> None:
    with pytest.raises(Rejected) as refused:
        ended(refusal(400, simulated.unknown_subscription().message), at_period_end=False)
    assert refused.value.status == 404
