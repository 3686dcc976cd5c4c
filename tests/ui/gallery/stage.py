"""The stage of the gallery: a real window over a till that does what a scene tells it."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final

from PySide6.QtCore import QAbstractAnimation, QEvent, QObject, Qt, QTimer
from PySide6.QtWidgets import QApplication, QWidget

from app.catalog_file import load_catalog
from app.domain.attempt import AttemptState
from app.domain.catalog import Catalog
from app.domain.order import Order
from app.settings import Mode
from tests.ui.fakes import FakeClock, FakeTill
from ui.counter import Stage as CounterStage
from ui.display.display import DisplayOptions
from ui.display.window import DisplayWindow
from ui.i18n import use_language
from ui.window import Window

ROOT: Final = Path(__file__).resolve().parents[3]
SIZES: Final = ((1024, 600), (1280, 800), (1920, 1080))
ATTEMPT: Final = 1
"""The first attempt's id: the fakes count from one."""

Run = Callable[[Coroutine[Any, Any, None]], None]


@cache
def sample_catalog() -> Catalog:
    """Give the sample shop, with its pictures."""
    return load_catalog(ROOT / "catalog.toml")


@dataclass(frozen=True)
class Variant:
    """How a scene is looked at. `scale` is the operator's own size of everything."""

    size: tuple[int, int] = (1024, 600)
    locale: str = "en"
    is_mirrored: bool = False
    scale: float = 1.0

    @property
    def name(self) -> str:
        """Name it as the pictures' files do."""
        parts = [f"{self.size[0]}x{self.size[1]}", self.locale]
        if self.is_mirrored:
            parts.append("mirrored")
        if self.scale != 1.0:
            parts.append(f"{self.scale:.0%}".replace("%", "pc"))
        return "-".join(parts)


@dataclass
class Stage:
    """The window of one scene, with what a scene does to it."""

    till: FakeTill
    clock: FakeClock
    window: Window
    dialog: QWidget | None = None
    gates: list[asyncio.Event] = field(default_factory=list)

    @property
    def display(self) -> DisplayWindow:
        """Give the customer's display."""
        assert self.window.display.window is not None
        return self.window.display.window

    def add(self, *product_ids: str) -> None:
        """Ring up one piece of each; the shop must have them."""
        for product_id in product_ids:
            product = self.till.catalog.product(product_id)
            assert product is not None, product_id
            self.window.counter.add(product)

    def add_first(self, count: int) -> None:
        """Ring up the first products that are paid once."""
        once = [product for product in self.till.catalog.on_sale() if not product.is_recurring]
        self.add(*(product.id for product in once[:count]))

    async def charge(self) -> None:
        """Ring up a cart and press Charge; the code stands when this is over."""
        self.add_first(3)
        assert self.window.counter.charge()
        await self.settled()

    async def change(self, name: str, **changes: object) -> None:
        """Change the attempt in the books and tell of it."""
        (order_id, *_) = self.till.orders.orders
        self.till.orders.change(ATTEMPT, **changes)
        self.till.tell_of(name, order_id, ATTEMPT)
        await self.settled()

    async def turn(self, state: AttemptState) -> None:
        """Have the attempt come to another state."""
        await self.change(f"attempt.{state.value}", state=state)

    def hold(self, use_case: str) -> None:
        """Let a use case wait until the scene is over."""
        gate = self.till.checkout.gates[use_case] = asyncio.Event()
        self.gates.append(gate)

    async def paid_order(self, count: int) -> Order:
        """Have an order in the books that was rung up, charged and paid."""
        self.add_first(count)
        assert self.window.counter.charge()
        await self.settled()
        order_id = next(reversed(self.till.orders.orders))
        self.till.pay(order_id)
        self.window.counter.next_sale()
        assert self.window.counter.stage is CounterStage.SELLING
        self.clock.advance(minutes=7)
        return self.till.orders.orders[order_id]

    async def settled(self) -> None:
        """Wait until the counter rests."""
        await self.window.counter.tasks.settled()


def show(stage: Stage, surface: str, size: tuple[int, int]) -> QWidget:
    """Give the top level that a scene is about, resized, laid out and standing still."""
    seen: QWidget = stage.window
    if surface == "display":
        seen = stage.display
        seen.resize(*size)
    elif surface == "dialog":
        assert stage.dialog is not None
        seen = stage.dialog
        seen.show()
    stand_still(stage)
    settle(stage)
    return seen


def settle(stage: Stage) -> None:
    """Have everything laid out and painted, the pictures of the products too."""
    for _ in range(2):
        QApplication.sendPostedEvents(None, QEvent.Type.LayoutRequest)
        QApplication.processEvents()
        for widget in filter(None, (stage.window, stage.window.display.window, stage.dialog)):
            widget.grab()
        stage.window.pictures.wait()
        QApplication.processEvents()


def stand_still(stage: Stage) -> None:
    """Let no time pass on the screen: what moves has arrived, what would vanish stays."""
    owners: list[QObject] = [stage.window]
    owners += filter(None, (stage.window.display.window, stage.window.display.feed))
    for owner in owners:
        for animation in owner.findChildren(QAbstractAnimation):
            animation.stop()
        for timer in owner.findChildren(QTimer):
            if timer.isSingleShot():
                timer.stop()


@contextmanager
def staged(
    run: Run,
    variant: Variant,
    *,
    catalog: Catalog | None = None,
    mode: Mode = Mode.TRAINING,
    has_display: bool = False,
) -> Iterator[Stage]:
    """Open a window for a scene, and take it away again."""
    application = QApplication.instance()
    assert isinstance(application, QApplication)
    application.setCursorFlashTime(0)
    direction = Qt.LayoutDirection
    application.setLayoutDirection(
        direction.RightToLeft if variant.is_mirrored else direction.LeftToRight
    )
    use_language(variant.locale)
    clock = FakeClock()
    till = FakeTill(catalog or sample_catalog(), mode=mode, clock=clock)
    window = Window(
        till,
        clock=clock,
        locale=variant.locale,
        ui_scale=variant.scale,
        display=DisplayOptions(place="window" if has_display else "off", logo="brand/shop.svg"),
    )
    stage = Stage(till, clock, window)
    try:
        window.resize(*variant.size)
        window.show()
        window.activateWindow()
        window.display.start()
        QApplication.processEvents()
        yield stage
    finally:
        run(window.finish())
        for widget in filter(None, (stage.dialog, window)):
            widget.close()
            widget.deleteLater()
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        application.setLayoutDirection(direction.LeftToRight)
        use_language("en")
