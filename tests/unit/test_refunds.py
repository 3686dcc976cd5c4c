"""Money given back: written down first, asked for once, watched until it has ended."""

import asyncio
import itertools
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.delivery import Delivery
from app.domain.exceptions import ExceptionKind
from app.domain.money import Money
from app.domain.refund import Refund, RefundState
from app.errors import CheckoutRefused, Protocol, Rejected, ScantillError, Unavailable
from app.refunds import Refunds
from app.settle_refunds import settle_refund
from app.store.decisions import payments_called
from app.store.refunds import unfinished
from tests.conftest import ExpectedLogs
from tests.parts.provider import LOST, Call
from tests.parts.till import Counter, until
from tests.parts.trouble import (
    BY,
    WHY,
    entry,
    eur,
    kinds_waiting,
    ledger,
    paid_late,
    paid_otherwise,
    refunds,
    sold,
)

DAY_S = 24 * 3600


async def ask(till: Counter, payment_id: str, minor: int = 200, press: str = "press-1") -> Refund:
    return await till.refunds.ask(payment_id, eur(minor), press=press, by=BY, reason=WHY)


def deliver(till: Counter, delivery: Delivery) -> str:
    """Settle an event as the inbox does."""
    seen = till.strategy.observe(delivery, at=till.clock.now())
    return till.store.write_now(lambda tx: settle_refund(tx, seen)).value  # type: ignore[arg-type]


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
            till.strategy.answers["refund"] = {
                "lost": [LOST] * 50,
                "refused": [Rejected("No.")],
            }.get(fate, [])
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


# --- answers that are lost, late or refused ----------------------------------------------------


def test_a_lost_answer_is_asked_for_again_under_the_same_key(till: Counter) -> None:
    async def story() -> None:
        order, payment_id = await sold(till)
        till.strategy.answers["refund"] = [LOST, Unavailable("no"), LOST]
        refund = await ask(till, payment_id)
        assert refund.state is RefundState.SUCCEEDED
        assert len(set(till.strategy.keys_of("refund"))) == 1
        assert till.strategy.count("refund") == 4
        assert till.provider.refunds.of(payment_id) == 200
        assert refunds(till, order) == [("succeeded", 200)]

    asyncio.run(story())


def test_without_an_answer_it_stays_asked_for_and_a_sweep_finds_out(till: Counter) -> None:
    async def story() -> None:
        order, payment_id = await sold(till)
        till.strategy.answers["refund"] = [LOST] * 100
        refund = await ask(till, payment_id)
        assert refund.state is RefundState.REQUESTED
        assert till.violations() == []
        with pytest.raises(CheckoutRefused, match="Only 3"):
            await ask(till, payment_id, 301, "press-2")
        asked = till.strategy.count("refund")
        assert await till.refunds.sweep() == 1
        assert till.strategy.count("refund") == asked + 1, "a sweep asks once and goes on"
        till.strategy.answers["refund"] = []
        assert await till.refunds.sweep() == 1
        assert await till.refunds.sweep() == 0
        assert refunds(till, order) == [("succeeded", 200)]
        assert len(set(till.strategy.keys_of("refund"))) == 1

    asyncio.run(story())


