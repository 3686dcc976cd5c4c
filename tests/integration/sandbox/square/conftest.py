"""A merchant at Square's simulator for each test."""

from collections.abc import Iterator
from uuid import uuid4

import pytest

from app.sandbox import SandboxServer
from tests.integration.sandbox.square.shop import LATER_S, SquareShop


@pytest.fixture
def square(server: SandboxServer) -> Iterator[SquareShop]:
    """A simulator of one's own."""
    shop = SquareShop(server.origin)
    _unhurried(shop)
    yield shop
    shop.close()


@pytest.fixture
def merchant(shared_server: SandboxServer) -> Iterator[SquareShop]:
    """A merchant of one's own at a simulator that others use too."""
    shop = SquareShop(shared_server.origin, f"EAAAl{uuid4().hex}")
    _unhurried(shop)
    yield shop
    shop.close()


def _unhurried(shop: SquareShop) -> None:
    """Let nothing happen by itself while a test looks, however slow the computer is."""
    shop.control("POST", "fees", {"provider": "square", "after_s": LATER_S})
    order = {"provider": "square", "outcome": "succeeds_later", "after_s": LATER_S}
    shop.control("POST", "refunds", order)
    shop.control("POST", "square/lists", {"lag_s": LATER_S})
