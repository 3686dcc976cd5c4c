"""Guards of PayPal's subscriptions: what is paid, by which payment, and what is never ended."""

from typing import Final

from tests.prove.guard import Guard

_S: Final = "tests/unit/providers/test_paypal_subscriptions.py::"
_C: Final = "tests/unit/providers/test_paypal_closing.py::"
_B: Final = "tests/unit/providers/test_paypal_beginning.py::"

PAYPAL_SUBSCRIPTIONS: Final = (
    Guard(
        "a subscription's payment that pends",
        "only payments that were taken count",
        "app/providers/paypal/subscriptions.py",
        '    taken = tuple(_payment(line) for line in lines if line["status"] in TAKEN)\n',
        "    taken = tuple(_payment(line) for line in lines)\n    states = []\n",
        (f"{_S}test_a_payment_that_pends_or_was_declined_is_none",),
    ),
    Guard(
        "a renewal is not the session's",
        "the session that began a subscription has its first payment only",
        "app/providers/paypal/subscriptions.py",
        "        payments=(payments.first,) if payments.first else (),\n",
        "        payments=payments.taken,\n",
        (f"{_S}test_the_first_payment_is_the_sessions_and_no_renewal",),
    ),
    Guard(
        "closing a subscription",
        "what was paid, or is being paid, is not ended with the order's page",
        "app/providers/paypal/billing.py",
        "        if seen.state not in _CLOSES:\n            return seen\n",
        "",
        (f"{_C}test_closing_ends_nothing_that_was_paid_or_is_being_paid",),
    ),
    Guard(
        "a page that PayPal would not cancel",
        "what can still be agreed on is watched on",
        "app/providers/paypal/subscriptions.py",
        "        return replace(seen, state=SessionState.EXPIRED, is_final=False)\n",
        "        return replace(seen, state=SessionState.EXPIRED, is_final=True)\n",
        (f"{_C}test_one_that_paypal_would_not_cancel_is_over_for_the_order_and_watched_on",),
    ),
    Guard(
        "another subscription under a key",
        "what a key brings back is compared with what was asked",
        "app/providers/paypal/billing.py",
        '        if (whole.get("custom_id"), whole.get("plan_id")) != wanted:\n',
        "        if False:\n",
        (f"{_S}test_another_subscription_under_the_same_key_proves_nothing",),
    ),
    Guard(
        "what recurs and has no plan",
        "a subscription never becomes a single payment",
        "app/providers/paypal/subscriptions.py",
        "    if not request.plan_id:\n",
        "    if False:\n",
        (f"{_S}test_what_recurs_is_never_asked_for_as_a_single_payment",),
    ),
    Guard(
        "the customer's word alone",
        "agreeing to a subscription moves no money before the till wants it",
        "app/providers/paypal/subscriptions.py",
        '            "user_action": "CONTINUE",\n',
        '            "user_action": "SUBSCRIBE_NOW",\n',
        (f"{_S}test_a_subscription_is_asked_for_by_its_plan_under_our_reference",),
    ),
    Guard(
        "begun once",
        "what was begun, or has ended, is not begun again",
        "app/providers/paypal/billing.py",
        "        if seen.state is not SessionState.APPROVED:\n            return seen\n",
        "",
        (
            f"{_B}test_one_that_was_begun_before_is_looked_at_and_not_begun_again",
            f"{_B}test_a_lost_answer_is_found_out_by_a_look",
            f"{_B}test_one_that_ended_meanwhile_is_not_begun",
        ),
    ),
    Guard(
        "an agreement from long ago",
        "what nobody waits for any more is called off and never begun",
        "app/providers/paypal/billing.py",
        "        if was_left(subscription, self._now()):\n",
        "        if False:\n",
        (f"{_B}test_what_nobody_waits_for_any_more_is_called_off_and_never_begun",),
    ),
    Guard(
        "an agreement is no subscription",
        "nothing is begun in the books before it may take money",
        "app/providers/paypal/subscriptions.py",
        "    waits = is_unapproved(subscription) or is_agreed(subscription)\n",
        "    waits = is_unapproved(subscription)\n",
        (f"{_B}test_an_agreement_is_no_money_and_no_subscription_yet",),
    ),
)
