"""The place where the till is set up: how the accounts stand, and whether they work."""

import asyncio

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from app.errors import Message
from app.provider_check import Finding
from app.settings import Mode
from tests.ui.fake_account_desk import WORKS, FakeAccountDesk
from tests.ui.fakes import FakeClock, FakeTill
from tests.ui.gallery.setting import ALL
from tests.ui.helpers import button, until
from tests.ui.setting_up import KEY, WRONG, Make, Run, entered, opened
from ui.places import Place


@pytest.fixture
def till(clock: FakeClock) -> FakeTill:
    return FakeTill(clock=clock, mode=Mode.TEST)


@pytest.fixture
def desk(till: FakeTill) -> FakeAccountDesk:
    return till.account_desk


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
            "Webhook: not looked at. Not looked at: payments are found without webhooks, too.",
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
