"""What the tests of cards that are saved have in common: how one is begun, and what is shown."""

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from tests.ui.helpers import Recorder
from ui.cards.screen import CardsScreen
from ui.cards.state import CardModel, CardPhase
from ui.counter import Counter
from ui.kit.button import Kind
from ui.window import Window


def shown(counter: Counter) -> CardModel:
    model = counter.cards.model
    assert model is not None
    return model


def has_none(counter: Counter) -> bool:
    """Ask anew whether no card is followed."""
    return counter.cards.model is None


async def begun(counter: Counter, label: str = "Ada") -> int:
    """Begin one and wait until its code stands; give its row."""
    assert counter.cards.begin(label, None) is None
    await counter.tasks.settled()
    assert counter.cards.row_id is not None
    return counter.cards.row_id


def phases(recorder: Recorder) -> list[CardPhase | None]:
    """Give the phases that were shown, each once."""
    seen = [None if call[0] is None else call[0].phase for call in recorder.calls]
    return [phase for n, phase in enumerate(seen) if n == 0 or seen[n - 1] is not phase]


async def opened(window: Window) -> CardsScreen:
    window.rail.cards.click()
    await window.counter.tasks.settled()
    return window.places.cards


async def shown_in(window: Window, label: str = "Ada") -> CardsScreen:
    """Fill the form in until the code stands."""
    screen = await opened(window)
    screen.new.click()
    edit = screen.form.label.field.edit
    QTest.keyClicks(edit, label)
    QTest.keyClick(edit, Qt.Key.Key_Return)
    await window.counter.tasks.settled()
    return screen


def focused() -> QWidget:
    at = QApplication.focusWidget()
    assert at is not None
    return at


def kind_of(screen: CardsScreen) -> Kind:
    """Ask anew how loud the button above the list is."""
    return screen.new.kind


def has_code(screen: CardsScreen) -> bool:
    """Ask anew whether a code has the place to itself."""
    return screen.is_code_shown


def model_of(window: Window) -> CardModel:
    model = window.places.cards.code.model
    assert model is not None
    return model


def titles(screen: CardsScreen) -> list[str]:
    rows = screen.list.rows
    return [str(rows.data(rows.index(n))) for n in range(rows.rowCount())]


def read_out(widget: QWidget) -> list[str]:
    return [each.accessibleName() for each in (widget, *widget.findChildren(QWidget))]
