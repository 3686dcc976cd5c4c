"""The Sell screen: search and categories above the tiles, the cart beside them."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QButtonGroup,
    QHBoxLayout,
    QSizePolicy,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from app.domain.cart import CartContent
from app.domain.catalog import Catalog
from ui import theme
from ui.bidi import isolated
from ui.i18n import _
from ui.kit.base import Part
from ui.kit.chip import Chip
from ui.kit.field import Field
from ui.kit.scroll import ScrolledRow
from ui.kit.text import ElidedText
from ui.look import Look
from ui.sell.cart_model import CartModel
from ui.sell.cart_panel import CartPanel
from ui.sell.notes import SellNotes
from ui.sell.pictures import Pictures
from ui.sell.tiles import Tiles
from ui.theme import Type

_SHORT = 700
_WIDE = 1500
_SEARCH_WIDE = 380
_SEARCH_NARROW = 210
QWIDGETSIZE_MAX = 16777215
"""Qt's own constant for "no limit", which PySide does not carry."""
_CART_SHARE = 0.32
_CART_LEAST = 316
_CART_MOST = 460


class SellScreen(Part):
    """Where a cart is rung up.

    Signals:
        product_chosen (Product): One piece of this product is wanted.
        code_entered (str): Enter was pressed on a text that matches nothing: maybe a scanned code.
    """

    product_chosen = Signal(object)
    code_entered = Signal(str)

    def __init__(
        self, look: Look, catalog: Catalog, pictures: Pictures, parent: QWidget | None = None
    ) -> None:
        super().__init__(look, parent)
        self._catalog = catalog
        self._category = ""
        self._content = CartContent()
        self.search = Field(look, _("Search or scan"))
        self.search.setObjectName("search")
        self.search.text_changed.connect(self._on_search)
        self.search.submitted.connect(self._on_submit)
        self.tiles = Tiles(look, pictures)
        self.tiles.chosen.connect(self.product_chosen)
        self.cart = CartPanel(look)
        self._chips = QButtonGroup(self)
        self._chips.setExclusive(True)
        self._chips.idClicked.connect(self._on_category)
        self._categories: tuple[str, ...] = ()
        self._chips_row = ScrolledRow(look, self._make_chips())
        self._chips_row.setObjectName("categories")
        self._chips_row.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.notes = SellNotes(look)
        self._nothing = _Nothing(look)
        grid = QWidget()
        self._grid = QStackedLayout(grid)
        self._grid.addWidget(self.tiles)
        self._grid.addWidget(self._nothing)
        self._bar = QBoxLayout(QBoxLayout.Direction.TopToBottom)
        self._bar.addWidget(self.search)
        self._bar.addWidget(self._chips_row, 1)
        self._left = QVBoxLayout()
        self._left.addLayout(self._bar)
        self._left.addWidget(grid, 1)
        self._left.addWidget(self.notes)
        self._row = QHBoxLayout(self)
        self._row.addLayout(self._left, 1)
        self._row.addWidget(self.cart)
        self.on_look_changed()
        self.tiles.show_products(catalog.search(""))

    def show_cart(self, cart: CartModel) -> None:
        """Show the cart, and on the tiles what of each is in it."""
        self._content = cart.content
        self.cart.show_cart(cart)
        self.tiles.show_cart(cart.content)
        self.notes.show_cart(cart.content, self._catalog)
        self.notes.show_refusals(cart.refusals)

    def show_catalog(self, catalog: Catalog) -> None:
        """Sell from another catalog; category, search and place stay as far as they still exist."""
        self._catalog = catalog
        if catalog.categories() != self._categories:
            place = self._chips_row.horizontalScrollBar().value()
            focused = self._chip_in_focus()
            self._chips_row.setWidget(self._make_chips())
            self._chips_row.horizontalScrollBar().setValue(place)
            if focused is not None:
                chips = {chip.property("category"): chip for chip in self._chips.buttons()}
                chips.get(focused, chips[""]).setFocus(Qt.FocusReason.OtherFocusReason)
        self.notes.show_cart(self._content, catalog)
        self._find(again=True)

    def type_into_search(self, text: str) -> None:
        """Take over what was typed elsewhere."""
        self.search.edit.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search.edit.insert(text)

    def clear_search(self) -> None:
        """Empty the search; with nothing to empty, show all categories."""
        if self.search.text:
            self.search.clear()
        else:
            self._chips.buttons()[0].click()

    def on_look_changed(self) -> None:
        """Measure and paint anew."""
        dp = self.look.dp
        self._row.setContentsMargins(dp(theme.M), dp(theme.M), dp(theme.M), dp(theme.M))
        self._row.setSpacing(dp(theme.M))
        self._left.setContentsMargins(0, 0, 0, 0)
        self._left.setSpacing(dp(theme.M))
        self._bar.setSpacing(dp(theme.M))
        self._chips_row.setFixedHeight(self.look.metrics.touch)
        self._arrange()
        super().on_look_changed()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._arrange()
        super().resizeEvent(event)

    def _arrange(self) -> None:
        """Give the cart its share; put search and chips in one row where height is short."""
        dp = self.look.dp
        self.notes.set_room(self.height())
        share = round(self.width() * _CART_SHARE)
        self.cart.setFixedWidth(max(dp(_CART_LEAST), min(share, dp(_CART_MOST))))
        is_wide = self.width() >= dp(_WIDE)
        in_one_row = is_wide or self.height() < dp(_SHORT)
        direction = (
            QBoxLayout.Direction.LeftToRight if in_one_row else QBoxLayout.Direction.TopToBottom
        )
        self._bar.setDirection(direction)
        if in_one_row:
            self.search.setMaximumWidth(dp(_SEARCH_WIDE if is_wide else _SEARCH_NARROW))
        else:
            self.search.setMaximumWidth(QWIDGETSIZE_MAX)

    def _make_chips(self) -> QWidget:
        """Make a chip for each category; the one that was chosen stays so while it exists."""
        for chip in self._chips.buttons():
            self._chips.removeButton(chip)
        self._categories = self._catalog.categories()
        if self._category not in self._categories:
            self._category = ""
        content = QWidget()
        content.setObjectName("scrolled")
        row = QHBoxLayout(content)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(self.look.metrics.gap)
        for number, name in enumerate(("", *self._categories)):
            chip = Chip(self.look, name or _("All"))
            chip.setProperty("category", name)
            chip.setChecked(name == self._category)
            self._chips.addButton(chip, number)
            row.addWidget(chip)
        row.addStretch(1)
        return content

    def _chip_in_focus(self) -> str | None:
        """Give the category on whose chip the keyboard is, or None where it is elsewhere."""
        focused = self.window().focusWidget()
        is_chip = isinstance(focused, Chip) and focused in self._chips.buttons()
        return str(focused.property("category")) if is_chip else None

    def _on_category(self, number: int) -> None:
        chip = self._chips.button(number)
        self._category = chip.property("category")
        self._chips_row.ensureWidgetVisible(chip, self.look.dp(theme.XXXL), 0)
        self._find()

    def _on_search(self, text: str) -> None:
        self._find()

    def _find(self, *, again: bool = False) -> None:
        """Show what is searched for. A search looks through every category."""
        text = self.search.text.strip()
        found = self._catalog.search(text, "" if text else self._category)
        show = self.tiles.show_products_again if again else self.tiles.show_products
        show(found, mark_first=bool(text))
        self._nothing.show_search(text)
        self._grid.setCurrentWidget(self.tiles if found else self._nothing)

    def _on_submit(self, text: str) -> None:
        code = text.strip()
        if not code:
            return
        product = self._catalog.scanned(code)
        if product is None:
            product = next(iter(self._catalog.search(code)), None)
        if product is None:
            self.code_entered.emit(code)
            self.search.edit.selectAll()
            return
        self.search.clear()
        self.product_chosen.emit(product)


class _Nothing(QWidget):
    """What stands in place of the tiles where a search finds nothing."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._title = ElidedText(look, "", Type.TITLE, centred=True)
        self._words = ElidedText(
            look,
            _("Try fewer letters, or press Esc to see everything."),
            colour="text_muted",
            lines=2,
            centred=True,
        )
        column = QVBoxLayout(self)
        column.addStretch(2)
        column.addWidget(self._title)
        column.addWidget(self._words)
        column.addStretch(3)

    def show_search(self, text: str) -> None:
        """Name what was not found."""
        if text:
            self._title.set_text(_("Nothing matches “{text}”").format(text=isolated(text)))
        else:
            self._title.set_text(_("There is nothing to sell here yet"))
