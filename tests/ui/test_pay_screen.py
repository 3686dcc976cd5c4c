"""The Pay screen and what stands over it: other sizes, the customer's page, notices."""

from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from PySide6.QtCore import QPoint, QRect, Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QWidget

from app.errors import CheckoutRefused, StoreError
from tests.ui.fakes import FakeClock, FakeTill
from tests.ui.helpers import add, button, charged, display_of, payment_of
from ui.counter import Counter
from ui.pay.state import Action, Phase
from ui.theme import Tone
from ui.window import Window

Run = Callable[[Coroutine[Any, Any, None]], None]
Make = Callable[..., Window]


def seen(window: Window) -> list[str]:
    """Give what the Pay screen shows, with sizes of type, from top to bottom."""
    parts = [window.pay._amount, window.pay._host, window.pay._phones_words, window.pay.statement]
    return [f"{one.accessibleName()} {one.isVisible()} {one.font().pixelSize()}" for one in parts]


def test_a_window_that_changes_its_size_shows_what_it_would_have_shown_at_once(
    run: Run, make_window: Make, till: FakeTill
) -> None:
    async def sale() -> None:
        phones = till.phones
        assert phones is not None
        await phones.allow()
        small, large = make_window(till, (1024, 600)), make_window(till, (1280, 900))
        for window in (small, large):
            await charged(window.counter, till)
        assert seen(small) != seen(large)
        before = seen(small), seen(large)
        small.resize(1280, 900)
        large.resize(1024, 600)
        assert (seen(large), seen(small)) == before

    run(sale())


def test_a_cancellation_that_goes_wrong_does_not_let_the_code_flash_up(
    run: Run, counter: Counter, till: FakeTill
) -> None:
    async def sale() -> None:
        await charged(counter, till)
        urls: list[str | None] = []
        counter.payment_changed.connect(lambda model: urls.append(model.url))
        # The books say that it is being closed; what came after that failed.
        till.checkout.errors["cancel"] = StoreError("The disk is full")
        counter.act(Action.CANCEL)
        await counter.tasks.settled()
        assert payment_of(counter).phase is Phase.CLOSING
        assert payment_of(counter).error is not None
        assert not any(urls)

    run(sale())


def test_a_code_whose_time_ran_out_while_the_till_was_off_is_closed_without_a_word_too_much(
    run: Run, counter: Counter, till: FakeTill, clock: FakeClock
) -> None:
    """The books refuse to show it, and "no money has moved" is just what nobody knows yet."""

    async def restart() -> None:
        await charged(counter, till)
        counter._payment = None
        clock.advance(minutes=20)
        till.checkout.errors["mark_shown"] = CheckoutRefused("This code must not be shown any more")
        again = Counter(till, clock)
        await again.resume()
        await again.tasks.settled()
        assert payment_of(again).phase is Phase.CLOSING
        assert payment_of(again).error is None
        await again.close()

    run(restart())


def test_a_page_that_no_browser_opens_is_said(
    run: Run, window: Window, till: FakeTill, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[QUrl] = []

    def cannot(url: QUrl) -> bool:
        opened.append(url)
        return False

    monkeypatch.setattr(QDesktopServices, "openUrl", cannot)

    async def sale() -> None:
        await charged(window.counter, till)
        window.counter.act(Action.PAY_AS_CUSTOMER)
        assert opened == [QUrl(payment_of(window.counter).url or "")]
        assert window.notice.title == "No browser could be opened"

    run(sale())


def test_pay_as_the_customer_pressed_twice_opens_one_page(
    run: Run,
    window: Window,
    till: FakeTill,
    clock: FakeClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    opened: list[QUrl] = []

    def takes(url: QUrl) -> bool:
        opened.append(url)
        return True

    monkeypatch.setattr(QDesktopServices, "openUrl", takes)

    async def sale() -> None:
        await charged(window.counter, till)
        button(window, "pay_as_customer").click()
        button(window, "pay_as_customer").click()
        assert len(opened) == 1
        clock.advance(seconds=3)
        button(window, "pay_as_customer").click()
        assert len(opened) == 2
        assert window.notice.title == "The page opens in the browser"

    run(sale())


@pytest.mark.parametrize("size", [(800, 520), (1024, 600), (1280, 800)])
@pytest.mark.parametrize(
    "direction", [Qt.LayoutDirection.LeftToRight, Qt.LayoutDirection.RightToLeft]
)
def test_no_notice_covers_charge(
    make_window: Make,
    till: FakeTill,
    qapp: Any,
    size: tuple[int, int],
    direction: Qt.LayoutDirection,
) -> None:
    qapp.setLayoutDirection(direction)
    try:
        window = make_window(till, size)
        add(window.counter, till, "coffee")
        window.notice.tell(
            "Something went wrong inside the till", "Look at the order. " * 12, Tone.DANGER
        )
        qapp.processEvents()
        assert not _place(window.notice, window).intersects(
            _place(button(window, "charge"), window)
        )
    finally:
        qapp.setLayoutDirection(Qt.LayoutDirection.LeftToRight)


@pytest.mark.parametrize("size", [(1024, 600), (1280, 800), (1920, 1080)])
def test_no_notice_covers_the_code_the_amount_or_a_button_while_a_customer_pays(
    run: Run, make_window: Make, till: FakeTill, qapp: Any, size: tuple[int, int]
) -> None:
    window = make_window(till, size)

    async def sale() -> None:
        await charged(window.counter, till)
        qapp.processEvents()
        window.notice.tell("Order 7 is paid", "€4.20 has arrived.", Tone.GOOD)
        qapp.processEvents()
        news = _place(window.notice, window)
        covered = [window.pay.qr, window.pay._amount, *window.pay.buttons.values()]
        assert window.rect().contains(news)
        assert not [
            part.objectName()
            for part in covered
            if part.isVisible() and _place(part, window).intersects(news)
        ]

    run(sale())


def _place(widget: QWidget, window: Window) -> QRect:
    return QRect(widget.mapTo(window, QPoint(0, 0)), widget.size())


def test_a_customer_reads_on_both_screens_what_a_subscription_costs_after_its_first_payment(
    run: Run, displayed: Window, till: FakeTill
) -> None:
    async def sale() -> None:
        add(displayed.counter, till, "coffee", "beans")
        assert displayed.counter.charge()
        await displayed.counter.tasks.settled()
        code = display_of(displayed).code
        assert displayed.pay._then.isVisible()
        assert displayed.pay._then.text() == "then €24.00 a month"
        assert code.terms.isVisible()
        assert code.terms.text == "then €24.00 a month"

    run(sale())


def test_nothing_is_said_to_come_after_what_is_paid_once(
    run: Run, displayed: Window, till: FakeTill
) -> None:
    async def sale() -> None:
        await charged(displayed.counter, till)
        assert not displayed.pay._then.isVisible()
        assert not display_of(displayed).code.terms.isVisible()

    run(sale())
