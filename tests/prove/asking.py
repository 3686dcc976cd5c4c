"""Guards of the calls to providers: intents, keys, closing first, showing."""

from typing import Final

from tests.prove.guard import Guard

_C: Final = "tests/unit/test_checkout.py::"
_E: Final = "tests/unit/test_checkout_ends.py::"
_X: Final = "tests/unit/test_sessions.py::"
_A: Final = "tests/unit/test_sessions_accounts.py::"
_K: Final = "tests/unit/test_captures.py::"
_P: Final = "tests/unit/test_plans.py::"

ASKING: Final = (
    Guard(
        "the same key for the same call",
        "a lost answer makes no second session",
        "app/sessions.py",
        "return await strategy.open_session(intent.parameters, key=intent.key)",
        "return await strategy.open_session(\n"
        '                intent.parameters, key=f"{intent.key}{self._jitter.random()}"\n'
        "            )",
        (f"{_C}test_a_lost_answer_is_asked_for_under_the_same_key_and_gives_one_session",),
    ),
    Guard(
        "a lost call under a refused key",
        "a refused key says nothing of a call whose answer was lost",
        "app/asking.py",
        "        if is_one_lost and refused.is_of_the_key:\n",
        "        if False:\n",
        (f"{_X}test_a_key_that_is_refused_after_a_lost_answer_says_nothing_of_the_lost_call",),
    ),
    Guard(
        "taken only while it is wanted",
        "what a customer agreed to is not taken once the session is to be closed",
        "app/session_answers.py",
        "    if attempt.close_reason is not None or not is_wanted:\n        return None\n",
        "",
        (f"{_K}test_a_word_that_comes_after_the_cancelling_takes_nothing",),
    ),
    Guard(
        "agreed to too late",
        "a word that comes after the cancelling is called off at the provider",
        "app/sessions.py",
        "        if intent is None:\n            return await self._close(attempt)\n",
        "        if intent is None:\n            return attempt\n",
        (f"{_K}test_a_word_that_comes_after_the_cancelling_is_called_off",),
    ),
    Guard(
        "one key for taking",
        "a lost answer takes no money a second time under another key",
        "app/session_answers.py",
        "    if (before := unanswered(tx.connection, attempt_id, Operation.CAPTURE)) is not None:\n"
        "        return before\n",
        "",
        (f"{_K}test_without_any_answer_it_is_not_known_and_the_next_look_finds_out",),
    ),
    Guard(
        "the lifetime of a key",
        "past it a session is looked up instead of made anew",
        "app/sessions.py",
        "if intent.may_be_forgotten(",
        "if False and intent.may_be_forgotten(",
        (f"{_X}test_past_the_keys_lifetime_a_session_is_found_by_reference_and_closed",),
    ),
    Guard(
        "a plan that is dead",
        "it is made anew once within a sale, and never again and again",
        "app/checkout.py",
        "            if has_new_plan or not await self._plans.forgot(",
        "            if not await self._plans.forgot(",
        (f"{_P}test_a_plan_that_is_dead_again_is_a_refusal_and_the_next_sale_makes_another",),
    ),
    Guard(
        "the opened amount",
        "a session that asks for another amount is closed and never shown",
        "app/session_answers.py",
        "    if opened.amount != attempt.amount or not opened.url:\n",
        "    if not opened.url:\n",
        (f"{_C}test_a_session_that_does_not_fit_is_closed_and_never_shown",),
    ),
    Guard(
        "one call at a time",
        "two calls for one attempt do not overtake each other",
        "app/turns.py",
        "        async with lock:\n            yield\n",
        "        yield\n",
        (f"{_X}test_one_call_at_a_time_is_made_for_an_attempt",),
    ),
    Guard(
        "keys of another account",
        "nothing is asked with somebody else's keys",
        "app/gateway.py",
        "        if strategy.provider_account != provider_account:\n",
        "        if False:\n",
        (f"{_A}test_keys_of_another_account_are_not_used_for_a_payment_begun_with_the_old_ones",),
    ),
    Guard(
        "telling of lost keys",
        "money in doubt under other keys is told at once",
        "app/sessions.py",
        "            await self._store.write(\n"
        "                lambda tx: out_of_reach(tx, known_attempt(tx, attempt.id), words)\n"
        "            )\n",
        "",
        (f"{_A}test_keys_changed_for_another_accounts_in_mid_payment_need_a_person_at_once",),
    ),
    Guard(
        "an answer about another payment",
        "it is not taken for news of this one",
        "app/sessions.py",
        "        if verdict.standing in (Standing.QUARANTINED, Standing.FOREIGN):\n",
        "        if False:\n",
        (f"{_A}test_an_answer_that_belongs_to_another_payment_is_not_taken_for_news_of_this_one",),
    ),
    Guard(
        "one payable session",
        "no second code beside one that can be paid",
        "app/checkout_refusals.py",
        "        else:\n            payable = True\n",
        "        else:\n            payable = False\n",
        (f"{_C}test_a_second_session_beside_a_payable_one_is_refused",),
    ),
    Guard(
        "two presses of Charge",
        "two sessions opened at once become one",
        "app/checkout_refusals.py",
        "    payable = len(attempts_of(tx.connection, order.id)) >= number\n",
        "    payable = False\n",
        (f"{_C}test_a_second_opening_that_was_overtaken_by_a_failed_one_is_refused_in_words",),
    ),
    Guard(
        "closed before it is called cancelled",
        "a customer who was quicker has paid",
        "app/checkout_ends.py",
        "    if not live:\n",
        "    if True:\n",
        (
            f"{_E}test_cancelling_closes_the_session_at_the_provider_first",
            f"{_E}test_a_customer_who_was_quicker_than_the_cancelling_has_paid",
            f"{_E}test_an_order_is_not_called_cancelled_while_the_provider_does_not_answer",
        ),
    ),
    Guard(
        "shown is written down first",
        "whoever may have seen a code is known",
        "app/checkout.py",
        "            shown = mark_attempt(tx, attempt, shown_at=stamp(tx.at))\n",
        "            shown = attempt\n",
        (f"{_C}test_a_session_that_a_customer_saw_is_not_followed_while_its_answer_is_missing",),
    ),
    Guard(
        "the deadline of a code",
        "a code that is over is not shown",
        "app/checkout.py",
        "not attempt.is_payable or self._deadlines.is_over(attempt)",
        "not attempt.is_payable",
        (f"{_C}test_an_open_session_can_be_shown_until_its_deadline",),
    ),
    Guard(
        "the provider's own pages",
        "no code leads to a page that is not the provider's",
        "app/providers/pages.py",
        " and parts.netloc in hosts",
        "",
        ("tests/unit/providers/test_pages.py::test_any_other_address_is_refused",),
    ),
    Guard(
        "the cap on a reply",
        "a huge reply is refused without reading it all",
        "app/providers/transport.py",
        "            if len(body) > MAX_REPLY_BYTES:\n",
        "            if False:\n",
        (
            "tests/unit/providers/test_transport.py::"
            "test_a_reply_over_one_mebibyte_is_refused_without_reading_it_all",
        ),
    ),
    Guard(
        "redirects",
        "a redirected answer is none",
        "app/providers/transport.py",
        "follow_redirects=False",
        "follow_redirects=True",
        ("tests/unit/providers/test_transport.py::test_a_redirect_is_not_followed",),
    ),
)
