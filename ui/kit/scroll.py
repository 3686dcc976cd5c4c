"""Scrolling by finger, by wheel and by key, the same everywhere."""

from PySide6.QtCore import QEvent, QObject, QRectF, Qt
from PySide6.QtGui import QLinearGradient, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QAbstractScrollArea,
    QFrame,
    QListView,
    QScrollArea,
    QScroller,
    QScrollerProperties,
    QSizePolicy,
    QWidget,
)

from ui import theme
from ui.kit.base import Part
from ui.kit.paint import ground, is_flipped, ring
from ui.look import Look


def scroll_by_finger(area: QAbstractScrollArea) -> None:
    """Let the content be dragged and flicked, while a press is still felt at once."""
    if isinstance(area, QAbstractItemView):
        area.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        area.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
    viewport = area.viewport()
    QScroller.grabGesture(viewport, QScroller.ScrollerGestureType.LeftMouseButtonGesture)
    scroller = QScroller.scroller(viewport)
    properties = scroller.scrollerProperties()
    metric = QScrollerProperties.ScrollMetric
    # Zero: the press reaches the tile at once and is taken back if it turns into a drag.
    properties.setScrollMetric(metric.MousePressEventDelay, 0)
    properties.setScrollMetric(metric.DragStartDistance, 0.004)
    off = QScrollerProperties.OvershootPolicy.OvershootAlwaysOff
    properties.setScrollMetric(metric.VerticalOvershootPolicy, off)
    properties.setScrollMetric(metric.HorizontalOvershootPolicy, off)
    scroller.setScrollerProperties(properties)


def set_up_list(view: QListView, look: Look) -> None:
    """Let a list be gone through by finger and by key; its rows are painted, not edited."""
    view.setUniformItemSizes(True)
    view.setFrameShape(QFrame.Shape.NoFrame)
    view.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
    view.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    view.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    scroll_by_finger(view)
    look.changed.connect(view.scheduleDelayedItemsLayout)


class ScrollHint(Part):
    """A slim mark at the trailing edge of `area`: how much there is, and where one is in it.

    It lies over the content and takes no room and no taps; wheel, finger and keys scroll.
    """

    def __init__(self, look: Look, area: QAbstractScrollArea) -> None:
        super().__init__(look, area)
        self._area = area
        self._bar = area.verticalScrollBar()
        area.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._bar.valueChanged.connect(self.update)
        self._bar.rangeChanged.connect(self._on_range)
        area.installEventFilter(self)
        self._place()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in {QEvent.Type.Resize, QEvent.Type.LayoutDirectionChange}:
            self._place()
        return super().eventFilter(watched, event)

    def paintEvent(self, event: QPaintEvent) -> None:
        whole = self._bar.maximum() - self._bar.minimum() + self._bar.pageStep()
        if whole <= self._bar.pageStep() or whole <= 0:
            return
        least = self.look.dp(theme.XXL)
        height = max(least, self.height() * self._bar.pageStep() / whole)
        span = max(1, self._bar.maximum() - self._bar.minimum())
        top = (self.height() - height) * (self._bar.value() - self._bar.minimum()) / span
        colour = self.look.colour("line_strong")
        colour.setAlphaF(0.7)
        mark = QRectF(0, top, self.width(), height)
        ground(QPainter(self), mark, self.width() / 2, colour)

    def _on_range(self, least: int, most: int) -> None:
        self.setVisible(most > least)
        self.update()

    def _place(self) -> None:
        width, inset = self.look.dp(theme.XS), self.look.dp(theme.XXS)
        left = inset if is_flipped(self._area) else self._area.width() - width - inset
        self.setGeometry(left, inset, width, self._area.height() - 2 * inset)
        self.raise_()


