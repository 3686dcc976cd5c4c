"""Charging as the customer wishes to pay: who takes it is asked, and the others say why not."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from app.domain.capabilities import Method
from app.domain.decision import Said
from app.errors import CheckoutRefused, ConfigError
from app.ways import Terms
from tests.parts.several import FIRST, SECOND, decided, strategy
from tests.parts.till import Counter


@pytest.fixture
def till(tmp_path: Path) -> Iterator[Counter]:
    till = Counter(tmp_path, others=(SECOND,))
    for account, methods in ((FIRST, {Method.CARD}), (SECOND, {Method.UPI, Method.WALLET})):
        one = strategy(till, account)
        one.capabilities = replace(one.capabilities, methods=frozenset(methods))
    yield till
    faults = till.violations()
    till.close()
    assert faults == []


def test_the_wish_leads_to_who_takes_it_and_why_not_to_the_other_stays(till: Counter) -> None:
    order = asyncio.run(till.place())
    attempt = asyncio.run(till.checkout.charge(order.id, method=Method.UPI))
    assert attempt.account == SECOND
    (decision,) = decided(till, order)
    assert decision.left_out == (Said(FIRST, "It takes no UPI."),)


def test_who_does_not_take_it_is_refused_even_where_the_operator_chose_it(till: Counter) -> None:
    order = asyncio.run(till.place())
    with pytest.raises(ConfigError, match="fake cannot take this") as error:
        asyncio.run(till.checkout.charge(order.id, FIRST, method=Method.UPI))
    assert error.value.detail == "It takes no UPI."


def test_where_nobody_takes_it_nothing_is_begun_and_another_way_is_advised(till: Counter) -> None:
    order = asyncio.run(till.place())
    with pytest.raises(CheckoutRefused, match="No account that is set up takes this") as error:
        asyncio.run(till.checkout.charge(order.id, method=Method.PAYPAL))
    assert error.value.detail == "fake: It takes no PayPal. other: It takes no PayPal."
    assert error.value.action == "Choose another way to pay, or try again in a minute."
    assert till.rows("SELECT count(*) FROM attempts") == [(0,)]


def test_what_customers_may_wish_is_what_the_accounts_in_use_take(
    till: Counter, tmp_path: Path
) -> None:
    assert till.ways.methods == {Method.CARD, Method.UPI, Method.WALLET}
    off = Counter(
        tmp_path / "b", others=(SECOND,), settings={"terms": {SECOND: Terms(is_enabled=False)}}
    )
    off.strategy.capabilities = replace(off.strategy.capabilities, methods=frozenset({Method.CARD}))
    assert off.ways.methods == {Method.CARD}
    off.close()
