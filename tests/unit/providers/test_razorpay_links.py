"""Payment links over a scripted wire: what is asked for, and what the answers come to."""

import asyncio
import base64
import json
from datetime import timedelta
from typing import Any

import pytest

from app.domain.money import Money
from app.domain.observation import Observation, SeenPayment, SessionState, Source
from app.errors import InvariantError, Protocol, Rejected, Unavailable
from app.providers.strategy import Recheck
from tests.conftest import ExpectedLogs
from tests.parts.clock import START
from tests.parts.razorpay import (
    KEY,
    MONEY,
    NOW,
    PAGE,
    failed,
    link,
    links_over,
    listed,
    paid_by,
    payment,
    refusal,
    request,
)
from tests.parts.stripe import REFERENCE, Raw, Wire

USED = refusal(400, "payment link creation with reference ID already attempted")
ORDER = {"order_id": "order_00000000000001"}


def prepared(wire: Wire | None = None, **changes: Any) -> dict[str, Any]:
    till = links_over(wire or Wire(listed()))
    return asyncio.run(till.prepare_session(request(**changes)))


def opened(*answers: Any, **changes: Any) -> Any:
    """Open a session over these answers; give it and the requests that were made."""
    wire = Wire(*answers)
    till = links_over(wire, **changes)
    return asyncio.run(till.open_session(prepared(), key=KEY)), wire.requests


def looked(*answers: Any, **changes: Any) -> Observation:
    till = links_over(Wire(*answers), **changes)
    return asyncio.run(till.fetch("plink_00000000000001", source=Source.POLL))


# --- opening -----------------------------------------------------------------------------------


def test_a_link_asks_for_the_amount_under_our_reference_and_writes_to_nobody() -> None:
    parameters = prepared()
    assert parameters == {
        "amount": 50_000,
        "currency": "INR",
        "accept_partial": False,
        "reference_id": str(REFERENCE),
        "description": "2 x Chai, Bag",
        "expire_by": NOW + 2100,
        "notify": {"sms": False, "email": False},
        "reminder_enable": False,
        "notes": {"reference": str(REFERENCE)},
        "callback_url": "https://shop.example/thanks",
        "callback_method": "get",
    }


def test_a_link_lives_by_razorpays_own_clock() -> None:
    """A clock of ours that is slow by an hour would make its least lifetime a refusal."""
    dated = Raw(200, json.dumps(listed()).encode(), {"Date": "Sat, 21 Nov 2026 10:00:00 GMT"})
    assert prepared(Wire(dated))["expire_by"] == NOW + 3600 + 2100


def test_another_providers_placeholder_is_not_sent_along() -> None:
    url = "http://127.0.0.1:9/success?session={CHECKOUT_SESSION_ID}&shop=1"
    assert prepared(success_url=url)["callback_url"] == "http://127.0.0.1:9/success?shop=1"
    assert "callback_url" not in prepared(success_url="")


def test_the_keys_go_along_and_the_parameters_as_they_were_kept() -> None:
    session, (made,) = opened(link())
    assert (session.session_id, session.url, session.amount) == (link()["id"], PAGE, MONEY)
    assert session.expires_at == START + timedelta(seconds=2100)
    assert (made.method, str(made.url)) == ("POST", "https://api.razorpay.com/v1/payment_links")
    pair = base64.b64encode(b"rzp_test_key:secret").decode()
    assert made.headers["authorization"] == f"Basic {pair}"
    assert json.loads(made.content) == prepared()


def test_a_reference_that_was_used_leads_to_the_link_that_has_it() -> None:
    session, (_, searched) = opened(USED, listed(link(), key="payment_links"))
    assert session.session_id == link()["id"]
    assert dict(searched.url.params) == {"reference_id": str(REFERENCE)}


def test_whatever_the_refusal_says_the_link_is_looked_for() -> None:
    """A creation whose answer was lost may be refused for other reasons when it is asked again."""
    late = refusal(400, "timestamp must be atleast 15 minutes in future")
    assert opened(late, listed(link(), key="payment_links"))[0].session_id == link()["id"]


