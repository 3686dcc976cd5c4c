"""What checkout declines in words, before anything is asked of a provider."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from app.checkout import ReturnPages
from app.domain.catalog import BillingInterval
from app.errors import CheckoutRefused, InvariantError
from tests.parts.provider import Call
from tests.parts.till import SHOP, Counter, cart, product

# --- placing -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "minor, currency, words",
    [
        (49, "EUR", "the least it takes is 0.50 EUR"),
        (1_000_000, "EUR", "the most it takes is 9999.99 EUR"),
        (500, "JPY", "it takes no JPY"),
        (1005, "KWD", "go in steps of 0.010 KWD"),
    ],
)
def test_an_amount_that_the_provider_does_not_take_is_refused_in_words(
    till: Counter, minor: int, currency: str, words: str
) -> None:
    content = cart(product(minor, currency=currency))
    order = asyncio.run(till.checkout.place_order(content))
    with pytest.raises(CheckoutRefused) as refused:
        asyncio.run(till.open(order))
    assert words.lower() in refused.value.detail.lower()
    assert till.strategy.calls == []


@pytest.mark.parametrize("minor", [50, 999_999])
def test_the_least_and_the_most_are_taken(till: Counter, minor: int) -> None:
    order = asyncio.run(till.place(minor))
    assert asyncio.run(till.open(order)).is_payable


def test_a_subscription_is_sold_where_the_provider_takes_them(till: Counter) -> None:
    monthly = product(1500, name="Club", interval=BillingInterval.MONTHLY)
    order = asyncio.run(till.checkout.place_order(cart(monthly, product(300))))
    attempt = asyncio.run(till.open(order))
    assert attempt.amount.minor == 1800
    till.strategy.capabilities = replace(till.strategy.capabilities, intervals=frozenset())
    other = asyncio.run(till.checkout.place_order(cart(monthly)))
    with pytest.raises(CheckoutRefused) as refused:
        asyncio.run(till.open(other))
    assert "takes no subscriptions" in refused.value.detail


def test_subscriptions_of_different_intervals_are_not_sold_together(till: Counter) -> None:
    weekly = product(500, name="Weekly", interval=BillingInterval.WEEKLY)
    monthly = product(1500, name="Monthly", interval=BillingInterval.MONTHLY)
    order = asyncio.run(till.checkout.place_order(cart(weekly, monthly)))
    with pytest.raises(CheckoutRefused) as refused:
        asyncio.run(till.open(order))
    assert "one interval at a time" in refused.value.detail


def test_without_a_page_to_come_back_to_a_session_is_refused_in_words(tmp_path: Path) -> None:
    till = Counter(tmp_path, shop=replace(SHOP, success_url=""))
    order = asyncio.run(till.place())
    with pytest.raises(CheckoutRefused, match="no page for the customer") as refused:
        asyncio.run(till.open(order))
    assert "success_url" in refused.value.action
    assert till.strategy.calls == []
    till.close()


@pytest.mark.parametrize(
    "shop_pages, own, expected",
    [
        (("https://s/ok", "https://s/no"), ("", ""), ("https://s/ok", "https://s/no")),
        (("", ""), ("https://t/ok", "https://t/no"), ("https://t/ok", "https://t/no")),
        (("https://s/ok", ""), ("https://t/ok", "https://t/no"), ("https://s/ok", "https://t/no")),
        (("https://s/ok", ""), ("", ""), ("https://s/ok", "https://s/ok")),
    ],
)
def test_the_shops_own_pages_come_before_the_tills(
    tmp_path: Path,
    shop_pages: tuple[str, str],
    own: tuple[str, str],
    expected: tuple[str, str],
) -> None:
    shop = replace(SHOP, success_url=shop_pages[0], cancel_url=shop_pages[1])
    till = Counter(tmp_path, shop=shop, pages=ReturnPages(*own))
    asyncio.run(till.show())
    (parameters,) = till.rows("SELECT parameters FROM intents")
    assert f'"success_url": "{expected[0]}"' in parameters[0]
    assert f'"cancel_url": "{expected[1]}"' in parameters[0]
    till.close()


def test_an_order_or_an_account_that_is_not_there_is_refused(till: Counter) -> None:
    with pytest.raises(CheckoutRefused, match="not in the books"):
        asyncio.run(till.checkout.open_session("nosuchorder0", "fake"))
    with pytest.raises(CheckoutRefused, match="not in the books"):
        asyncio.run(till.checkout.cancel("nosuchorder0"))
    order = asyncio.run(till.place())
    with pytest.raises(CheckoutRefused, match="account other is not set up"):
        asyncio.run(till.checkout.open_session(order.id, "other"))
    with pytest.raises(CheckoutRefused, match="not in the books"):
        asyncio.run(till.checkout.check_now(4711))
    with pytest.raises(InvariantError, match="is gone"):
        asyncio.run(till.checkout.expire(4711))


def test_an_order_that_ended_while_its_session_was_prepared_is_refused(till: Counter) -> None:
    order = asyncio.run(till.place())

    async def ended_meanwhile() -> None:
        async def cancel(call: Call) -> None:
            if call.verb == "prepare_session":
                await till.checkout.cancel(order.id)

        till.strategy.pause = cancel
        await till.open(order)

    with pytest.raises(CheckoutRefused, match="being paid for already"):
        asyncio.run(ended_meanwhile())
    assert till.provider.sessions == {}
