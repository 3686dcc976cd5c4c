"""Bringing a window to what needs a person, and to a form that is filled in."""

from PySide6.QtWidgets import QApplication, QWidget

from app.domain.exceptions import ExceptionKind, OrderException
from app.domain.order import Order, OrderState
from app.domain.resolution import Action
from tests.ui.fakes import FakeTill
from tests.ui.helpers import button
from tests.ui.test_orders import place
from ui.decide.form import DecisionForm
from ui.needs_person.panel import TroublePanel
from ui.places import Place
from ui.window import Window


async def come(window: Window) -> TroublePanel:
    window.rail.person.click()
    await window.counter.tasks.settled()
    return window.needs_person.panel


def late(till: FakeTill) -> tuple[Order, OrderException]:
    order = place(till, OrderState.CANCELLED)
    return order, till.money.hold(ExceptionKind.PAID_LATE, order)


async def open_form(window: Window, action: Action) -> DecisionForm:
    panel = await come(window)
    button(window, f"way_{action.value}").click()
    return panel.form


def fill(form: DecisionForm, name: str = "Eva", reason: str = "Goods came back") -> None:
    form.who.set_text(name)
    form.reason.set_text(reason)


def titles(window: Window) -> list[str]:
    rows = window.needs_person.list.rows
    return [rows.index(row).data() for row in range(rows.rowCount())]


def at() -> QWidget:
    """Give what has the keyboard."""
    found = QApplication.focusWidget()
    assert found is not None
    return found


def focused() -> str:
    return at().objectName() or at().accessibleName()


def where(window: Window) -> Place:
    return window.places.place
