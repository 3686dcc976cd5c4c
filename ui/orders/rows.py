"""The painted parts of an order's detail: its lines with figures, and its story in time."""

from typing import Final

from PySide6.QtCore import QPointF, QRectF, QSize
from PySide6.QtGui import QFont, QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.domain.money import Money
from app.domain.order import Snapshot
from ui import theme
from ui.bidi import isolated
from ui.i18n import _
from ui.kit.base import Part
from ui.kit.paint import dot, is_flipped, mirrored, text_in
from ui.look import Look
from ui.orders.words import Entry
from ui.theme import Tone, Type

_WIDTH: Final = 300


class SnapshotTable(Part):
    """What was sold: quantity, name, amount; below it the figures down to the total."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._lines: list[tuple[str, str, str]] = []
        self._figures: list[tuple[str, str]] = []
        self._total = ""

    def show_snapshot(self, snapshot: Snapshot) -> None:
        """Show an order's lines and figures."""
        formats, currency = self.look.formats, snapshot.currency

        def money(minor: int) -> str:
            return formats.money(Money(minor, currency))

        self._lines = [
            (formats.count(line.quantity), line.name, money(line.unit_minor * line.quantity))
            for line in snapshot.lines
        ]
        figures = []
        if snapshot.discount_minor:
            figures.append((_("Discount"), money(-snapshot.discount_minor)))
        for tax in snapshot.taxes:
            words = _("Includes {tax}") if snapshot.prices_include_tax else "{tax}"
            figures.append((words.format(tax=isolated(tax.name)), money(tax.tax_minor)))
        if snapshot.tip_minor:
            figures.append((_("Tip"), money(snapshot.tip_minor)))
        if snapshot.rounding_minor:
            figures.append((_("Rounding"), money(snapshot.rounding_minor)))
        self._figures = figures
        self._total = money(snapshot.total_minor)
        spoken = [f"{count} {name} {amount}" for count, name, amount in self._lines]
        self.setAccessibleName(", ".join([*spoken, _("Total"), self._total]))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        heights = self._heights()
        gap = self.look.dp(theme.M)
        height = len(self._lines) * heights[0] + len(self._figures) * heights[1] + heights[2]
        return QSize(self.look.dp(_WIDTH), round(height + gap + 1))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        look, colours = self.look, self.look.theme
        body = look.font(Type.BODY, tabular=True)
        small = look.font(Type.CAPTION, tabular=True)
        strong = look.font(Type.TITLE, tabular=True)
        line_height, figure_height, total_height = self._heights()
        wide = max(
            (QFontMetricsF(body).horizontalAdvance(line[0]) for line in self._lines), default=0
        )
        count_width = round(wide) + look.dp(theme.M)
        top = 0.0
        for count, name, amount in self._lines:
            row = QRectF(0, top, self.width(), line_height)
            top += line_height
            if not event.rect().intersects(row.toAlignedRect()):
                continue
            room = QFontMetricsF(body).horizontalAdvance(amount) + look.dp(theme.M)
            text_in(painter, self._part(row, 0, count_width), count, body, colours.text_muted)
            middle = self._part(row, count_width, row.width() - count_width - room)
            text_in(painter, middle, name, body, colours.text)
            self._paint_amount(painter, row, amount, body, colours.text)
        top += look.dp(theme.M) / 2
        painter.fillRect(QRectF(0, top, self.width(), 1), look.colour("line"))
        top += look.dp(theme.M) / 2 + 1
        for word, amount in self._figures:
            row = QRectF(0, top, self.width(), figure_height)
            top += figure_height
            text_in(painter, row, word, small, colours.text_muted)
            self._paint_amount(painter, row, amount, small, colours.text_muted)
        row = QRectF(0, top, self.width(), total_height)
        text_in(painter, row, _("Total"), strong, colours.text)
        self._paint_amount(painter, row, self._total, strong, colours.text)

    def _paint_amount(
        self, painter: QPainter, row: QRectF, amount: str, font: QFont, colour: str
    ) -> None:
        """Paint an amount in the last column, which ends at the right so that decimals line up."""
        width = self._amounts_width()
        column = self._part(row, row.width() - width, width)
        text_in(painter, column, amount, font, colour, end=not is_flipped(self))

    def _amounts_width(self) -> float:
        """Say how wide the widest amount is, the total in its larger type included."""
        look = self.look
        columns = (
            (Type.BODY, [line[2] for line in self._lines]),
            (Type.CAPTION, [amount for _word, amount in self._figures]),
            (Type.TITLE, [self._total]),
        )
        return max(
            QFontMetricsF(look.font(step, tabular=True)).horizontalAdvance(amount) + 1
            for step, amounts in columns
            for amount in amounts
        )

    def _part(self, row: QRectF, start: float, width: float) -> QRectF:
        return mirrored(self, row, QRectF(start, row.top(), width, row.height()))

    def _heights(self) -> tuple[float, float, float]:
        look = self.look
        return (
            QFontMetricsF(look.font(Type.BODY, tabular=True)).lineSpacing()
            + look.dp(theme.XS + theme.XXS),
            QFontMetricsF(look.font(Type.CAPTION, tabular=True)).lineSpacing() + look.dp(theme.XS),
            QFontMetricsF(look.font(Type.TITLE, tabular=True)).lineSpacing()
            + look.dp(theme.XS + theme.XXS),
        )


