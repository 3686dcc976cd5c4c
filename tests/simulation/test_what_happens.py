"""Chance that never let anything go wrong would prove nothing: what the days are about."""

import re
from collections import Counter
from functools import cache
from typing import Final

import pytest

from app.domain.attempt import AttemptState
from app.domain.card_setup import CardState
from app.domain.exceptions import ExceptionKind
from app.domain.order import OrderState
from app.failpoints import FAILPOINTS
from tests.simulation.acts import Verb, Weather
from tests.simulation.day import Lived, live
from tests.simulation.network import MISFORTUNES
from tests.simulation.plan import drawn
from tests.simulation.shop import Taking
from tests.simulation.shrink import story
from tests.simulation.terms import APPROVING, WHERE_THE_BANK_TAKES

_DAYS: Final = (*range(1_000, 1_070), 1_086, 1_100, 1_165, 1_175, 1_191, 1_259, 1_283)
"""What is rare happens on the last of them.

The power goes at a sweep, a customer is sent to see whether an account is back, the provider
forgets a session that is open, an inquiry is closed; a subscription is to end with what was paid
for, a card's page is forgotten, nobody answers for a day.
"""
_TRIAL: Final = "this shows whether it is back"

pytestmark = pytest.mark.simulation


@cache
def lived() -> tuple[Lived, ...]:
    return tuple(live(seed) for seed in _DAYS)


@cache
def happened() -> tuple[Counter[str], str]:
    """Give the books' facts by how many days had them, and all that was told."""
    facts: Counter[str] = Counter()
    told = []
    for day in lived():
        facts.update(day.facts)
        told += [*day.plan.happened.values(), *day.log]
    return facts, "\n".join(told)


def test_these_days_have_no_violation() -> None:
    for day in lived():
        assert not day.violation, story(day)


@pytest.mark.parametrize("kind", sorted(ExceptionKind))
def test_every_kind_of_exception_is_opened(kind: ExceptionKind) -> None:
    assert happened()[0][f"exception.opened {kind.value}"]


def test_every_failpoint_is_reached() -> None:
    reached = {point for day in lived() for point in day.reached}
    assert not set(FAILPOINTS) - reached


def test_the_power_goes_at_many_of_them() -> None:
    """Which ones is drawn evenly: over more days it is all of them."""
    gone = {day.went_at for day in lived()} - {""}
    assert len(gone) >= 8


@pytest.mark.parametrize("stage", ["migration", "backup", "restore", "sweep", "capture"])
def test_the_power_goes_in_the_middle_of_what_is_seldom_done(stage: str) -> None:
    assert any(day.went_at.startswith(stage) for day in lived())


@pytest.mark.parametrize(
    "fact",
    [
        "dispute.opened",
        "dispute.won",
        "dispute.lost",
        "dispute.closed",
        "dispute.funds_withdrawn",
        "dispute.funds_reinstated",
        "fee.booked payment",
        "attempt.confirmed",
        "attempt.declined",
        "till.resumed",
        "till.made_sure",
        "till.reconciled",
    ],
)
def test_disputes_fees_sleep_restored_books_and_money_by_hand_happen(fact: str) -> None:
    assert happened()[0][fact]


@pytest.mark.parametrize(
    "fact",
    [
        "subscription.started",
        "subscription.active",
        "subscription.renewed",
        "subscription.renewal_refused",
        "subscription.past_due",
        "subscription.end_wanted",
        "subscription.ending",
        "subscription.ended",
        *(
            f"card.{state.value}"
            for state in sorted(set(CardState) - {CardState.CREATING, CardState.FAILED})
        ),
        "card.wanted",
        "card.shown",
        "card.closing",
    ],
)
def test_what_goes_on_after_a_sale_happens(fact: str) -> None:
    assert happened()[0][fact]


@pytest.mark.parametrize(
    "terms", sorted({terms.name for terms in (APPROVING, *WHERE_THE_BANK_TAKES)})
)
def test_subscriptions_are_on_every_kind_of_terms(terms: str) -> None:
    assert any(each.name == terms for day in lived() for each in day.plan.ways.terms)


@pytest.mark.parametrize("found", ["sessions", "events", "payments", "refunds", "disputes"])
def test_reconciliations_find_what_nobody_told(found: str) -> None:
    assert any(day.found[found] for day in lived())


@pytest.mark.parametrize("state", sorted(set(AttemptState) - {AttemptState.CREATING}))
def test_attempts_come_to_every_state(state: AttemptState) -> None:
    assert happened()[0][f"attempt.{state.value}"]


@pytest.mark.parametrize("state", sorted(set(OrderState) - {OrderState.OPEN}))
def test_orders_come_to_every_end(state: OrderState) -> None:
    assert happened()[0][f"order.{state.value}"]


@pytest.mark.parametrize("fact", ["refund.pending", "refund.succeeded", "refund.failed"])
def test_refunds_come_to_every_state(fact: str) -> None:
    assert happened()[0][fact]


@pytest.mark.parametrize("verb", sorted(Verb))
def test_people_and_luck_do_everything(verb: Verb) -> None:
    assert verb.value in happened()[1]


@pytest.mark.parametrize("weather", sorted(Weather))
def test_there_is_every_weather(weather: Weather) -> None:
    assert weather.value in happened()[1]


@pytest.mark.parametrize("told", sorted(MISFORTUNES.values()))
def test_every_misfortune_befalls_a_call(told: str) -> None:
    assert told in happened()[1]


@pytest.mark.parametrize("ways", sorted({drawn(seed).ways.takings for seed in range(200)}))
def test_there_is_a_shop_of_every_kind(ways: tuple[Taking, ...]) -> None:
    assert any(day.plan.ways.takings == ways for day in lived())


def test_captures_take_effect_unheard_or_late_and_are_tried_again() -> None:
    told = happened()[1]
    for what in (MISFORTUNES["answer lost"], MISFORTUNES["late"]):
        assert re.search(rf"capture sale \S+ #\d {re.escape(what)}", told)
    assert re.search(r"capture sale \S+ #[1-9]", told)


def test_where_one_account_is_of_no_use_the_next_one_sells() -> None:
    decisions = [decision for day in lived() for decision in day.decisions]
    assert any(decision.tried for decision in decisions)
    assert any(_TRIAL in decision.reason for decision in decisions)
    left_out = {str(said.reason) for decision in decisions for said in decision.left_out}
    assert {"The provider refuses its keys.", "The provider does not answer."} <= left_out


@pytest.mark.parametrize(
    "told",
    [
        "power     goes before commit",
        "power     goes after commit",
        "power     goes before fetch",
        "power     goes after fetch",
        "is under way for up to days",
        "comes twice",
        "nobody is there",
        "is being paid for already",
        "is taken money on the closed session",
        "The provider has no such session any more",
        "The order was cancelled before",
        "the old order is paid",
        "the order is not known",
        "starts, for the 3. time",
        "is lost for good",
        "as epoch 2, from order",
        "has been no answer about this payment for a day",
        "No provider that could take this answers just now",
        "approved, sale",
        "cash, 20.00 EUR is due",
        "terminal, 19.99 EUR is due",
        "is still missing",
        "was used before",
        "This payment was confirmed before",
    ],
)
def test_the_rare_things_happen_too(told: str) -> None:
    assert told in happened()[1]
