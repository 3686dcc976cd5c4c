"""Mutation proofs: with a guard of money taken out, the named test fails.

Each case takes one guard out and runs the test that is there for it; a test that still passed
would be guarding nothing.
"""

import asyncio
import itertools
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from starlette.responses import PlainTextResponse

from app.checkout import Checkout
from app.domain.attempt import Attempt
from app.domain.exceptions import ExceptionKind
from app.domain.order import OrderState
from app.errors import InvariantError, Rejected, StoreError
from app.providers.strategy import OpenedSession, WebhookRequest
from app.sessions import Sessions
from app.store import Transaction
from app.store.attempts import find_attempt
from app.store.inbox import receive
from app.store.orders import find_order, move_order
from app.webhooks.receiver import Receiver
from tests.conftest import ExpectedLogs
from tests.parts.provider import FakeStrategy
from tests.parts.till import Counter
from tests.simulation.day import live
from tests.unit import test_checkout, test_checkout_ends, test_sessions, test_sessions_accounts
from tests.unit.api import test_door
from tests.unit.providers import test_stripe_checkout, test_stripe_webhooks
from tests.unit.settle import test_settle, test_settle_ends, test_settle_refunds
from tests.unit.webhooks import test_receiver

FAILS = (AssertionError, pytest.fail.Exception)


