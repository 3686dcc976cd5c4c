"""The Orders screen: the list beside the order that was chosen."""

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedLayout, QVBoxLayout, QWidget

from app.clock import Clock
from app.orders import OrderDetail, OrderRow
from ui import theme
from ui.bidi import isolated
from ui.i18n import _
from ui.kit.base import Part
from ui.kit.card import Card
from ui.kit.field import Field
from ui.kit.text import ElidedText
from ui.look import Look
from ui.orders.detail import OrderPanel
from ui.orders.list_view import OrderList

_LIST_SHARE = 0.36
_LIST_LEAST = 300
_LIST_MOST = 460


class OrdersScreen(Part):
    """Past and open orders.

    Signals:
        search_changed (str): Another number is searched for.
        order_chosen (str): The order with this id is to be shown.
        more_wanted: Older orders are to be read.
        continue_wanted (str): The payment of this order is to be taken up again.
        trouble_wanted (int): An entry of the list "needs a person" is to be shown in full.
    """

    search_changed = Signal(str)
    order_chosen = Signal(str)
    more_wanted = Signal()
    continue_wanted = Signal(str)
    trouble_wanted = Signal(int)

    def __init__(self, look: Look, clock: Clock, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        self.search = Field(look, _("Order or receipt number"))
        self.search.setObjectName("order_search")
        self.search.text_changed.connect(self.search_changed)
        self.list = OrderList(look, clock)
        self.list.order_chosen.connect(self.order_chosen)
        self.list.more_wanted.connect(self.more_wanted)
        self.panel = OrderPanel(look, clock)
        self.panel.continue_wanted.connect(self.continue_wanted)
        self.panel.trouble_wanted.connect(self.trouble_wanted)
        self._none = ElidedText(look, "", colour="text_muted", lines=3, centred=True)
        self._card = Card(look)
        self._stack = QStackedLayout(self._card)
        empty = QWidget()
        empty_column = QVBoxLayout(empty)
        empty_column.addStretch(1)
        empty_column.addWidget(self._none)
        empty_column.addStretch(1)
        self._stack.addWidget(self.list)
        self._stack.addWidget(empty)
        self._left = QVBoxLayout()
        self._left.addWidget(self.search)
        self._left.addWidget(self._card, 1)
        self._row = QHBoxLayout(self)
        self._row.addLayout(self._left)
        self._row.addWidget(self.panel, 1)
        self.on_look_changed()

    def show_rows(self, rows: list[OrderRow], *, again: bool = False) -> None:
        """Show the newest orders, or those that were searched for; `again` moves nothing."""
        top = self.list.verticalScrollBar().value()
        self.list.rows.show_rows(rows)
        self.list.choose(self.panel.order_id)
        if again:
            self.list.doItemsLayout()
            self.list.verticalScrollBar().setValue(top)
        searched = self.search.text.strip()
        self._none.set_text(
            _("No order has the number “{text}”").format(text=isolated(searched))
            if searched
            else _("No orders yet. The first sale will stand here.")
        )
        self._stack.setCurrentIndex(0 if rows else 1)
        self.panel.invite(bool(rows))

    def show_more_rows(self, rows: list[OrderRow]) -> None:
        """Add older orders at the end."""
        self.list.rows.append(rows)

    def show_order(self, detail: OrderDetail | None) -> None:
        """Show one order in full."""
        self.panel.show_order(detail)

    def on_look_changed(self) -> None:
        """Measure and paint anew."""
        dp = self.look.dp
        self._row.setContentsMargins(dp(theme.M), dp(theme.M), dp(theme.M), dp(theme.M))
        self._row.setSpacing(dp(theme.M))
        self._left.setSpacing(dp(theme.M))
        pad = dp(theme.XS + theme.XXS)
        self._stack.setContentsMargins(0, pad, 0, pad)
        super().on_look_changed()

    def resizeEvent(self, event: QResizeEvent) -> None:
        dp = self.look.dp
        share = max(dp(_LIST_LEAST), min(round(self.width() * _LIST_SHARE), dp(_LIST_MOST)))
        self.search.setFixedWidth(share)
        self._card.setFixedWidth(share)
        super().resizeEvent(event)