def test_a_refusal_stays_one_where_no_link_has_the_reference() -> None:
    others = listed(link(reference_id="of another", notes=None), key="payment_links")
    for found in (listed(key="payment_links"), others):
        with pytest.raises(Rejected, match="Currency is not supported"):
            opened(refusal(400, "Currency is not supported"), found)


def test_keys_that_are_refused_are_asked_with_once() -> None:
    with pytest.raises(Rejected) as refused:
        opened(refusal(401, "Authentication failed"))
    assert refused.value.is_of_the_key


def test_a_lost_answer_is_looked_for_once_the_line_is_back() -> None:
    wire = Wire(Raw(502), USED, listed(link(), key="payment_links"))
    till = links_over(wire)
    with pytest.raises(Unavailable):
        asyncio.run(till.open_session(prepared(), key=KEY))
    assert asyncio.run(till.open_session(prepared(), key=KEY)).session_id == link()["id"]


@pytest.mark.parametrize("changes", [{"amount": 49_999}, {"currency": "USD"}])
def test_another_link_under_our_reference_is_never_taken_for_ours(changes: dict[str, Any]) -> None:
    with pytest.raises(Protocol, match="same reference"):
        opened(USED, listed(link(**changes), key="payment_links"))


def test_a_key_of_another_session_asks_for_nothing() -> None:
    wire = Wire()
    with pytest.raises(Protocol):
        asyncio.run(links_over(wire).open_session(prepared(), key="t11111-0rder0000002-1-create"))
    assert wire.requests == []


def test_a_link_that_is_over_has_no_page_that_is_shown() -> None:
    for status in ("paid", "cancelled", "expired"):
        session, _ = opened(USED, listed(link(status), key="payment_links"))
        assert session.url == ""


@pytest.mark.parametrize(
    "url", ["https://rzp.io.evil.example/i/1", "http://rzp.io/i/1", "upi://pay?pa=a@b&am=1&cu=INR"]
)
def test_a_page_that_is_not_razorpays_is_not_shown(url: str, expected_logs: ExpectedLogs) -> None:
    session, _ = opened(link(short_url=url))
    assert session.url == ""
    expected_logs.take("it is not shown")


def test_a_domain_of_the_owners_replaces_razorpays() -> None:
    session, _ = opened(
        link(short_url="https://pay.shop.example/i/1"), custom_host="pay.shop.example"
    )
    assert session.url == "https://pay.shop.example/i/1"


def test_pages_move_beside_a_simulator_and_never_elsewhere() -> None:
    till = links_over(Wire(), api_base="http://127.0.0.1:4242/razorpay")
    assert till.capabilities.page_origin == "http://127.0.0.1:4242"
    till.move_pages("http://192.168.1.5:4243")
    assert till.capabilities.phones_origin == "http://192.168.1.5:4243"
    with pytest.raises(InvariantError):
        links_over(Wire()).move_pages("http://192.168.1.5:4243")


# --- looking -----------------------------------------------------------------------------------


def test_an_open_link_is_one_question() -> None:
    wire = Wire(link())
    seen = asyncio.run(links_over(wire).fetch("plink_00000000000001", source=Source.POLL))
    assert (seen.state, seen.is_final, seen.payments) == (SessionState.OPEN, False, ())
    assert (seen.reference, seen.provider, seen.live) == (str(REFERENCE), "razorpay", False)
    assert len(wire.requests) == 1


def test_the_amount_that_was_paid_is_the_payments_own() -> None:
    """A link tells the amount paid without a currency, and its payments' as texts."""
    seen = looked(link("paid", **paid_by("pay_1")), payment(id="pay_1", currency="USD", amount=600))
    assert (seen.state, seen.is_final) == (SessionState.PAID, True)
    assert seen.payments == (SeenPayment("pay_1", Money(600, "USD")),)


def test_two_payments_by_one_link_are_both_seen() -> None:
    both = paid_by("pay_1", "pay_2")
    seen = looked(link("paid", **both), payment(id="pay_1"), payment(id="pay_2"))
    assert [each.payment_id for each in seen.payments] == ["pay_1", "pay_2"]


