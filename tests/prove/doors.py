"""Guards of the doors: signatures, ages, what may come in."""

from typing import Final

from tests.prove.guard import Guard

_H: Final = "tests/unit/providers/test_stripe_webhooks.py::"
_R: Final = "tests/unit/webhooks/test_receiver.py::"

DOORS: Final = (
    Guard(
        "the signature",
        "one flipped bit of the body is refused",
        "app/providers/stripe/webhooks.py",
        "        if secret and _is_signed(request.body, header, secret):\n",
        "        if secret:\n",
        (
            f"{_H}test_one_flipped_bit_of_the_body_is_refused",
            f"{_H}test_a_missing_forged_or_cut_signature_is_refused",
        ),
    ),
    Guard(
        "the age of a delivery",
        "five minutes old or ahead is refused",
        "app/providers/stripe/webhooks.py",
        "abs(now.timestamp() - int(stamps[0])) <= TOLERANCE_S",
        "bool(stamps)",
        (f"{_H}test_five_minutes_of_age_pass_and_as_much_ahead",),
    ),
    Guard(
        "acknowledged after the commit",
        "a webhook's 2xx stands for a row on the disk",
        "app/webhooks/receiver.py",
        '        await self._store.write(write)\n        reach("webhook.saved")\n',
        '        self._store.submit(write)\n        reach("webhook.saved")\n',
        (f"{_R}test_without_a_commit_there_is_no_acknowledgement",),
    ),
    Guard(
        "the size of a delivery",
        "a body that is too large is refused",
        "app/webhooks/receiver.py",
        "                if len(body) > most:\n",
        "                if False:\n",
        (f"{_R}test_a_body_without_a_length_is_refused_when_it_grows_too_large",),
    ),
    Guard(
        "the token of a pay page",
        "who was not given its address neither sees nor pays a sale",
        "app/webhooks/pay_sale.py",
        "if attempt is None or not hmac.compare_digest(known.encode(), address.encode()):",
        "if attempt is None:",
        (
            "tests/unit/webhooks/test_pay_pages.py"
            "::test_an_address_that_is_not_ours_is_unknown_whatever_is_asked",
        ),
    ),
    Guard(
        "whose payment intent it is",
        "what a Checkout session took is not taken for a payment on our own page",
        "app/providers/stripe/intent_events.py",
        "    if not is_own(intent):\n",
        "    if False:\n",
        (
            "tests/unit/providers/test_stripe_intents.py"
            "::test_an_event_of_a_checkout_sessions_intent_says_nothing_here",
        ),
    ),
    Guard(
        "the token of the private door",
        "every route but health needs it",
        "app/api/door.py",
        "if request.url.path not in _OPEN_PATHS and not self._is_known(request):",
        "if False:",
        ("tests/unit/api/test_door.py::test_without_the_token_every_route_but_health_is_closed",),
    ),
    Guard(
        "another name of the account",
        "an event that came in by one of two names is read for the other",
        "app/webhooks/inbox_worker.py",
        "for each in (strategy, *self._others_of(strategy)):",
        "for each in (strategy,):",
        (
            "tests/unit/webhooks/test_other_names.py::"
            "test_what_the_one_kind_does_not_read_the_other_name_of_its_account_does",
        ),
    ),
)
