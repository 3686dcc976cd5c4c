"""The code is encoded beside the GUI's thread, and nothing that has ended meanwhile is shown."""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pytest
from qrcode.main import QRCode

from tests.conftest import ExpectedLogs
from tests.ui.fakes import URL, FakeTill
from tests.ui.helpers import add, charged, display_of, face_of, payment_of, stage_of
from ui.counter import Counter, Stage
from ui.display.model import Face
from ui.pay import qr
from ui.pay.state import Action, Phase
from ui.window import Window

Run = Callable[[Coroutine[Any, Any, None]], None]
ELSEWHERE = URL.replace("checkout.stripe.com", "pay.example.org")


class Encodings:
    """Notes on which thread each text is encoded; the encoding waits for `gate`."""

    def __init__(self) -> None:
        self.made: list[tuple[str, bool]] = []
        self.begun = threading.Event()
        self.gate = threading.Event()
        self.gate.set()

    def note(self, text: str) -> None:
        self.made.append((text, threading.current_thread() is threading.main_thread()))
        self.begun.set()
        assert self.gate.wait(10)

    async def under_way(self) -> None:
        """Wait until something is being encoded."""
        assert await asyncio.to_thread(self.begun.wait, 10)


@pytest.fixture
def encodings(monkeypatch: pytest.MonkeyPatch) -> Iterator[Encodings]:
    notes = Encodings()

    class Noted(QRCode):
        def add_data(self, data: Any, optimize: int = 20) -> None:
            notes.note(data)
            super().add_data(data, optimize)

    monkeypatch.setattr(qr, "QRCode", Noted)
    qr.modules_of.cache_clear()
    yield notes
    notes.gate.set()
    qr.modules_of.cache_clear()


def test_the_code_of_both_screens_is_encoded_once_and_not_on_the_window_s_thread(
    run: Run, displayed: Window, till: FakeTill, encodings: Encodings
) -> None:
    async def sale() -> None:
        await charged(displayed.counter, till)
        assert displayed.pay.qr.get_url() == display_of(displayed).code.qr.get_url() == URL
        assert encodings.made == [(URL, False)]

    run(sale())


def test_a_code_that_moves_is_encoded_there_too_and_replaced_in_one_turn(
    run: Run, displayed: Window, till: FakeTill, encodings: Encodings
) -> None:
    async def sale() -> None:
        order_id = await charged(displayed.counter, till)
        attempt = till.orders.attempts_of(order_id)[0]
        seen: list[tuple[str, Face]] = []

        def look() -> None:
            seen.append((displayed.pay.qr.get_url(), face_of(displayed)))

        displayed.counter.payment_changed.connect(look)
        till.orders.change(attempt.id, url=ELSEWHERE)
        till.tell_of("attempt.moved", order_id, attempt.id, address="https://pay.example.org")
        await displayed.counter.tasks.settled()
        assert encodings.made == [(URL, False), (ELSEWHERE, False)]
        assert display_of(displayed).code.qr.get_url() == ELSEWHERE
        assert seen == [(ELSEWHERE, Face.CODE)]
        assert till.checkout.calls.count("mark_shown") == 1

    run(sale())


@pytest.mark.parametrize("end", ["cancelled", "paid", "set aside"])
def test_what_ends_while_its_code_is_encoded_is_never_shown(
    run: Run, displayed: Window, till: FakeTill, encodings: Encodings, end: str
) -> None:
    async def sale() -> None:
        counter = displayed.counter
        shown: list[str] = []
        counter.payment_changed.connect(lambda model: shown.append(model.url or ""))
        encodings.gate.clear()
        add(counter, till, "coffee")
        counter.charge()
        await encodings.under_way()
        assert payment_of(counter).phase is Phase.OPENING
        if end == "cancelled":
            counter.act(Action.CANCEL)
        elif end == "paid":
            till.pay(next(iter(till.orders.orders)))
        else:
            counter.act(Action.SET_ASIDE)
        encodings.gate.set()
        await counter.tasks.settled()
        assert stage_of(counter) is (Stage.PAID if end == "paid" else Stage.SELLING)
        assert "mark_shown" not in till.checkout.calls
        assert not any(shown)
        assert displayed.pay.qr.get_url() == display_of(displayed).code.qr.get_url() == ""

    run(sale())


def test_a_cancellation_does_not_wait_for_the_code_that_is_encoded_after_a_move(
    run: Run, displayed: Window, till: FakeTill, encodings: Encodings
) -> None:
    async def sale() -> None:
        order_id = await charged(displayed.counter, till)
        attempt = till.orders.attempts_of(order_id)[0]
        encodings.begun.clear()
        encodings.gate.clear()
        till.orders.change(attempt.id, url=ELSEWHERE)
        till.tell_of("attempt.moved", order_id, attempt.id, address="https://pay.example.org")
        await encodings.under_way()
        displayed.counter.act(Action.CANCEL)
        assert displayed.pay.qr.get_url() == display_of(displayed).code.qr.get_url() == ""
        encodings.gate.set()
        await displayed.counter.tasks.settled()
        assert displayed.pay.qr.get_url() == display_of(displayed).code.qr.get_url() == ""
        assert stage_of(displayed.counter) is Stage.SELLING

    run(sale())


def test_a_page_whose_address_no_code_can_hold_is_said_and_not_noted_as_shown(
    run: Run, counter: Counter, till: FakeTill, expected_logs: ExpectedLogs
) -> None:
    async def sale() -> None:
        till.checkout.url = URL + "x" * 3000
        await charged(counter, till)
        model = payment_of(counter)
        assert model.phase is Phase.OPENING and model.url is None
        assert model.error is not None
        assert "mark_shown" not in till.checkout.calls

    run(sale())
    expected_logs.take_all("an unexpected error")
