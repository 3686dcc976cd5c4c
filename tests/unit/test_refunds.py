"""Money given back: written down first, asked for once, never more than was captured."""

import asyncio
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.payment import Payment
from app.domain.refund import RefundState
from app.errors import CheckoutRefused, Rejected
from app.providers.strategy import PaymentStrategy
from app.refunds import Refunds
from app.store.decisions import payments_called
from tests.parts.giving_back import Answer
from tests.parts.provider import LOST, Call
from tests.parts.till import Counter
from tests.parts.trouble import (
    BY,
    WHY,
    ask,
    eur,
    ledger,
    refunds,
    sold,
)

DAY_S = 24 * 3600


def test_a_refund_is_written_down_before_it_is_asked_for(till: Counter) -> None:
    async def story() -> None:
        order, payment_id = await sold(till)
        before: list[tuple[object, ...]] = []

        def look(call: Call) -> None:
            if call.verb == "refund":
                before.extend(
                    till.rows(
                        "SELECT refunds.state, intents.key, intents.outcome, parameters "
                        "FROM refunds JOIN intents ON intents.refund = refunds.id"
                    )
                )

        till.strategy.before = look
        refund = await ask(till, payment_id)
        ((state, key, outcome, parameters),) = before
        reference = till.rows("SELECT reference FROM payments")[0][0]
        assert (state, key, outcome) == ("requested", f"{reference}-refund-1", None)
        assert f'"key": "{key}"' in str(parameters)
        assert (refund.state, refund.asked_by, refund.reason) == (RefundState.SUCCEEDED, BY, WHY)
        assert refunds(till, order) == [("succeeded", 200)]
        assert ledger(till) == {"clearing:fake": 300, "refunds": 200, "sales": -500}
        assert till.rows("SELECT outcome FROM intents WHERE operation = 'refund'") == [("done",)]
        assert till.rows("SELECT actor FROM audit WHERE action = 'refund.requested'") == [(BY,)]
        assert await till.state(order) == "paid"

    asyncio.run(story())


def test_the_same_press_gives_the_same_refund_and_another_press_the_next(till: Counter) -> None:
    async def story() -> None:
        order, payment_id = await sold(till)
        first, again = [await ask(till, payment_id) for _ in range(2)]
        assert first == again and till.strategy.count("refund") == 1
        other = await ask(till, payment_id, press="press-2")
        assert other.number == 2
        keys = till.strategy.keys_of("refund")
        assert [key.rpartition("-")[2] for key in keys] == ["1", "2"]
        assert refunds(till, order) == [("succeeded", 200)] * 2

    asyncio.run(story())


def test_a_double_press_at_once_gives_one_refund(till: Counter) -> None:
    async def story() -> None:
        order, payment_id = await sold(till)
        found = await asyncio.gather(*(ask(till, payment_id) for _ in range(20)))
        assert {refund.id for refund in found} == {1}
        assert refunds(till, order) == [("succeeded", 200)]
        assert till.provider.refunds.of(payment_id) == 200

    asyncio.run(story())


def test_a_press_that_was_written_down_meanwhile_is_the_same_refund(
    till: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two of one press both look before either has written, whatever the threads do."""

    async def story() -> None:
        _, payment_id = await sold(till)
        ready = till.refunds.strategy_for

        async def after_the_other(payment: Payment) -> PaymentStrategy:
            monkeypatch.setattr(till.refunds, "strategy_for", ready)
            await ask(till, payment_id)
            return await ready(payment)

        monkeypatch.setattr(till.refunds, "strategy_for", after_the_other)
        await ask(till, payment_id)

    asyncio.run(story())
    assert till.count("refunds") == len(till.provider.refunds.rows) == 1
    assert till.violations() == []


def test_presses_on_several_threads_at_once_give_one_refund_each_and_never_too_much(
    tmp_path: Path,
) -> None:
    till = Counter(tmp_path, inline=False)
    _, payment_id = asyncio.run(sold(till))
    outcomes: list[str] = []

    def press(name: str) -> None:
        own = Refunds(till.store, till.gateway, clock=till.clock, jitter=till.random)
        call = own.ask(payment_id, eur(200), press=name, by=BY, reason=WHY)
        try:
            outcomes.append(asyncio.run(call).state.value)
        except CheckoutRefused as refused:
            outcomes.append(refused.title)

    threads = [threading.Thread(target=press, args=(f"press-{n % 4}",)) for n in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert till.provider.refunds.of(payment_id) == 400
    assert till.count("refunds") == 2
    assert outcomes.count("succeeded") == 8
    assert outcomes.count("Only 1.00 EUR of the payment is left") == 8
    assert till.violations() == []
    till.close()


def test_a_press_that_names_another_refund_is_refused(till: Counter) -> None:
    async def story() -> None:
        _, payment_id = await sold(till)
        await ask(till, payment_id)
        with pytest.raises(CheckoutRefused, match="gave back something else"):
            await ask(till, payment_id, 201)
        assert till.count("refunds") == 1

    asyncio.run(story())


@settings(max_examples=25)
@given(
    st.lists(
        st.tuples(
            st.integers(1, 700),
            st.sampled_from(["now", "lost", "refused", "pending", "fails later", "dashboard"]),
        ),
        max_size=8,
    )
)
def test_never_more_is_given_back_than_was_captured(
    tmp_path_factory: pytest.TempPathFactory, asked: list[tuple[int, str]]
) -> None:
    till = Counter(tmp_path_factory.mktemp("refunds"))

    async def story() -> None:
        _, payment_id = await sold(till, 1000)
        for number, (minor, fate) in enumerate(asked):
            till.provider.refunds.first_state = (
                RefundState.PENDING if fate == "pending" else RefundState.SUCCEEDED
            )
            fates: dict[str, list[Answer]] = {"lost": [LOST] * 50, "refused": [Rejected("No.")]}
            till.strategy.answers["refund"] = fates.get(fate, [])
            try:
                if fate == "dashboard":
                    till.provider.refunds.give_back(payment_id, eur(minor))
                else:
                    await ask(till, payment_id, minor, f"press-{number}")
            except (CheckoutRefused, Rejected):
                pass
            if fate == "fails later" and till.provider.refunds.rows:
                *_, last = till.provider.refunds.rows
                till.provider.refunds.decide(last, RefundState.FAILED)
            wanted = till.rows("SELECT sum(amount_minor) FROM refunds WHERE state <> 'failed'")
            assert (wanted[0][0] or 0) <= 1000
            assert till.provider.refunds.of(payment_id) <= 1000
        till.strategy.answers["refund"] = []
        await till.refunds.sweep()
        (payment,) = till.store.read_now(lambda db: payments_called(db, payment_id))
        await till.refunds.look_at(payment)
        assert till.violations() == []

    asyncio.run(story())
    till.close()
