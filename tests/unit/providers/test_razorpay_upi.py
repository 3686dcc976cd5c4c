"""UPI codes over a scripted wire: no key, no search by reference, and a text that is checked."""

import asyncio
import json
from datetime import timedelta
from typing import Any

import pytest

from app.domain.capabilities import Demand, Shows, objection
from app.domain.money import Money
from app.domain.observation import Observation, SessionState, Source
from app.errors import Protocol, Rejected, Unavailable
from app.providers.razorpay.upi import checked
from app.providers.strategy import Recheck
from app.sandbox.razorpay.picture import poster
from tests.conftest import ExpectedLogs
from tests.parts.clock import START
from tests.parts.razorpay import (
    KEY,
    MONEY,
    NOW,
    UPI,
    code,
    codes_over,
    listed,
    payment,
    refusal,
    request,
)
from tests.parts.stripe import REFERENCE, Raw, Wire

NONE = listed()
TEXTLESS: dict[str, Any] = {"image_content": None}


def prepared() -> dict[str, Any]:
    return asyncio.run(codes_over(Wire(listed())).prepare_session(request()))


def opened(*answers: Any, **changes: Any) -> Any:
    """Open a session over these answers; give it and the requests that were made."""
    wire = Wire(*answers)
    till = codes_over(wire, **changes)
    return asyncio.run(till.open_session(prepared(), key=KEY)), wire.requests


def looked(*answers: Any) -> Observation:
    till = codes_over(Wire(*answers))
    return asyncio.run(till.fetch("qr_00000000000001", source=Source.POLL))


def test_upi_takes_rupees_and_says_so_of_other_money() -> None:
    takes = codes_over(Wire()).capabilities
    assert takes.shows is Shows.UPI
    assert objection(takes, Demand(MONEY)) == ""
    assert objection(takes, Demand(Money(500, "EUR"))) == "It takes no EUR."
    assert objection(takes, Demand(Money(99, "INR"))).startswith("The least it takes is")


# --- opening -----------------------------------------------------------------------------------


def test_a_code_is_for_one_payment_of_a_fixed_amount_and_knows_us_by_its_notes() -> None:
    assert prepared() == {
        "since": NOW - 60,
        "code": {
            "type": "upi_qr",
            "usage": "single_use",
            "fixed_amount": True,
            "payment_amount": 50_000,
            "description": "2 x Chai, Bag",
            "close_by": NOW + 2100,
            "notes": {"reference": str(REFERENCE)},
        },
    }


def test_it_is_looked_for_before_it_is_made() -> None:
    session, (looked_for, made) = opened(NONE, code())
    assert (looked_for.method, looked_for.url.params["from"]) == ("GET", str(NOW - 60))
    assert made.method == "POST" and json.loads(made.content) == prepared()["code"]
    assert (session.session_id, session.url, session.amount) == (code()["id"], UPI, MONEY)


def test_it_closes_when_razorpay_says_not_when_we_asked() -> None:
    assert opened(NONE, code())[0].expires_at == START + timedelta(seconds=1800)


def test_a_code_whose_answer_was_lost_is_found_and_no_other_made() -> None:
    stranger = code(id="qr_00000000000009", notes=[])
    session, requests = opened(listed(stranger, code()))
    assert session.session_id == code()["id"]
    assert [each.method for each in requests] == ["GET"]


def test_of_two_the_first_that_was_made_stays_and_the_orphan_is_closed() -> None:
    newer = code(id="qr_00000000000002", created_at=NOW + 1)
    session, (_, closed) = opened(listed(newer, code()), {**newer, "status": "closed"})
    assert session.session_id == code()["id"]
    assert str(closed.url).endswith("/qr_00000000000002/close")


def test_a_code_that_was_paid_is_kept_before_one_that_can_be() -> None:
    paid = code("closed", id="qr_00000000000002", close_reason="paid", payments_count_received=1)
    session, requests = opened(listed(code(), paid), refusal(400, "QR Code is already closed"))
    assert (session.session_id, session.url) == ("qr_00000000000002", "")
    assert str(requests[1].url).endswith("/qr_00000000000001/close")


def test_an_orphan_that_cannot_be_closed_for_certain_keeps_another_from_being_shown() -> None:
    with pytest.raises(Unavailable):
        opened(listed(code(), code(id="qr_00000000000002")), Raw(503))


def test_what_cannot_be_looked_for_is_not_made() -> None:
    wire = Wire(Raw(503))
    with pytest.raises(Unavailable):
        asyncio.run(codes_over(wire).open_session(prepared(), key=KEY))
    assert [each.method for each in wire.requests] == ["GET"]


