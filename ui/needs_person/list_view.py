"""The list of what needs a person as it is painted and tapped."""

from typing import Final

from PySide6.QtCore import QRectF, QTimer
from PySide6.QtGui import QFontMetricsF, QPainter
from PySide6.QtWidgets import QWidget

from app.clock import Clock
from app.orders import Trouble
from ui import theme
from ui.i18n import _
from ui.kit.paint import is_flipped, mirrored, text_in
from ui.kit.rows import RowDelegate, RowList, Telling
from ui.look import Look
from ui.needs_person.words import trouble_words
from ui.orders.dispute_words import due_of
from ui.theme import Tone, Type

_MINUTE_MS: Final = 60_000


class TroubleList(RowList[Trouble]):
    """Entries to choose from: what it is above; which order, since when and how much below."""

    def __init__(self, look: Look, clock: Clock, parent: QWidget | None = None) -> None:
        super().__init__(look, _telling(look, clock), parent)
        self._look = look
        self._clock = clock
        self.setObjectName("trouble_list")
        self.setAccessibleName(_("Needs a person"))
        self.setItemDelegate(RowDelegate(look, self, self._paint_trouble))
        # "5 minutes ago" becomes six.
        self._minute = QTimer(self)
        self._minute.setInterval(_MINUTE_MS)
        self._minute.timeout.connect(self.viewport().update)
        self._minute.start()

    def _paint_trouble(self, painter: QPainter, trouble: Trouble, inner: QRectF) -> None:
        look, colours = self._look, self._look.theme
        words = trouble_words(trouble.case)
        strong, small = look.font(Type.BODY_STRONG, tabular=True), look.font(Type.CAPTION)
        height = QFontMetricsF(strong).lineSpacing()
        side, gap = look.dp(theme.ICON_L), look.dp(theme.M - theme.XXS)
        icon = QRectF(inner.left(), inner.center().y() - side / 2, side, side)
        icon = mirrored(self, inner, icon).toRect().toRectF()
        look.icons.paint(painter, words.icon, colours.tone(words.tone)[0], icon)
        begin, room = inner.left() + side + gap, inner.width() - side - gap
        above = mirrored(self, inner, QRectF(begin, inner.top(), room, height))
        text_in(painter, above, words.title, strong, colours.text)
        amount = look.formats.money(trouble.case.exception.amount)
        width = QFontMetricsF(strong).horizontalAdvance(amount) + 1
        top = inner.bottom() - height
        right = mirrored(self, inner, QRectF(inner.right() - width, top, width, height))
        text_in(painter, right, amount, strong, colours.text, end=not is_flipped(painter))
        below = QRectF(begin, top, room - width - gap, height)
        below = mirrored(self, inner, below)
        rest, is_urgent = _rest(trouble, look, self._clock)
        order = order_words(trouble)
        font = look.font(Type.CAPTION_STRONG) if is_urgent else small
        colour = colours.tone(Tone.DANGER)[0] if is_urgent else colours.text_muted
        both = f"{rest} · {order}" if is_urgent else f"{order} · {rest}"
        fits = QFontMetricsF(font).horizontalAdvance(both) <= below.width()
        # A long amount leaves room for one of them alone; the panel says the rest.
        alone = rest if is_urgent else order
        text_in(painter, below, both if fits else alone, font, colour)


def order_words(trouble: Trouble) -> str:
    """Name the order that an entry is about, if one is known."""
    order = trouble.case.order
    return _("Order {number}").format(number=order.number) if order is not None else _("No order")


def _rest(trouble: Trouble, look: Look, clock: Clock) -> tuple[str, bool]:
    """Say how long an entry may still wait, or has waited; and whether it cannot wait."""
    if trouble.case.is_under_way:
        return _("being given back"), False
    due = due_of(trouble.dispute, clock.now(), look.formats)
    if due is not None:
        return due.left, due.is_urgent
    return look.formats.ago(trouble.case.exception.opened_at, clock.now()), False


def _telling(look: Look, clock: Clock) -> Telling[Trouble]:
    def spoken(trouble: Trouble) -> str:
        words, entry, formats = trouble_words(trouble.case), trouble.case.exception, look.formats
        due = due_of(trouble.dispute, clock.now(), formats)
        said = [
            words.title,
            formats.money(entry.amount),
            order_words(trouble),
            words.state,
            formats.date(entry.opened_at),
        ]
        return ", ".join([*said, due.left] if due is not None else said)

    return Telling(
        lambda trouble: trouble.case.exception.id,
        lambda trouble: trouble_words(trouble.case).title,
        spoken,
    )
