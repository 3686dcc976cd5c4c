"""What Razorpay's kinds share: whose account it is, refunds, disputes, fees, amounts."""

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.clock import SystemClock
from app.domain.capabilities import Demand, objection
from app.domain.dispute import DisputeState
from app.domain.fee import FeeKind
from app.domain.money import EXPONENTS, Money
from app.domain.observation import Source
from app.domain.refund import RefundState
from app.errors import Protocol, Rejected, Unavailable
from app.providers.kind import AccountSetup
from app.providers.kinds import KINDS
from app.providers.razorpay.amounts import AMOUNT_STEP, CURRENCIES, DECIMALS, money_from
from app.providers.razorpay.disputes import dispute_from
from app.providers.razorpay.refunds import KEY_HEADER
from app.providers.strategy import RefundRequest, RegistersWebhooks
from tests.conftest import ExpectedLogs
from tests.parts.clock import START
from tests.parts.razorpay import (
    MONEY,
    NOW,
    codes_over,
    delivered,
    dispute,
    event,
    links_over,
    listed,
    payment,
    refund,
    refusal,
)
from tests.parts.stripe import REFERENCE, Wire

BACK = RefundRequest(
    "pay_00000000000001", Money(20_000, "INR"), REFERENCE.key("refund-1"), REFERENCE
)
KEYS = {"key_id": "rzp_live_1", "key_secret": "s", "webhook_secret": "old, new"}


# --- whose account -----------------------------------------------------------------------------


def test_razorpay_does_not_say_whose_a_key_is_so_its_name_stands_for_the_account() -> None:
    wire = Wire(listed())
    known = asyncio.run(links_over(wire).identify())
    assert (known.id, known.live) == ("rzp_test_key", False)
    assert str(wire.requests[0].url).endswith("/v1/payments?count=1")


@pytest.mark.parametrize("account_id", ["00000000000001", "acc_00000000000001"])
def test_an_account_that_is_named_stays_the_same_under_another_key(account_id: str) -> None:
    known = asyncio.run(links_over(Wire(listed()), account_id=account_id).identify())
    assert known.id == "acc_00000000000001"


@pytest.mark.parametrize("name", ["razorpay", "razorpay_upi"])
def test_a_kind_is_built_from_its_keys(name: str) -> None:
    kind = KINDS[name]
    made = kind.build(AccountSetup("shop", KEYS, SystemClock()))
    assert (made.account, made.provider, made.live) == ("shop", "razorpay", True)
    for secret in ("old", "new"):
        assert made.read_webhook(delivered(event("payment.failed"), secret=secret)).live
    assert [kind.is_live({**KEYS, "key_id": each}) for each in ("rzp_test_1", "other")] == [
        False,
        None,
    ]
    variables = {each.name: each.variables[0] for each in kind.fields if each.is_needed}
    assert variables == {"key_id": "RAZORPAY_KEY_ID", "key_secret": "RAZORPAY_KEY_SECRET"}
    asyncio.run(made.aclose())


def test_razorpay_is_told_of_webhooks_in_its_dashboard_alone() -> None:
    till = links_over(Wire())
    assert isinstance(till, RegistersWebhooks)
    with pytest.raises(Rejected, match="dashboard"):
        asyncio.run(till.register_webhook("https://shop.example/webhooks/main", owner="t"))


def test_a_simulator_is_told_where_to_send_events_and_never_the_keys() -> None:
    wire = Wire({})
    till = codes_over(wire, api_base="http://127.0.0.1:4242/razorpay", webhook_secrets=("a", "b"))
    asyncio.run(till.register_webhook("http://127.0.0.1:9/webhooks/upi", owner="t"))
    (told,) = wire.requests
    order = json.loads(told.content)
    assert str(told.url) == "http://127.0.0.1:4242/_control/razorpay/webhooks"
    assert "authorization" not in told.headers
    assert order["key_id"] == "rzp_test_key" and len(order["secret"]) >= 32
    assert "qr_code.credited" in order["events"] and "payment_link.paid" not in order["events"]
    assert order["owner"] == "t main"
    assert till._secrets == ("b", order["secret"])


