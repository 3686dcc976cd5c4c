"""The shell: mode bar on top, rail, the screens, status strip; wires screens to the counter."""

from dataclasses import replace

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import (
    QCloseEvent,
    QGuiApplication,
    QKeyEvent,
    QResizeEvent,
    QShowEvent,
    QWindow,
)
from PySide6.QtWidgets import QHBoxLayout, QMainWindow, QVBoxLayout, QWidget

from app.catalog_watch import CatalogNews
from app.clock import Clock, SystemClock
from app.domain.catalog_change import CatalogChange
from app.errors import CartRefused, ScantillError
from app.events import Fact
from app.settings import Mode
from ui.bidi import isolated
from ui.books import BooksBanner
from ui.counter import Counter, Stage
from ui.display.display import CustomerDisplay, DisplayOptions
from ui.errors import error_words
from ui.exposed import ExposedKeys
from ui.format import Formats
from ui.i18n import _
from ui.kit.notice import Corner, Notice
from ui.look import Look
from ui.metrics import Metrics
from ui.modebar import ModeBar
from ui.paid import PaidScreen
from ui.pay.page import CustomerPage
from ui.pay.screen import PayScreen
from ui.pay.state import PaidModel
from ui.places import Place, Places
from ui.rail import Rail
from ui.sell.notes import change_words
from ui.sell.pictures import Pictures, picture_folders
from ui.sell.screen import SellScreen
from ui.sell.search import typed_text
from ui.strip import StatusStrip
from ui.theme import THEMES, Theme, Tone, palette, stylesheet
from ui.till import Till

_STATUS_MS = 2000
_ARROWS = frozenset({Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Left, Qt.Key.Key_Right})


