"""The customer's phone in training: a whole till whose simulator opens its door to the network."""

import asyncio
import socket
import sqlite3
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from app.bootstrap import Till
from app.clock import SystemClock
from app.domain.order import Order
from app.errors import InvariantError, StoreError
from app.phones import LOOK_S
from app.settings import Mode, load_settings
from app.status import PhonesState
from app.store.verify import Outcome, verify
from tests.conftest import ExpectedLogs
from tests.integration.till.house import QUICK, Customer, show, until, until_state
from tests.parts.stripe import Wire
from tests.parts.stripe_strategy import strategy

pytestmark = pytest.mark.skipif(
    sys.platform == "darwin", reason="macOS has one loopback address only"
)
NETWORK, OTHER_NETWORK = "127.0.0.2", "127.0.0.3"
"""Stand for addresses on the shop's network: loopback has more than one."""


@dataclass
class Network:
    """The network that the till finds; a test changes it as a cable or a Wi-Fi does."""

    address: str = NETWORK

    def __call__(self) -> str:
        return self.address


class QuickLooks(SystemClock):
    """Looks at the network all the time; everything else takes as long as ever."""

    async def sleep(self, seconds: float) -> None:
        await super().sleep(0.02 if seconds == LOOK_S else seconds)


@asynccontextmanager
async def built_in(root: Path, network: Callable[[], str]) -> AsyncIterator[Till]:
    """Run a till with its own simulator."""
    settings = load_settings(root, Mode.TRAINING, working_directory=root)
    till = Till(settings, pace=QUICK, clock=QuickLooks(), address=network)
    try:
        await till.start()
        yield till
    finally:
        await till.aclose()


def state_of(till: Till) -> PhonesState:
    assert till.phones is not None
    return till.phones.state


async def allow(till: Till) -> str:
    assert till.phones is not None
    await till.phones.allow()
    return till.phones.state.address


async def forbid(till: Till) -> None:
    assert till.phones is not None
    await till.phones.forbid()


async def url_of(till: Till, order: Order) -> str:
    detail = await till.orders.detail(order.id)
    assert detail is not None
    return detail.attempts[-1].url or ""


def origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def refuses(address: str) -> bool:
    parts = urlsplit(address)
    with socket.socket() as probe:
        return probe.connect_ex((parts.hostname, parts.port)) != 0


async def pay_by_phone(url: str) -> httpx.Response:
    def pay() -> httpx.Response:
        customer = Customer(origin(url))
        try:
            assert customer.pay(url) == 303
        finally:
            customer.close()
        return httpx.get(f"{origin(url)}/success")

    return await asyncio.to_thread(pay)


def test_phones_are_not_allowed_until_somebody_allows_them(root: Path) -> None:
    async def story() -> None:
        async with built_in(root, Network()) as till:
            order, attempt = await show(till)
            assert state_of(till) == PhonesState()
            assert origin(attempt.url or "") == till.sandbox_url
            assert refuses(f"http://{NETWORK}:{urlsplit(till.sandbox_url).port}")
            assert await url_of(till, order) == attempt.url

    asyncio.run(story())


def test_a_code_that_is_out_moves_with_its_session_and_is_paid_by_a_phone(root: Path) -> None:
    async def story() -> None:
        async with built_in(root, Network()) as till:
            told: list[tuple[str, object]] = []
            till.subscribe(lambda fact: told.append((fact.name, fact.data.get("address"))))
            order, attempt = await show(till)
            address = await allow(till)
            assert state_of(till) == PhonesState(True, address)
            url = await url_of(till, order)
            assert url == (attempt.url or "").replace(till.sandbox_url, address)
            await until(lambda: ("attempt.moved", address) in told)
            assert (await pay_by_phone(url)).status_code == 200
            await until_state(till, order, "paid")
            db = till.store
            checks = await db.read(verify)
            assert [c for c in checks if c.outcome is Outcome.VIOLATED] == []

    asyncio.run(story())


def test_a_new_code_is_made_for_the_network_while_phones_are_allowed(root: Path) -> None:
    async def story() -> None:
        async with built_in(root, Network()) as till:
            address = await allow(till)
            order, attempt = await show(till)
            assert origin(attempt.url or "") == address
            assert till.strategies[attempt.account].capabilities.phones_origin == address
            await pay_by_phone(attempt.url or "")
            await until_state(till, order, "paid")

    asyncio.run(story())


def test_forbidding_leads_the_code_home_and_closes_the_port(root: Path) -> None:
    async def story() -> None:
        async with built_in(root, Network()) as till:
            order, attempt = await show(till)
            address = await allow(till)
            assert not refuses(address)
            await forbid(till)
            assert state_of(till) == PhonesState()
            assert await url_of(till, order) == attempt.url
            assert refuses(address)
            assert till.strategies[attempt.account].capabilities.phones_origin == ""
            await pay_by_phone(attempt.url or "")
            await until_state(till, order, "paid")

    asyncio.run(story())


def test_what_was_allowed_is_allowed_after_a_restart_and_the_code_is_still_good(
    root: Path,
) -> None:
    async def story() -> None:
        async with built_in(root, Network()) as till:
            order, _ = await show(till)
            address = await allow(till)
            url = await url_of(till, order)
        assert refuses(address)
        async with built_in(root, Network()) as till:
            assert state_of(till) == PhonesState(True, address)
            assert await url_of(till, order) == url
            await pay_by_phone(url)
            await until_state(till, order, "paid")
            await forbid(till)
        async with built_in(root, Network()) as till:
            assert state_of(till) == PhonesState()

    asyncio.run(story())