def test_what_was_given_back_was_paid_all_the_same() -> None:
    back = payment("refunded", captured=True, amount_refunded=MONEY.minor)
    assert looked(link("paid", **paid_by("pay_1")), back).state is SessionState.PAID


def test_a_paid_link_whose_list_of_payments_is_empty_is_asked_by_its_order() -> None:
    seen = looked(link("paid", payments=[], **ORDER), listed(failed(id="pay_0"), payment()))
    assert [each.payment_id for each in seen.payments] == ["pay_00000000000001"]


def test_a_paid_link_without_a_payment_proves_nothing() -> None:
    for answers in ([link("paid")], [link("paid", **ORDER), listed(failed())]):
        with pytest.raises(Protocol, match="without saying by which payment"):
            looked(*answers)


def test_a_part_is_under_way_and_its_money_is_seen() -> None:
    part = payment(amount=20_000)
    seen = looked(link("partially_paid", **paid_by("pay_1")), part)
    assert (seen.state, seen.is_final) == (SessionState.PROCESSING, False)
    assert [each.amount.minor for each in seen.payments] == [20_000]


@pytest.mark.parametrize("status", ["created", "cancelled", "expired"])
def test_authorized_is_not_paid(status: str) -> None:
    seen = looked(link(status, **ORDER), listed(payment("authorized")))
    assert (seen.state, seen.is_final, seen.payments) == (SessionState.PROCESSING, False, ())


def test_what_nobody_captured_went_back_and_was_never_paid() -> None:
    returned = payment("refunded", captured=False, amount_refunded=MONEY.minor)
    seen = looked(link(**ORDER), listed(returned))
    assert (seen.state, seen.payments, seen.decline) == (SessionState.OPEN, (), "")


@pytest.mark.parametrize("status", ["created", "cancelled", "expired"])
def test_money_that_was_taken_counts_whatever_became_of_the_link(status: str) -> None:
    seen = looked(link(status, **ORDER), listed(payment()))
    assert (seen.state, seen.is_final) == (SessionState.PAID, True)


def test_a_failed_try_leaves_the_link_open_with_the_reason() -> None:
    for told, wanted in ((failed(), "payment_declined"), (failed(None), "BAD_REQUEST_ERROR")):
        seen = looked(link(**ORDER), listed(told))
        assert (seen.state, seen.is_final, seen.decline) == (SessionState.OPEN, False, wanted)


def test_the_newest_try_tells_whether_it_was_refused() -> None:
    newer = payment("created", id="pay_2", created_at=NOW + 1)
    for tries in ([newer, failed()], [failed(), newer]):
        assert looked(link(**ORDER), listed(*tries)).decline == ""
    newer = failed("insufficient_funds", id="pay_2", created_at=NOW + 1)
    for tries in ([newer, failed()], [failed(), newer]):
        assert looked(link(**ORDER), listed(*tries)).decline == "insufficient_funds"


def test_a_link_that_nobody_tried_is_over_at_once() -> None:
    for status in ("cancelled", "expired"):
        seen = looked(link(status))
        assert (seen.state, seen.is_final) == (SessionState.EXPIRED, True)


def test_a_try_that_failed_may_be_authorized_late_and_is_watched_for_three_days() -> None:
    for age, is_final in ((timedelta(days=2), False), (timedelta(days=3), True)):
        made = int((START - age).timestamp())
        seen = looked(link("expired", **ORDER), listed(failed(created_at=made)))
        assert (seen.state, seen.is_final) == (SessionState.EXPIRED, is_final)


@pytest.mark.parametrize(
    "answers",
    [
        [link("issued")],
        [link("")],
        [link(id="")],
        [link("paid", payments={"payment_id": "pay_1"})],
        [link("paid", payments=[{"amount": 1}])],
        [link("paid", **paid_by("pay_1")), payment("settled")],
        [link("paid", **paid_by("pay_1")), payment(amount="50000")],
        [link("paid", **paid_by("pay_1")), payment(amount=500.0)],
        [link("paid", **paid_by("pay_1")), payment(amount=0)],
        [link("paid", **paid_by("pay_1")), payment(amount=True)],
        [link("paid", **paid_by("pay_1")), payment(currency=None)],
        [link("paid", **paid_by("pay_1")), payment(currency="inr")],
        [link("paid", **paid_by("pay_1")), payment(id=None)],
    ],
)
def test_what_is_not_understood_proves_nothing(answers: list[Any]) -> None:
    with pytest.raises(Protocol):
        looked(*answers)