# --- refunds -----------------------------------------------------------------------------------


def test_a_refund_goes_under_its_key_in_razorpays_own_header() -> None:
    wire = Wire(refund("pending"))
    till = links_over(wire)
    seen = asyncio.run(till.refund(till.prepare_refund(BACK), key=BACK.key))
    (asked,) = wire.requests
    assert str(asked.url).endswith("/v1/payments/pay_00000000000001/refund")
    assert asked.headers[KEY_HEADER] == BACK.key and len(BACK.key) >= 10
    notes = {"reference": str(REFERENCE), "key": BACK.key}
    assert json.loads(asked.content) == {"amount": 20_000, "speed": "normal", "notes": notes}
    assert (seen.state, seen.key, seen.amount) == (RefundState.PENDING, BACK.key, BACK.amount)


def test_a_refund_that_is_in_progress_is_asked_for_again() -> None:
    till = links_over(Wire(refusal(409, "A request with this key is still being processed.")))
    with pytest.raises(Unavailable):
        asyncio.run(till.refund(till.prepare_refund(BACK), key=BACK.key))


def test_a_refund_after_six_months_is_refused_in_razorpays_words() -> None:
    words = "Refund is not supported for payments older than 6 months"
    till = links_over(Wire(refusal(400, words)))
    with pytest.raises(Rejected) as refused:
        asyncio.run(till.refund(till.prepare_refund(BACK), key=BACK.key))
    assert words in refused.value.reason


@pytest.mark.parametrize(
    "status, state",
    [
        ("pending", RefundState.PENDING),
        ("processed", RefundState.SUCCEEDED),
        ("failed", RefundState.FAILED),
    ],
)
def test_each_state_of_a_refund_is_known(status: str, state: RefundState) -> None:
    seen = asyncio.run(links_over(Wire(refund(status))).fetch_refund("rfnd_1"))
    assert seen.state is state


def test_a_refund_of_somebody_elses_has_no_key() -> None:
    emptinesses: list[Any] = [[], {}, None, {"key": 7}]
    for notes in emptinesses:
        assert asyncio.run(links_over(Wire(refund(notes=notes))).fetch_refund("rfnd_1")).key == ""


def test_a_refund_that_is_not_understood_hides_no_other(expected_logs: ExpectedLogs) -> None:
    wire = Wire(listed(refund("odd", id="rfnd_odd"), refund()))

    async def run() -> list[Any]:
        return [seen async for seen in links_over(wire).refunds_since(START)]

    assert [seen.refund_id for seen in asyncio.run(run())] == ["rfnd_00000000000001"]
    assert wire.requests[0].url.params["from"] == str(NOW)
    expected_logs.take("cannot be understood")


# --- disputes ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "status, phase, state",
    [
        ("open", "chargeback", DisputeState.NEEDS_RESPONSE),
        ("open", "pre_arbitration", DisputeState.NEEDS_RESPONSE),
        ("open", "retrieval", DisputeState.INQUIRY),
        ("open", "fraud", DisputeState.INQUIRY),
        ("under_review", "chargeback", DisputeState.UNDER_REVIEW),
        ("under_review", "retrieval", DisputeState.INQUIRY_UNDER_REVIEW),
        ("won", "chargeback", DisputeState.WON),
        ("lost", "retrieval", DisputeState.LOST),
        ("closed", "fraud", DisputeState.CLOSED),
        ("of tomorrow", "chargeback", DisputeState.UNKNOWN),
    ],
)
def test_each_state_of_a_dispute_is_known(status: str, phase: str, state: DisputeState) -> None:
    seen = dispute_from(dispute(status, phase=phase))
    assert (seen.state, seen.word, seen.entries) == (state, status, ())
    assert seen.due_at == datetime.fromtimestamp(NOW + 86_400, UTC)


