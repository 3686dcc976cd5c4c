"""Plans: made once for each version of their terms and each account, and found again."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from app.charging import NotBegun
from app.domain.catalog import Shop
from app.errors import Rejected
from app.failpoints import only_at, switched_on
from app.providers.subscribing import PlanGone
from tests.parts.giving_back import LOST
from tests.parts.subscribed import CLUB, MUG, SubscriptionCounter
from tests.parts.subscribing import FakePlanning


@pytest.fixture
def till(tmp_path: Path) -> Iterator[SubscriptionCounter]:
    till = SubscriptionCounter(tmp_path, strategy=FakePlanning)
    yield till
    till.close()


def plans(till: SubscriptionCounter) -> list[str]:
    """Give the plan that each session was asked for with."""
    rows = till.rows(
        "SELECT json_extract(parameters, '$.plan') FROM intents WHERE operation = 'create'"
    )
    return [row[0] for row in rows]


def test_a_plan_is_made_once_for_a_version_and_used_by_every_session_after(
    till: SubscriptionCounter,
) -> None:
    asyncio.run(till.sell())
    asyncio.run(till.sell(CLUB))
    till.restart()
    asyncio.run(till.sell(CLUB))
    assert plans(till) == ["plan_1"] * 3
    ((key, (_, terms)),) = till.provider.plans.items()
    assert key == f"{terms.digest}-plan" and len(key) <= 40
    assert (terms.name, str(terms.amount), terms.interval) == ("Bean club", "11.90 EUR", "monthly")


def test_another_price_or_quantity_is_another_plan(till: SubscriptionCounter) -> None:
    asyncio.run(till.sell(CLUB))
    asyncio.run(till.sell(CLUB, CLUB))
    asyncio.run(till.sell(replace(CLUB, price=CLUB.price + CLUB.price)))
    assert plans(till) == ["plan_1", "plan_2", "plan_3"]
    names = [terms.name for _, terms in till.provider.plans.values()]
    assert names == ["Bean club", "2 x Bean club", "Bean club"]


def test_an_order_that_is_folded_into_one_line_still_has_a_plan_of_its_goods(
    tmp_path: Path,
) -> None:
    shop = Shop(name="Net", prices_include_tax=False, success_url="https://shop.example/thanks")
    till = SubscriptionCounter(tmp_path, strategy=FakePlanning, shop=shop)
    till.strategy.capabilities = replace(till.strategy.capabilities, max_lines_recurring=1)
    for _ in range(2):
        asyncio.run(till.sell(CLUB))
    assert plans(till) == ["plan_1", "plan_1"]
    ((_, terms),) = till.provider.plans.values()
    assert (terms.name, str(terms.amount)) == ("Bean club", "14.16 EUR")
    till.close()


def test_a_sale_without_a_subscription_needs_no_plan(till: SubscriptionCounter) -> None:
    asyncio.run(till.sell(MUG))
    assert plans(till) == [""] and till.count("plans") == 0


def test_a_lost_answer_or_a_crash_makes_no_second_plan(till: SubscriptionCounter) -> None:
    class PowerCut(BaseException):
        pass

    def die() -> None:
        raise PowerCut

    till.strategy.answers["open_plan"] = [LOST]
    with pytest.raises(NotBegun):
        asyncio.run(till.sell(CLUB))
    for point in ("plan.made", "plan.saved"):
        with pytest.raises(PowerCut), switched_on(only_at(point, die)):
            asyncio.run(till.sell(CLUB))
        till.restart()
    asyncio.run(till.sell(CLUB))
    assert plans(till) == ["plan_1"]
    assert len(till.provider.plans) == till.count("plans") == 1


def test_a_plan_that_is_dead_is_made_anew_once_within_the_same_sale(
    till: SubscriptionCounter,
) -> None:
    asyncio.run(till.sell(CLUB))
    till.provider.dead_plans.add("plan_1")
    asyncio.run(till.sell(CLUB))
    assert plans(till) == ["plan_1", "plan_1", "plan_2"]
    keys = list(till.provider.plans)
    assert keys[1] == f"{keys[0]}-2" and len(keys[1]) <= 40
    states = till.rows("SELECT state, number, is_final FROM attempts ORDER BY id")
    assert states == [("open", 1, 0), ("failed", 1, 1), ("open", 2, 0)]
    assert till.count("exceptions") == 0
    till.restart()
    asyncio.run(till.sell(CLUB))
    assert plans(till)[3:] == ["plan_2"]


def test_a_plan_that_is_dead_again_is_a_refusal_and_the_next_sale_makes_another(
    till: SubscriptionCounter,
) -> None:
    asyncio.run(till.sell(CLUB))
    till.provider.dead_plans |= {"plan_1", "plan_2"}
    with pytest.raises(PlanGone):
        asyncio.run(till.sell(CLUB))
    assert plans(till) == ["plan_1", "plan_1", "plan_2"]
    asyncio.run(till.sell(CLUB))
    assert plans(till)[3:] == ["plan_2", "plan_3"]
    assert [key.rpartition("-")[2] for key in till.provider.plans] == ["plan", "2", "3"]


def test_a_plan_made_anew_survives_a_crash_and_a_lost_answer(till: SubscriptionCounter) -> None:
    asyncio.run(till.sell(CLUB))
    till.provider.dead_plans.add("plan_1")
    till.strategy.answers["open_plan"] = [LOST]
    with pytest.raises(NotBegun):
        asyncio.run(till.sell(CLUB))
    till.restart()
    asyncio.run(till.sell(CLUB))
    assert plans(till) == ["plan_1", "plan_1", "plan_2"]


def test_another_refusal_forgets_no_plan(till: SubscriptionCounter) -> None:
    asyncio.run(till.sell(CLUB))
    till.strategy.answers["open_session"] = [Rejected("No", status=404)]
    with pytest.raises(Rejected):
        asyncio.run(till.sell(CLUB))
    asyncio.run(till.sell(CLUB))
    assert plans(till) == ["plan_1"] * 3