class Story(Part):
    """What happened to an order, one dot below the other."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._entries: list[Entry] = []

    def show_entries(self, entries: list[Entry]) -> None:
        """Show these entries, oldest first."""
        self._entries = entries
        self.setAccessibleName("; ".join(f"{one.title} {one.detail}".strip() for one in entries))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(self.look.dp(_WIDTH), round(sum(map(self._height, self._entries))))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        look, colours = self.look, self.look.theme
        body = look.font(Type.BODY)
        small = look.font(Type.CAPTION, tabular=True)
        radius = look.dp(theme.XS)
        column = look.dp(theme.XL)
        top = 0.0
        line_height = QFontMetricsF(body).lineSpacing()
        for place, entry in enumerate(self._entries):
            height = self._height(entry)
            centre = top + line_height / 2
            x = self._mirrored_x(radius + 1)
            if place + 1 < len(self._entries):
                begin, end = centre + radius + 3, top + height + line_height / 2 - radius - 3
                painter.fillRect(QRectF(x - 1, begin, 2, end - begin), look.colour("line"))
            tone = entry.tone
            colour = colours.line_strong if tone is Tone.NEUTRAL else colours.tone(tone)[0]
            dot(painter, QPointF(x, centre), radius, colour)
            row = QRectF(0, top, self.width(), line_height)
            # What happened days later would look as if it had been the same day.
            when = look.formats.exact_moment(entry.at, self._entries[0].at)
            room = QFontMetricsF(small).horizontalAdvance(when) + look.dp(theme.M)
            words = self._part(row, column, row.width() - column - room)
            text_in(painter, words, entry.title, body, colours.text)
            text_in(painter, row, when, small, colours.text_muted, end=True)
            if entry.detail:
                below = QRectF(0, row.bottom(), self.width(), QFontMetricsF(small).lineSpacing())
                detail = self._part(below, column, below.width() - column)
                text_in(painter, detail, entry.detail, small, colours.text_muted)
            top += height

    def _height(self, entry: Entry) -> float:
        look = self.look
        height = QFontMetricsF(look.font(Type.BODY)).lineSpacing() + look.dp(theme.M)
        if entry.detail:
            height += QFontMetricsF(look.font(Type.CAPTION, tabular=True)).lineSpacing()
        return height

    def _part(self, row: QRectF, start: float, width: float) -> QRectF:
        return mirrored(self, row, QRectF(start, row.top(), width, row.height()))

    def _mirrored_x(self, x: float) -> float:
        return mirrored(self, QRectF(self.rect()), QRectF(x, 0, 0, 0)).x()
