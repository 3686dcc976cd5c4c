"""What every provider's strategy says of disputes and fees: one suite for all of them."""

import asyncio
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

import pytest

from app.domain.dispute import DisputeObservation, DisputeState
from app.domain.fee import FeeKind, SeenFee
from app.domain.money import Money
from app.domain.observation import Source
from app.errors import Rejected, Unavailable
from app.providers.kinds.stripe_links import StripeLinks
from app.providers.strategy import (
    PaymentStrategy,
    RefundRequest,
    RegistersWebhooks,
    WebhookRequest,
)
from tests.contract.looks import looked, read
from tests.contract.paypal_rig import PayPalRig
from tests.contract.razorpay_rigs import CodeDisputes, LinkDisputes
from tests.contract.rigs import ElementsRig, FakeRig, Rig, StripeRig, a_request, opened, tried
from tests.contract.square_rig import SquareRig
from tests.contract.ways import DUE, DisputeWays
from tests.integration.sandbox.shop import Receiver

S = DisputeState
_WORDS = {S.UNDER_REVIEW: "under_review", S.WON: "won", S.LOST: "lost"}


class DisputeRig(Rig, Protocol):
    """A rig whose customers have banks, and whose provider keeps fees."""

    @property
    def dispute_ways(self) -> DisputeWays: ...

    def dispute(self, payment_id: str, *, is_inquiry: bool = False) -> str: ...

    def decide_dispute(self, dispute_id: str, state: DisputeState) -> None: ...

    def tell_fees_later(self) -> None: ...

    def tell_fees_now(self) -> None: ...

    async def dispute_delivery(
        self, strategy: PaymentStrategy, payment_id: str
    ) -> WebhookRequest: ...


class StripeDisputes(StripeRig):
    """The simulator's disputes and fees."""

    dispute_ways = DisputeWays()

    def dispute(self, payment_id: str, *, is_inquiry: bool = False) -> str:
        order: dict[str, Any] = {"reason": "duplicate", "due_by": int(DUE.timestamp())}
        if is_inquiry:
            order["status"] = "warning_needs_response"
        made = self._control("POST", f"payments/{payment_id}/dispute", **order)
        return str(made["dispute_id"])

    def decide_dispute(self, dispute_id: str, state: DisputeState) -> None:
        self._control("POST", f"disputes/{dispute_id}/move", status=_WORDS[state])

    def tell_fees_later(self) -> None:
        self._control("POST", "fees", after_s=600)

    def tell_fees_now(self) -> None:
        self._control("POST", "clock", advance_s=600)

    async def dispute_delivery(self, strategy: PaymentStrategy, payment_id: str) -> WebhookRequest:
        receiver = Receiver()
        try:
            assert isinstance(strategy, RegistersWebhooks)
            await strategy.register_webhook(receiver.url, owner="t")
            await asyncio.to_thread(self.dispute, payment_id)
            await asyncio.to_thread(receiver.wait, 2)
            wanted = b"charge.dispute.funds_withdrawn"
            headers, body = next(each for each in receiver.received if wanted in each[1])
        finally:
            receiver.close()
        lowered = {name.lower(): value for name, value in headers.items()}
        return WebhookRequest(lowered, body, datetime.now(UTC))


class StripeLinksDisputes(StripeDisputes):
    """The same, of what was paid by a payment link."""

    kind = StripeLinks


class ElementsDisputes(StripeDisputes, ElementsRig):
    """The same of payments on our own page."""


class FakeDisputeRig(FakeRig):
    """The fake's disputes; it tells a fee of 2.9 % at once, unless it is told to wait."""

    dispute_ways = DisputeWays()
    _waits = False

    def pay(self, session_id: str) -> None:
        super().pay(session_id)
        if not self._waits:
            self.tell_fees_now()

    def dispute(self, payment_id: str, *, is_inquiry: bool = False) -> str:
        state = S.INQUIRY if is_inquiry else S.NEEDS_RESPONSE
        return self._provider.disputes.open(
            payment_id, 1000, reason="duplicate", state=state, due_at=DUE
        ).id

    def decide_dispute(self, dispute_id: str, state: DisputeState) -> None:
        disputes = self._provider.disputes
        disputes.move(dispute_id, state)
        if state is S.WON:
            disputes.move_money(dispute_id, -1000)

    def tell_fees_later(self) -> None:
        self._waits = True

    def tell_fees_now(self) -> None:
        for session in self._provider.sessions.values():
            for paid in session.payments:
                minor = paid.amount.minor * 29 // 1000 + 30
                fee = Money(minor, paid.amount.currency)
                told = SeenFee(f"ft_{paid.payment_id}", paid.payment_id, FeeKind.PAYMENT, fee)
                self._provider.disputes.fees[paid.payment_id] = (told,)

    async def dispute_delivery(self, strategy: PaymentStrategy, payment_id: str) -> WebhookRequest:
        self.dispute(payment_id)
        body = self._provider.events[-1].body
        return WebhookRequest({"x-signed": "yes"}, body, self._clock.now())


