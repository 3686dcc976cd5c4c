"""Razorpay's signature: over the body alone; what tells one event from another is the body, too."""

import json
from dataclasses import replace

import pytest
import razorpay
from hypothesis import given
from hypothesis import strategies as st

from app.errors import WebhookRejected
from app.providers.razorpay.webhooks import read_event, verify
from app.providers.strategy import WebhookRequest
from tests.parts.razorpay import SECRET, delivered, event, link, paid_by, payment, signature

EVENT = event("payment_link.paid", payment=payment(), payment_link=link("paid", **paid_by("pay_1")))
BODY = json.dumps(EVENT).encode()
GOOD = signature(BODY)


def is_genuine(request: WebhookRequest, *secrets: str) -> bool:
    try:
        verify(request, secrets or (SECRET,))
    except WebhookRejected:
        return False
    return True


def read(body: bytes, provider_account: str = "rzp_test_key") -> object:
    return read_event(
        delivered(body), account="main", provider_account=provider_account, live=False
    )


def test_a_genuine_delivery_passes() -> None:
    assert is_genuine(delivered(BODY))


def test_a_refusal_is_a_plain_bad_request() -> None:
    with pytest.raises(WebhookRejected) as refused:
        verify(delivered(BODY, header=""), (SECRET,))
    assert refused.value.status == 400


@given(
    body=st.text(st.characters(codec="utf-8"), max_size=300),
    secret=st.text(st.characters(codec="utf-8"), min_size=1, max_size=40),
)
def test_razorpays_own_package_signs_and_verifies_alike(body: str, secret: str) -> None:
    raw = body.encode()
    assert razorpay.Utility().verify_webhook_signature(body, signature(raw, secret), secret)
    assert is_genuine(delivered(raw, secret=secret), secret)


@given(place=st.integers(0, len(BODY) - 1), bit=st.integers(0, 7))
def test_one_flipped_bit_of_the_body_is_refused(place: int, bit: int) -> None:
    flipped = bytearray(BODY)
    flipped[place] ^= 1 << bit
    assert not is_genuine(delivered(bytes(flipped), header=GOOD))


@given(place=st.integers(0, len(GOOD) - 1), bit=st.integers(0, 6))
def test_one_flipped_bit_of_the_signature_is_refused(place: int, bit: int) -> None:
    flipped = bytearray(GOOD.encode())
    flipped[place] ^= 1 << bit
    assert not is_genuine(delivered(BODY, header=flipped.decode()))


@pytest.mark.parametrize(
    "header",
    [
        "",
        " ",
        GOOD[:-1],
        f"{GOOD}0",
        GOOD.upper(),
        f"sha256={GOOD}",
        "\u00e9" * 64,
        "\ud800",
        "0" * 64,
        "," * 10_000,
    ],
)
def test_a_missing_forged_or_cut_signature_is_refused(header: str) -> None:
    assert not is_genuine(delivered(BODY, header=header))


def test_a_body_that_only_means_the_same_is_refused() -> None:
    assert not is_genuine(delivered(json.dumps(EVENT, indent=1).encode(), header=GOOD))
    assert not is_genuine(delivered(BODY + b"\n", header=GOOD))


def test_while_secrets_are_changed_the_old_and_the_new_one_count() -> None:
    """Razorpay signs what it tries again with the secret of its time."""
    for secret in ("old", "new"):
        assert is_genuine(delivered(BODY, secret=secret), "old", "new")
    assert not is_genuine(delivered(BODY, secret="old"), "new")


@pytest.mark.parametrize("secrets", [(), ("",), ("", "")])
def test_an_empty_secret_never_verifies(secrets: tuple[str, ...]) -> None:
    with pytest.raises(WebhookRejected):
        verify(delivered(BODY, secret=""), secrets)


def test_another_gateways_signature_is_refused() -> None:
    assert not is_genuine(replace(delivered(BODY), headers={"stripe-signature": GOOD}))


def test_the_events_id_is_not_signed_and_tells_nothing() -> None:
    """Who knows one delivery could send it again under other ids without end."""
    first, second = (
        replace(delivered(BODY), headers={"x-razorpay-event-id": each}) for each in ("a", "b")
    )
    ids = {
        read_event(each, account="main", provider_account="", live=False).event_id
        for each in (first, second)
    }
    assert len(ids) == 1
    door = read_event(delivered(BODY), account="upi", provider_account="", live=False)
    assert door.event_id not in ids
    other = json.dumps(event("payment_link.expired", payment_link=link("expired"))).encode()
    assert read(other) != read(BODY)


def test_whose_event_it_is_counts_where_the_account_is_known_by_that_name() -> None:
    def whose(known: str) -> str:
        told = read_event(delivered(BODY), account="main", provider_account=known, live=False)
        return told.provider_account

    assert whose("rzp_test_key") == "rzp_test_key"
    assert whose("acc_00000000000009") == "acc_00000000000001"
    assert whose("") == ""


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b"\xff\xfe",
        b'{"entity":"event"}',
        b"[" * 100_000,
        json.dumps({**EVENT, "entity": "payment"}).encode(),
        json.dumps({**EVENT, "event": None}).encode(),
        json.dumps({**EVENT, "account_id": 1}).encode(),
        json.dumps({**EVENT, "payload": []}).encode(),
        BODY.replace(b'"entity": "event"', b'"entity": "event", "entity": "event"', 1),
        BODY.replace(b"50000", b"NaN", 1),
    ],
)
def test_what_is_no_event_is_refused(body: bytes) -> None:
    with pytest.raises(WebhookRejected):
        read(body)
