"""A shop that uses the simulated PayPal."""

from collections.abc import Iterator

import pytest

from app.sandbox import SandboxServer
from tests.integration.sandbox.paypal.shop import PayPalShop


@pytest.fixture
def paypal(server: SandboxServer) -> Iterator[PayPalShop]:
    shop = PayPalShop(server.origin)
    yield shop
    shop.close()