class Window(QMainWindow):
    """The operator's window. Call `start` once the event loop runs.

    `theme` is "light", "dark" or "auto" (the desktop's). `display` says where the customer's
    display is to stand.
    """

    def __init__(
        self,
        till: Till,
        *,
        theme: str = "light",
        locale: str = "en",
        ui_scale: float = 1.0,
        clock: Clock | None = None,
        display: DisplayOptions | None = None,
    ) -> None:
        super().__init__()
        self._till = till
        self._clock = clock or SystemClock()
        self._ui_scale = ui_scale
        self._follows_desktop = theme == "auto"
        self._handle: QWindow | None = None
        self._screen_metrics = Metrics.of_screen(QGuiApplication.primaryScreen(), ui_scale)
        self.look = Look(theme_named(theme), self._screen_metrics, Formats(locale))
        # Before any widget of the window hears of it: Qt's stylesheet resets what widgets set.
        self.look.changed.connect(self._restyle)
        self.counter = Counter(till, self._clock)
        self._page = CustomerPage(self._clock)
        self.pictures = Pictures(picture_folders(till.catalog_watch.path))
        self._untold = CatalogChange()
        shop = self.counter.shop_name
        self.display = CustomerDisplay(
            self,
            self.counter,
            shop,
            self.look,
            self._clock,
            till.mode,
            self.pictures,
            display or DisplayOptions(),
        )
        self.sell = SellScreen(self.look, till.catalog, self.pictures)
        self.pay = PayScreen(self.look, self._clock, is_training=till.mode is Mode.TRAINING)
        self.paid = PaidScreen(self.look, self._clock)
        self.places = Places(self.look, self._clock, till, self.counter)
        self.places.add_to_counter(self.sell, self.pay, self.paid)
        self.orders, self.needs_person = self.places.orders, self.places.needs_person
        self.rail = Rail(self.look, has_cards=bool(till.cards.accounts))
        self.strip = StatusStrip(self.look, till.mode, shop)
        self.banner = BooksBanner(self.look)
        self._build(ModeBar(self.look, till.mode))
        self.notice = Notice(self.look, self.places, self._taken_below)
        self._exposed = ExposedKeys(self.notice, self.look.formats)
        # Once all is told that belongs to the end of a payment: the one notice is for that first.
        self._afterwards = QTimer(self, singleShot=True, interval=0)
        self._afterwards.timeout.connect(self._on_afterwards)
        self._status_timer = QTimer(self)
        self._status_timer.setInterval(_STATUS_MS)
        self._status_timer.timeout.connect(self._on_status)
        self._connect()
        self._name_shop()
        self.setMinimumSize(800, 520)
        self._restyle()
        self.sell.show_cart(self.counter.cart_model)
        self._show_catalog_file()
        self._on_status()
        self.setFocus(Qt.FocusReason.OtherFocusReason)

    def start(self) -> None:
        """Take up an unfinished payment and follow the till's health; needs the running loop."""
        self.display.start()
        self.counter.tasks.start(self.counter.resume())
        self._status_timer.start()
        self._on_status()
        self._exposed.tell(self._till.status())

    async def finish(self) -> None:
        """End everything that runs behind the window, before the loop is closed."""
        self._status_timer.stop()
        self.display.stop()
        await self.counter.close()
        self.pictures.wait()

    def set_theme(self, name: str) -> None:
        """Change to "light", "dark" or "auto"."""
        self._follows_desktop = name == "auto"
        self.look.set_theme(theme_named(name))

    # --- construction ---------------------------------------------------------------------

    def _build(self, bar: ModeBar) -> None:
        middle = QHBoxLayout()
        middle.setSpacing(0)
        middle.addWidget(self.rail)
        middle.addWidget(self.places, 1)
        page = QWidget()
        page.setObjectName("page")
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(bar)
        column.addWidget(self.banner)
        column.addLayout(middle, 1)
        column.addWidget(self.strip)
        self.setCentralWidget(page)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def _connect(self) -> None:
        counter, sell, cart = self.counter, self.sell, self.sell.cart
        sell.product_chosen.connect(counter.add)
        sell.code_entered.connect(self._on_unknown_code)
        cart.quantity_wanted.connect(counter.set_quantity)
        cart.removal_wanted.connect(counter.remove)
        cart.undo_wanted.connect(counter.undo)
        cart.void_wanted.connect(counter.void)
        cart.charge_wanted.connect(counter.charge)
        counter.cart_changed.connect(sell.show_cart)
        counter.cart_changed.connect(self._on_cart)
        sell.search.text_changed.connect(self.notice.hide)
        sell.notes.moved.connect(self.notice.settle)
        counter.stage_changed.connect(self._on_stage)
        counter.payment_changed.connect(self.pay.show_payment)
        counter.paid.connect(self._on_paid)
        counter.page_wanted.connect(self._on_page_wanted)
        counter.told.connect(lambda title, detail: self.notice.tell(title, detail, Tone.NEUTRAL))
        counter.failed.connect(self._on_failed)
        counter.paid_elsewhere.connect(self._on_paid_elsewhere)
        counter.failed_elsewhere.connect(self._on_failed_elsewhere)
        counter.books_changed.connect(self._on_books)
        counter.catalog_told.connect(self._on_catalog)
        self.pay.action_wanted.connect(counter.act)
        self.pay.way_wanted.connect(counter.take_way)
        self.pay.method_wanted.connect(counter.wish)
        self.pay.confirm_wanted.connect(counter.confirm)
        self.paid.next_wanted.connect(counter.next_sale)
        self.orders.continue_wanted.connect(self._on_continue)
        self.rail.place_wanted.connect(self.places.show_place)
        self.places.shown.connect(self._on_place)
        self.places.told.connect(self.notice.tell)
        self.rail.theme_wanted.connect(self._on_theme_wanted)
        self.rail.display.setVisible(self.display.is_possible)
        self.rail.display_wanted.connect(self.display.toggle)
        self.display.open_changed.connect(lambda is_open: self.rail.show_display(is_open=is_open))
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._on_desktop_theme)

    # --- what the counter tells -----------------------------------------------------------

    def _on_stage(self, stage: Stage) -> None:
        screen = {Stage.SELLING: self.sell, Stage.PAYING: self.pay, Stage.PAID: self.paid}[stage]
        if stage is not Stage.PAYING:
            self.pay.clear()
        self.notice.hide()
        corner = Corner.BOTTOM_LEADING if stage is Stage.SELLING else Corner.TOP_TRAILING
        beside_code = (lambda: self.pay.buttons_in(self.places)) if screen is self.pay else None
        self.notice.set_corner(corner, beside_code)
        self.places.counter.setCurrentWidget(screen)
        self.places.show_place(Place.SELL)
        self.setFocus(Qt.FocusReason.OtherFocusReason)

    def _on_cart(self) -> None:
        self.notice.hide()
        if not self._untold.is_none:
            self._afterwards.start()

    def _on_afterwards(self) -> None:
        if not self.notice.isVisible():
            self._tell_of_catalog()

    def _on_paid(self, paid: PaidModel) -> None:
        self.pay.clear()
        self.paid.show_paid(paid)

    def _on_page_wanted(self, url: str) -> None:
        """Open the customer's page; a desktop that takes the address may still show nothing."""
        QGuiApplication.clipboard().setText(url)
        if self._page.open(url):
            title = _("The page opens in the browser")
            detail = _("If it does not appear, paste its address there: it is in the clipboard.")
            self.notice.tell(title, detail, Tone.NEUTRAL)
        else:
            title = _("No browser could be opened")
            detail = _(
                "Nothing was paid. The page's address is in the clipboard: paste it into a "
                "browser on this computer."
            )
            self.notice.tell(title, detail, Tone.WARNING)

    def _on_failed(self, error: ScantillError) -> None:
        words = error_words(error, self.look.formats)
        if isinstance(error, CartRefused):
            # A cart that refuses a change has nothing to do with money yet.
            words = replace(words, money="")
        self.notice.tell(words.title, words.below_title, Tone.DANGER)

    def _on_paid_elsewhere(self, paid: PaidModel) -> None:
        self.notice.tell(
            _("Order {number} is paid").format(number=paid.order_number),
            _("{amount} has arrived.").format(amount=self.look.formats.money(paid.total)),
            Tone.GOOD,
        )

    def _on_failed_elsewhere(self, number: int) -> None:
        self.notice.tell(
            _("Order {number} was not paid").format(number=number),
            _("The payment failed and no money has moved. You find the order under Orders."),
            Tone.WARNING,
        )

    def _on_books(self, fact: Fact) -> None:
        self._on_status()
        self.places.on_fact(fact)

    def _on_catalog(self, news: CatalogNews) -> None:
        self._show_catalog_file()
        if news.change is None:
            return
        self._name_shop()
        self.sell.show_catalog(self._till.catalog)
        self.pictures.look_again(picture_folders(self._till.catalog_watch.path))
        self._untold = self._untold.and_then(news.change)
        self._tell_of_catalog()

    def _show_catalog_file(self) -> None:
        watch = self._till.catalog_watch
        self.sell.notes.show_file(watch.error, is_waiting=watch.is_waiting)

    def _tell_of_catalog(self) -> None:
        """Say what has changed; during a payment that can wait."""
        if self.counter.stage is Stage.SELLING and not self._untold.is_none:
            self.notice.tell(_("The catalog was changed"), change_words(self._untold), Tone.NEUTRAL)
            self._untold = CatalogChange()

    def _taken_below(self) -> int:
        """Say how much at the lower edge news must leave free."""
        notes = self.sell.notes
        return notes.height() + self.look.metrics.gap if notes.isVisible() else 0

    def _name_shop(self) -> None:
        shop = self.counter.shop_name
        self.setWindowTitle(f"{shop} · Scantill")
        self.strip.set_shop(shop)

    # --- what the operator does -----------------------------------------------------------

    def _on_unknown_code(self, code: str) -> None:
        self.notice.tell(
            _("No item matches “{code}”").format(code=isolated(code)),
            _("Nothing was added. Check the code, or search by name."),
            Tone.WARNING,
        )

    def _on_continue(self, order_id: str) -> None:
        if self.counter.stage is Stage.SELLING:
            self.counter.continue_payment(order_id)
        else:
            self.places.show_place(Place.SELL)

    def _on_place(self, place: int) -> None:
        self.rail.show_place(place)
        self.notice.raise_()
        if place == Place.PERSON:
            # Its news are what is seen here.
            self.notice.hide()

    def _on_theme_wanted(self) -> None:
        self.set_theme("light" if self.look.theme.is_dark else "dark")

    def _on_desktop_theme(self) -> None:
        if self._follows_desktop:
            self.look.set_theme(theme_named("auto"))

    def _on_status(self) -> None:
        status = self._till.status()
        self.strip.show_status(status, self._clock.now())
        self.rail.person.set_waiting(status.needs_person)
        self.banner.show_books(status.books)
        self._exposed.follow(status)

    def _restyle(self) -> None:
        colours = self.look.theme
        self.setPalette(palette(colours))
        self.setStyleSheet(stylesheet(colours))

    # --- Qt -------------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self.places.place is Place.SELL and self._on_key(event):
            return
        super().keyPressEvent(event)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        handle = self.windowHandle()
        if handle is not self._handle:
            self._handle = handle
            handle.screenChanged.connect(self._on_screen)
            self._on_screen()

    def closeEvent(self, event: QCloseEvent) -> None:
        self._status_timer.stop()
        # Nobody is asked for money at a till that is closed, however long its doors take.
        self.display.leave()
        super().closeEvent(event)

    def _on_key(self, event: QKeyEvent) -> bool:
        """Take typing to the search field, wherever the focus is; the next scan ends PAID."""
        text = typed_text(event)
        if self.counter.stage is Stage.PAID:
            is_enter = event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}
            if (text or is_enter) and self.paid.accepts_dismissal:
                self.counter.next_sale()
                if text:
                    self.sell.type_into_search(text)
            return bool(text) or is_enter
        if self.counter.stage is Stage.PAYING:
            return self.pay.take_key(event)
        if self.counter.stage is Stage.SELLING:
            if event.key() == Qt.Key.Key_Escape:
                self.sell.clear_search()
                return True
            if text:
                self.sell.type_into_search(text)
                return True
            if event.key() in _ARROWS:
                self.sell.tiles.focus_first()
                return True
        return False

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._measure()
        super().resizeEvent(event)

    def _on_screen(self) -> None:
        self._screen_metrics = Metrics.of_screen(self.screen(), self._ui_scale)
        self._measure()

    def _measure(self) -> None:
        self.look.set_metrics(self._screen_metrics.within(self.width(), self.height()))


def theme_named(name: str) -> Theme:
    """Give the theme of a name; "auto" asks the desktop."""
    if name == "auto":
        scheme = QGuiApplication.styleHints().colorScheme()
        name = "dark" if scheme is Qt.ColorScheme.Dark else "light"
    return THEMES[name]
