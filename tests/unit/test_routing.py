"""Which account a payment goes to, with the reason of each and of each that was left out."""

from dataclasses import replace
from datetime import timedelta

import pytest

from app.breaker import Standing
from app.domain.capabilities import Capabilities, Demand, Method, Shows
from app.domain.catalog import BillingInterval
from app.domain.money import Money
from app.errors import ConfigError
from app.routing import Candidate, FeeEstimate, LeftOut, Route, Rule, known, route

TAKES = Capabilities(
    currencies=frozenset({"EUR", "INR"}),
    minimum_minor={},
    maximum_minor=100_000,
    amount_step={},
    max_lines=10,
    max_lines_recurring=10,
    session_lifetime=timedelta(minutes=35),
    key_lifetime=timedelta(hours=23),
    page_hosts=frozenset(),
    methods=frozenset({Method.CARD}),
)
TEN = Demand(Money(1000, "EUR"))
MAIN, OTHER = Candidate("main", TAKES), Candidate("other", TAKES)


def ranked(way: Route) -> list[tuple[str, str]]:
    return [(choice.account, str(choice.reason)) for choice in way.choices]


def test_where_nothing_else_is_said_the_order_of_the_settings_decides() -> None:
    assert ranked(route(TEN, [MAIN, OTHER])) == [
        ("main", "It comes in the order of the settings."),
        ("other", "It comes in the order of the settings."),
    ]
    assert ranked(route(TEN, [OTHER, MAIN]))[0][0] == "other"


def test_the_only_one_says_so() -> None:
    assert ranked(route(TEN, [MAIN])) == [("main", "It is the only one that takes this.")]


def test_the_cheaper_comes_first_and_says_what_it_keeps() -> None:
    dear = replace(MAIN, fee=FeeEstimate(349, 49))
    cheap = replace(OTHER, fee=FeeEstimate(290, 30))
    assert ranked(route(TEN, [dear, cheap])) == [
        ("other", "It keeps about 0.59 EUR of this."),
        ("main", "It keeps about 0.84 EUR of this."),
    ]


def test_an_unknown_fee_is_not_taken_for_none() -> None:
    dear = replace(MAIN, fee=FeeEstimate(349, 49))
    assert [name for name, _ in ranked(route(TEN, [dear, OTHER]))] == ["main", "other"]


def test_a_share_is_rounded_up_so_that_nothing_looks_free() -> None:
    assert FeeEstimate(1).of(Money(1, "EUR")) == Money(1, "EUR")
    assert FeeEstimate(0).of(Money(1, "EUR")) == Money(0, "EUR")


def test_the_shops_rules_come_before_the_fee() -> None:
    dear = replace(MAIN, fee=FeeEstimate(900))
    cheap = replace(OTHER, fee=FeeEstimate(100))
    way = route(TEN, [cheap, dear], [Rule(use=("main",), currency="EUR", most_minor=1000)])
    assert ranked(way)[0] == ("main", "The shop's rules name it for this.")


@pytest.mark.parametrize(
    "rule",
    [
        Rule(avoid=("main",), currency="INR"),
        Rule(avoid=("main",), least_minor=1001),
        Rule(avoid=("main",), most_minor=999),
        Rule(avoid=("main",), method=Method.CARD),
        Rule(avoid=("main",), recurring=True),
    ],
)
def test_a_rule_about_something_else_says_nothing(rule: Rule) -> None:
    assert len(route(TEN, [MAIN, OTHER], [rule]).choices) == 2


@pytest.mark.parametrize(
    "rule",
    [
        Rule(avoid=("main",)),
        Rule(avoid=("main",), currency="EUR", least_minor=1000, most_minor=1000),
        Rule(avoid=("main",), recurring=False),
    ],
)
def test_what_a_rule_avoids_is_left_out_with_that_reason(rule: Rule) -> None:
    way = route(TEN, [MAIN, OTHER], [rule])
    assert [choice.account for choice in way.choices] == ["other"]
    assert way.left_out == (LeftOut("main", "The shop's rules say not to use it for this."),)


def test_what_one_rule_names_another_does_not_take_away() -> None:
    rules = [Rule(use=("main",), least_minor=500), Rule(avoid=("main",))]
    assert [each.account for each in route(TEN, [OTHER, MAIN], rules).choices] == ["main", "other"]


