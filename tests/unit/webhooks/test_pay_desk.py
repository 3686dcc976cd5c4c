"""What the pay page cannot have: a session that is not there, a page that is not the till's."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from app.errors import Rejected, StoreError, Unavailable
from app.webhooks.pay_desk import PayDesk
from app.webhooks.rate import Buckets
from tests.parts.clock import VirtualClock
from tests.parts.own_page import PagedStrategy
from tests.parts.pay_door import SHOP, Door, sold
from tests.parts.provider import LOST
from tests.parts.till import Counter, begun


@pytest.fixture
def till(tmp_path: Path) -> Iterator[Counter]:
    till = Counter(tmp_path, strategy=PagedStrategy, shop=SHOP)
    yield till
    till.close()


def desk_of(till: Counter) -> PayDesk:
    return PayDesk(till.gateway, till.sessions, loop=asyncio.get_running_loop)


def test_what_has_no_session_yet_can_be_neither_shown_nor_confirmed(till: Counter) -> None:
    _, attempt = begun(till)
    till.strategy.answers["open_session"] = [LOST] * 100

    async def story() -> None:
        with pytest.raises(Unavailable, match="not there yet"):
            await desk_of(till).client_secret(attempt)
        with pytest.raises(Unavailable, match="not there yet"):
            await desk_of(till).confirm(attempt, "pm_card_visa")

    asyncio.run(story())


def test_a_payment_whose_page_is_the_providers_has_none_here(tmp_path: Path) -> None:
    other = Counter(tmp_path)

    async def story() -> None:
        _, attempt = await other.show()
        with pytest.raises(Rejected, match="no page here"):
            await desk_of(other).setup(attempt)

    asyncio.run(story())
    other.close()


def test_books_that_cannot_be_read_make_the_customer_wait(
    till: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, _, path = sold(till)
    door = Door(till)

    async def broken(*_: object) -> None:
        raise StoreError("The disk is full")

    monkeypatch.setattr(till.store, "read", broken)
    answer = door.ask("GET", f"{path}/state")
    assert (answer.status_code, "try again" in answer.text) == (503, True)


def test_of_those_who_ask_only_the_last_are_remembered() -> None:
    buckets = Buckets(VirtualClock(), per_second=1, most=1)
    assert buckets.take("first") and not buckets.take("first")
    assert all(buckets.take(f"page {number}") for number in range(1_000))
    assert buckets.take("first"), "one that was forgotten is full again"


def test_another_attempt_of_the_same_order_is_not_meant(till: Counter) -> None:
    _, attempt, path = sold(till)
    strange = replace(attempt, provider_account="acct_other")

    async def story() -> None:
        with pytest.raises(Exception, match="another account"):
            await desk_of(till).setup(strange)

    asyncio.run(story())
    assert path.startswith("/pay/")
