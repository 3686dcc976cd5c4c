"""Mutation proofs: with a guard of refunds or resolutions taken out, the named test fails."""

import itertools
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.domain.observation import Source
from app.domain.payment import Payment
from app.domain.refund import GivenBack, Refund, RefundState, SeenRefund
from app.domain.resolution import Action, WayOut
from app.errors import ScantillError
from app.refunds import Refunds
from app.store import Transaction
from app.store.refunds import given_back
from tests.conftest import ExpectedLogs
from tests.parts.provider import FakeStrategy
from tests.parts.till import Counter
from tests.unit import (
    test_refunds,
    test_refunds_answers,
    test_refunds_news,
    test_refunds_refused,
    test_resolutions,
    test_resolutions_once,
)
from tests.unit.settle import test_settle_refunds

FAILS = (AssertionError, pytest.fail.Exception, ScantillError, ExceptionGroup)
Proof = Callable[..., None]


def runs(test: Callable[..., Any], at: Path, *arguments: Any, **more: Any) -> None:
    """Run a test of another module with a till of its own, and look at its books as that does."""
    till = Counter(at)
    try:
        test(till, *arguments, **more)
        if test.__module__ != test_settle_refunds.__name__:
            assert till.violations() == []
    finally:
        till.close()


@pytest.fixture
def proves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Proof:
    """Give what shows that a test passes with a guard, and fails once that is replaced."""
    count = itertools.count()

    def proof(guard: str, by: Any, test: Callable[..., Any], *arguments: Any, **more: Any) -> None:
        runs(test, tmp_path / f"with-{next(count)}", *arguments, **more)
        with monkeypatch.context() as patches:
            patches.setattr(guard, by)
            with pytest.raises(FAILS):
                runs(test, tmp_path / f"without-{next(count)}", *arguments, **more)

    return proof


def nothing(*_: Any, **__: Any) -> None:
    return None


# --- one press, one refund ---------------------------------------------------------------------


def test_without_the_look_at_the_press_a_double_press_would_be_loud(proves: Proof) -> None:
    """Two guards: without the look, the unique press still refuses a second row."""
    proves(
        "app.refunds.refund_by_press",
        lambda db, press: None,
        test_refunds.test_the_same_press_gives_the_same_refund_and_another_press_the_next,
    )


def test_without_the_sum_of_what_went_back_too_much_would_be_asked_for(proves: Proof) -> None:
    proves(
        "app.refund_requests.given_back",
        lambda *_: GivenBack(),
        test_refunds_answers.test_without_an_answer_it_stays_asked_for_and_a_sweep_finds_out,
    )


def test_without_what_is_on_its_way_the_sum_would_be_too_small(proves: Proof) -> None:
    proves(
        "app.refund_requests.given_back",
        lambda *which: replace(given_back(*which), under_way_minor=0),
        test_refunds_answers.test_without_an_answer_it_stays_asked_for_and_a_sweep_finds_out,
    )


def test_with_a_fresh_key_for_each_try_a_lost_answer_would_give_back_twice(proves: Proof) -> None:
    original, fresh = FakeStrategy.refund, itertools.count()

    async def refund(self: FakeStrategy, parameters: Mapping[str, Any], *, key: str) -> SeenRefund:
        return await original(self, parameters, key=f"{key}-{next(fresh)}")

    proves(
        "tests.parts.provider.FakeStrategy.refund",
        refund,
        test_refunds_answers.test_a_lost_answer_is_asked_for_again_under_the_same_key,
    )


def test_a_crash_that_is_forgotten_would_let_a_refused_key_fail_what_was_given_back(
    proves: Proof, expected_logs: ExpectedLogs
) -> None:
    original = Refunds.finish

    async def always_new(self: Refunds, refund: Refund, *, is_new: bool) -> Refund:
        return await original(self, refund, is_new=True)

    test = test_refunds_answers.test_a_refused_key_says_nothing_of_a_call_that_may_have_been_made
    with_logs = {"crashed": True, "expected_logs": expected_logs}
    proves("app.refunds.Refunds.finish", always_new, test, **with_logs)
    expected_logs.take_all("keys of fake are refused")


def test_asking_again_past_the_keys_lifetime_would_give_back_twice(proves: Proof) -> None:
    original = Refunds._asked

    async def asked_before(
        self: Refunds, payment: Any, refund: Any, intent: Any, strategy: Any
    ) -> Refund:
        # The provider has forgotten the key by now.
        strategy.refunds.keys.clear()
        return await original(
            self, payment, refund, intent, strategy, source=Source.SWEEP, budget_s=0
        )

    proves(
        "app.refunds.Refunds._asked_before",
        asked_before,
        test_refunds_answers.test_past_the_keys_lifetime_it_is_looked_up_and_never_asked_for_again,
        True,
    )


# --- one refund, one row -----------------------------------------------------------------------


def test_without_the_key_in_the_news_a_webhook_that_is_first_would_be_a_second_refund(
    proves: Proof,
) -> None:
    proves(
        "app.settle_refunds.refund_by_key",
        lambda db, key: None,
        test_refunds_news.test_a_webhook_before_the_calls_answer_ends_in_one_row,
        True,
    )


