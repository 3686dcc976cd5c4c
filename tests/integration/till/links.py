"""A till whose customers pay by Stripe's payment links, and what they do with the code."""

from pathlib import Path
from typing import Any

import httpx

from app.bootstrap import Till
from app.domain.attempt import Attempt
from app.domain.order import Order
from tests.integration.till.house import (
    GOOD_CARD,
    Customer,
    elsewhere,
    rows,
)

LINKS = "/v1/payment_links"
LINKS_ALONE = '[accounts.links]\nkind = "stripe_links"\n'


async def visited(customer: Customer, attempt: Attempt, query: str = "") -> str:
    """Scan the code, and give the page that it leads to."""
    answer = await elsewhere(httpx.get, f"{attempt.url}{query}")
    assert answer.status_code == 303
    return f"{customer.origin}{answer.headers['Location']}"


async def paid(customer: Customer, page: str, card: str = GOOD_CARD) -> int:
    return int(await elsewhere(customer.pay, page, card))


async def attempt_of(till: Till, order: Order) -> Attempt:
    detail = await till.orders.detail(order.id)
    assert detail is not None
    return detail.attempts[0]


async def is_over(till: Till, order: Order) -> bool:
    return (await attempt_of(till, order)).is_final


def books(customer: Customer) -> tuple[dict[str, Any], list[str]]:
    """Give the only link in the simulator's books, and how each of its sessions stands."""
    (link,) = customer.books()["links"]
    return link, [session["status"] for session in customer.books()["sessions"]]


def open_exceptions(root: Path) -> list[Any]:
    return [kind for (kind,) in rows(root, "SELECT kind FROM exceptions WHERE resolved_at IS NULL")]
