"""The customer's phone in training: what happens just while phones are allowed or forbidden."""

import asyncio
import sys
import threading
from pathlib import Path

import pytest

from app import session_answers, sessions
from app.domain.attempt import Attempt
from app.status import PhonesState
from tests.conftest import ExpectedLogs
from tests.integration.till.house import show, until
from tests.integration.till.test_phones import (
    NETWORK,
    OTHER_NETWORK,
    Network,
    allow,
    built_in,
    forbid,
    origin,
    state_of,
    url_of,
)

pytestmark = pytest.mark.skipif(
    sys.platform == "darwin", reason="macOS has one loopback address only"
)


def test_a_code_that_was_being_made_while_phones_were_forbidden_is_led_home(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_written, may_be_written = threading.Event(), threading.Event()
    write_opened = session_answers.write_opened

    def slowly(*given: object) -> Attempt:
        is_written.set()
        assert may_be_written.wait(30)
        return write_opened(*given)  # type: ignore[arg-type]

    async def story() -> None:
        async with built_in(root, Network()) as till:
            address = await allow(till)
            monkeypatch.setattr(sessions, "write_opened", slowly)
            showing = asyncio.create_task(show(till))
            await asyncio.to_thread(is_written.wait, 30)
            await forbid(till)
            may_be_written.set()
            order, attempt = await showing
            assert origin(attempt.url or "") == address, "its page was named before"

            async def leads_home() -> bool:
                return origin(await url_of(till, order)) == till.sandbox_url

            await until(leads_home)

    asyncio.run(story())


def test_a_deaf_listener_keeps_no_other_from_being_told(
    root: Path, expected_logs: ExpectedLogs
) -> None:
    def deaf(_: PhonesState) -> None:
        raise RuntimeError("deaf")

    async def story() -> None:
        async with built_in(root, Network()) as till:
            told: list[PhonesState] = []
            assert till.phones is not None
            till.phones.subscribe(deaf)
            till.phones.subscribe(told.append)
            await allow(till)
            assert told == [state_of(till)]

    asyncio.run(story())
    expected_logs.take("a listener failed on the phones")


def test_a_door_that_fails_while_it_opens_is_opened_at_the_next_look(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        network = Network()
        async with built_in(root, network) as till:
            await allow(till)
            assert till._sandbox is not None

            async def fails(*_: object, **__: object) -> None:
                raise OSError(28, "No space left on device")

            with monkeypatch.context() as patch:
                patch.setattr("app.sandbox.phone_door.Listener.startup", fails)
                network.address = OTHER_NETWORK
                await until(lambda: state_of(till).problem)
                assert "No space left" in state_of(till).problem
            await until(lambda: f"//{OTHER_NETWORK}:" in state_of(till).address)
            network.address = NETWORK
            await until(lambda: f"//{NETWORK}:" in state_of(till).address)

    asyncio.run(story())