def test_a_code_that_is_over_is_not_shown_and_not_replaced() -> None:
    session, requests = opened(listed(code("closed")))
    assert session.url == "" and len(requests) == 1


def test_a_code_for_another_amount_is_never_taken_for_ours() -> None:
    with pytest.raises(Protocol):
        opened(listed(code(payment_amount=49_999)))


def test_an_account_without_the_feature_is_told_whom_to_ask() -> None:
    with pytest.raises(Rejected, match="switched off") as refused:
        opened(refusal(400, "The requested URL was not found on the server."))
    assert refused.value.status == 400 and "support" in refused.value.action


# --- the text ----------------------------------------------------------------------------------


def test_without_a_text_the_picture_is_fetched_without_the_keys_and_read() -> None:
    session, requests = opened(NONE, code(**TEXTLESS), Raw(200, poster(UPI)))
    assert session.url == UPI
    assert str(requests[2].url) == "https://rzp.io/i/oCswTOcCo"
    assert "authorization" not in requests[2].headers


def test_beside_a_simulator_the_picture_is_read_where_its_api_is() -> None:
    """While phones may come it names its pages at the shop's network; the till stays at home."""
    moved = code(image_url="http://192.168.1.5:4243/razorpay/i/abc", **TEXTLESS)
    base = "http://127.0.0.1:4242/razorpay"
    _, requests = opened(NONE, moved, Raw(200, poster(UPI)), api_base=base)
    assert str(requests[2].url) == "http://127.0.0.1:4242/razorpay/i/abc"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "http://rzp.io/i/a",
        "https://rzp.io.evil.example/i/a",
        "https://user@rzp.io/i/a",
        "https://rzp.io:8443/i/a",
        "http://127.0.0.1:4242/i/a",
        "http://169.254.169.254/latest/meta-data",
        "file:///etc/passwd",
    ],
)
def test_a_picture_elsewhere_is_not_even_fetched(url: str, expected_logs: ExpectedLogs) -> None:
    session, requests = opened(NONE, code(image_url=url, **TEXTLESS))
    assert session.url == "" and len(requests) == 2
    expected_logs.take("is not shown")


@pytest.mark.parametrize(
    "answer",
    [
        Raw(200, b"<html>"),
        Raw(200, poster(UPI)[:-20]),
        Raw(302, b"", {"Location": "https://evil.example/code.png"}),
        Raw(404),
        Raw(200, poster("https://evil.example/pay")),
        Raw(200, poster(UPI.replace("500.00", "501.00"))),
        Raw(200, b"\x89PNG\r\n\x1a\n" + bytes(1024 * 1024)),
    ],
)
def test_a_picture_that_does_not_hold_the_code_is_not_shown(
    answer: Raw, expected_logs: ExpectedLogs
) -> None:
    assert opened(NONE, code(**TEXTLESS), answer)[0].url == ""
    expected_logs.take("is not shown")


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_picture_that_cannot_be_had_now_is_asked_for_again(status: int) -> None:
    wire = Wire(
        NONE, code(**TEXTLESS), Raw(status), listed(code(**TEXTLESS)), Raw(200, poster(UPI))
    )
    till = codes_over(wire)
    with pytest.raises(Unavailable):
        asyncio.run(till.open_session(prepared(), key=KEY))
    till._client.transport.budget._paused_until = 0.0
    assert asyncio.run(till.open_session(prepared(), key=KEY)).url == UPI
    assert [each.method for each in wire.requests].count("POST") == 1


@pytest.mark.parametrize(
    "text",
    [
        UPI.replace("500.00", "500.01"),
        UPI.replace("500.00", "50000"),
        UPI.replace("500.00", "500.000"),
        UPI.replace("500.00", "-500.00"),
        UPI.replace("500.00", "5e2"),
        UPI.replace("500.00", ""),
        UPI.replace("&am=500.00", ""),
        UPI.replace("am=", "AM="),
        UPI.replace("cu=INR", "cu=USD"),
        UPI.replace("&cu=INR", ""),
        f"{UPI}&mam=1.00",
        f"{UPI}&am=500.00",
        f"{UPI}&AM=1.00",
        f"{UPI}&%61m=1.00",
        UPI.replace("pa=shop.rzp@icici", "pa=shop"),
        UPI.replace("&pa=shop.rzp@icici", ""),
        UPI.replace("upi://pay", "upi://mandate"),
        UPI.replace("upi://", "UPI://"),
        UPI.replace("upi://pay?", "upi:pay?"),
        "https://rzp.io/i/oCswTOcCo",
        "",
    ],
)
def test_a_text_that_does_not_ask_for_the_very_amount_is_refused(text: str) -> None:
    with pytest.raises(Protocol):
        checked(text, MONEY)


