"""Keys that are set in the window: masked, kept once, told where they stand, and removed."""

import asyncio
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget

from app.settings import Mode
from tests.conftest import ExpectedLogs
from tests.ui.fake_account_desk import SECRET, FakeAccountDesk, account
from tests.ui.fakes import FakeClock, FakeTill
from tests.ui.gallery.setting import ALL, IN_ENVIRONMENT, SET
from tests.ui.helpers import button
from tests.ui.setting_up import KEY, WRONG, Make, Run, entered, opened
from tests.ui.test_double_tap import tap_twice


@pytest.fixture
def till(clock: FakeClock) -> FakeTill:
    return FakeTill(clock=clock, mode=Mode.TEST)


@pytest.fixture
def desk(till: FakeTill) -> FakeAccountDesk:
    return till.account_desk


def test_enter_keeps_a_key_that_is_never_seen_again(
    run: Run, make_window: Make, till: FakeTill, desk: FakeAccountDesk
) -> None:
    async def visit() -> None:
        window = make_window(till)
        entry = await entered(window, f"  {KEY}\n")
        edit = entry.field.edit
        assert edit.echoMode() is QLineEdit.EchoMode.Password
        QTest.keyClick(edit, Qt.Key.Key_Return)
        await window.counter.tasks.settled()
        assert desk.kept == [("stripe_checkout", "secret_key", KEY)]
        assert (edit.text(), entry.place) == ("", "sk_test_…4242 · in Secret Service")
        assert entry.note == "Kept. Test it before you start the till again."
        panel = window.places.settings.accounts.panel
        assert panel.problem.isHidden()
        assert panel.changed.title == "Start the till again to use what was changed"
        assert QApplication.focusWidget() is edit
        assert KEY not in "".join(
            each.accessibleName() + each.accessibleDescription() + each.toolTip()
            for each in window.findChildren(QWidget)
        )

    run(visit())


def test_a_key_is_pasted_with_a_tap_and_a_second_tap_does_not_save_it(
    run: Run, make_window: Make, till: FakeTill, desk: FakeAccountDesk
) -> None:
    async def visit() -> None:
        window = make_window(till)
        entry = (await opened(window)).entries["secret_key"]
        assert entry.paste.isVisible() and not entry.save.isVisible()
        QGuiApplication.clipboard().setText(f"\n{KEY} ")
        tap_twice(window, entry.paste.mapTo(window, entry.paste.rect().center()))
        await window.counter.tasks.settled()
        assert (entry.field.text, desk.kept) == (KEY, [])
        assert entry.save.isVisible() and not entry.paste.isVisible()
        QTest.mouseClick(entry.save, Qt.MouseButton.LeftButton)
        await window.counter.tasks.settled()
        assert len(desk.kept) == 1
        QGuiApplication.clipboard().clear()
        entry.paste.click()
        assert entry.note == "There is no text in the clipboard."
        assert not entry.save.isVisible()

    run(visit())


def test_what_is_refused_is_said_below_the_field_and_the_key_does_not_stay_there(
    run: Run, make_window: Make, till: FakeTill, desk: FakeAccountDesk
) -> None:
    async def visit() -> None:
        desk.error = WRONG
        window = make_window(till)
        entry = await entered(window, "whsec_1")
        entry.save.click()
        await window.counter.tasks.settled()
        assert entry.note == (
            "What is given as Secret key of shop is none. It begins with sk_ / rk_."
        )
        assert (entry.field.text, desk.kept) == ("", [])
        assert not window.notice.isVisible()
        assert window.places.settings.accounts.panel.changed.isHidden()

    run(visit())


def test_a_bug_of_our_own_is_said_there_too(
    run: Run, make_window: Make, till: FakeTill, desk: FakeAccountDesk, expected_logs: ExpectedLogs
) -> None:
    async def visit() -> None:
        desk.error = RuntimeError("boom")  # type: ignore[assignment]
        window = make_window(till)
        entry = await entered(window)
        entry.save.click()
        await window.counter.tasks.settled()
        assert entry.note.startswith("Something went wrong inside the till.")
        assert entry.field.isEnabled()

    run(visit())
    expected_logs.take("an unexpected error")