def test_a_rule_about_an_unknown_account_is_an_error_and_never_a_silent_default() -> None:
    with pytest.raises(ConfigError, match="strpie, which is not set up"):
        route(TEN, [MAIN], [Rule(use=("strpie",), currency="INR")])


def test_each_that_is_left_out_has_its_reason() -> None:
    takes_upi = replace(TAKES, methods=frozenset({Method.UPI}))
    candidates = [
        replace(MAIN, is_enabled=False),
        Candidate("small", replace(TAKES, maximum_minor=999)),
        Candidate("euros", replace(TAKES, currencies=frozenset({"EUR"}))),
        Candidate("upi", takes_upi),
        Candidate("down", TAKES, standing=Standing.DOWN),
        Candidate("refused", TAKES, standing=Standing.REFUSED),
    ]
    way = route(replace(TEN, method=Method.CARD, amount=Money(1000, "INR")), candidates)
    assert {each.account: each.reason for each in way.left_out} == {
        "main": "It is switched off in the settings.",
        "small": "The most it takes is 9.99 INR.",
        "euros": "It takes no INR.",
        "upi": "It takes no cards.",
        "down": "The provider does not answer.",
        "refused": "The provider refuses its keys.",
    }
    assert not way.choices


def test_when_all_are_down_that_is_said_plainly() -> None:
    down = [replace(each, standing=Standing.DOWN) for each in (MAIN, OTHER)]
    assert route(TEN, down).problem == "No provider that could take this answers just now"
    assert route(TEN, [replace(MAIN, takes=replace(TAKES, maximum_minor=1))]).problem == (
        "No account that is set up takes this"
    )
    assert route(TEN, []).problem == "No account is set up"
    assert route(TEN, [MAIN]).problem is None


def test_one_that_is_shaky_comes_after_one_that_is_well_and_says_why() -> None:
    way = route(TEN, [replace(MAIN, standing=Standing.SHAKY), OTHER])
    assert ranked(way) == [
        ("other", "It comes in the order of the settings."),
        ("main", "It did not answer the last time."),
    ]


def test_one_customer_goes_where_it_may_work_again_and_that_is_said() -> None:
    trials = [replace(each, standing=Standing.TRIAL) for each in (MAIN, OTHER)]
    well = Candidate("well", TAKES)
    way = route(TEN, [trials[0], trials[1], well])
    assert [(each.account, each.is_trial) for each in way.choices] == [
        ("main", True),
        ("well", False),
        ("other", True),
    ]
    assert ranked(way)[0][1] == "It did not answer a while ago; this shows whether it is back."


def test_the_operator_chooses_among_the_ranked_and_is_told_of_the_others() -> None:
    way = route(TEN, [MAIN, OTHER, replace(MAIN, account="off", is_enabled=False)])
    assert known("other", way).account == "other"
    with pytest.raises(ConfigError, match="off cannot take this") as refused:
        known("off", way)
    assert refused.value.detail == "It is switched off in the settings."
    with pytest.raises(ConfigError, match="There is no account odd") as unknown:
        known("odd", way)
    assert unknown.value.action == "Choose one of these: main, other."


def test_a_subscription_goes_where_it_is_taken() -> None:
    monthly = frozenset({BillingInterval.MONTHLY})
    demand = replace(TEN, intervals=monthly, has_onetime=False)
    way = route(demand, [MAIN, Candidate("plans", replace(TAKES, intervals=monthly))])
    assert [each.account for each in way.choices] == ["plans"]


def test_a_till_that_takes_all_by_hand_begins_with_the_first() -> None:
    cash, machine = (
        Candidate(name, replace(TAKES, shows=Shows.NOTHING)) for name in ("cash", "machine")
    )
    way = route(TEN, [cash, machine, replace(MAIN, is_enabled=False)])
    assert [choice.account for choice in way.by_itself] == ["cash", "machine"]
    assert route(TEN, [cash, MAIN]).by_itself == route(TEN, [cash, MAIN]).choices[:1]
    assert route(TEN, [cash, MAIN]).by_itself[0].account == "main"
