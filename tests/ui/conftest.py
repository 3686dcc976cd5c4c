"""Fixtures: the application, a look, a till, and windows that are closed again."""

import asyncio
import os
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest
import qasync
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.ui.fakes import FakeClock, FakeTill
from tests.ui.helpers import display_of
from ui.application import create_application
from ui.counter import Counter
from ui.display.display import DisplayOptions
from ui.format import Formats
from ui.i18n import use_language
from ui.look import Look
from ui.metrics import Metrics
from ui.sell.cart_model import CartModel
from ui.theme import LIGHT
from ui.window import Window

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

T = TypeVar("T")
Run = Callable[[Coroutine[Any, Any, T]], T]


@pytest.fixture(scope="session")
def qapp() -> QApplication:
    return create_application(["scantill-tests"])


@pytest.fixture(autouse=True)
def language() -> Iterator[Callable[[str], None]]:
    """Speak English, or what the test asks for, and English again afterwards."""
    use_language("en")
    yield use_language
    use_language("en")


@pytest.fixture
def look(qapp: QApplication) -> Look:
    return Look(LIGHT, Metrics(), Formats("en"))


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def till(clock: FakeClock) -> FakeTill:
    return FakeTill(clock=clock)


@pytest.fixture
def run(qapp: QApplication) -> Iterator[Run]:
    """Run a coroutine on Qt's own loop; it has ten seconds."""
    loop = qasync.QEventLoop(qapp)
    asyncio.set_event_loop(loop)

    def run_until_complete(coroutine: Coroutine[Any, Any, T]) -> T:
        return loop.run_until_complete(asyncio.wait_for(coroutine, 10))

    yield run_until_complete
    loop.close()
    asyncio.set_event_loop(None)


@pytest.fixture
def make_window(qtbot: QtBot, clock: FakeClock) -> Callable[..., Window]:
    def make(till: FakeTill, size: tuple[int, int] = (1280, 800), **more: Any) -> Window:
        window = Window(till, clock=clock, **more)
        qtbot.addWidget(window)
        window.resize(*size)
        with qtbot.waitActive(window):
            window.show()
            window.activateWindow()
        window.pictures.wait()
        return window

    return make


@pytest.fixture
def window(make_window: Callable[..., Window], till: FakeTill) -> Window:
    return make_window(till)


@pytest.fixture
def displayed(qtbot: QtBot, make_window: Callable[..., Window], till: FakeTill) -> Window:
    """Give a window whose customer's display stands in a window of its own."""
    made = make_window(till, display=DisplayOptions(place="window"))
    made.display.start()
    qtbot.addWidget(display_of(made))
    return made


@pytest.fixture
def counter(qapp: QApplication, till: FakeTill, clock: FakeClock) -> Iterator[Counter]:
    made = Counter(till, clock)
    yield made
    made._timer.stop()


@pytest.fixture
def cart_model(qapp: QApplication, till: FakeTill, clock: FakeClock) -> Callable[..., CartModel]:
    """Give a cart with these products, each with its quantity."""

    def make(**quantities: int) -> CartModel:
        counter = Counter(till, clock)
        for product_id, quantity in quantities.items():
            product = till.catalog.product(product_id)
            assert product is not None
            counter.cart.add(product, quantity)
        return counter.cart_model

    return make


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Take the one warning that is Qt's offscreen platform itself, not ours."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.qt_log_ignore("does not support propagateSizeHints"))
