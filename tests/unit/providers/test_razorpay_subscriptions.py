"""Sessions that begin a subscription, over a scripted wire: asked for, looked at, closed."""

import asyncio
import json
from datetime import timedelta
from typing import Any

import httpx
import pytest

from app.domain.catalog import BillingInterval
from app.domain.money import Money
from app.domain.observation import Observation, SeenPayment, SessionState, Source
from app.domain.presentation import PresentedLine
from app.errors import Protocol, Rejected, Unavailable
from app.providers.razorpay.subscriptions import MOST_CHARGES
from app.providers.strategy import Recheck
from app.providers.subscribing import PlanGone
from app.sandbox.razorpay import errors as simulated
from tests.conftest import ExpectedLogs
from tests.parts.clock import START
from tests.parts.razorpay import (
    KEY,
    MONEY,
    NOW,
    PAGE,
    failed,
    invoice,
    link,
    links_over,
    listed,
    payment,
    plan,
    refusal,
    request,
    running,
    subscription,
)
from tests.parts.stripe import REFERENCE, Raw, Wire

S = SessionState
ID = subscription()["id"]
NOTHING = listed()


def club(interval: str = "monthly", **changes: Any) -> Any:
    """Ask for one line that recurs, by the plan of it."""
    lines = (PresentedLine("Club", MONEY.minor, interval),)
    return request(**{"lines": lines, "plan_id": plan()["id"], **changes})


def prepared(**changes: Any) -> dict[str, Any]:
    till = links_over(Wire(listed()))
    return asyncio.run(till.prepare_session(club(**changes)))


def opened(*answers: Any, **changes: Any) -> tuple[Any, list[httpx.Request]]:
    wire = Wire(*answers)
    till = links_over(wire, **changes)
    return asyncio.run(till.open_session(prepared(), key=KEY)), wire.requests


def looked(*answers: Any) -> Observation:
    return asyncio.run(links_over(Wire(*answers)).fetch(ID, source=Source.POLL))


# --- opening -----------------------------------------------------------------------------------


def test_a_subscription_asks_for_its_plan_under_our_reference_and_writes_to_nobody() -> None:
    assert prepared() == {
        "amount": 50_000,
        "currency": "INR",
        "since": NOW - 60,
        "subscription": {
            "plan_id": plan()["id"],
            "total_count": 1200,
            "quantity": 1,
            "customer_notify": False,
            "expire_by": NOW + 2100,
            "notes": {"reference": str(REFERENCE)},
        },
    }
    json.dumps(prepared())


@pytest.mark.parametrize("interval", MOST_CHARGES)
def test_it_is_charged_as_often_as_razorpay_allows(interval: BillingInterval) -> None:
    asked = prepared(interval=interval.value)["subscription"]
    a_year = {"weekly": 52, "monthly": 12, "yearly": 1}[interval.value]
    assert asked["total_count"] == 100 * a_year


def test_it_stands_alone_in_the_cart_and_needs_a_plan() -> None:
    beside = (PresentedLine("Club", 49_000, "monthly"), PresentedLine("Cup", 1000))
    two = (PresentedLine("Club", 49_000, "monthly"), PresentedLine("Paper", 1000, "weekly"))
    for changes in ({"lines": beside}, {"lines": two}, {"plan_id": ""}):
        with pytest.raises(Rejected, match="by itself") as refused:
            prepared(**changes)
        assert refused.value.action


def test_the_plan_is_looked_at_and_an_earlier_one_looked_for_before_it_is_made() -> None:
    session, (priced, searched, made) = opened(plan(), NOTHING, subscription())
    assert (session.session_id, session.url, session.amount) == (ID, PAGE, MONEY)
    assert session.expires_at == START + timedelta(seconds=2100)
    assert priced.url.path == f"/v1/plans/{plan()['id']}"
    assert dict(searched.url.params) == {
        "from": str(NOW - 60),
        "plan_id": plan()["id"],
        "count": "100",
        "skip": "0",
    }
    assert (made.method, made.url.path) == ("POST", "/v1/subscriptions")
    assert json.loads(made.content) == prepared()["subscription"]


def test_one_that_an_earlier_call_made_is_not_made_again() -> None:
    others = [subscription(id=f"sub_{n:014}", notes=[]) for n in range(2, 102)]
    session, requests = opened(plan(), listed(*others), listed(subscription()))
    assert session.session_id == ID
    assert [each.method for each in requests] == ["GET"] * 3


def test_a_lost_answer_is_looked_for_once_the_line_is_back() -> None:
    wire = Wire(plan(), NOTHING, Raw(502), plan(), listed(subscription()))
    till = links_over(wire)
    with pytest.raises(Unavailable):
        asyncio.run(till.open_session(prepared(), key=KEY))
    assert asyncio.run(till.open_session(prepared(), key=KEY)).session_id == ID


