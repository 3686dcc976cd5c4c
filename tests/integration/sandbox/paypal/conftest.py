"""A shop that uses the simulated PayPal."""

from collections.abc import Iterator
from uuid import uuid4

import pytest

from app.sandbox import SandboxServer
from tests.integration.sandbox.paypal.shop import PayPalShop


@pytest.fixture
def paypal(server: SandboxServer) -> Iterator[PayPalShop]:
    shop = PayPalShop(server.origin)
    yield shop
    shop.close()


@pytest.fixture
def new_paypal(shared_server: SandboxServer) -> Iterator[PayPalShop]:
    """For tests that only need a merchant of their own."""
    shop = PayPalShop(shared_server.origin, f"A{uuid4().hex}", f"E{uuid4().hex}")
    yield shop
    shop.close()
