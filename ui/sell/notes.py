"""What the Sell screen says of the cart, which nobody may take, and of the catalog's file."""

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.domain.cart import CartContent
from app.domain.catalog import Catalog
from app.domain.catalog_change import CatalogChange, KeptLine, kept_lines
from app.errors import CatalogError
from app.routing import LeftOut
from ui.bidi import isolated
from ui.errors import catalog_title, fault_lines
from ui.format import Formats
from ui.i18n import _, ngettext
from ui.kit.band import Band
from ui.look import Look
from ui.sell.refused import refusal_lines
from ui.theme import Tone

_MOST_NAMES: Final = 3
_MOST_FAULTS: Final = 200


class SellNotes(QWidget):
    """Bands below the tiles, so that no tile moves under a finger when one comes or goes.

    Signals:
        moved (): The bands take more or less room than before.
    """

    moved = Signal()

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self.refused = Band(look, Tone.WARNING)
        self.cart = Band(look, Tone.ACCENT)
        self.file = Band(look, Tone.WARNING, show=_("Show all"), hide=_("Hide"))
        self.waiting = Band(look, Tone.ACCENT)
        self._bands = (self.refused, self.cart, self.waiting, self.file)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        for band in self._bands:
            band.setObjectName("sell_note")
            self._column.addWidget(band)
        self.hide()
        look.changed.connect(self._measure)
        self._measure()

    def show_cart(self, content: CartContent, catalog: Catalog) -> None:
        """Say which lines of the cart stay as they were rung up, though the catalog has changed."""
        kept = kept_lines(content, catalog)
        if kept:
            self.cart.tell(*_kept_words(kept, self._look.formats))
        else:
            self.cart.clear()
        self._fold()

    def show_refusals(self, refusals: Sequence[LeftOut]) -> None:
        """Say before Charge is pressed that no account takes the cart, and why."""
        if refusals:
            title = _("No account takes this cart as it is")
            self.refused.tell(title, "\n".join(refusal_lines(refusals, self._look.formats)))
        else:
            self.refused.clear()
        self._fold()

    def show_file(self, error: CatalogError | None, *, is_waiting: bool) -> None:
        """Say how the file stands: bad, waiting for the end of the sale, or nothing to be said."""
        if error is None:
            self.file.clear()
        else:
            lines = fault_lines(error, self._look.formats, _MOST_FAULTS)
            check = _("Check it yourself: scantill catalog check {file}")
            self.file.tell(
                catalog_title(error),
                _("The till goes on with the catalog it has. No sale is affected."),
                lines[0],
                "\n".join(
                    [
                        *(f"• {line}" for line in lines),
                        "",
                        check.format(file=error.faults[0].file),
                    ]
                ),
            )
        if is_waiting:
            self.waiting.tell(
                _("A changed catalog is waiting"),
                _(
                    "It changes the currency or how tax is counted. "
                    "The till takes it up when the cart is empty."
                ),
            )
        else:
            self.waiting.clear()
        self._fold()

    def set_room(self, height: int) -> None:
        """Say how high the screen is."""
        self.file.set_room(height)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.moved.emit()

    def _fold(self) -> None:
        """Take no room where there is nothing to be said."""
        is_needed = any(not band.isHidden() for band in self._bands)
        if self.isHidden() is is_needed:
            self.setVisible(is_needed)
            self.moved.emit()

    def _measure(self) -> None:
        self._column.setSpacing(self._look.metrics.gap)


def change_words(change: CatalogChange) -> str:
    """Say what another catalog has changed on the screen."""
    changed, new, gone = change.changed, change.new, change.gone
    said = []
    if changed:
        words = ngettext("{count} product changed.", "{count} products changed.", changed)
        said.append(words.format(count=changed))
    if new:
        words = ngettext("{count} product is new.", "{count} products are new.", new)
        said.append(words.format(count=new))
    if gone:
        words = ngettext(
            "{count} product is no longer on sale.",
            "{count} products are no longer on sale.",
            gone,
        )
        said.append(words.format(count=gone))
    if not said:
        said.append(_("The shop's own details or its taxes are other ones now."))
    return " ".join(said)


def _kept_words(kept: list[KeptLine], formats: Formats) -> tuple[str, str]:
    if len(kept) > 1:
        return _several_words(kept)
    product, now = kept[0].product, kept[0].now
    name, price = isolated(product.name), formats.money(product.price)
    if now is None:
        return (
            _("{name} is no longer on sale").format(name=name),
            _("It stays in this cart at {price}. Remove it if it is not to be sold.").format(
                price=price
            ),
        )
    if now.price == product.price:
        return (
            _("{name} stays in this cart as it was rung up").format(name=name),
            _(
                "The catalog has another tax or interval for it now. "
                "To take that, remove it and add it again."
            ),
        )
    return (
        _("{name} stays in this cart at {price}").format(name=name, price=price),
        _(
            "Its price is {now} from now on. To take the new price, remove it and add it again."
        ).format(now=formats.money(now.price)),
    )


def _several_words(kept: list[KeptLine]) -> tuple[str, str]:
    gone = [one.product.name for one in kept if one.now is None]
    other = [one.product.name for one in kept if one.now is not None]
    said = []
    if other:
        said.append(_("At the price they were rung up at: {names}.").format(names=_listed(other)))
    if gone:
        said.append(
            _("No longer on sale, remove what is not to be sold: {names}.").format(
                names=_listed(gone)
            )
        )
    title = ngettext(
        "{count} item stays in this cart as it was rung up",
        "{count} items stay in this cart as they were rung up",
        len(kept),
    ).format(count=len(kept))
    return title, " ".join(said)


def _listed(names: list[str]) -> str:
    shown = ", ".join(map(isolated, names[:_MOST_NAMES]))
    left = len(names) - _MOST_NAMES
    return f"{shown} +{left}" if left > 0 else shown
