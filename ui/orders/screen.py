"""The Orders screen: the list beside the order that was chosen."""

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.clock import Clock
from app.orders import OrderDetail, OrderRow
from ui import theme
from ui.bidi import isolated
from ui.i18n import _
from ui.kit.base import Part
from ui.kit.field import Field
from ui.kit.rows import ListCard, list_width
from ui.look import Look
from ui.orders.detail import EndsOf, OrderPanel
from ui.orders.list_view import OrderList


class OrdersScreen(Part):
    """Past and open orders.

    Signals:
        search_changed (str): Another number is searched for.
        continue_wanted (str): The payment of this order is to be taken up again.
        trouble_wanted (int): An entry of the list "needs a person" is to be shown in full.
        refund_wanted (int): The money that an entry of that list is about is to be given back.
    """

    search_changed = Signal(str)
    continue_wanted = Signal(str)
    trouble_wanted = Signal(int)
    refund_wanted = Signal(int)

    def __init__(
        self, look: Look, clock: Clock, ends_of: EndsOf, parent: QWidget | None = None
    ) -> None:
        super().__init__(look, parent)
        self.search = Field(look, _("Order or receipt number"))
        self.search.setObjectName("order_search")
        self.search.text_changed.connect(self.search_changed)
        self.list = OrderList(look, clock)
        self.panel = OrderPanel(look, clock, ends_of)
        self.panel.continue_wanted.connect(self.continue_wanted)
        self.panel.trouble_wanted.connect(self.trouble_wanted)
        self.panel.refund_wanted.connect(self.refund_wanted)
        self.card = ListCard(look, self.list)
        self._left = QVBoxLayout()
        self._left.addWidget(self.search)
        self._left.addWidget(self.card, 1)
        self._row = QHBoxLayout(self)
        self._row.addLayout(self._left)
        self._row.addWidget(self.panel, 1)
        self.on_look_changed()

    def show_rows(self, rows: list[OrderRow], chosen: str | None, again: bool) -> None:
        """Show the newest orders, or those that were searched for; `again` moves nothing."""
        if again:
            self.list.refill(rows, chosen)
        else:
            self.list.rows.show_rows(rows)
            self.list.choose(chosen)
        searched = self.search.text.strip()
        self.card.words.set_text(
            _("No order has the number “{text}”").format(text=isolated(searched))
            if searched
            else _("No orders yet. The first sale will stand here.")
        )
        self.card.show_list(bool(rows))
        self.panel.invite(bool(rows))

    def show_order(self, detail: OrderDetail | None) -> None:
        """Show one order in full."""
        self.panel.show_order(detail)

    def on_look_changed(self) -> None:
        """Measure and paint anew."""
        dp = self.look.dp
        self._row.setContentsMargins(dp(theme.M), dp(theme.M), dp(theme.M), dp(theme.M))
        self._row.setSpacing(dp(theme.M))
        self._left.setSpacing(dp(theme.M))
        super().on_look_changed()

    def resizeEvent(self, event: QResizeEvent) -> None:
        width = list_width(self.look, self.width())
        self.search.setFixedWidth(width)
        self.card.setFixedWidth(width)
        super().resizeEvent(event)
