"""Refunds that are refused in words before anything is done, and those whose keys are gone."""

import asyncio
from contextlib import closing
from pathlib import Path

import pytest

from app.domain.exceptions import ExceptionKind
from app.domain.money import Money
from app.domain.refund import RefundState
from app.errors import CheckoutRefused, Protocol, ScantillError, Unavailable
from tests.conftest import ExpectedLogs
from tests.parts.provider import LOST
from tests.parts.till import Counter, until
from tests.parts.trouble import (
    BY,
    WHY,
    ask,
    eur,
    refunds,
    sold,
)

DAY_S = 24 * 3600


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
        with pytest.raises(CheckoutRefused, match=r"Nobody is named|no name of its own"):
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
    async def story(till: Counter) -> None:
        _, payment_id = await sold(till)
        till.store.write_now(lambda tx: tx.execute(change))
        with pytest.raises(CheckoutRefused, match=words):
            await ask(till, payment_id)
        assert till.count("refunds") == till.strategy.count("refund") == 0

    with closing(Counter(tmp_path)) as till:
        asyncio.run(story(till))


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
        named = {"press": "named", "by": BY, "reason": WHY}
        done = await till.refunds.ask(payment_id, eur(200), provider="fakepay", **named)
        assert done.state is RefundState.SUCCEEDED
        with pytest.raises(CheckoutRefused, match="gave back something else"):
            await till.refunds.ask(payment_id, eur(200), provider="other", **named)
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