@pytest.mark.parametrize("amount", ["500.00", "500.0", "500"])
def test_an_amount_may_be_written_shorter(amount: str) -> None:
    text = UPI.replace("500.00", amount)
    assert checked(text, MONEY) == text
    assert checked(f"{text}&mam={amount}", MONEY)


# --- looking -----------------------------------------------------------------------------------


def test_an_active_code_is_one_question() -> None:
    wire = Wire(code())
    seen = asyncio.run(codes_over(wire).fetch("qr_1", source=Source.POLL))
    assert (seen.state, seen.is_final, seen.decline) == (SessionState.OPEN, False, None)
    assert len(wire.requests) == 1


def test_what_was_paid_is_told_by_its_payment() -> None:
    paid = code("closed", close_reason="paid", payments_count_received=1)
    seen = looked(paid, listed(payment()))
    assert (seen.state, seen.is_final) == (SessionState.PAID, True)
    assert [(each.payment_id, each.amount) for each in seen.payments] == [
        ("pay_00000000000001", MONEY)
    ]


@pytest.mark.parametrize("payments", [[], [payment("authorized")]])
def test_a_code_that_is_called_paid_waits_for_its_payment(payments: list[Any]) -> None:
    seen = looked(code("closed", close_reason="paid"), listed(*payments))
    assert (seen.state, seen.is_final, seen.payments) == (SessionState.PROCESSING, False, ())


@pytest.mark.parametrize("reason", ["on_demand", None])
def test_a_closed_code_that_nobody_paid_is_over(reason: str | None) -> None:
    seen = looked(code("closed", close_reason=reason), NONE)
    assert (seen.state, seen.is_final) == (SessionState.EXPIRED, True)


@pytest.mark.parametrize("reason", ["on_demand", None])
def test_money_that_came_as_it_was_closed_counts(reason: str | None) -> None:
    seen = looked(code("closed", close_reason=reason), listed(payment()))
    assert seen.state is SessionState.PAID


def test_a_code_in_an_unknown_state_proves_nothing() -> None:
    for answers in ([code("paused"), NONE], [code(id=None, status="closed"), NONE]):
        with pytest.raises(Protocol):
            looked(*answers)


def test_a_refused_close_is_read_again() -> None:
    paid = code("closed", close_reason="paid", payments_count_received=1)
    wire = Wire(refusal(400, "QR Code is already closed"), paid, listed(payment()))
    seen = asyncio.run(codes_over(wire).close_session("qr_1", key="any-key-1"))
    assert (seen.state, seen.source) == (SessionState.PAID, Source.CLOSE)
    with pytest.raises(Rejected):
        asyncio.run(codes_over(Wire(refusal(401))).close_session("qr_1", key="any-key-1"))


def test_codes_are_listed_by_the_time_of_their_making(expected_logs: ExpectedLogs) -> None:
    wire = Wire(listed(code(notes=[]), code("odd", id="qr_2"), code()), NONE)
    till = codes_over(wire)

    async def run() -> list[Any]:
        until = START + timedelta(hours=1)
        return [seen async for seen in till.list_since(START, source=Source.SWEEP, until=until)]

    odd, good = asyncio.run(run())
    assert odd == Recheck(str(REFERENCE)) and good.state is SessionState.OPEN
    asked = dict(wire.requests[0].url.params)
    assert asked == {"from": str(NOW), "to": str(NOW + 3599), "count": "100", "skip": "0"}
    expected_logs.take("is not understood")


def test_a_page_that_is_full_is_followed_by_the_next() -> None:
    """A code that somebody makes meanwhile moves the others on: the next page has one again."""
    first = [code(id=f"qr_{number:014}", notes=[]) for number in range(200, 100, -1)]
    second = [first[-1], *(code(id=f"qr_{number:014}", notes=[]) for number in range(100, 1, -1))]
    wire = Wire(listed(*first), listed(*second), listed(code(id="qr_ours")))
    session = asyncio.run(codes_over(wire).open_session(prepared(), key=KEY))
    assert session.session_id == "qr_ours"
    assert [each.url.params["skip"] for each in wire.requests] == ["0", "100", "200"]