RIGS: dict[str, Callable[[Path], DisputeRig]] = {
    "stripe_checkout": StripeDisputes,
    "stripe_links": StripeLinksDisputes,
    "square": SquareRig,
    "razorpay": LinkDisputes,
    "razorpay_upi": CodeDisputes,
    "stripe_elements": ElementsDisputes,
    "paypal": PayPalRig,
    "fake": FakeDisputeRig,
}


@pytest.fixture(params=RIGS)
def rig(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[DisputeRig]:
    rig = RIGS[request.param](tmp_path)
    yield rig
    rig.close()


async def paid(rig: DisputeRig, strategy: PaymentStrategy, minor: int = 1000) -> str:
    """Sell, and give the payment's id."""
    session = await opened(strategy, a_request(minor, currency=rig.currency))
    await asyncio.to_thread(rig.pay, session.session_id)
    seen = await looked(strategy, session.session_id)
    return seen.payments[0].payment_id


def test_a_dispute_is_seen_with_its_money_reason_and_due_date(rig: DisputeRig) -> None:
    async def story(strategy: PaymentStrategy) -> None:
        payment_id = await paid(rig, strategy)
        dispute_id = await asyncio.to_thread(rig.dispute, payment_id)
        look = await strategy.fetch_dispute(dispute_id, source=Source.MANUAL)
        seen = look.dispute
        assert (seen.dispute_id, seen.payment_id) == (dispute_id, payment_id)
        ways, money = rig.dispute_ways, Money(1000, rig.currency)
        assert (seen.amount, seen.reason) == (money, ways.reason)
        assert seen.due_at is not None and abs(seen.due_at - DUE) < timedelta(seconds=1)
        assert (seen.state, seen.word) == (S.NEEDS_RESPONSE, ways.word)
        assert [(entry.withdrawn_minor, entry.fee) for entry in seen.entries] == (
            [(1000, Money(ways.fee_minor, rig.currency))] if ways.withdraws_at_once else []
        )
        known = await strategy.identify()
        assert (look.provider, look.provider_account) == (strategy.provider, known.id)
        assert (look.live, look.source) == (False, Source.MANUAL)
        assert abs(look.told_at - rig.now()) < timedelta(seconds=10)

    tried(rig, story)


def test_an_inquiry_has_moved_nothing(rig: DisputeRig) -> None:
    async def story(strategy: PaymentStrategy) -> None:
        payment_id = await paid(rig, strategy)
        dispute_id = await asyncio.to_thread(rig.dispute, payment_id, is_inquiry=True)
        seen = (await strategy.fetch_dispute(dispute_id, source=Source.POLL)).dispute
        assert (seen.state, seen.entries) == (S.INQUIRY, ())

    tried(rig, story)


@pytest.mark.parametrize("end", [S.UNDER_REVIEW, S.LOST, S.WON])
def test_what_the_bank_decides_is_seen_and_its_entries_stay_the_same(
    rig: DisputeRig, end: DisputeState
) -> None:
    async def story(strategy: PaymentStrategy) -> None:
        payment_id = await paid(rig, strategy)
        dispute_id = await asyncio.to_thread(rig.dispute, payment_id)
        before = (await strategy.fetch_dispute(dispute_id, source=Source.POLL)).dispute
        await asyncio.to_thread(rig.decide_dispute, dispute_id, end)
        after = (await strategy.fetch_dispute(dispute_id, source=Source.POLL)).dispute
        assert after.state is end
        assert after.entries[: len(before.entries)] == before.entries
        net = sum(entry.withdrawn_minor for entry in after.entries)
        is_withdrawn = end is S.LOST or (rig.dispute_ways.withdraws_at_once and end is not S.WON)
        assert net == (1000 if is_withdrawn else 0)
        assert len({entry.entry_id for entry in after.entries}) == len(after.entries)

    tried(rig, story)


def test_disputes_opened_since_a_moment_are_listed(rig: DisputeRig) -> None:
    async def story(strategy: PaymentStrategy) -> None:
        since = rig.now() - timedelta(minutes=1)
        payments = [await paid(rig, strategy) for _ in range(3)]
        made = [await asyncio.to_thread(rig.dispute, each) for each in payments]
        looks = [look async for look in strategy.list_disputes(since, source=Source.SWEEP)]
        assert {look.dispute.dispute_id for look in looks} == set(made)
        assert {look.dispute.payment_id for look in looks} == set(payments)
        assert {look.source for look in looks} == {Source.SWEEP}
        later = strategy.list_disputes(rig.now() + timedelta(hours=1), source=Source.SWEEP)
        assert [look async for look in later] == []

    tried(rig, story)


def test_a_genuine_delivery_is_read_as_the_same_news_that_a_look_would_bring(
    rig: DisputeRig,
) -> None:
    async def story(strategy: PaymentStrategy) -> None:
        await strategy.identify()
        payment_id = await paid(rig, strategy)
        raw = await rig.dispute_delivery(strategy, payment_id)
        told = strategy.observe(await read(strategy, raw), at=rig.now())
        assert isinstance(told, DisputeObservation)
        assert told.source is Source.WEBHOOK and told.event_id
        look = await strategy.fetch_dispute(told.dispute.dispute_id, source=Source.POLL)
        assert told.dispute == look.dispute
        assert (told.provider_account, told.live) == (look.provider_account, look.live)
        assert told.told_at <= look.told_at

    tried(rig, story)


def test_a_fee_is_told_once_it_is_known_and_is_the_same_however_often(rig: DisputeRig) -> None:
    async def story(strategy: PaymentStrategy) -> None:
        assert strategy.capabilities.reports_fees
        if rig.dispute_ways.fees_come_later:
            rig.tell_fees_later()
        payment_id = await paid(rig, strategy)
        if rig.dispute_ways.fees_come_later:
            assert await strategy.fetch_fees(payment_id) is None
            await asyncio.to_thread(rig.tell_fees_now)
        fees = await strategy.fetch_fees(payment_id)
        assert fees is not None
        (fee,) = fees
        assert (fee.payment_id, fee.kind) == (payment_id, FeeKind.PAYMENT)
        assert fee.fee_id and fee.amount == Money(rig.dispute_ways.payment_fee_minor, rig.currency)
        assert await strategy.fetch_fees(payment_id) == fees

    tried(rig, story)


def test_a_refund_has_an_entry_of_its_own(rig: DisputeRig) -> None:
    async def story(strategy: PaymentStrategy) -> None:
        payment_id = await paid(rig, strategy)
        reference = a_request().reference
        key = reference.key("refund-1")
        request = RefundRequest(payment_id, Money(400, rig.currency), key, reference)
        await strategy.refund(strategy.prepare_refund(request), key=key)
        fees = await strategy.fetch_fees(payment_id)
        assert fees is not None
        of_refunds = [FeeKind.REFUND] if rig.ways.tells_fees_of_refunds else []
        assert [fee.kind for fee in fees] == [FeeKind.PAYMENT, *of_refunds]
        assert len({fee.fee_id for fee in fees}) == len(fees)

    tried(rig, story)


def test_a_dispute_that_is_not_there_is_a_refusal(rig: DisputeRig) -> None:
    async def story(strategy: PaymentStrategy) -> None:
        with pytest.raises(Rejected) as refused:
            await strategy.fetch_dispute("dp_nowhere", source=Source.POLL)
        assert refused.value.status == 404

    tried(rig, story)


def test_no_answer_is_unavailable_whatever_is_asked(rig: DisputeRig) -> None:
    async def story(strategy: PaymentStrategy) -> None:
        payment_id = await paid(rig, strategy)
        dispute_id = await asyncio.to_thread(rig.dispute, payment_id)
        rig.cut_the_line()
        for call in (
            strategy.fetch_dispute(dispute_id, source=Source.POLL),
            strategy.fetch_fees(payment_id),
            anext(aiter(strategy.list_disputes(rig.now(), source=Source.SWEEP))),
        ):
            with pytest.raises(Unavailable):
                await call

    tried(rig, story)