# --- closing -----------------------------------------------------------------------------------


def closed(*answers: Any) -> Observation:
    till = links_over(Wire(*answers))
    return asyncio.run(till.close_session("plink_00000000000001", key="any-key-1"))


def test_a_refused_cancel_is_read_again_and_may_mean_paid() -> None:
    refused = refusal(400, "Payment Link cannot be cancelled as it is already paid")
    seen = closed(refused, link("paid", **paid_by("pay_1")), payment())
    assert (seen.state, seen.source) == (SessionState.PAID, Source.CLOSE)


def test_a_link_that_is_cancelled_while_a_bank_has_promised_money_is_under_way() -> None:
    seen = closed(link("cancelled"), link("cancelled", **ORDER), listed(payment("authorized")))
    assert (seen.state, seen.is_final) == (SessionState.PROCESSING, False)


@pytest.mark.parametrize("status", [401, 403])
def test_other_refusals_are_told(status: int) -> None:
    with pytest.raises(Rejected) as refused:
        closed(refusal(status))
    assert refused.value.status == status


# --- listing -----------------------------------------------------------------------------------


def all_since(*answers: Any, **changes: Any) -> list[Observation | Recheck]:
    # Subscriptions are on a list of their own, which is empty here.
    till = links_over(Wire(*answers, listed()))

    async def run() -> list[Observation | Recheck]:
        found = till.list_since(START, source=Source.SWEEP, **changes)
        return [seen async for seen in found]

    return asyncio.run(run())


def numbered(*numbers: int, **changes: Any) -> list[dict[str, Any]]:
    return [link(id=f"plink_{number:014}", **changes) for number in numbers]


def test_strangers_are_left_out_and_one_that_is_not_understood_is_named(
    expected_logs: ExpectedLogs,
) -> None:
    strangers = numbered(1, reference_id="order 7", notes=None, status="odd")
    page = listed(*strangers, *numbered(2, status="odd"), *numbered(3), key="payment_links")
    odd, good = all_since(page, listed(key="payment_links"))
    assert odd == Recheck(str(REFERENCE))
    assert isinstance(good, Observation) and good.state is SessionState.OPEN
    expected_logs.take("is not understood")


def test_the_list_goes_on_until_it_is_older_than_was_asked() -> None:
    """Razorpay filters links by no time, and a page may have fewer than were asked for."""
    pages = [
        listed(
            *numbered(5, created_at=NOW + 60),
            *numbered(4, created_at=NOW + 30),
            key="payment_links",
        ),
        listed(*numbered(4, created_at=NOW + 30), *numbered(3), key="payment_links"),
        listed(*numbered(2, created_at=NOW - 1), *numbered(1), key="payment_links"),
    ]
    seen = all_since(*pages)
    assert [each.session_id[-1] for each in seen] == ["5", "4", "3"]


def test_a_span_ends_before_the_next_begins() -> None:
    page = listed(
        *numbered(2, created_at=NOW + 60), *numbered(1, created_at=NOW + 59), key="payment_links"
    )
    seen = all_since(page, listed(key="payment_links"), until=START + timedelta(seconds=60))
    assert [each.session_id[-1] for each in seen] == ["1"]


def test_a_list_that_does_not_go_on_is_not_taken_for_the_whole() -> None:
    page = listed(*numbered(2), *numbered(1), key="payment_links")
    with pytest.raises(Protocol, match="begins again"):
        all_since(page, page)


def test_a_link_without_the_time_of_its_making_ends_the_list_loudly() -> None:
    with pytest.raises(Protocol):
        all_since(listed(*numbered(1, created_at=None), key="payment_links"))
