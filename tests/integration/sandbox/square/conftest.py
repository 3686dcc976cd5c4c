"""A merchant at Square's simulator for each test."""

from collections.abc import Iterator
from uuid import uuid4

import pytest

from app.sandbox import SandboxServer
from tests.integration.sandbox.square.shop import SquareShop


@pytest.fixture
def square(server: SandboxServer) -> Iterator[SquareShop]:
    """A simulator of one's own."""
    shop = SquareShop(server.origin)
    yield shop
    shop.close()


@pytest.fixture
def merchant(shared_server: SandboxServer) -> Iterator[SquareShop]:
    """A merchant of one's own at a simulator that others use too."""
    shop = SquareShop(shared_server.origin, f"EAAAl{uuid4().hex}")
    yield shop
    shop.close()
