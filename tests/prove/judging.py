"""Guards of the judgement: what has to agree before money counts."""

from typing import Final

from tests.prove.guard import Guard

_JUDGE: Final = "app/domain/judgement.py"
_SETTLE: Final = "app/settle.py"
_T: Final = "tests/unit/settle/test_settle.py::"
_ENDS: Final = "tests/unit/settle/test_settle_ends.py::"

JUDGING: Final = (
    Guard(
        "an underpaid amount",
        "less than was asked for never pays an order",
        _JUDGE,
        "    if got < asked:\n        return ExceptionKind.UNDERPAID, other\n",
        "",
        (f"{_T}test_an_amount_that_is_off_never_pays_the_order",),
    ),
    Guard(
        "an overpaid amount",
        "more than was asked for waits for a person",
        _JUDGE,
        "    if asked < got:\n        return ExceptionKind.OVERPAID, other\n",
        "",
        (f"{_T}test_an_amount_that_is_off_never_pays_the_order",),
    ),
    Guard(
        "the currency",
        "another currency never pays an order",
        _JUDGE,
        "    if got.currency != asked.currency:\n        return ExceptionKind.MISMATCH, other\n",
        "    asked = Money(asked.minor, got.currency)\n",
        (f"{_T}test_another_currency_never_pays_the_order",),
    ),
    Guard(
        "an order that is paid",
        "a second session's money is surplus",
        _JUDGE,
        "    if order.state is OrderState.PAID:\n"
        '        return ExceptionKind.SURPLUS, Message("The order was paid already.")\n',
        "",
        (f"{_T}test_two_sessions_of_one_order_both_paid_make_the_second_surplus",),
    ),
    Guard(
        "an order that is over",
        "money after cancelling or expiry is late and shown",
        _JUDGE,
        "    if order.state is not OrderState.OPEN:\n"
        "        return ExceptionKind.PAID_LATE, _BEFORE[order.state]\n",
        "",
        (f"{_T}test_a_payment_after_the_end_of_its_order_is_late_and_shown",),
    ),
    Guard(
        "one payment a session",
        "a second payment by one session is surplus",
        _JUDGE,
        "if held_as is None and paid_by_attempt:",
        "if False:",
        (f"{_T}test_a_second_payment_by_a_paid_session_of_an_open_order_is_surplus",),
    ),
    Guard(
        "the provider's account",
        "a genuine event of another account is quarantined",
        _JUDGE,
        "if seen.provider_account != attempt.provider_account:",
        "if False:",
        (f"{_T}test_an_event_that_does_not_fit_its_attempt_is_quarantined_with_its_money",),
    ),
    Guard(
        "test and live",
        "test money never counts as real money, nor the reverse",
        _JUDGE,
        "    if seen.live != attempt.live:\n",
        "    if False:\n",
        (f"{_T}test_test_money_and_real_money_never_meet",),
    ),
    Guard(
        "the session",
        "money of another session does not pay this one's order",
        _JUDGE,
        "    if attempt.session_id and seen.session_id and "
        "seen.session_id != attempt.session_id:\n",
        "    if False:\n",
        (f"{_T}test_an_event_that_does_not_fit_its_attempt_is_quarantined_with_its_money",),
    ),
    Guard(
        "whose reference",
        "another till's money and a web shop's are foreign",
        _JUDGE,
        "if reference is None or reference.till_id != books.till_id:",
        "if reference is None:",
        (f"{_T}test_money_of_another_till_or_a_web_shop_is_foreign_and_leaves_no_trace",),
    ),
    Guard(
        "money of ours without an order",
        "it needs a person instead of vanishing",
        _JUDGE,
        "        return _held(Standing.NEEDS_PERSON, fresh, ",
        "        return _held(Standing.NEEDS_PERSON, (), ",
        (f"{_T}test_money_of_ours_without_an_order_needs_a_person",),
    ),
    Guard(
        "what is in the books already",
        "the same payment told twice counts once",
        _JUDGE,
        "if p.payment_id not in books.known_payments)",
        "if p.payment_id)",
        (f"{_T}test_webhook_and_poll_together_make_one_change_and_one_journal_row",),
    ),
    Guard(
        "complete without a payment",
        "`completed` but unpaid is not paid",
        _JUDGE,
        "to = AttemptState.PAID if seen.payments else AttemptState.PROCESSING",
        "to = AttemptState.PAID",
        (f"{_ENDS}test_complete_without_a_payment_is_looked_at_further_and_never_paid",),
    ),
    Guard(
        "moves that exist",
        "old news leads nowhere back",
        _JUDGE,
        "return to if to in ATTEMPT_MOVES[attempt.state] else None",
        "return to",
        (f"{_T}test_every_order_of_up_to_six_events_ends_the_same",),
    ),
    Guard(
        "another session that can pay",
        "an order does not end while it can still be paid",
        _JUDGE,
        "if attempt_to not in _WITHOUT_MONEY or books.has_other_live:",
        "if attempt_to not in _WITHOUT_MONEY:",
        (f"{_ENDS}test_an_order_does_not_end_while_another_session_can_pay_it",),
    ),
    Guard(
        "the sum of a paid order",
        "an order is completed only by its whole total",
        _SETTLE,
        "    if accepted != order.total.minor:\n",
        "    if False:\n",
        (
            "tests/unit/settle/test_settle_refunds.py::"
            "test_an_order_is_not_completed_with_less_than_its_total",
        ),
    ),
    Guard(
        "closing the other sessions",
        "nobody pays an order twice by an old code",
        _SETTLE,
        "        want_closed(tx, attempt, CloseReason.SUPERSEDED)\n    return paid\n",
        "        pass\n    return paid\n",
        (f"{_T}test_a_paid_order_wants_its_other_sessions_closed",),
    ),
    Guard(
        "an answer that was lost after showing",
        "a person knows that money is in doubt",
        _SETTLE,
        "    if attempt.shown_at is not None:\n"
        "        _tell(tx, ExceptionKind.UNKNOWN, attempt, detail)\n    return moved\n",
        "    return moved\n",
        (
            f"{_ENDS}test_an_answer_that_was_lost_after_showing_waits_for_a_person_until_it_is_known",
        ),
    ),
    Guard(
        "a refund before its payment",
        "it is woken by its payment",
        _SETTLE,
        "    wake_refunds_of(tx, seen.provider, payment.payment_id)\n",
        "",
        (
            "tests/unit/settle/test_settle_refunds.py::"
            "test_a_refund_that_came_before_its_payment_is_woken_by_it",
        ),
    ),
    Guard(
        "in doubt until it is known",
        "that a customer agreed says nothing of the money that was asked for since",
        _JUDGE,
        "return self.is_being_captured and seen.state is SessionState.APPROVED",
        "return False",
        (
            "tests/unit/test_captures.py::"
            "test_looks_that_bring_nothing_new_leave_it_in_doubt_and_write_nothing",
        ),
    ),
    Guard(
        "the doubt about a subscription",
        "what its session tells takes it off no list",
        _SETTLE,
        "besides=ABOUT_SUBSCRIPTIONS",
        "besides=()",
        (
            "tests/unit/test_sessions_of_subscriptions.py::"
            "test_a_paid_session_takes_no_end_without_an_answer_off_the_list",
        ),
    ),
)