def test_while_it_is_being_kept_nothing_can_be_pressed_twice(
    run: Run, make_window: Make, till: FakeTill, desk: FakeAccountDesk
) -> None:
    async def visit() -> None:
        desk.gate = asyncio.Event()
        window = make_window(till)
        entry = await entered(window)
        entry.save.click()
        entry.field.submitted.emit(KEY)
        assert not entry.save.isEnabled() and entry.save.label == "One moment …"
        desk.gate.set()
        await window.counter.tasks.settled()
        assert len(desk.kept) == 1
        assert entry.save.label == "Save" and entry.field.isEnabled()

    run(visit())


def test_what_was_set_here_is_removed_by_two_taps_and_what_was_not_cannot_be(
    run: Run, make_window: Make, till: FakeTill, desk: FakeAccountDesk
) -> None:
    async def visit() -> None:
        other = replace(SET, name="webhook_secret", kept="", place=IN_ENVIRONMENT)
        desk.set_accounts(account("stripe_checkout", "Stripe Checkout", SET, other))
        window = make_window(till)
        panel = await opened(window)
        assert not panel.entries["webhook_secret"].remove.isVisible()
        entry = panel.entries["secret_key"]
        tap_twice(window, entry.remove.mapTo(window, entry.remove.rect().center()))
        assert entry.really.isVisible() and not entry.remove.isVisible()
        await window.counter.tasks.settled()
        assert not desk.forgotten, "two quick taps are one"
        QTest.mouseClick(entry.really, Qt.MouseButton.LeftButton)
        await window.counter.tasks.settled()
        assert desk.forgotten == [("stripe_checkout", "secret_key")]
        assert (entry.note, entry.place) == ("Removed.", "There is none.")
        assert not entry.remove.isVisible() and not entry.really.isVisible()
        assert not panel.changed.isHidden()

    run(visit())


def test_a_removal_that_is_not_confirmed_is_forgotten(
    run: Run, make_window: Make, till: FakeTill, desk: FakeAccountDesk
) -> None:
    async def visit() -> None:
        desk.set_accounts(*ALL)
        window = make_window(till)
        entry = (await opened(window)).entries["secret_key"]
        entry.remove.click()
        window.rail.sell.click()
        window.rail.settings.click()
        await window.counter.tasks.settled()
        assert entry.remove.isVisible() and not entry.really.isVisible()
        assert not desk.forgotten

    run(visit())


def test_what_is_set_and_does_not_count_is_told(
    run: Run, make_window: Make, till: FakeTill, desk: FakeAccountDesk
) -> None:
    async def visit() -> None:
        shadowed = replace(SET, place=IN_ENVIRONMENT)
        desk.set_accounts(account("stripe_checkout", "Stripe Checkout", shadowed))
        entry = (await opened(make_window(till))).entries["secret_key"]
        assert entry.note == (
            "What was set here stands in Secret Service and does not count: the other one does."
        )

    run(visit())


def test_without_a_key_store_it_is_said_where_keys_go_instead(
    run: Run, make_window: Make, till: FakeTill, desk: FakeAccountDesk
) -> None:
    async def visit() -> None:
        window = make_window(till)
        panel = await opened(window)
        assert panel.unsafe.isHidden() and "Secret Service" in panel._keeping.text()
        desk.set_accounts(account("stripe_checkout", "Stripe Checkout", SECRET), store="")
        await opened(window)
        assert panel.unsafe.title == "This computer has no key store that Scantill trusts"
        assert "/home/shop/.local/share/scantill/.env" in panel.unsafe.words

    run(visit())


def test_what_was_typed_and_not_kept_is_gone_once_one_has_left(
    run: Run, make_window: Make, till: FakeTill
) -> None:
    async def visit() -> None:
        window = make_window(till)
        entry = await entered(window)
        button(window, "rail_orders").click()
        assert entry.field.text == ""

    run(visit())
