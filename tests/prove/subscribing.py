"""Guards of subscriptions: what a renewal is held to, and that no news and no end is lost."""

from typing import Final

from tests.prove.guard import Guard

_S: Final = "tests/unit/settle/test_settle_subscriptions.py::"
_X: Final = "tests/unit/settle/test_settle_strange_subscriptions.py::"
_E: Final = "tests/unit/test_subscriptions_ended.py::"
_U: Final = "tests/unit/test_subscriptions.py::"
_W: Final = "tests/unit/watch/test_subscription_watch.py::"
_F: Final = "tests/unit/watch/test_subscription_watch_faults.py::"
_A: Final = "tests/unit/watch/test_subscriptions_restored.py::"
_L: Final = "tests/unit/watch/test_lost_subscriptions.py::"
_R: Final = "tests/integration/store/test_subscription_rows.py::"

SUBSCRIBING: Final = (
    Guard(
        "a renewal is what was agreed",
        "one of another amount or currency is held",
        "app/domain/renewal.py",
        "    if amount != subscription.amount:\n",
        "    if False:\n",
        (
            f"{_S}test_one_that_is_not_what_was_agreed_is_held_and_can_be_given_back_or_kept",
            "tests/unit/domain/test_renewal.py::test_why_a_renewal_is_no_sale",
        ),
    ),
    Guard(
        "a renewal after the end",
        "what is taken once a subscription is over is held",
        "app/domain/renewal.py",
        "    if subscription.is_over:\n        return Message(\n",
        "    if False:\n        return Message(\n",
        (f"{_S}test_an_end_is_told_and_what_is_taken_after_it_is_held",),
    ),
    Guard(
        "a renewal of an unpaid order",
        "a subscription whose order was never paid brings no silent sales",
        "app/domain/renewal.py",
        "    if not has_sale:\n",
        "    if False:\n",
        (f"{_S}test_renewals_of_an_order_that_was_never_paid_are_held",),
    ),
    Guard(
        "the first payment is the order's",
        "what began a subscription is no renewal of it",
        "app/settle_subscriptions.py",
        "if payment.payment_id != first]",
        "if payment.payment_id]",
        (f"{_S}test_one_that_was_heard_of_before_its_session_is_begun_by_its_reference",),
    ),
    Guard(
        "the first payment comes first",
        "no renewal is judged before its order's own payment is settled",
        "app/subscriptions.py",
        "        await self._know_the_first(subscription.attempt_id, seen)\n",
        "",
        (f"{_U}test_what_began_it_is_settled_with_its_order_before_any_renewal",),
    ),
    Guard(
        "a renewal pays no order",
        "it counts for nothing but itself",
        "app/settle_subscriptions.py",
        '        order_id="",\n        attempt_id=None,\n',
        '        order_id="" if subscription is None else subscription.order_id,\n'
        "        attempt_id=None,\n",
        (f"{_S}test_what_is_taken_after_the_first_is_a_renewal_a_sale_and_no_orders",),
    ),
    Guard(
        "whose subscription it is",
        "another account's word, or another reference's, is quarantined",
        "app/settle_subscriptions.py",
        "    if stranger is not None:\n",
        "    if False:\n",
        (f"{_X}test_a_look_that_does_not_belong_here_is_told_once_and_its_money_held",),
    ),
    Guard(
        "an older look",
        "it changes nothing that a newer one told",
        "app/settle_subscriptions.py",
        "seen.observed_at < subscription.looked_at:\n",
        "False:\n",
        (
            f"{_S}test_an_older_look_changes_no_state_but_its_money_counts",
            f"{_S}test_any_order_of_news_and_repeats_comes_to_the_same_books",
        ),
    ),
    Guard(
        "news of a subscription is kept",
        "its event is handled only with what makes the till look",
        "app/webhooks/inbox_worker.py",
        "    hear_of(tx, entry.delivery.account, seen.subscription_id)\n",
        "",
        (f"{_W}test_news_survives_a_crash_and_a_provider_that_is_down",),
    ),
    Guard(
        "news that comes during a look",
        "it is not taken for looked at",
        "app/store/subscriptions.py",
        " AND heard = ?",
        " AND heard >= ?",
        (f"{_W}test_what_is_heard_during_a_look_is_looked_at_again",),
    ),
    Guard(
        "news that comes after a look",
        "a second look that began before it does not take it for known",
        "app/store/subscriptions.py",
        " AND heard_at = ?",
        " AND heard_at >= ?",
        (f"{_F}test_news_that_comes_between_two_looks_is_kept",),
    ),
    Guard(
        "money that comes after the end",
        "one that is over is still looked at for what was on its way",
        "app/domain/renewal.py",
        "return seen + _EACH if seen - ended < LATE_MONEY else None",
        "return None",
        (f"{_F}test_money_that_was_on_its_way_at_the_end_is_found",),
    ),
    Guard(
        "what the session never told of",
        "money that is taken for a session's own, and is in no books, is held",
        "app/settle_subscriptions.py",
        "_fresh(tx, seen) if is_missed else",
        "_fresh(tx, seen) if False else",
        (f"{_X}test_what_is_taken_for_the_first_and_was_not_its_sessions_is_held",),
    ),
    Guard(
        "one that goes on after all",
        "a person is told that an agreed end did not come",
        "app/settle_subscriptions.py",
        "        tell_of_going_on(tx, subscription)\n",
        "        pass\n",
        (f"{_E}test_one_that_goes_on_after_an_end_that_a_person_wanted_is_told",),
    ),
    Guard(
        "one end, one key",
        "an end without an answer is asked for again, never anew",
        "app/subscription_ends.py",
        "            return waiting\n",
        "            pass\n",
        (f"{_E}test_a_lost_answer_is_asked_for_again_under_its_key_and_nothing_is_called_ended",),
    ),
    Guard(
        "an end without an answer is no stray",
        "it is asked about though its session is long over",
        "app/store/reconciliations.py",
        'refund IS NULL AND subscription IS NULL "\n        "AND attempt_id',
        'refund IS NULL "\n        "AND attempt_id',
        (f"{_R}test_the_call_for_an_end_is_no_stray_though_its_session_is_long_over",),
    ),
    Guard(
        "an end after a restoration",
        "none is asked for before it was looked at what became of it",
        "app/subscriptions.py",
        "        if not await self._store.read(lambda db: is_unseen(db, subscription.id)):\n",
        "        if True:\n",
        (f"{_A}test_no_end_is_asked_for_again_before_it_was_looked_at",),
    ),
    Guard(
        "all are looked at after a restoration",
        "whatever the dates of the backup say",
        "app/watch/subscription_watch.py",
        "            await self._store.write(want_all_seen)\n",
        "            pass\n",
        (
            f"{_A}test_they_are_sold_with_before_any_subscription_was_looked_at_and_the_report"
            "_says_so",
        ),
    ),
    Guard(
        "a lost subscription is met",
        "what a list names and the books do not have is looked at",
        "app/reconcile_sessions.py",
        "                hear_of_lost(tx, account, seen.provider, seen.subscription_id)\n",
        "                pass\n",
        (f"{_L}test_what_it_takes_later_is_held_though_nobody_tells_of_it",),
    ),
    Guard(
        "a lost subscription is kept",
        "it is looked at each day, since nobody may tell of its renewals",
        "app/subscriptions.py",
        "                keep_lost(tx, account, seen)\n",
        "                pass\n",
        (f"{_L}test_what_it_takes_later_is_held_though_nobody_tells_of_it",),
    ),
    Guard(
        "one that the keys may not look at",
        "no other of its account waits for it",
        "app/watch/subscription_watch.py",
        "                if not is_for_all(error):\n",
        "                if False:\n",
        (f"{_F}test_one_that_the_keys_may_not_look_at_keeps_no_other_of_the_account_from_it",),
    ),
    Guard(
        "read on from what is in the books",
        "no payment is passed over that the books do not have",
        "app/settle_subscriptions.py",
        "not seen.read_to or not known_payments(",
        "not seen.read_to or False and not known_payments(",
        (f"{_S}test_it_is_read_on_only_from_where_the_books_have_everything",),
    ),
    Guard(
        "read on from before what may still be paid",
        "an invoice that was open is read again",
        "app/providers/square/subscriptions.py",
        "list(takewhile(lambda each: each.is_final, invoiced))",
        "list(takewhile(lambda each: True, invoiced))",
        (
            "tests/unit/providers/test_square_reading_on.py::"
            "test_it_is_read_on_from_before_an_invoice_that_may_still_be_paid",
        ),
    ),
)