def test_what_is_deducted_for_a_lost_dispute_is_one_entry_however_often_it_is_told() -> None:
    lost = dispute("lost", amount_deducted=MONEY.minor)
    (entry,) = dispute_from(lost).entries
    assert (entry.withdrawn_minor, entry.fee) == (MONEY.minor, Money(0, "INR"))
    assert dispute_from(lost).entries == (entry,)


@pytest.mark.parametrize(
    "changes", [{"amount": 0}, {"amount": -1}, {"payment_id": ""}, {"id": None}]
)
def test_a_dispute_that_proves_nothing_hides_no_other(
    changes: dict[str, Any], expected_logs: ExpectedLogs
) -> None:
    wire = Wire(listed(dispute(**changes), dispute(id="disp_2")))

    async def run() -> list[Any]:
        looks = links_over(wire).list_disputes(START, source=Source.SWEEP)
        return [look.dispute.dispute_id async for look in looks]

    assert asyncio.run(run()) == ["disp_2"]
    expected_logs.take("cannot be understood")


# --- fees --------------------------------------------------------------------------------------


def fees(*answers: Any) -> Any:
    return asyncio.run(links_over(Wire(*answers)).fetch_fees("pay_1"))


def test_the_fee_includes_its_tax() -> None:
    (fee,) = fees(payment(fee=1180, tax=180))
    assert (fee.amount, fee.kind, fee.fee_id) == (Money(1180, "INR"), FeeKind.PAYMENT, "pay_1-fee")


def test_a_fee_that_is_null_is_not_known_yet_and_zero_is() -> None:
    assert fees(payment()) is None
    assert [fee.amount.minor for fee in fees(payment(fee=0))] == [0]


def test_a_fee_in_one_of_two_currencies_is_not_guessed() -> None:
    assert fees(payment(currency="USD", base_currency="INR", fee=200)) is None


def test_a_refund_at_normal_speed_costs_nothing_and_another_is_not_told() -> None:
    instant = refund(id="rfnd_2", speed_processed="instant", speed_requested="optimum")
    told = fees(payment(fee=1180, amount_refunded=40_000), listed(instant, refund()))
    assert [(fee.fee_id, fee.amount.minor) for fee in told] == [
        ("pay_1-fee", 1180),
        ("rfnd_00000000000001-fee", 0),
    ]


# --- amounts -----------------------------------------------------------------------------------


def test_only_currencies_whose_decimals_are_the_tills_are_taken() -> None:
    assert {code: EXPONENTS[code] for code in DECIMALS} == DECIMALS
    assert not CURRENCIES & {"ISK", "UGX", "MGA", "IQD", "JOD", "TND"}
    assert {"INR", "USD", "JPY", "KWD"} <= CURRENCIES
    assert set(AMOUNT_STEP) == {"KWD", "BHD", "OMR"}


@given(minor=st.integers(1, 50_000_000), currency=st.sampled_from(sorted(CURRENCIES)))
def test_an_amount_goes_out_and_comes_back_the_same(minor: int, currency: str) -> None:
    said = json.loads(json.dumps({"amount": minor, "currency": currency}))
    assert money_from(said["amount"], said["currency"]) == Money(minor, currency)


@pytest.mark.parametrize(
    "amount, words",
    [
        (Money(99, "INR"), "The least it takes is"),
        (Money(1_001, "KWD"), "Its amounts in KWD go in steps of"),
        (Money(50_000_001, "INR"), "The most it takes is"),
        (Money(500, "ISK"), "It takes no ISK."),
    ],
)
def test_what_razorpay_would_refuse_is_refused_before_the_call(amount: Money, words: str) -> None:
    assert objection(links_over(Wire()).capabilities, Demand(amount)).startswith(words)


@pytest.mark.parametrize("amount", ["500", 5.0, True, None, 2**53])
def test_an_amount_that_is_none_proves_nothing(amount: Any) -> None:
    with pytest.raises(Protocol):
        money_from(amount, "INR")