def test_without_waiting_for_our_own_answer_news_without_a_key_would_be_a_second_refund(
    proves: Proof,
) -> None:
    proves(
        "app.settle_refunds.is_awaited",
        lambda *_: False,
        test_refunds_news.test_a_webhook_before_the_calls_answer_ends_in_one_row,
        False,
    )


def test_without_telling_of_it_a_refund_by_another_account_would_be_overlooked(
    proves: Proof,
) -> None:
    proves(
        "app.settle_refunds._quarantine",
        nothing,
        test_settle_refunds.test_a_refund_that_another_account_or_mode_tells_of_is_quarantined,
        {"provider_account": "acct_other"},
    )


def test_without_the_check_of_the_keys_somebody_elses_money_would_be_asked_about(
    proves: Proof,
) -> None:
    async def any_keys(self: Any, account: str, provider_account: str) -> Any:
        return self.strategy(account)

    # It looks at one change alone, in a directory of its own.
    def named(till: Counter) -> None:
        test_refunds_refused.test_money_that_no_key_of_the_till_speaks_for_is_refused_in_words(
            till.directory / "own",
            "UPDATE payments SET provider_account = 'acct_2'",
            "belong to another account",
        )

    proves("app.gateway.Gateway.speaking_for", any_keys, named)


# --- what a person must hear of ----------------------------------------------------------------


def test_without_telling_a_refund_that_failed_would_be_overlooked(proves: Proof) -> None:
    proves(
        "app.settle_refunds.tell_failure",
        nothing,
        test_refunds_news.test_a_refund_that_fails_later_is_taken_back_and_needs_a_person,
        RefundState.SUCCEEDED,
    )
    proves(
        "app.settle_refunds.tell_failure",
        nothing,
        test_refunds_news.test_held_money_that_comes_back_from_the_bank_is_on_the_list_again,
    )


def test_without_clearing_up_money_that_went_back_would_stay_on_the_list(proves: Proof) -> None:
    proves(
        "app.settle_refunds._clear_up",
        nothing,
        test_settle_refunds.test_held_money_that_was_given_back_in_full_needs_nobody_any_more,
    )


# --- decisions ---------------------------------------------------------------------------------


def test_without_the_ways_out_money_could_be_decided_twice(
    proves: Proof, expected_logs: ExpectedLogs
) -> None:
    """Beneath the check stands the compare-and-set: then it is loud instead of refused in words."""
    proves(
        "app.resolutions.way_out",
        lambda case, action: WayOut(action, "go on"),
        test_resolutions_once.test_the_same_press_again_changes_nothing_and_says_so,
    )


def test_without_the_look_at_what_is_under_way_it_could_be_given_back_and_accepted(
    proves: Proof,
) -> None:
    proves(
        "app.domain.resolution.Case.is_under_way",
        False,
        test_resolutions_once.test_a_refund_that_is_under_way_keeps_the_entry_on_the_list_until_it_has_ended,
    )


def test_without_the_comparison_with_the_target_money_would_be_given_to_a_wrong_order(
    proves: Proof,
) -> None:
    proves(
        "app.resolutions.objection_to_target",
        lambda *_: "",
        test_resolutions.test_money_is_not_assigned_to_an_order_that_it_does_not_fit,
        400,
        "owes only 4.00 EUR",
    )


@pytest.mark.parametrize("guard", ["acceptance_entries", "keeping_entries", "write_off_entries"])
def test_without_a_posting_the_books_would_not_balance(proves: Proof, guard: str) -> None:
    named = {
        "acceptance_entries": (
            test_resolutions.test_late_money_that_is_accepted_pays_the_cancelled_order,
        ),
        "keeping_entries": (
            test_resolutions.test_a_second_payment_can_be_kept_and_given_back_later,
        ),
        "write_off_entries": (
            test_resolutions.test_writing_off_pays_the_order_and_books_the_difference,
            480,
            20,
        ),
    }[guard]
    proves(f"app.resolutions.{guard}", lambda *_, **__: {}, *named)


def test_without_closing_the_other_codes_a_customer_could_pay_too_much(proves: Proof) -> None:
    proves(
        "app.resolutions.want_closed",
        lambda tx, attempt, reason: attempt,
        test_resolutions.test_a_code_that_asks_for_more_than_is_still_owed_is_taken_away,
    )


def test_without_the_compare_and_set_of_a_payment_a_stale_decision_would_pass(
    proves: Proof,
) -> None:
    def decided(tx: Transaction, payment: Payment, *_: Any, **__: Any) -> Payment:
        return payment

    proves(
        "tests.unit.test_resolutions_once.decide_payment",
        decided,
        test_resolutions_once.test_what_was_decided_meanwhile_is_loud_beneath_the_check,
    )


def test_without_a_name_a_decision_would_be_nobodys(proves: Proof) -> None:
    proves(
        "app.resolutions.check_person",
        nothing,
        test_resolutions_once.test_a_decision_is_somebodys_and_for_a_reason,
        Action.ACCEPT,
        "by",
    )
    proves(
        "app.refunds.check_person",
        nothing,
        test_refunds_refused.test_a_refund_is_somebodys_and_for_a_reason,
        "reason",
    )
