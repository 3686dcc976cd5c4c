"""The place where the till is set up: accounts, their keys, and whether they work."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget

from app.errors import ConfigError, Message
from app.provider_check import Finding
from app.settings import Mode
from tests.conftest import ExpectedLogs
from tests.ui.fake_account_desk import SECRET, WORKS, FakeAccountDesk, account
from tests.ui.fakes import FakeClock, FakeTill
from tests.ui.gallery.setting import ALL, IN_ENVIRONMENT, SET
from tests.ui.helpers import button, until
from ui.places import Place
from ui.settings.account_panel import AccountPanel
from ui.settings.key_entry import KeyEntry
from ui.window import Window

Run = Callable[[Coroutine[Any, Any, None]], None]
Make = Callable[..., Window]
KEY = "sk_test_51AbCdEfGhIjKlMnOp4242"
WRONG = ConfigError(
    Message("What is given as {label} of {account} is none", label="Secret key", account="shop"),
    action=Message("It begins with {prefixes}.", prefixes="sk_ / rk_"),
)


@pytest.fixture
def till(clock: FakeClock) -> FakeTill:
    return FakeTill(clock=clock, mode=Mode.TEST)


@pytest.fixture
def desk(till: FakeTill) -> FakeAccountDesk:
    return till.account_desk


async def opened(window: Window) -> AccountPanel:
    window.rail.settings.click()
    await window.counter.tasks.settled()
    return window.places.settings.accounts.panel


async def entered(window: Window, text: str = KEY) -> KeyEntry:
    entry = (await opened(window)).entries["secret_key"]
    entry.field.edit.setFocus()
    entry.field.edit.setText(text)
    return entry


def test_its_key_leads_there_and_escape_back_to_the_sale(
    run: Run, make_window: Make, till: FakeTill
) -> None:
    async def visit() -> None:
        window = make_window(till)
        QTest.keyClick(window, Qt.Key.Key_F4)
        await until(lambda: window.places.place is Place.SETTINGS)
        await window.counter.tasks.settled()
        entry = window.places.settings.accounts.panel.entries["secret_key"]
        entry.field.edit.setFocus()
        QTest.keyClicks(entry.field.edit, "half a key")
        QTest.keyClick(entry.field.edit, Qt.Key.Key_Escape)
        assert (entry.field.text, window.places.place) == ("", Place.SETTINGS)
        QTest.keyClick(entry.field.edit, Qt.Key.Key_Escape)
        assert window.places.place is Place.SELL

    run(visit())


def test_an_account_is_told_with_why_it_is_not_ready(
    run: Run, make_window: Make, till: FakeTill
) -> None:
    async def visit() -> None:
        panel = await opened(make_window(till))
        assert panel._about.text() == "Stripe Checkout · stripe_checkout · Test mode"
        assert panel.problem.words == "It lacks a key: Secret key."
        assert panel.entries["secret_key"].place == "There is none."
        assert panel.entries["webhook_secret"].place == "There is none; it is not needed."

    run(visit())


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
        QTest.mouseClick(entry.paste, Qt.MouseButton.LeftButton)
        assert entry.field.text == KEY
        assert entry.save.isVisible() and not entry.paste.isVisible()
        QTest.mouseDClick(entry.save, Qt.MouseButton.LeftButton)
        await window.counter.tasks.settled()
        entry.field.clear()
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
        entry.remove.click()
        assert entry.remove.label == "Tap again to remove" and not desk.forgotten
        entry.remove.click()
        await window.counter.tasks.settled()
        assert desk.forgotten == [("stripe_checkout", "secret_key")]
        assert (entry.note, entry.place) == ("Removed.", "There is none.")
        assert not entry.remove.isVisible() and not panel.changed.isHidden()

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
        assert entry.remove.label == "Remove"

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


def test_in_training_nothing_can_be_set_and_it_says_why_and_a_test_still_works(
    run: Run, make_window: Make, clock: FakeClock
) -> None:
    async def visit() -> None:
        window = make_window(FakeTill(clock=clock))
        panel = await opened(window)
        assert panel.fixed.title == "Training moves no money and needs no keys"
        assert "--mode live" in panel.fixed.words
        assert not panel.entries and panel._keys_title.isHidden()
        panel.test.click()
        await window.counter.tasks.settled()
        assert panel.findings.lines[0] == "It works"

    run(visit())


def test_a_test_is_shown_line_by_line_with_what_it_comes_to(
    run: Run, make_window: Make, till: FakeTill, desk: FakeAccountDesk
) -> None:
    async def visit() -> None:
        desk.gate = asyncio.Event()
        wrong = Finding("currency", Message("It takes no {currency}.", currency="EUR"), False)
        desk.findings = (*WORKS[:3], wrong, *WORKS[5:])
        window = make_window(till)
        panel = await opened(window)
        panel.test.click()
        await until(lambda: len(panel.findings.lines) == 3)
        assert panel.findings.lines[0] == "Asking …" and not panel.test.isEnabled()
        desk.gate.set()
        await window.counter.tasks.settled()
        assert panel.findings.lines == [
            "Something does not work",
            "Key: ok. The provider accepts it.",
            "Account: ok. It is acct_1QxYz.",
            "Mode: ok. It moves no real money.",
            "Currency: not ok. It takes no EUR.",
            "Session: not looked at. "
            "Not tried here: scantill provider test --with-session opens a small one.",
            "Webhook: not looked at. Not looked at yet; a later version can do that.",
        ]
        assert panel.test.isEnabled()

    run(visit())


def test_what_a_test_finds_is_brought_into_sight(
    run: Run, make_window: Make, till: FakeTill, desk: FakeAccountDesk
) -> None:
    async def visit() -> None:
        desk.set_accounts(*ALL)
        window = make_window(till, size=(1024, 600))
        panel = await opened(window)
        panel.test.click()
        await window.counter.tasks.settled()
        QApplication.processEvents()
        view = panel._scroll.viewport()
        end = panel.findings.mapTo(view, panel.findings.rect().bottomLeft()).y()
        assert panel.findings.lines[-1].startswith("Webhook")
        assert end <= view.height(), "the last line is below the edge"

    run(visit())


def test_a_test_that_could_not_be_made_says_why(
    run: Run, make_window: Make, till: FakeTill, desk: FakeAccountDesk
) -> None:
    async def visit() -> None:
        desk.error = WRONG
        desk.findings = WORKS[:3]
        window = make_window(till)
        panel = await opened(window)
        panel.test.click()
        await window.counter.tasks.settled()
        assert panel.findings.lines[0] == "Something does not work"
        assert panel.findings.lines[-1].startswith("Key: not ok. What is given as Secret key")

    run(visit())


def test_each_account_has_its_own_test_and_fields(
    run: Run, make_window: Make, till: FakeTill, desk: FakeAccountDesk
) -> None:
    async def visit() -> None:
        desk.set_accounts(*ALL)
        desk.gate = asyncio.Event()
        window = make_window(till)
        panel = await opened(window)
        panel.entries["secret_key"].field.edit.setText(KEY)
        panel.test.click()
        section = window.places.settings.accounts
        section.list.choose("razorpay")
        assert list(panel.entries) == ["key_id", "key_secret", "webhook_secret", "account_id"]
        assert not any(entry.field.text for entry in panel.entries.values())
        assert panel.findings.isHidden() and panel.test.isEnabled()
        desk.gate.set()
        await window.counter.tasks.settled()
        assert panel.findings.isHidden(), "the answer is about another account"
        section.list.choose("stripe_checkout")
        assert panel.findings.lines[0] == "It works"
        section.list.choose("cash")
        assert panel._by_hand.isVisible() and not panel.test.isVisible()

    run(visit())


def test_a_key_that_is_kept_makes_the_test_before_it_worthless(
    run: Run, make_window: Make, till: FakeTill
) -> None:
    async def visit() -> None:
        window = make_window(till)
        panel = await opened(window)
        panel.test.click()
        await window.counter.tasks.settled()
        assert panel.findings.isVisible()
        entry = await entered(window)
        entry.save.click()
        await window.counter.tasks.settled()
        assert panel.findings.isHidden()

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


def test_the_list_says_of_each_account_what_counts(
    run: Run, make_window: Make, till: FakeTill, desk: FakeAccountDesk
) -> None:
    async def visit() -> None:
        desk.set_accounts(*ALL)
        window = make_window(till)
        await opened(window)
        rows = window.places.settings.accounts.list.rows
        role = Qt.ItemDataRole.AccessibleTextRole
        assert [rows.data(rows.index(row), role) for row in range(rows.rowCount())] == [
            "Stripe Checkout, sk_test_…4242, Ready",
            "Stripe Links, sk_test_…4242, Ready",
            "Razorpay, It lacks a key: Key secret., Not ready",
            "PayPal, Switched off",
            "Cash, By hand, Ready",
        ]

    run(visit())


class Second(QWidget):
    """A section that a later version might have."""

    has_typed = False

    def leave(self) -> bool:
        had, self.has_typed = self.has_typed, False
        return had


def test_another_section_joins_under_a_chip_of_its_own(
    run: Run, make_window: Make, till: FakeTill
) -> None:
    async def visit() -> None:
        window = make_window(till)
        await entered(window, "half a key")
        screen, second = window.places.settings, Second()
        assert screen._title.text() == "Settings: Accounts"
        assert not button(screen, "section_0").isVisible()
        screen.add("Printer", second, second)
        assert screen._title.text() == "Settings"
        button(screen, "section_1").click()
        assert second.isVisible() and not screen.accounts.isVisible()
        assert not screen.leave(), "what was typed in the other is gone"
        second.has_typed = True
        QTest.keyClick(second, Qt.Key.Key_Escape)
        assert not second.has_typed and window.places.place is Place.SETTINGS

    run(visit())