class ScrolledColumn(QScrollArea):
    """A column of widgets that scrolls up and down."""

    def __init__(self, look: Look, content: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._hint = ScrollHint(look, self)
        content.setObjectName("scrolled")
        self.setWidget(content)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.viewport().setAutoFillBackground(False)
        content.setAutoFillBackground(False)
        scroll_by_finger(self)
        self._focus_edge = FocusEdge(look, self)

    def event(self, event: QEvent) -> bool:
        if event.type() is QEvent.Type.LayoutRequest:
            self._take_height()
        return super().event(event)

    def _take_height(self) -> None:
        """Let a text that wraps count as high as it is here, not as high as at its narrowest."""
        content = self.widget()
        layout = content.layout() if content is not None else None
        if content is not None and layout is not None:
            wraps = layout.hasHeightForWidth()
            policy = QSizePolicy.Policy.Ignored if wraps else QSizePolicy.Policy.Preferred
            if content.sizePolicy().verticalPolicy() is not policy:
                content.setSizePolicy(QSizePolicy.Policy.Preferred, policy)

    def bring_into_sight(self, part: QWidget, room: int) -> None:
        """Scroll so that a part is seen whole that has only just been shown, with room around."""
        content = self.widget()
        layout = content.layout() if content is not None else None
        if content is None or layout is None:
            return
        # The content has not heard yet that it is higher than it was.
        height = layout.totalHeightForWidth(content.width())
        content.resize(content.width(), max(height, self.viewport().height()))
        layout.activate()
        self.ensureWidgetVisible(part, 0, room)


class EdgeFade(Part):
    """Lets a row of widgets fade out at an edge behind which there is more."""

    def __init__(self, look: Look, area: QScrollArea) -> None:
        super().__init__(look, area)
        self._bar = area.horizontalScrollBar()
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._bar.valueChanged.connect(self.update)
        self._bar.rangeChanged.connect(self.update)
        area.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(watched, QScrollArea) and event.type() is QEvent.Type.Resize:
            self.setGeometry(watched.rect())
            self.raise_()
        return super().eventFilter(watched, event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        width = self.look.dp(theme.XXL)
        more_before = self._bar.value() > self._bar.minimum()
        more_after = self._bar.value() < self._bar.maximum()
        if more_after if is_flipped(self) else more_before:
            self._fade(painter, QRectF(0, 0, width, self.height()), from_left=True)
        if more_before if is_flipped(self) else more_after:
            right = QRectF(self.width() - width, 0, width, self.height())
            self._fade(painter, right, from_left=False)

    def _fade(self, painter: QPainter, rect: QRectF, *, from_left: bool) -> None:
        solid = self.look.colour("canvas")
        clear = self.look.colour("canvas")
        clear.setAlpha(0)
        gradient = QLinearGradient(rect.topLeft(), rect.topRight())
        gradient.setColorAt(0.0 if from_left else 1.0, solid)
        gradient.setColorAt(1.0 if from_left else 0.0, clear)
        painter.fillRect(rect, gradient)


class ScrolledRow(QScrollArea):
    """A row of widgets that scrolls sideways, with no bar. The keyboard goes to what is in it."""

    def __init__(self, look: Look, content: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._fade = EdgeFade(look, self)
        content.setObjectName("scrolled")
        self.setWidget(content)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.viewport().setAutoFillBackground(False)
        content.setAutoFillBackground(False)
        scroll_by_finger(self)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)


class FocusEdge(Part):
    """Rings an area while the keyboard scrolls it."""

    def __init__(self, look: Look, area: QAbstractScrollArea) -> None:
        super().__init__(look, area)
        self._area = area
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        area.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() is QEvent.Type.Resize:
            self.setGeometry(self._area.rect())
            self.raise_()
        elif event.type() in {QEvent.Type.FocusIn, QEvent.Type.FocusOut}:
            self.update()
        return super().eventFilter(watched, event)

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._area.hasFocus():
            inset = self.look.dp(theme.XXS)
            inner = QRectF(self.rect()).adjusted(inset, inset, -inset, -inset)
            radius = self.look.dp(theme.RADIUS_L - theme.XXS)
            ring(QPainter(self), inner, radius, self.look.theme.accent, self.look.dp(theme.RING))
