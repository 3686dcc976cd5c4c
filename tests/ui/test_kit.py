"""The kit: targets, text that is never read as markup, news that goes or stays."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetricsF
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from tests.ui.helpers import Recorder, button
from ui.kit.button import Button, Kind
from ui.kit.chip import Chip, StateChip
from ui.kit.field import Field
from ui.kit.notice import Corner, Notice
from ui.kit.paint import elided, in_lines
from ui.kit.text import ElidedText, Text
from ui.look import Look
from ui.metrics import Metrics
from ui.theme import DARK, Tone, Type


@pytest.mark.parametrize("dpi", [60.0, 96.0, 149.0, 200.0])
def test_nothing_to_tap_is_smaller_than_ten_millimetres(
    qtbot: QtBot, look: Look, dpi: float
) -> None:
    look.set_metrics(Metrics(dpi))
    plain, icon = Button(look, "OK"), Button(look, "Close", Kind.QUIET, icon="close")
    icon.set_icon_only(True)
    chip, field = Chip(look, "A"), Field(look, "Search")
    for widget in (plain, icon, chip, field):
        qtbot.addWidget(widget)
        hint = widget.sizeHint()
        assert min(hint.width(), hint.height()) >= look.metrics.mm(10)


def test_a_large_label_is_set_smaller_before_it_is_cut(qtbot: QtBot, look: Look) -> None:
    made = Button(look, "10.009.989,99 € kassieren", key="F12", step=Type.TITLE)
    qtbot.addWidget(made)
    steps = (Type.TITLE, Type.BODY_STRONG, Type.CAPTION_STRONG)
    fonts = [look.font(step, tabular=True) for step in steps]
    for font in fonts:
        room = QFontMetricsF(font).horizontalAdvance(made.label)
        assert made._font_that_fits(room) == font
    assert made._font_that_fits(1.0) == fonts[-1]
    usual = Button(look, "Check now")
    qtbot.addWidget(usual)
    assert usual._font_that_fits(1000.0) == look.font(Type.BODY_STRONG, tabular=True)


@pytest.mark.parametrize("kind", Kind)
def test_buttons_paint_themselves_in_every_state(qtbot: QtBot, look: Look, kind: Kind) -> None:
    button = Button(look, "Charge", kind, icon="plus", key="F12")
    qtbot.addWidget(button)
    button.resize(200, 60)
    pictures = [button.grab().toImage()]
    button.setDown(True)
    pictures.append(button.grab().toImage())
    button.setDown(False)
    button.setEnabled(False)
    pictures.append(button.grab().toImage())
    assert pictures[0] != pictures[1]
    assert pictures[0] != pictures[2]


def test_a_button_drops_the_picture_of_its_key_before_it_shortens_its_word(
    qtbot: QtBot, look: Look
) -> None:
    with_key, without = Button(look, "Cancel payment", key="F10"), Button(look, "Cancel payment")
    for widget in (with_key, without):
        qtbot.addWidget(widget)
        widget.resize(140, 40)
    assert with_key.grab().toImage() == without.grab().toImage()


def test_a_button_is_named_and_reached_by_key(qtbot: QtBot, look: Look) -> None:
    host = QWidget()
    qtbot.addWidget(host)
    button = Button(look, "Check now", key="F5", parent=host)
    with qtbot.waitActive(host):
        host.show()
        host.activateWindow()
    clicks = Recorder(button.clicked)
    with qtbot.waitSignal(button.clicked):
        QTest.keyClick(host, Qt.Key.Key_F5)
    assert len(clicks.calls) == 1
    assert button.accessibleName() == "Check now"


def test_markup_in_a_label_is_shown_as_it_stands(qtbot: QtBot, look: Look) -> None:
    marked, plain = Text(look, "<b>x</b>"), Text(look, "xxxxxxxx")
    qtbot.addWidget(marked)
    qtbot.addWidget(plain)
    assert marked.textFormat() is Qt.TextFormat.PlainText
    assert marked.sizeHint().width() > Text(look, "x").sizeHint().width() * 3


def test_a_long_name_is_shortened_and_never_wider_than_its_place(look: Look) -> None:
    font = look.font(Type.BODY)
    metrics = QFontMetricsF(font)
    name = "Twelve-hour cold-fermented wholegrain sourdough with roasted hazelnuts"
    lines = in_lines(name, font, 120, 2)
    assert len(lines) == 2
    assert lines[1].endswith("…")
    assert all(metrics.horizontalAdvance(line) <= 120 for line in lines)
    assert metrics.horizontalAdvance(elided(name, font, 90)) <= 90
    unbroken = in_lines("x" * 300, font, 120, 2)
    assert all(metrics.horizontalAdvance(line) <= 120 for line in unbroken)
    assert in_lines("short", font, 120, 2) == ["short"]
    assert in_lines("", font, 120, 2) == []


def test_elided_text_reads_out_the_whole(qtbot: QtBot, look: Look) -> None:
    text = ElidedText(look, "A rather long sentence", lines=2)
    qtbot.addWidget(text)
    text.resize(60, 20)
    text.grab()
    assert text.accessibleName() == "A rather long sentence"
    assert text.text == "A rather long sentence"


def test_a_field_can_be_cleared_by_its_button(qtbot: QtBot, look: Look) -> None:
    field = Field(look, "Search")
    qtbot.addWidget(field)
    field.show()
    changes = Recorder(field.text_changed)
    field.edit.setText("abc")
    field._clear.click()
    assert changes.calls == [("abc",), ("",)]
    assert field.edit.accessibleName() == "Search"


def test_a_state_is_said_in_a_word_too(qtbot: QtBot, look: Look) -> None:
    chip = StateChip(look, "Paid", Tone.GOOD)
    qtbot.addWidget(chip)
    chip.grab()
    assert chip.accessibleName() == "Paid"


def test_good_news_goes_by_itself_and_bad_news_stays(qtbot: QtBot, look: Look) -> None:
    host = QWidget()
    qtbot.addWidget(host)
    host.resize(900, 600)
    host.show()
    notice = Notice(look, host)
    notice.tell("Order 3 is paid", "€4.00 has arrived.", Tone.GOOD)
    assert notice.isVisible()
    assert notice._timer.isActive()
    notice.tell("The disk is full", "Nothing was written.", Tone.DANGER)
    assert not notice._timer.isActive()
    assert (notice.title, notice.detail) == ("The disk is full", "Nothing was written.")
    assert notice.geometry().bottom() < host.height()
    notice.set_corner(Corner.TOP_TRAILING)
    assert notice.geometry().right() > host.width() / 2
    assert notice.y() < 100
    host.resize(700, 500)
    assert host.rect().contains(notice.geometry())
    button(notice, "notice_close").click()
    assert not notice.isVisible()


def test_another_theme_is_painted_at_once(qtbot: QtBot, look: Look) -> None:
    button = Button(look, "Charge", Kind.PRIMARY)
    qtbot.addWidget(button)
    before = button.grab().toImage()
    look.set_theme(DARK)
    assert button.grab().toImage() != before
