"""A running simulator for each test, and a shop that uses it."""

import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from app.sandbox import SandboxServer
from app.sandbox.deliveries import RetrySchedule
from app.sandbox.ids import SeededIds
from tests.integration.sandbox.shop import Receiver, Shop

QUICK = RetrySchedule(pauses_s=(1, 1), speed_up=20, timeout_s=2)


@pytest.fixture
def books_path(tmp_path: Path) -> Path:
    return tmp_path / "books.sqlite"


@pytest.fixture
def server(books_path: Path) -> Iterator[SandboxServer]:
    with SandboxServer(books_path=books_path, ids=SeededIds("test"), retries=QUICK) as server:
        yield server


@pytest.fixture
def shop(server: SandboxServer) -> Iterator[Shop]:
    shop = Shop(server.origin)
    yield shop
    shop.close()


@pytest.fixture(scope="session")
def shared_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxServer]:
    """For tests that only need an account of their own."""
    path = tmp_path_factory.mktemp("shared") / "books.sqlite"
    with SandboxServer(books_path=path, retries=QUICK) as server:
        yield server


@pytest.fixture
def new_shop(shared_server: SandboxServer) -> Iterator[Shop]:
    shop = Shop(shared_server.origin, f"sk_test_{uuid4().hex}")
    yield shop
    shop.close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.close()


@pytest.fixture
def own_address() -> str:
    """This computer's address on its network, asked of the kernel without sending anything."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            pytest.skip("this computer is on no network")
        address = str(probe.getsockname()[0])
    if address.startswith("127."):
        pytest.skip("this computer is on no network")
    return address


@pytest.fixture(scope="session")
def examples() -> dict[str, Any]:
    """Stripe's own example objects, from the folder of the providers' official descriptions."""
    specs = os.environ.get("SCANTILL_API_SPECS")
    if specs is None:
        pytest.skip("SCANTILL_API_SPECS is not set")
    text = (Path(specs) / "stripe" / "fixtures3.json").read_text("utf-8")
    resources: dict[str, Any] = json.loads(text)["resources"]
    return resources
