"""A shop that uses Razorpay's part of the simulator."""

from collections.abc import Iterator
from uuid import uuid4

import pytest

from app.sandbox import SandboxServer
from tests.integration.sandbox.razorpay.shop import Shop


@pytest.fixture
def shop(server: SandboxServer) -> Iterator[Shop]:
    """Alone with a simulator of its own."""
    shop = Shop(server.origin)
    yield shop
    shop.close()


@pytest.fixture
def new_shop(shared_server: SandboxServer) -> Iterator[Shop]:
    """One of many at a simulator whose clock nobody moves."""
    shop = Shop(shared_server.origin, f"rzp_test_{uuid4().hex[:14]}", "secret of its own")
    yield shop
    shop.close()
