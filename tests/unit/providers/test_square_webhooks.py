"""Square's signature: everything that is not exactly right is refused, and nothing crashes."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from square.utils.webhooks_helper import verify_signature

from app.errors import WebhookRejected
from app.providers.square.webhooks import HEADER, Signer, read_event, verify
from app.providers.strategy import WebhookRequest
from tests.parts.square import KEY, MERCHANT, URL, delivered, event, payment, signature

EVENT = event("payment.updated", "payment", payment())
BODY = json.dumps(EVENT).encode()
GOOD = signature(BODY)


def is_genuine(request: WebhookRequest, *signers: Signer) -> bool:
    try:
        verify(request, signers or (Signer(URL, KEY),))
    except WebhookRejected:
        return False
    return True


def test_a_refusal_is_a_plain_bad_request() -> None:
    with pytest.raises(WebhookRejected) as refused:
        verify(delivered(BODY, header=""), (Signer(URL, KEY),))
    assert refused.value.status == 400


def test_a_genuine_delivery_passes_here_and_in_squares_own_package() -> None:
    assert is_genuine(delivered(BODY))
    assert verify_signature(
        request_body=BODY.decode(),
        signature_header=GOOD,
        signature_key=KEY,
        notification_url=URL,
    )


# The key, address and body of the example in Square's document on validating notifications.
SAMPLE = Signer("https://example.com/webhook", "asdf1234")
SAMPLE_BODY = b'{"hello":"world"}'
SAMPLE_SIGNATURE = "2kRE5qRU2tR+tBGlDwMEw2avJ7QM4ikPYD/PJ3bd9Og="


def test_the_sample_of_squares_own_document_passes() -> None:
    request = WebhookRequest({HEADER: SAMPLE_SIGNATURE}, SAMPLE_BODY, delivered(BODY).received_at)
    assert is_genuine(request, SAMPLE)
    assert not is_genuine(replace(request, body=SAMPLE_BODY + b" "), SAMPLE)


@pytest.mark.parametrize(
    "header",
    [
        "",
        " ",
        "nonsense",
        GOOD[:-1],
        GOOD[: len(GOOD) // 2],
        GOOD + "=",
        GOOD + "\n",
        " " + GOOD,
        GOOD.lower(),
        GOOD.rstrip("="),
        "sha256=" + GOOD,
        "\u2603" * 44,
        "\udcff" * 44,
        GOOD[:-1] + "\u00e9",
        "A" * 100_000,
    ],
)
def test_a_missing_forged_or_cut_signature_is_refused(header: str) -> None:
    assert not is_genuine(delivered(BODY, header=header))


@given(st.integers(0, len(BODY) * 8 - 1))
def test_one_flipped_bit_of_the_body_is_refused(place: int) -> None:
    flipped = bytearray(BODY)
    flipped[place // 8] ^= 1 << place % 8
    assert not is_genuine(delivered(bytes(flipped), header=GOOD))


@given(st.integers(0, len(GOOD) * 7 - 1))
def test_one_flipped_bit_of_the_signature_is_refused(place: int) -> None:
    flipped = bytearray(GOOD.encode())
    flipped[place // 7] ^= 1 << place % 7
    assert not is_genuine(delivered(BODY, header=flipped.decode()))


def test_a_body_that_only_means_the_same_is_refused() -> None:
    assert not is_genuine(delivered(json.dumps(EVENT, indent=1).encode(), header=GOOD))


@pytest.mark.parametrize(
    "url", [URL + "/", URL.upper(), URL.replace("https", "http"), URL + "?x=1", ""]
)
def test_what_was_signed_for_another_address_is_refused(url: str) -> None:
    assert not is_genuine(delivered(BODY, url=url))


def test_while_keys_are_changed_the_old_and_the_new_one_count() -> None:
    old, new = Signer(URL, "old"), Signer(URL, "new")
    for key in ("old", "new"):
        assert is_genuine(delivered(BODY, key=key), old, new)
    assert not is_genuine(delivered(BODY, key="old"), new)


@pytest.mark.parametrize("signers", [(), (Signer(URL, ""),), (Signer("", KEY),), (Signer("", ""),)])
def test_an_empty_key_or_address_never_verifies(signers: tuple[Signer, ...]) -> None:
    for url, key in ((URL, ""), ("", KEY), ("", "")):
        with pytest.raises(WebhookRejected):
            verify(delivered(BODY, url=url, key=key), signers)


def test_another_gateways_signature_is_refused() -> None:
    request = replace(delivered(BODY), headers={"x-razorpay-signature": GOOD})
    assert not is_genuine(request)


# --- the envelope ------------------------------------------------------------------------------


def read(body: dict[str, Any] | bytes) -> Any:
    return read_event(delivered(body), account="main", live=False)


def test_the_envelope_says_whose_event_it_is() -> None:
    delivery = read(EVENT)
    assert (delivery.event_id, delivery.event_type) == ("event-1", "payment.updated")
    assert (delivery.account, delivery.provider) == ("main", "square")
    assert (delivery.provider_account, delivery.live) == (MERCHANT, False)
    assert json.loads(delivery.body) == EVENT


@pytest.mark.parametrize(
    "changes",
    [
        {"merchant_id": None},
        {"merchant_id": ""},
        {"merchant_id": 5},
        {"type": None},
        {"type": ["payment.updated"]},
        {"event_id": None},
        {"event_id": ""},
        {"event_id": 7},
        {"data": None},
        {"data": []},
        {"data": "payment"},
    ],
)
def test_what_is_not_an_event_is_refused_although_it_is_signed(changes: dict[str, Any]) -> None:
    with pytest.raises(WebhookRejected) as refused:
        read({**EVENT, **changes})
    assert refused.value.status == 400


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b"\xff\xfe",
        b'{"type": NaN}',
        b'{"type": "a", "type": "b"}',
        b'{"type": "\\ud800"}',
        b'{"a":' * 100_000,
        b'{"a":' + b"9" * 5_000 + b"}",
    ],
)
def test_what_no_careful_reader_takes_is_refused(body: bytes) -> None:
    with pytest.raises(WebhookRejected):
        read(body)