@pytest.mark.parametrize("point", ["before the call", "after the call", "before the save"])
def test_after_a_crash_at_any_point_the_same_press_or_a_sweep_gives_one_refund(
    till: Counter, point: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class PowerCut(BaseException):
        pass

    def cut(*_: object, **__: object) -> None:
        raise PowerCut

    async def story() -> None:
        order, payment_id = await sold(till)
        with monkeypatch.context() as patches:
            if point == "before the call":
                patches.setattr(type(till.strategy), "refund", cut)
            elif point == "after the call":
                patches.setattr("tests.parts.giving_back.FakeRefund.seen", cut)
            else:
                patches.setattr("app.refunds.settle_refund", cut)
            with pytest.raises(PowerCut):
                await ask(till, payment_id)
        till.restart()
        assert till.rows("SELECT state FROM refunds") == [("requested",)]
        assert [refund.press for refund in till.store.read_now(unfinished)] == ["press-1"]
        await till.refunds.sweep()
        assert (await ask(till, payment_id)).state is RefundState.SUCCEEDED
        assert refunds(till, order) == [("succeeded", 200)]
        assert till.provider.refunds.of(payment_id) == 200

    asyncio.run(story())


def test_a_refusal_is_told_with_the_providers_words_and_frees_the_amount(till: Counter) -> None:
    async def story() -> None:
        order, payment_id = await sold(till)
        till.strategy.answers["refund"] = [Rejected("The bank is asleep", status=400)]
        refund = await ask(till, payment_id, 500)
        assert refund.state is RefundState.FAILED and "bank is asleep" in refund.words
        assert till.count("exceptions") == 0, "who asked was told"
        assert (await ask(till, payment_id, 500)).state is RefundState.FAILED, "the same press"
        assert (await ask(till, payment_id, 500, "press-2")).state is RefundState.SUCCEEDED
        assert refunds(till, order) == [("failed", 500), ("succeeded", 500)]

    asyncio.run(story())


def test_a_refusal_that_nobody_waits_for_needs_a_person(till: Counter) -> None:
    async def story() -> None:
        order, payment_id = await sold(till)
        till.strategy.answers["refund"] = [Unavailable("no")] * 100
        await ask(till, payment_id)
        till.strategy.answers["refund"] = [Rejected("The bank is asleep", status=400)]
        await till.refunds.sweep()
        assert await till.waiting(order) == [ExceptionKind.REFUND_FAILED]
        assert "bank is asleep" in entry(till).detail and entry(till).amount == eur(200)

    asyncio.run(story())


@pytest.mark.parametrize("crashed", [True, False])
def test_a_refused_key_says_nothing_of_a_call_that_may_have_been_made(
    till: Counter, crashed: bool, expected_logs: ExpectedLogs
) -> None:
    async def story() -> None:
        order, payment_id = await sold(till)
        till.strategy.answers["refund"] = [LOST] * (100 if crashed else 1)
        no = Rejected("The key was changed", status=401)
        if crashed:
            await ask(till, payment_id)
            till.restart()
            till.strategy.answers["refund"] = [no]
        else:
            till.strategy.answers["refund"].append(no)
        assert (await ask(till, payment_id)).state is RefundState.REQUESTED
        await till.refunds.sweep()
        assert refunds(till, order) == [("succeeded", 200)]

    asyncio.run(story())
    expected_logs.take("keys of fake are refused")


def test_a_refused_key_on_the_first_call_is_a_refusal(
    till: Counter, expected_logs: ExpectedLogs
) -> None:
    async def story() -> None:
        _, payment_id = await sold(till)
        till.strategy.answers["refund"] = [Rejected("The key may not do that", status=403)]
        assert (await ask(till, payment_id)).state is RefundState.FAILED
        assert till.provider.refunds.of(payment_id) == 0

    asyncio.run(story())
    expected_logs.take("keys of fake are refused")


@pytest.mark.parametrize("came_to_be", [True, False])
def test_past_the_keys_lifetime_it_is_looked_up_and_never_asked_for_again(
    till: Counter, came_to_be: bool
) -> None:
    async def story() -> None:
        order, payment_id = await sold(till)
        till.provider.refunds.give_back(payment_id, eur(100))
        lost = LOST if came_to_be else Unavailable("no")
        till.strategy.answers["refund"] = [lost] * 100
        await ask(till, payment_id)
        asked = till.strategy.count("refund")
        till.clock.advance(DAY_S)
        till.strategy.answers["list_refunds"] = [Unavailable("no")]
        await till.refunds.sweep()
        assert refunds(till, order) == [("requested", 200)]
        await till.refunds.sweep()
        assert till.strategy.count("refund") == asked
        if came_to_be:
            assert refunds(till, order) == [("succeeded", 200)]
        else:
            assert refunds(till, order) == [("failed", 200)]
            assert await till.waiting(order) == [ExceptionKind.REFUND_FAILED]
            assert "never came to be" in entry(till).detail
            till.strategy.answers["refund"] = []
            again = await ask(till, payment_id, press="press-2")
            assert (again.number, again.state) == (2, RefundState.SUCCEEDED)
        (payment,) = till.store.read_now(lambda db: payments_called(db, payment_id))
        await till.refunds.look_at(payment)

    asyncio.run(story())


def test_an_answer_that_is_another_refund_gives_nothing_back_and_is_told(till: Counter) -> None:
    """As after a restored backup: the key was used before, for a refund that is known by now."""

    async def story() -> None:
        order, payment_id = await sold(till)
        await ask(till, payment_id)
        till.strategy.answers["refund"] = []
        known = next(iter(till.provider.refunds.rows.values()))
        reference = till.rows("SELECT reference FROM payments")[0][0]
        till.provider.refunds.keys[f"{reference}-refund-2"] = ("", known.id)

        class AnyDigest(str):
            def __ne__(self, other: object) -> bool:
                return False

            __hash__ = str.__hash__

        till.provider.refunds.keys[f"{reference}-refund-2"] = (AnyDigest(), known.id)
        second = await ask(till, payment_id, press="press-2")
        assert second.state is RefundState.FAILED and "another refund" in second.words
        assert refunds(till, order) == [("succeeded", 200), ("failed", 200)]
        assert kinds_waiting(till) == [ExceptionKind.REFUND_FAILED]

    asyncio.run(story())


# --- whichever news comes first ----------------------------------------------------------------


@pytest.mark.parametrize("keeps_keys", [True, False])
def test_a_webhook_before_the_calls_answer_ends_in_one_row(till: Counter, keeps_keys: bool) -> None:
    async def story() -> None:
        order, payment_id = await sold(till)
        till.provider.refunds.keeps_keys = keeps_keys
        standings: list[str] = []
        give_back = till.provider.refunds.give_back

        def told_first(*arguments: object, **more: object) -> object:
            refund = give_back(*arguments, **more)  # type: ignore[arg-type]
            standings.append(deliver(till, till.provider.refunds.delivery(refund.id, "e1")))
            return refund

        till.provider.refunds.give_back = told_first  # type: ignore[assignment]
        refund = await ask(till, payment_id)
        assert standings == ["settled" if keeps_keys else "waiting"]
        assert refund.state is RefundState.SUCCEEDED
        standings.append(deliver(till, till.provider.refunds.delivery("fr_1", "e1")))
        assert standings[1] == "nothing_new"
        assert refunds(till, order) == [("succeeded", 200)]
        assert till.rows("SELECT outcome FROM intents WHERE operation = 'refund'") == [("done",)]
        assert ledger(till)["refunds"] == 200

    asyncio.run(story())


STEPS = ("answer", "webhook pending", "webhook succeeded", "sweep")


@pytest.mark.parametrize("order_of_news", list(itertools.permutations(STEPS)))
def test_every_order_of_the_news_of_a_refund_ends_in_the_same_books(
    till: Counter, order_of_news: tuple[str, ...]
) -> None:
    async def story() -> None:
        order, payment_id = await sold(till)
        books = till.provider.refunds
        books.first_state = RefundState.PENDING
        till.strategy.answers["refund"] = [LOST] * 100
        await ask(till, payment_id)
        till.strategy.answers["refund"] = []
        pending = books.delivery("fr_1", "e1")
        books.decide("fr_1", RefundState.SUCCEEDED)
        succeeded = books.delivery("fr_1", "e2")
        for step in order_of_news:
            if step == "answer":
                await ask(till, payment_id)
            elif step == "sweep":
                await till.refunds.sweep()
            else:
                deliver(till, pending if step == "webhook pending" else succeeded)
        await till.refunds.sweep()
        assert refunds(till, order) == [("succeeded", 200)]
        assert ledger(till) == {"clearing:fake": 300, "refunds": 200, "sales": -500}
        assert till.count("intents", "outcome IS NULL") == 0

    asyncio.run(story())


def test_a_pending_refund_is_watched_until_it_ends(till: Counter) -> None:
    async def story() -> None:
        order, payment_id = await sold(till)
        till.provider.refunds.first_state = RefundState.PENDING
        assert (await ask(till, payment_id)).state is RefundState.PENDING
        assert "refunds" not in ledger(till)
        till.strategy.answers["fetch_refund"] = [Unavailable("no")]
        for _ in range(2):
            assert await till.refunds.sweep() == 1
        assert refunds(till, order) == [("pending", 200)]
        assert (await ask(till, payment_id)).state is RefundState.PENDING
        till.provider.refunds.decide("fr_1", RefundState.SUCCEEDED)
        await till.refunds.sweep()
        assert refunds(till, order) == [("succeeded", 200)]
        assert await till.refunds.sweep() == 0

    asyncio.run(story())


@pytest.mark.parametrize("first", [RefundState.PENDING, RefundState.SUCCEEDED])
def test_a_refund_that_fails_later_is_taken_back_and_needs_a_person(
    till: Counter, first: RefundState
) -> None:
    async def story() -> None:
        order, payment_id = await sold(till)
        till.provider.refunds.first_state = first
        await ask(till, payment_id)
        till.provider.refunds.decide("fr_1", RefundState.FAILED)
        assert deliver(till, till.provider.refunds.delivery("fr_1", "e1")) == "settled"
        assert ledger(till) == {"clearing:fake": 500, "sales": -500}
        assert await till.waiting(order) == [ExceptionKind.REFUND_FAILED]
        assert entry(till).amount == eur(200)
        assert "the customer does not have their money" in entry(till).detail
        assert await till.state(order) == "paid"

    asyncio.run(story())


def test_what_somebody_gave_back_at_the_provider_is_booked_once_and_told(till: Counter) -> None:
    async def story() -> None:
        order, payment_id = await sold(till)
        made = till.provider.refunds.give_back(payment_id, eur(120))
        (payment,) = till.store.read_now(lambda db: payments_called(db, payment_id))
        for _ in range(2):
            (seen,) = await till.refunds.look_at(payment)
        assert (seen.refund_id, seen.press, seen.number) == (made.id, "", None)
        assert deliver(till, till.provider.refunds.delivery(made.id, "e1")) == "nothing_new"
        assert ledger(till)["refunds"] == 120
        told = [fact.name for fact in (await till.detail(order)).history]
        assert told.count("refund.succeeded") == 1
        actors = till.rows("SELECT actor FROM audit WHERE action = 'refund.succeeded'")
        assert actors == [("provider:fakepay",)]
        with pytest.raises(CheckoutRefused, match="Only 3"):
            await ask(till, payment_id, 381)

    asyncio.run(story())


# --- held money --------------------------------------------------------------------------------


def test_held_money_given_back_in_part_stays_with_what_is_left_and_in_full_is_off_the_list(
    till: Counter,
) -> None:
    async def story() -> None:
        order, _ = await paid_late(till)
        (payment_id,) = till.provider.refunds.captured
        await ask(till, payment_id, 200)
        assert await till.waiting(order) == [ExceptionKind.PAID_LATE]
        assert entry(till).amount == eur(300)
        assert ledger(till) == {"clearing:fake": 300, "held": -300}
        await ask(till, payment_id, 300, "press-2")
        assert await till.waiting(order) == [] and ledger(till) == {}
        assert (entry(till).action, entry(till).resolved_by) == ("refund", BY)

    asyncio.run(story())


def test_held_money_that_comes_back_from_the_bank_is_on_the_list_again(till: Counter) -> None:
    async def story() -> None:
        order, _ = await paid_otherwise(till, 499)
        (payment_id,) = till.provider.refunds.captured
        await ask(till, payment_id, 499)
        assert await till.waiting(order) == []
        till.provider.refunds.decide("fr_1", RefundState.FAILED)
        deliver(till, till.provider.refunds.delivery("fr_1", "e1"))
        assert await till.waiting(order) == [ExceptionKind.UNDERPAID]
        back = entry(till)
        assert (back.amount, back.action, back.resolved_by) == (eur(499), "", "")
        assert "does not have their money" in back.detail
        assert ledger(till) == {"clearing:fake": 499, "held": -499}

    asyncio.run(story())


# --- what is refused in words ------------------------------------------------------------------


@pytest.mark.parametrize(
    "amount, words",
    [
        (Money(501, "EUR"), "Only 5.00 EUR"),
        (Money(0, "EUR"), "more than nothing"),
        (Money(-5, "EUR"), "more than nothing"),
        (Money(200, "USD"), "The payment is in EUR"),
    ],
)
def test_an_amount_that_does_not_fit_is_refused_before_anything_is_done(
    till: Counter, amount: Money, words: str
) -> None:
    async def story() -> None:
        _, payment_id = await sold(till)
        with pytest.raises(CheckoutRefused, match=words):
            await till.refunds.ask(payment_id, amount, press="p", by=BY, reason=WHY)
        assert till.count("refunds") == till.strategy.count("refund") == 0

    asyncio.run(story())


@pytest.mark.parametrize("missing", ["press", "by", "reason"])
def test_a_refund_is_somebodys_and_for_a_reason(till: Counter, missing: str) -> None:
    async def story() -> None:
        _, payment_id = await sold(till)
        named = {"press": "p", "by": BY, "reason": WHY, missing: ""}
        with pytest.raises(CheckoutRefused, match="Nobody is named"):
            await till.refunds.ask(payment_id, eur(200), **named)

    asyncio.run(story())


def test_a_payment_that_is_not_in_the_books_is_not_given_back(till: Counter) -> None:
    with pytest.raises(CheckoutRefused, match="is not in the books"):
        asyncio.run(ask(till, "pi_of_a_web_shop"))


@pytest.mark.parametrize(
    "change, words",
    [
        ("UPDATE payments SET account = 'gone', provider = 'other'", "not set up"),
        ("UPDATE payments SET live = 1", "for other money"),
        ("UPDATE payments SET provider_account = 'acct_2'", "belong to another account"),
        ("UPDATE payments SET reference = ''", "no reference of ours"),
    ],
)
def test_money_that_no_key_of_the_till_speaks_for_is_refused_in_words(
    tmp_path: Path, change: str, words: str
) -> None:
    till = Counter(tmp_path)

    async def story() -> None:
        _, payment_id = await sold(till)
        till.store.write_now(lambda tx: tx.execute(change))
        with pytest.raises(CheckoutRefused, match=words):
            await ask(till, payment_id)
        assert till.count("refunds") == till.strategy.count("refund") == 0

    asyncio.run(story())
    till.close()


def test_money_whose_account_has_another_name_now_is_given_back_by_that(till: Counter) -> None:
    async def story() -> None:
        _, payment_id = await sold(till)
        till.strategy.account = "renamed"
        till.restart()
        assert (await ask(till, payment_id)).state is RefundState.SUCCEEDED

    asyncio.run(story())


def test_without_the_network_a_refund_is_not_begun(till: Counter) -> None:
    async def story() -> None:
        _, payment_id = await sold(till)
        till.strategy.adopt("")
        till.strategy.credential_digest = "digest-2"
        till.strategy.answers["identify"] = [Unavailable("no network")]
        with pytest.raises(CheckoutRefused, match="no network"):
            await ask(till, payment_id)
        assert till.count("refunds") == 0

    asyncio.run(story())


def test_two_providers_with_a_payment_of_one_id_are_told_apart_by_a_person(
    tmp_path: Path,
) -> None:
    till = Counter(tmp_path)

    async def story() -> None:
        _, payment_id = await sold(till)
        columns = "payment_id, account, amount_minor, currency, provider_account, live, settled_at"
        till.store.write_now(
            lambda tx: tx.execute(
                f"INSERT INTO payments (provider, {columns}) SELECT 'other', {columns} "
                "FROM payments"
            )
        )
        with pytest.raises(CheckoutRefused, match="Several providers"):
            await ask(till, payment_id)

    asyncio.run(story())
    till.close()


def test_an_answer_of_another_accounts_is_quarantined_and_loud(
    till: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        order, payment_id = await sold(till)
        refund = type(till.strategy).refund

        async def changed(*arguments: object, **more: object) -> object:
            till.strategy.adopt("acct_other")
            return await refund(*arguments, **more)  # type: ignore[arg-type]

        monkeypatch.setattr(type(till.strategy), "refund", changed)
        with pytest.raises(Protocol, match="does not belong"):
            await ask(till, payment_id)
        assert await till.waiting(order) == [ExceptionKind.MISMATCH]
        monkeypatch.undo()
        till.strategy.adopt("acct_fake")
        await till.refunds.sweep()
        assert refunds(till, order) == [("succeeded", 200)]

    asyncio.run(story())


def test_the_sweep_goes_on_whatever_happens(
    till: Counter, monkeypatch: pytest.MonkeyPatch, expected_logs: ExpectedLogs
) -> None:
    async def story() -> None:
        rounds = 0

        async def sweep() -> int:
            nonlocal rounds
            rounds += 1
            if rounds == 2:
                raise RuntimeError("a bug")
            return 0

        monkeypatch.setattr(till.refunds, "sweep", sweep)
        going = asyncio.create_task(till.refunds.keep_sweeping())
        await until(lambda: rounds >= 4)
        going.cancel()
        assert till.clock.slept[:3] == [30.0] * 3

    asyncio.run(story())
    expected_logs.take("could not be looked at")


def test_a_refund_whose_account_is_gone_waits_for_its_keys(tmp_path: Path) -> None:
    till = Counter(tmp_path)

    async def story() -> None:
        order, payment_id = await sold(till)
        till.strategy.answers["refund"] = [LOST] * 100
        await ask(till, payment_id)
        till.strategy.answers["refund"] = []
        till.strategy.adopt("acct_other")
        await till.refunds.sweep()
        assert refunds(till, order) == [("requested", 200)]
        with pytest.raises(ScantillError):
            await ask(till, payment_id)
        till.strategy.adopt("acct_fake")
        await till.refunds.sweep()
        assert refunds(till, order) == [("succeeded", 200)]
        assert till.violations() == []

    asyncio.run(story())
    till.close()