def test_of_several_one_is_kept_and_the_others_are_ended() -> None:
    second, third = subscription(id="sub_2"), subscription("expired", id="sub_3")
    found = listed(third, second, subscription())
    session, requests = opened(plan(), found, subscription("cancelled", id="sub_2"))
    assert session.session_id == ID
    assert [each.url.path for each in requests[2:]] == ["/v1/subscriptions/sub_2/cancel"]
    # One that was begun is kept, whenever it was made.
    paid = running(id="sub_9")
    session, requests = opened(plan(), listed(subscription(), paid), subscription("cancelled"))
    assert (session.session_id, session.url) == ("sub_9", "")
    assert requests[2].url.path == f"/v1/subscriptions/{ID}/cancel"


@pytest.mark.parametrize(
    "changes",
    [{"item": {"amount": 49_999, "currency": "INR"}}, {"item": {"amount": 50_000}}, {"item": None}],
)
def test_a_plan_of_another_price_is_never_subscribed_to(changes: dict[str, Any]) -> None:
    wire = Wire(plan(**changes))
    with pytest.raises(Protocol):
        asyncio.run(links_over(wire).open_session(prepared(), key=KEY))
    assert len(wire.requests) == 1


@pytest.mark.parametrize("before", [[], [plan(), NOTHING]])
def test_a_plan_that_is_gone_is_told_from_other_refusals(before: list[Any]) -> None:
    with pytest.raises(PlanGone) as gone:
        opened(*before, refusal(400, "The id provided does not exist"))
    assert gone.value.status == 404
    for other in (refusal(400, "because"), refusal(401)):
        with pytest.raises(Rejected) as refused:
            opened(*before, other)
        assert not isinstance(refused.value, PlanGone)


def test_one_for_twice_as_much_is_not_taken_for_ours() -> None:
    for quantity in (2, 0, None, True, "1"):
        with pytest.raises(Protocol):
            opened(plan(), listed(subscription(quantity=quantity)))


def test_a_key_of_another_session_asks_for_nothing() -> None:
    wire = Wire()
    with pytest.raises(Protocol):
        asyncio.run(links_over(wire).open_session(prepared(), key="t11111-0rder0000002-1-create"))
    assert wire.requests == []


def test_a_page_that_is_not_razorpays_is_not_shown(expected_logs: ExpectedLogs) -> None:
    stranger = subscription(short_url="https://rzp.io.evil.example/i/1")
    assert opened(plan(), NOTHING, stranger)[0].url == ""
    expected_logs.take("it is not shown")


def test_its_page_moves_and_goes_with_its_first_payment() -> None:
    for found, page in ((subscription(), PAGE), (running(), "")):
        till = links_over(Wire(found))
        assert asyncio.run(till.page_of(ID)) == page


def test_a_link_is_still_a_link() -> None:
    wire = Wire(link())
    till = links_over(wire)
    parameters = asyncio.run(links_over(Wire(listed())).prepare_session(request()))
    session = asyncio.run(till.open_session(parameters, key=KEY))
    assert session.session_id.startswith("plink_")


# --- looking -----------------------------------------------------------------------------------


def test_one_that_nobody_tried_to_pay_is_open() -> None:
    seen = looked(subscription(), NOTHING)
    assert (seen.state, seen.is_final, seen.decline) == (S.OPEN, False, None)
    assert (seen.reference, seen.session_id, seen.subscription_id) == (str(REFERENCE), ID, "")


def test_a_try_that_was_refused_is_told() -> None:
    seen = looked(subscription(), listed(invoice(status="issued")), listed(failed()))
    assert (seen.state, seen.decline) == (S.OPEN, "payment_declined")


def test_money_that_is_promised_is_not_paid() -> None:
    promised = listed(payment("authorized"))
    for status, issued in (("created", "issued"), ("active", "paid"), ("cancelled", "issued")):
        seen = looked(subscription(status), listed(invoice(status=issued)), promised)
        assert (seen.state, seen.payments, seen.is_final) == (S.PROCESSING, (), False)


@pytest.mark.parametrize("status", ["authenticated", "active", "pending", "halted", "paused"])
def test_one_that_was_agreed_to_is_paid_only_by_a_captured_payment(status: str) -> None:
    waits = looked(subscription(status), NOTHING)
    assert (waits.state, waits.payments, waits.subscription_id) == (S.PROCESSING, (), ID)
    paid = looked(running(status), listed(invoice()), listed(failed(), payment()))
    assert (paid.state, paid.is_final, paid.subscription_id) == (S.PAID, True, ID)
    assert paid.payments == (SeenPayment("pay_00000000000001", MONEY),)


@pytest.mark.parametrize("status", ["cancelled", "completed", "expired"])
def test_one_that_is_over_is_paid_where_it_was(status: str) -> None:
    over = looked(subscription(status), NOTHING)
    assert (over.state, over.is_final, over.subscription_id) == (S.EXPIRED, True, "")
    paid = looked(running(status), listed(invoice()), listed(payment()))
    assert (paid.state, paid.is_final, paid.subscription_id) == (S.PAID, True, ID)