@pytest.fixture
def without(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Take a guard out: what it would have said is replaced."""

    def take_out(where: str, by: Any) -> None:
        monkeypatch.setattr(where, by)

    return take_out


def fails(test: Callable[..., None], *arguments: Any, at: Path, **more: Any) -> None:
    """Run a test of another module with a till of its own, and expect it to fail."""
    till = Counter(at)
    try:
        with pytest.raises(FAILS):
            test(till, *arguments, **more)
    finally:
        till.close()


def passes(test: Callable[..., None], *arguments: Any, at: Path) -> None:
    """Run the same test with its guard in place: it must not fail for another reason."""
    till = Counter(at)
    try:
        test(till, *arguments)
    finally:
        till.close()


# --- the signature -----------------------------------------------------------------------------


def test_without_the_signature_check_a_flipped_bit_would_pass(
    without: Callable[..., None],
) -> None:
    test_stripe_webhooks.test_one_flipped_bit_of_the_body_is_refused(37, 3)
    without("app.providers.stripe.webhooks._is_signed", lambda *_: True)
    with pytest.raises(FAILS):
        test_stripe_webhooks.test_one_flipped_bit_of_the_body_is_refused(37, 3)


def test_without_the_age_check_an_old_delivery_would_pass(without: Callable[..., None]) -> None:
    without("app.providers.stripe.webhooks._is_timely", lambda *_: True)
    for age_s in (301, -301):
        with pytest.raises(FAILS):
            test_stripe_webhooks.test_five_minutes_of_age_pass_and_as_much_ahead(age_s, False)


# --- the judge ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "minor, kind", [(499, ExceptionKind.UNDERPAID), (501, ExceptionKind.OVERPAID)]
)
def test_without_the_comparison_of_amounts_a_wrong_one_would_be_accepted(
    without: Callable[..., None], tmp_path: Path, minor: int, kind: ExceptionKind
) -> None:
    named = test_settle.test_an_amount_that_is_off_never_pays_the_order
    passes(named, minor, kind, at=tmp_path / "with")
    without("app.domain.judgement._objection", lambda *_: (None, ""))
    fails(named, minor, kind, at=tmp_path / "without")


def test_without_the_comparison_of_currencies_another_would_be_accepted(
    without: Callable[..., None], tmp_path: Path
) -> None:
    named = test_settle.test_another_currency_never_pays_the_order
    passes(named, at=tmp_path / "with")
    without("app.domain.judgement._objection", lambda *_: (None, ""))
    fails(named, at=tmp_path / "without")


def test_without_the_comparison_of_accounts_a_strangers_money_would_pay(
    without: Callable[..., None], tmp_path: Path
) -> None:
    named = test_settle.test_an_event_that_does_not_fit_its_attempt_is_quarantined_with_its_money
    case = ({"provider_account": "acct_other"}, "Account")
    passes(named, *case, at=tmp_path / "with")
    without("app.domain.judgement._strangeness", lambda *_: "")
    fails(named, *case, at=tmp_path / "without")


def test_without_the_look_at_known_payments_the_unique_key_still_refuses_a_second_effect(
    without: Callable[..., None], tmp_path: Path
) -> None:
    """Two guards stand here: with the first gone, the second is heard instead of a wrong sum."""
    without("app.settle.known_payments", lambda *_: frozenset())
    with pytest.raises((*FAILS, InvariantError)):
        test_settle.test_the_same_event_a_thousand_times_at_once_has_one_effect(tmp_path)


def test_without_the_judge_the_simulation_fails_too(without: Callable[..., None]) -> None:
    without("app.domain.judgement._objection", lambda *_: (None, ""))
    assert sum(bool(live(seed).violation) for seed in range(30)) >= 3


# --- the provider's call -----------------------------------------------------------------------


def test_with_a_fresh_key_for_each_try_a_lost_answer_would_make_a_second_session(
    without: Callable[..., None], tmp_path: Path
) -> None:
    named = test_checkout.test_a_lost_answer_is_asked_for_under_the_same_key_and_gives_one_session
    passes(named, at=tmp_path / "with")
    original, fresh = FakeStrategy.open_session, itertools.count()

    async def open_session(
        self: FakeStrategy, parameters: Mapping[str, Any], *, key: str
    ) -> OpenedSession:
        return await original(self, parameters, key=f"{key}-{next(fresh)}")

    without("tests.parts.provider.FakeStrategy.open_session", open_session)
    fails(named, at=tmp_path / "without")


def test_without_the_check_of_pages_a_false_one_would_be_handed_out(
    without: Callable[..., None], expected_logs: Any
) -> None:
    without("app.providers.connected.is_own_page", lambda *_: True)
    with pytest.raises(FAILS):
        test_stripe_checkout.test_a_page_that_is_not_stripes_is_never_handed_out(
            "https://checkout.stripe.com.evil.example/c", expected_logs
        )


def test_without_the_check_of_the_opened_amount_a_wrong_one_would_be_shown(
    without: Callable[..., None], tmp_path: Path
) -> None:
    named = test_checkout.test_a_session_that_does_not_fit_is_closed_and_never_shown
    passes(named, "one cent more", at=tmp_path / "with")
    without("app.session_answers.want_closed", lambda tx, attempt, reason: attempt)
    fails(named, "one cent more", at=tmp_path / "without")


def test_a_crash_that_is_forgotten_would_let_a_refused_key_fail_what_may_be_paid(
    without: Callable[..., None], tmp_path: Path, expected_logs: ExpectedLogs
) -> None:
    named = (
        test_sessions.test_a_key_that_is_refused_after_a_crash_in_the_call_says_nothing_of_that_call
    )
    passes(named, 401, expected_logs, at=tmp_path / "with")
    original = Sessions._create

    async def always_first(self: Sessions, attempt_id: int, *, is_first: bool = True) -> Attempt:
        return await original(self, attempt_id, is_first=True)

    without("app.sessions.Sessions._create", always_first)
    with pytest.raises(Rejected):
        fails(named, 401, expected_logs, at=tmp_path / "without")
    expected_logs.take("keys of fake are refused")


def test_without_telling_of_keys_of_another_account_the_money_in_doubt_would_be_overlooked(
    without: Callable[..., None], tmp_path: Path
) -> None:
    named = (
        test_sessions_accounts.test_keys_changed_for_another_accounts_in_mid_payment_need_a_person_at_once,
        test_sessions_accounts.test_a_payment_in_progress_stays_in_progress_while_its_account_cannot_be_asked,
    )
    for number, test in enumerate(named):
        passes(test, at=tmp_path / f"with-{number}")
    without("app.sessions.out_of_reach", lambda tx, attempt, words: attempt)
    for number, test in enumerate(named):
        fails(test, at=tmp_path / f"without-{number}")


def test_a_refund_that_nothing_wakes_again_would_be_missing_from_the_books(
    without: Callable[..., None], tmp_path: Path
) -> None:
    named = (
        test_settle_refunds.test_a_refund_that_was_given_up_for_a_strangers_is_woken_by_its_payment
    )
    passes(named, at=tmp_path / "with")
    without("app.settle.wake_refunds_of", lambda tx, provider, payment_id: None)
    fails(named, at=tmp_path / "without")


# --- cancelling and showing --------------------------------------------------------------------


def test_cancelling_before_closing_would_be_found_out(
    without: Callable[..., None], tmp_path: Path
) -> None:
    named = (
        test_checkout_ends.test_cancelling_closes_the_session_at_the_provider_first,
        test_checkout_ends.test_a_customer_who_was_quicker_than_the_cancelling_has_paid,
        test_checkout_ends.test_an_order_is_not_called_cancelled_while_the_provider_does_not_answer,
    )
    for number, test in enumerate(named):
        passes(test, at=tmp_path / f"with-{number}")

    def cancelled_at_once(tx: Transaction, order_id: str) -> list[Attempt]:
        order = find_order(tx.connection, order_id)
        if order is not None and order.state is OrderState.OPEN:
            move_order(tx, order, OrderState.CANCELLED)
        return []

    without("app.checkout.want_cancelled", cancelled_at_once)
    for number, test in enumerate(named):
        fails(test, at=tmp_path / f"without-{number}")


def test_showing_a_code_without_writing_it_down_would_be_found_out(
    without: Callable[..., None], tmp_path: Path
) -> None:
    """Whether a customer can have seen the code decides whether a person must know of a doubt."""
    named = (
        test_settle_ends.test_an_answer_that_was_lost_after_showing_waits_for_a_person_until_it_is_known,
        test_checkout.test_a_session_that_a_customer_saw_is_not_followed_while_its_answer_is_missing,
    )
    for number, test in enumerate(named):
        passes(test, at=tmp_path / f"with-{number}")

    async def unwritten(self: Checkout, attempt_id: int) -> Attempt:
        attempt = await self._store.read(lambda db: find_attempt(db, attempt_id))
        assert attempt is not None
        return attempt

    without("app.checkout.Checkout.mark_shown", unwritten)
    for number, test in enumerate(named):
        fails(test, at=tmp_path / f"without-{number}")


# --- the doors ---------------------------------------------------------------------------------


def test_an_acknowledgement_before_the_commit_would_be_found_out(
    without: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = test_receiver.test_without_a_commit_there_is_no_acknowledgement

    async def acknowledged_first(self: Receiver, request: Any) -> Any:
        strategy = self._by_path[request.path_params["name"]]
        headers = {name.lower(): value for name, value in request.headers.items()}
        raw = WebhookRequest(headers, await request.body(), self._clock.now())
        delivery = strategy.read_webhook(raw)
        written = asyncio.ensure_future(self._store.write(lambda tx: receive(tx, delivery)))
        written.add_done_callback(lambda done: isinstance(done.exception(), StoreError))
        return PlainTextResponse("received")

    def at_a_door(till: Counter) -> None:
        with monkeypatch.context() as patches:
            named(till, test_receiver.Door(till), patches)

    passes(at_a_door, at=tmp_path / "with")
    without("app.webhooks.receiver.Receiver._received", acknowledged_first)
    fails(at_a_door, at=tmp_path / "without")


def test_without_the_token_check_the_private_door_would_stand_open(
    without: Callable[..., None], tmp_path: Path
) -> None:
    named = test_door.test_without_the_token_every_route_but_health_is_closed
    passes(named, "Bearer wrong", at=tmp_path / "with")
    without("app.api.door.PrivateDoor._is_known", lambda *_: True)
    fails(named, "Bearer wrong", at=tmp_path / "without")
