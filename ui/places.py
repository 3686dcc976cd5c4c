"""The places of the rail, each with what fills it: sales, orders, cards, settings and so on."""

from enum import IntEnum

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QStackedWidget, QWidget

from app.clock import Clock
from app.domain.exceptions import ExceptionKind
from app.domain.resolution import Action
from app.events import Fact
from app.orders import OrderDetail
from app.settings import Mode
from ui.cards.reader import CardsReader
from ui.cards.screen import CardsScreen
from ui.counter import Counter
from ui.decide.desk import Desk
from ui.decide.words import Outcome
from ui.i18n import _
from ui.look import Look
from ui.needs_person.reader import TroubleReader
from ui.needs_person.screen import NeedsPersonScreen
from ui.orders.reader import OrdersReader
from ui.orders.screen import OrdersScreen
from ui.orders.telling import amount_in
from ui.settings.reader import AccountsReader
from ui.settings.screen import SettingsScreen
from ui.theme import Tone
from ui.till import Till


class Place(IntEnum):
    """Where one can be, as the rail counts it."""

    SELL = 0
    ORDERS = 1
    PERSON = 2
    SETTINGS = 3
    CARDS = 4


class Places(QStackedWidget):
    """One of the places at a time; those beside the counter read the books when one comes there.

    Signals:
        told (str, str, Tone): News of money that belongs to nothing on the screen.
        shown (int): Another place is shown now.
    """

    told = Signal(str, str, object)
    shown = Signal(int)

    def __init__(self, look: Look, clock: Clock, till: Till, counter: Counter) -> None:
        super().__init__()
        self.setObjectName("page")
        self._till = till
        tasks = self._tasks = counter.tasks
        self._formats = look.formats
        self.desk = Desk(till, tasks, look.formats)
        self.counter = QStackedWidget()
        self.orders = OrdersScreen(look, clock, till.subscriptions.ends_of)
        self.needs_person = NeedsPersonScreen(look, clock)
        self.orders_reader = OrdersReader(till.orders, tasks, self.orders)
        self._trouble_reader = TroubleReader(till.orders, tasks, self.needs_person, clock)
        self.settings = SettingsScreen(look)
        accounts = self.settings.accounts
        self.accounts_reader = AccountsReader(till.account_desk, tasks, accounts)
        self.cards = CardsScreen(look, clock, is_training=till.mode is Mode.TRAINING)
        self.cards_reader = CardsReader(till.cards, tasks, self.cards, counter.cards)
        for screen in (self.counter, self.orders, self.needs_person, self.settings, self.cards):
            self.addWidget(screen)
        self.desk.serve(self.orders.panel.form)
        self.desk.serve(self.needs_person.panel.form)
        self.desk.told.connect(self._on_outcome)
        counter.cards.told.connect(self._on_card_told)
        self.orders.trouble_wanted.connect(self._on_trouble_wanted)
        self.orders.refund_wanted.connect(self._on_refund_wanted)
        self.needs_person.order_wanted.connect(self._on_order_wanted)

    @property
    def place(self) -> Place:
        """Say where one is."""
        return Place(self.currentIndex())

    def add_to_counter(self, *screens: QWidget) -> None:
        """Put the screens of a sale into the first place."""
        for screen in screens:
            self.counter.addWidget(screen)

    def show_place(self, place: int) -> None:
        """Go to a place; what it shows is read anew."""
        is_other = place != self.currentIndex()
        if is_other:
            self.settings.leave()
            self.cards.leave_form()
        self.setCurrentIndex(place)
        if place == Place.ORDERS:
            self.orders_reader.read_again()
        elif place == Place.PERSON:
            self._trouble_reader.begin()
            if is_other:
                self.needs_person.setFocus(Qt.FocusReason.OtherFocusReason)
        elif place == Place.SETTINGS:
            self.accounts_reader.read_again()
            if is_other:
                self.settings.accounts.setFocus(Qt.FocusReason.OtherFocusReason)
        elif place == Place.CARDS:
            self.cards_reader.read_again()
            if is_other:
                self.cards.setFocus(Qt.FocusReason.OtherFocusReason)
        self.shown.emit(place)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.place is not Place.SELL:
            self._step_back()
        else:
            super().keyPressEvent(event)

    def _step_back(self) -> None:
        """Leave what is open: a form, then what was searched for or typed, then the place."""
        if self.place is Place.SETTINGS:
            if not self.settings.leave():
                self.show_place(Place.SELL)
            return
        if self.place is Place.CARDS:
            if not self.cards.step_back():
                self.show_place(Place.SELL)
            return
        is_orders = self.place is Place.ORDERS
        form = self.orders.panel.form if is_orders else self.needs_person.panel.form
        if form.ask is not None:
            if not form.is_busy:
                form.close_form()
        elif is_orders and self.orders.search.text:
            self.orders.search.clear()
        else:
            self.show_place(Place.SELL)

    def on_fact(self, fact: Fact) -> None:
        """Follow the books: read again what is looked at, and tell what nobody would see."""
        if self.place is Place.ORDERS:
            self.orders_reader.read_again()
        elif self.place is Place.PERSON:
            self._trouble_reader.read_again()
        elif self.place is Place.CARDS and fact.name.startswith("card."):
            self.cards_reader.read_again()
        if self.place is not Place.PERSON and self._is_news(fact):
            self._tasks.start(self._tell(fact))

    def _is_news(self, fact: Fact) -> bool:
        """Say whether money went otherwise, and no form is open that will say so."""
        if fact.name == "refund.failed":
            return not self.desk.tells(fact)
        return fact.name == "exception.opened" and fact.data.get("kind") == ExceptionKind.DISPUTED

    async def _tell(self, fact: Fact) -> None:
        detail = await self._till.orders.detail(fact.order_id) if fact.order_id else None
        if self.place is Place.PERSON:
            return
        amount = amount_in(fact.data, self._formats)
        if fact.name == "refund.failed":
            title = _("A refund of {amount} failed").format(amount=amount)
            words = _("The customer does not have this money.")
        else:
            title = _("A payment of {amount} is disputed").format(amount=amount)
            words = _("The customer has called on the bank.")
        where = _("You find it under Needs a person.")
        self.told.emit(title, f"{_of_order(detail)}{words} {where}", Tone.WARNING)

    def _on_outcome(self, outcome: Outcome) -> None:
        self.told.emit(outcome.title, outcome.detail, outcome.tone)

    def _on_card_told(self, title: str, detail: str, tone: Tone) -> None:
        """Tell it to who looks elsewhere; here it stands on the screen, unless that was left."""
        if self.place is not Place.CARDS or not self.cards.is_code_shown:
            self.told.emit(title, detail, tone)

    def _on_trouble_wanted(self, exception_id: int) -> None:
        self._trouble_reader.choose(exception_id)
        self.show_place(Place.PERSON)

    def _on_refund_wanted(self, exception_id: int) -> None:
        self._trouble_reader.choose_way(exception_id, Action.REFUND)
        self.show_place(Place.PERSON)

    def _on_order_wanted(self, order_id: str) -> None:
        self.orders.search.clear()
        self.orders_reader.choose(order_id)
        self.show_place(Place.ORDERS)


def _of_order(detail: OrderDetail | None) -> str:
    return "" if detail is None else _("Order {number}.").format(number=detail.order.number) + " "
