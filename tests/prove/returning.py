"""Guards of what comes after a sale: refunds, decisions, disputes, fees, restoring."""

from typing import Final

from tests.prove.guard import Guard

_U: Final = "tests/unit/"

RETURNING: Final = (
    Guard(
        "two presses of Refund",
        "a double press gives one refund",
        "app/refunds.py",
        "            meanwhile = refund_by_press(tx.connection, press)\n",
        "            meanwhile = None\n",
        (f"{_U}test_refunds.py::test_a_press_that_was_written_down_meanwhile_is_the_same_refund",),
    ),
    Guard(
        "never over what was captured",
        "refunds sum to no more than the payment",
        "app/refund_requests.py",
        "    if left < amount:\n",
        "    if False:\n",
        (
            f"{_U}test_refunds_refused.py::"
            "test_an_amount_that_does_not_fit_is_refused_before_anything_is_done",
        ),
    ),
    Guard(
        "what is on its way back",
        "an unfinished refund counts as given back",
        "app/domain/refund.py",
        "self.succeeded_minor + self.under_way_minor",
        "self.succeeded_minor",
        (
            f"{_U}test_refunds.py::"
            "test_presses_on_several_threads_at_once_give_one_refund_each_and_never_too_much",
        ),
    ),
    Guard(
        "the same key for the same refund",
        "a lost answer gives back once",
        "app/refunds.py",
        "key=intent.key",
        'key=f"{intent.key}{self._jitter.random()}"',
        (f"{_U}test_refunds_answers.py::test_a_lost_answer_is_asked_for_again_under_the_same_key",),
    ),
    Guard(
        "the lifetime of a refund's key",
        "past it a refund is looked up and never asked for again",
        "app/refunds.py",
        "        if not intent.may_be_forgotten("
        "self._clock.now(), strategy.capabilities.key_lifetime):\n",
        "        if True:\n",
        (
            f"{_U}test_refunds_answers.py::"
            "test_past_the_keys_lifetime_it_is_looked_up_and_never_asked_for_again",
        ),
    ),
    Guard(
        "a webhook before the answer",
        "news of our own refund is no second refund",
        "app/settle_refunds.py",
        "    ours = asked or refund_by_key(tx.connection, refund.key)\n",
        "    ours = asked\n",
        (f"{_U}test_refunds_news.py::test_a_webhook_before_the_calls_answer_ends_in_one_row",),
    ),
    Guard(
        "a refund of another account",
        "what another account or mode tells of is quarantined",
        "app/settle_refunds.py",
        "    if (seen.provider_account, seen.live) != (payment.provider_account, payment.live):\n",
        "    if False:\n",
        (
            f"{_U}settle/test_settle_refunds.py::"
            "test_a_refund_that_another_account_or_mode_tells_of_is_quarantined",
        ),
    ),
    Guard(
        "a refund that failed",
        "a person knows that the customer has no money",
        "app/settle_refunds.py",
        "    elif after.state is RefundState.FAILED:\n",
        "    elif False:\n",
        (
            f"{_U}test_refunds_news.py::"
            "test_a_refund_that_fails_later_is_taken_back_and_needs_a_person",
        ),
    ),
    Guard(
        "decided once",
        "held money is decided about by one person",
        "app/store/decisions.py",
        '        "WHERE id = ? AND held_as IS NOT NULL AND resolved_as IS NULL",\n',
        '        "WHERE id = ?",\n',
        (
            f"{_U}test_resolutions_once.py::"
            "test_what_was_decided_meanwhile_is_loud_beneath_the_check",
        ),
    ),
    Guard(
        "who decides, and why",
        "a decision is somebody's and has a reason",
        "app/refund_requests.py",
        "    if not by.strip() or not reason.strip():\n",
        "    if False:\n",
        (f"{_U}test_resolutions_once.py::test_a_decision_is_somebodys_and_for_a_reason",),
    ),
    Guard(
        "the order that money is given to",
        "money is not assigned to an order that it does not fit",
        "app/domain/resolution.py",
        "    if still < payment.amount:\n",
        "    if False:\n",
        (f"{_U}test_resolutions.py::test_money_is_not_assigned_to_an_order_that_it_does_not_fit",),
    ),
    Guard(
        "a dispute's entries",
        "the provider's own entry counts once",
        "app/settle_fees.py",
        "    if not insert_fee(tx, provider, fee):\n        return False\n",
        "    insert_fee(tx, provider, fee)\n",
        (
            f"{_U}settle/test_settle_disputes.py::test_the_same_news_a_hundred_times_counts_once",
            f"{_U}settle/test_settle_fees.py::"
            "test_a_fee_is_booked_once_against_what_the_provider_owes",
        ),
    ),
    Guard(
        "telling of a dispute",
        "a person knows of it, with what to do",
        "app/settle_disputes.py",
        "    if not needs_person(now):\n",
        "    if True:\n",
        (
            f"{_U}settle/test_settle_disputes.py::"
            "test_a_dispute_is_told_with_amount_reason_due_date_and_what_to_do",
        ),
    ),
    Guard(
        "reconciled before it sells",
        "nothing is sold on restored books before the provider was asked",
        "app/checkout_refusals.py",
        "    if needs_reconciliation(tx.connection):\n",
        "    if False:\n",
        (
            f"{_U}test_checkout_restored.py::"
            "test_before_it_is_reconciled_no_order_is_placed_and_no_session_opened",
        ),
    ),
    Guard(
        "orders from before a restoration",
        "a reference of the lost time is not used again",
        "app/checkout_refusals.py",
        "is_from_before(tx.connection, order.number)",
        "False",
        (
            f"{_U}test_checkout_restored.py::"
            "test_afterwards_new_orders_are_sold_and_old_ones_get_no_new_session",
        ),
    ),
    Guard(
        "restored books are compared first",
        "they are sold with only once every list was read",
        "app/reconcile.py",
        "        if self._are_lists_read:\n",
        "        if True:\n",
        (f"{_U}test_reconcile_restored.py::test_a_list_that_cannot_be_read_keeps_them_closed",),
    ),
    Guard(
        "a cursor after its rows",
        "what was read is in the books before it counts as read",
        "app/reconcile.py",
        "            report.events += await self._store.write("
        "partial(_receive_all, deliveries=ours))\n",
        "            report.events += len(ours)\n",
        (
            f"{_U}test_reconcile.py::"
            "test_an_event_that_was_never_delivered_is_found_on_the_list_and_counts_once",
        ),
    ),
    Guard(
        "the request budget",
        "no more requests than an account may be asked",
        "app/providers/budget.py",
        "        if self._waiting or not self._take():\n",
        "        if False:\n",
        (f"{_U}providers/test_budget.py::test_no_more_than_the_rate_and_the_burst_are_ever_made",),
    ),
)