def test_a_try_that_failed_may_be_authorized_late_and_is_watched_for_three_days() -> None:
    for age, is_final in ((timedelta(days=2), False), (timedelta(days=3), True)):
        tried = listed(failed(created_at=int((START - age).timestamp())))
        seen = looked(subscription("expired"), listed(invoice(status="issued")), tried)
        assert (seen.state, seen.is_final) == (S.EXPIRED, is_final)


def test_renewals_are_no_money_of_the_session_but_paying_twice_is() -> None:
    later = invoice(2, paid_at=NOW + 86_400)
    wire = Wire(running(), listed(later, invoice()), listed(payment(), payment(id="pay_twice")))
    seen = asyncio.run(links_over(wire).fetch(ID, source=Source.POLL))
    assert [each.payment_id for each in seen.payments] == ["pay_00000000000001", "pay_twice"]
    assert wire.requests[-1].url.path == f"/v1/orders/{invoice()['order_id']}/payments"


def test_an_invoice_without_an_order_has_its_payment() -> None:
    seen = looked(running(), listed(invoice(order_id=None)), payment())
    assert seen.payments == (SeenPayment("pay_00000000000001", MONEY),)


def test_money_of_another_amount_is_told_as_it_is() -> None:
    seen = looked(running(), listed(invoice()), listed(payment(amount=1)))
    assert seen.payments[0].amount == Money(1, "INR")


@pytest.mark.parametrize(
    "answers",
    [
        [subscription("of tomorrow"), NOTHING],
        [{**subscription(), "status": None}, NOTHING],
        [subscription(id="")],
        [running(), {"items": "none"}],
        [running(), listed(invoice()), listed(payment("settled"))],
        [running(), listed(invoice()), listed(payment(amount=500.0))],
        [running(), listed(invoice(order_id=None, payment_id=None))],
        [running(), listed(invoice(), invoice(), invoice(2)), listed(payment(id=None))],
    ],
)
def test_what_is_not_understood_proves_nothing(answers: list[Any]) -> None:
    with pytest.raises(Protocol):
        looked(*answers)


# --- closing -----------------------------------------------------------------------------------


def closed(*answers: Any) -> tuple[Observation, list[httpx.Request]]:
    wire = Wire(*answers)
    seen = asyncio.run(links_over(wire).close_session(ID, key="any-key-1"))
    return seen, wire.requests


def test_one_that_nobody_paid_is_cancelled_at_once() -> None:
    gone = subscription("cancelled")
    seen, (_, cancelled, _, _) = closed(subscription(), gone, gone, NOTHING)
    assert (seen.state, seen.is_final, seen.source) == (S.EXPIRED, True, Source.CLOSE)
    assert cancelled.url.path == f"/v1/subscriptions/{ID}/cancel"
    assert json.loads(cancelled.content) == {"cancel_at_cycle_end": False}


def test_one_that_was_paid_meanwhile_goes_on() -> None:
    """Razorpay would cancel it, and the customer lose what the money was for."""
    seen, requests = closed(running(), listed(invoice()), listed(payment()))
    assert seen.state is S.PAID and {each.method for each in requests} == {"GET"}
    # It is called active before its payment is on the list.
    seen, requests = closed(subscription("active"), NOTHING)
    assert seen.state is S.PROCESSING and {each.method for each in requests} == {"GET"}


def test_a_refused_cancel_is_read_again_and_may_mean_paid() -> None:
    refused = refusal(400, "Subscription is not cancellable in expired status.")
    seen, _ = closed(subscription(), refused, running(), listed(invoice()), listed(payment()))
    assert (seen.state, seen.source) == (S.PAID, Source.CLOSE)
    seen, _ = closed(subscription(), refused, subscription(), NOTHING)
    assert seen.state is S.OPEN


@pytest.mark.parametrize("status", [401, 403])
def test_other_refusals_are_told(status: int) -> None:
    with pytest.raises(Rejected) as refused:
        closed(subscription(), refusal(status))
    assert refused.value.status == status


# --- listing -----------------------------------------------------------------------------------


def all_since(*answers: Any, **changes: Any) -> list[Observation | Recheck]:
    till = links_over(Wire(listed(key="payment_links"), *answers))

    async def run() -> list[Observation | Recheck]:
        found = till.list_since(START, source=Source.SWEEP, **changes)
        return [seen async for seen in found]

    return asyncio.run(run())


def test_strangers_are_left_out_and_one_that_is_not_understood_is_named(
    expected_logs: ExpectedLogs,
) -> None:
    page = listed(
        subscription("odd", id="sub_3", notes={"reference": "order 7"}),
        subscription("odd", id="sub_2"),
        running(),
    )
    odd, good = all_since(page, NOTHING, listed(invoice()), listed(payment()))
    assert odd == Recheck(str(REFERENCE))
    assert isinstance(good, Observation)
    assert (good.state, good.subscription_id, good.source) == (S.PAID, ID, Source.SWEEP)
    expected_logs.take("is not understood")


def test_an_account_without_subscriptions_has_none_to_list() -> None:
    assert all_since(refusal(400, simulated.unrecognized().message)) == []
    for refused in (refusal(400, "The from is invalid"), refusal(401)):
        with pytest.raises(Rejected):
            all_since(refused)