def test_after_a_restart_on_another_network_the_code_is_there(root: Path) -> None:
    async def story() -> None:
        async with built_in(root, Network()) as till:
            order, _ = await show(till)
            await allow(till)
        async with built_in(root, Network(OTHER_NETWORK)) as till:
            assert f"//{OTHER_NETWORK}:" in state_of(till).address
            assert origin(await url_of(till, order)) == state_of(till).address

    asyncio.run(story())


def test_a_network_that_is_lost_is_noticed_and_the_code_comes_home(root: Path) -> None:
    async def story() -> None:
        network = Network()
        async with built_in(root, network) as till:
            order, attempt = await show(till)
            address = await allow(till)
            network.address = ""
            await until(lambda: state_of(till).problem)
            assert state_of(till).is_allowed and state_of(till).address == ""
            assert "on no network" in state_of(till).problem
            assert await url_of(till, order) == attempt.url
            assert refuses(address)
            network.address = NETWORK
            await until(lambda: state_of(till) == PhonesState(True, address))
            assert origin(await url_of(till, order)) == address

    asyncio.run(story())


def test_another_address_is_noticed_and_the_code_moves_there(root: Path) -> None:
    async def story() -> None:
        network = Network()
        async with built_in(root, network) as till:
            seen: list[PhonesState] = []
            assert till.phones is not None
            stop = till.phones.subscribe(seen.append)
            order, _ = await show(till)
            before = await allow(till)
            network.address = OTHER_NETWORK
            await until(lambda: f"//{OTHER_NETWORK}:" in state_of(till).address)
            url = await url_of(till, order)
            assert origin(url) == state_of(till).address
            assert refuses(before)
            assert seen == [PhonesState(True, before), PhonesState(True, origin(url))]
            stop()
            await forbid(till)
            assert len(seen) == 2

    asyncio.run(story())


def test_an_address_that_cannot_be_had_is_said_in_words_and_tried_again(root: Path) -> None:
    async def story() -> None:
        network = Network("203.0.113.7")
        async with built_in(root, network) as till:
            order, attempt = await show(till)
            assert await allow(till) == ""
            assert "does not let the till listen at 203.0.113.7" in state_of(till).problem
            assert await url_of(till, order) == attempt.url
            network.address = NETWORK
            await until(lambda: state_of(till).address)
            assert origin(await url_of(till, order)) == state_of(till).address

    asyncio.run(story())


def test_a_code_whose_simulator_is_slow_to_say_where_it_is_moves_later(root: Path) -> None:
    async def story() -> None:
        async with built_in(root, Network()) as till:
            order, attempt = await show(till)
            customer = Customer(till.sandbox_url)
            path = f"/v1/checkout/sessions/{attempt.session_id}"

            async def stays(while_it: Callable[[], Awaitable[object]]) -> None:
                before = await url_of(till, order)
                await asyncio.to_thread(
                    partial(customer.fault, "GET", path, times=None, status=500)
                )
                await while_it()
                assert await url_of(till, order) == before
                await asyncio.to_thread(customer.control, "DELETE", "faults")

            async def leads_to(wanted: str) -> None:
                async def has_moved() -> bool:
                    return origin(await url_of(till, order)) == wanted

                await until(has_moved)

            await stays(lambda: allow(till))
            await leads_to(state_of(till).address)
            await stays(lambda: forbid(till))
            await leads_to(till.sandbox_url)
            customer.close()

    asyncio.run(story())


def test_a_wish_that_cannot_be_written_down_is_said_in_words(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(*, wanted: bool) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    async def story() -> None:
        async with built_in(root, Network()) as till:
            assert till._sandbox is not None
            monkeypatch.setattr(till._sandbox.phones, "want", full)
            with pytest.raises(StoreError, match="simulator's books cannot be written"):
                await allow(till)
            assert state_of(till) == PhonesState()

    asyncio.run(story())


def test_a_fault_in_looking_after_the_door_keeps_no_till_from_opening(
    root: Path, expected_logs: ExpectedLogs
) -> None:
    async def story() -> None:
        network = Network()

        def fickle() -> str:
            if not network.address:
                raise RuntimeError("the network cannot be looked at")
            return network.address

        async with built_in(root, fickle) as till:
            address = await allow(till)
            network.address = ""
            await until(lambda: bool(expected_logs.records))
            network.address = OTHER_NETWORK
            await until(lambda: f"//{OTHER_NETWORK}:" in state_of(till).address)
        network.address = ""
        async with built_in(root, fickle) as till:
            assert state_of(till) == PhonesState(True)
            network.address = NETWORK
            await until(lambda: state_of(till) == PhonesState(True, address))

    asyncio.run(story())
    assert expected_logs.take_all("could not be looked after")


@pytest.mark.parametrize("mode", [Mode.TEST, Mode.LIVE])
def test_there_is_no_switch_outside_of_training(
    root: Path, monkeypatch: pytest.MonkeyPatch, mode: Mode
) -> None:
    monkeypatch.setenv("STRIPE_SECRET_KEY", f"sk_{mode.value}_1234567890")
    monkeypatch.setenv("BASE_URL", "https://till.example")
    till = Till(load_settings(root, mode, working_directory=root))
    assert till.phones is None and till._sandbox is None
    asyncio.run(till.aclose())


def test_there_is_no_switch_for_a_simulator_that_is_not_the_tills_own(
    root: Path, customer: Customer
) -> None:
    settings = load_settings(root, Mode.TRAINING, working_directory=root)
    till = Till(settings, sandbox_url=customer.origin)
    assert till.phones is None
    asyncio.run(till.aclose())


def test_the_pages_of_the_real_provider_never_move() -> None:
    real = strategy(Wire())
    with pytest.raises(InvariantError, match="do not move"):
        real.move_pages("http://192.168.1.20:4242")
    real.move_pages("")
    assert real.capabilities.phones_origin == ""
