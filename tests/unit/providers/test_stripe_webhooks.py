"""Stripe's signature: everything that is not exactly right is refused, and nothing crashes."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from app.errors import WebhookRejected
from app.providers.strategy import WebhookRequest
from app.providers.stripe.webhooks import read_event, verify
from tests.parts.clock import START
from tests.parts.stripe import SECRET, delivered, event, session, signature

EVENT = event("checkout.session.completed", session())
BODY = json.dumps(EVENT).encode()


def is_genuine(request: WebhookRequest, *secrets: str) -> bool:
    try:
        verify(request, secrets or (SECRET,))
    except WebhookRejected:
        return False
    return True


def test_a_refusal_is_a_plain_bad_request() -> None:
    with pytest.raises(WebhookRejected) as refused:
        verify(delivered(BODY, header=""), (SECRET,))
    assert refused.value.status == 400


def test_a_genuine_delivery_passes() -> None:
    assert is_genuine(delivered(BODY))


GOOD = signature(BODY)
STAMP, DIGEST = GOOD.removeprefix("t=").split(",v1=")


@pytest.mark.parametrize(
    "header",
    [
        "",
        " ",
        "nonsense",
        GOOD[:-1],
        GOOD[: len(GOOD) // 2],
        GOOD + "0",
        f"t={STAMP}",
        f"v1={DIGEST}",
        f"t={STAMP},v1=",
        f"t={STAMP},v1={'0' * 64}",
        f"t={STAMP},v0={DIGEST}",
        f"t={STAMP},v2={DIGEST}",
        f"t={STAMP},V1={DIGEST}",
        f"t={STAMP},v1={DIGEST.upper()}",
        f"t={int(STAMP) + 1},v1={DIGEST}",
        f"t={STAMP},t={STAMP},v1={DIGEST}",
        f"t=,v1={DIGEST}",
        f"t=-{STAMP},v1={DIGEST}",
        f"t=+{STAMP},v1={DIGEST}",
        f"t={STAMP}.0,v1={DIGEST}",
        f"t={STAMP}e0,v1={DIGEST}",
        f"t={'9' * 5000},v1={DIGEST}",
        "t=\u0661\u0662,v1=" + DIGEST,
        f"t={STAMP},v1={DIGEST[:-1]}\u00e9",
        f"t={STAMP},v1=\u2603",
        f"t={STAMP};v1={DIGEST}",
        f"t={STAMP},v1 = {DIGEST}",
        "," * 10_000,
        "t=1=2,v1=3=4",
    ],
)
def test_a_missing_forged_or_cut_signature_is_refused(header: str) -> None:
    assert not is_genuine(delivered(BODY, header=header))


@pytest.mark.parametrize("place", range(0, len(BODY), 37))
@pytest.mark.parametrize("bit", [0, 3, 7])
def test_one_flipped_bit_of_the_body_is_refused(place: int, bit: int) -> None:
    flipped = bytearray(BODY)
    flipped[place] ^= 1 << bit
    assert not is_genuine(delivered(bytes(flipped), header=GOOD))


def test_a_body_that_only_means_the_same_is_refused() -> None:
    assert not is_genuine(delivered(json.dumps(EVENT, indent=1).encode(), header=GOOD))
    assert not is_genuine(delivered(BODY + b"\n", header=GOOD))


@pytest.mark.parametrize(
    "header",
    [
        f"t={STAMP},v1={'0' * 64},v1={DIGEST}",
        f"t={STAMP},v1={DIGEST},v1={'0' * 64}",
        f"t={STAMP},v0={'1' * 64},v1={'0' * 64},v1={DIGEST},v9=x",
        f"v1={DIGEST},t={STAMP}",
    ],
)
def test_one_right_signature_of_several_suffices_and_other_schemes_are_ignored(header: str) -> None:
    assert is_genuine(delivered(BODY, header=header))


def test_while_secrets_are_rotated_the_old_and_the_new_one_count() -> None:
    for secret in ("whsec_old", "whsec_new"):
        assert is_genuine(delivered(BODY, secret=secret), "whsec_old", "whsec_new")
    assert not is_genuine(delivered(BODY, secret="whsec_old"), "whsec_new")


@pytest.mark.parametrize("secrets", [(), ("",), ("", "")])
def test_an_empty_secret_never_verifies(secrets: tuple[str, ...]) -> None:
    with pytest.raises(WebhookRejected):
        verify(delivered(BODY, secret=""), secrets)


def test_an_empty_secret_beside_a_real_one_does_not_count() -> None:
    assert not is_genuine(delivered(BODY, secret=""), "", SECRET)
    assert is_genuine(delivered(BODY), "", SECRET)


@pytest.mark.parametrize(
    "age_s, passes",
    [(0, True), (300, True), (301, False), (3600, False), (-300, True), (-301, False)],
)
def test_five_minutes_of_age_pass_and_as_much_ahead(age_s: int, passes: bool) -> None:
    request = delivered(BODY, at=START - timedelta(seconds=age_s))
    assert is_genuine(request) is passes


def test_a_body_that_is_no_text_is_refused() -> None:
    body = b'{"id": "\xff\xfe"}'
    assert not is_genuine(delivered(body))


def test_another_gateways_signature_is_refused() -> None:
    request = replace(delivered(BODY), headers={"x-razorpay-signature": DIGEST})
    assert not is_genuine(request)


# --- the envelope ------------------------------------------------------------------------------


def test_the_envelope_says_whose_event_it_is() -> None:
    delivery = read_event(
        delivered(EVENT), account="main", provider="stripe", provider_account="acct_1"
    )
    assert (delivery.event_id, delivery.event_type) == ("evt_1", "checkout.session.completed")
    assert (delivery.account, delivery.provider_account, delivery.live) == ("main", "acct_1", False)
    assert json.loads(delivery.body) == EVENT


def test_an_event_of_a_connected_account_keeps_that_account() -> None:
    delivery = read_event(
        delivered({**EVENT, "account": "acct_connected"}),
        account="main",
        provider="stripe",
        provider_account="acct_1",
    )
    assert delivery.provider_account == "acct_connected"


@pytest.mark.parametrize(
    "changes",
    [
        {"object": "charge"},
        {"object": None},
        {"id": None},
        {"id": 5},
        {"type": None},
        {"type": ["checkout.session.completed"]},
        {"livemode": None},
        {"livemode": "false"},
        {"livemode": 0},
        {"data": None},
        {"data": []},
        {"data": {}},
        {"data": {"object": "cs_1"}},
        {"data": {"object": [1]}},
    ],
)
def test_what_is_not_an_event_is_refused_although_it_is_signed(changes: dict[str, Any]) -> None:
    with pytest.raises(WebhookRejected) as refused:
        read_event(
            delivered({**EVENT, **changes}), account="a", provider="stripe", provider_account="x"
        )
    assert refused.value.status == 400
