"""Every check of the gallery can fail: a widget that is wrong in one way is found, by name."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from tests.ui.gallery import codes, colours, focus, places, targets, texts
from tests.ui.gallery.album import Album
from tests.ui.gallery.painted import all_painted
from tests.ui.gallery.stage import Variant
from tests.ui.helpers import contrast as contrast_of_names
from ui.kit.button import Button
from ui.kit.iconlabel import IconLabel
from ui.kit.notice import Notice
from ui.kit.text import ElidedText, Text
from ui.look import Look
from ui.pay.qr import QrView
from ui.theme import Tone, Type

Board = Callable[..., QWidget]


class Deaf(Button):
    """A button that does not show that it has the keyboard."""

    def hasFocus(self) -> bool:
        return False


class Blurred(QWidget):
    """Two texts over each other."""

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(QColor("#000000"))
        painter.drawText(10, 30, "the one")
        painter.drawText(14, 32, "the other")


@pytest.fixture
def board(qtbot: QtBot, look: Look) -> Board:
    """Put widgets on a white window, each at its place."""

    def make(*parts: tuple[QWidget, QRect]) -> QWidget:
        window = QWidget()
        window.setStyleSheet("QWidget { background: #ffffff }")
        window.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        qtbot.addWidget(window)
        window.resize(400, 300)
        for part, place in parts:
            part.setParent(window)
            part.setGeometry(place)
        with qtbot.waitActive(window):
            window.show()
            window.activateWindow()
        return window

    return make


def said(faults: list[str], *words: str) -> None:
    """Exactly one fault, and it says these words."""
    assert len(faults) == 1, faults
    for word in words:
        assert word in faults[0]


def test_what_is_painted_is_known_to_the_letter(board: Board, look: Look) -> None:
    window = board((Text(look, "Total €5"), QRect(20, 20, 200, 40)))
    texts_painted, _ = all_painted(window)
    (text,) = texts_painted
    assert text.text == "Total €5"
    assert text.colour.name() == look.theme.text
    assert 0 <= text.ink.left() <= 3
    assert 40 <= text.ink.width() <= 80
    assert 8 <= text.ink.height() <= 16


def test_a_good_window_has_no_fault(board: Board, look: Look) -> None:
    one, other = Button(look, "One"), Button(look, "Other")
    window = board(
        (one, QRect(10, 10, 120, 40)),
        (other, QRect(10, 60, 120, 40)),
        (Text(look, "All is well"), QRect(10, 120, 200, 30)),
    )
    assert texts.faults(window) == []
    assert targets.faults(window, look.metrics) == []
    assert places.faults(window) == []
    assert colours.faults(window) == []
    assert focus.faults(window) == []


def test_a_text_that_its_widget_cuts_off_is_found(board: Board, look: Look) -> None:
    window = board((QLabel("Cut off at the side"), QRect(20, 20, 60, 40)))
    said(texts.faults(window), "QLabel", "“Cut off at the side” is cut off by", "px")


def test_a_line_that_is_cut_off_below_is_found(board: Board, look: Look) -> None:
    wrapped = QLabel("Three lines of words that need more height than there is")
    wrapped.setWordWrap(True)
    window = board((wrapped, QRect(20, 20, 120, 30)))
    found = "\n".join(texts.faults(window))
    assert "is cut off by" in found or "letters of “Three lines" in found


def test_a_text_that_its_parents_cut_off_is_found(board: Board, look: Look) -> None:
    inner = QWidget()
    text = Text(look, "Half of this is gone", parent=inner)
    text.setGeometry(0, 0, 300, 30)
    window = board((inner, QRect(20, 20, 80, 30)))
    said(texts.faults(window), "“Half of this is gone” is cut off by")


def test_a_text_that_is_shortened_is_found(board: Board, look: Look) -> None:
    window = board((ElidedText(look, "Charge the customer"), QRect(20, 20, 70, 30)))
    said(texts.faults(window), "ElidedText(Charge the customer)", "is shortened")


def test_an_ellipsis_that_was_written_is_not_a_fault(board: Board, look: Look) -> None:
    window = board((ElidedText(look, "Asking …"), QRect(20, 20, 90, 30)))
    assert texts.faults(window) == []


def test_a_placeholder_that_does_not_fit_is_found(board: Board, look: Look) -> None:
    edit = QLineEdit()
    edit.setPlaceholderText("Order or receipt number")
    window = board((edit, QRect(20, 20, 70, 40)))
    said(texts.faults(window), "QLineEdit", "is shortened")


def test_texts_over_each_other_are_found(board: Board) -> None:
    window = board((Blurred(), QRect(0, 0, 200, 60)))
    said(texts.faults(window), "Blurred", "“the one” lies over “the other”")


def test_a_small_target_is_found_with_its_figures(board: Board, look: Look) -> None:
    window = board((Button(look, "Tiny"), QRect(20, 20, 60, 30)))
    said(targets.faults(window, look.metrics), "Button(Tiny) is 60 x 30 px, 38 x 38 px")


def test_charge_is_asked_for_more(board: Board, look: Look) -> None:
    charge = Button(look, "Charge")
    charge.setObjectName("charge")
    window = board((charge, QRect(20, 20, 200, 60)))
    said(targets.faults(window, look.metrics), "Button(charge) is 200 x 60 px, 38 x 76 px")


def test_targets_too_near_to_each_other_are_found(board: Board, look: Look) -> None:
    window = board(
        (Button(look, "Undo"), QRect(20, 20, 80, 40)),
        (Button(look, "Void"), QRect(103, 20, 80, 40)),
    )
    said(targets.faults(window, look.metrics), "Button(Undo) and Button(Void) are 3 px apart, 8")


def test_what_stands_outside_the_window_is_found(board: Board, look: Look) -> None:
    window = board((Button(look, "Gone"), QRect(350, 20, 80, 40)))
    said(places.faults(window), "Button(Gone) at 350,20 80 x 40 stands outside the window")


def test_what_lies_over_another_is_found(board: Board, look: Look) -> None:
    window = board(
        (Button(look, "Under"), QRect(20, 20, 80, 40)),
        (Button(look, "Over"), QRect(90, 20, 80, 40)),
    )
    said(places.faults(window), "Button(Under) and Button(Over) share 90,20 10 x 40")


def test_news_over_a_button_is_found(board: Board, look: Look) -> None:
    window = board((Button(look, "Charge"), QRect(20, 240, 160, 40)))
    notice = Notice(look, window)
    notice.tell("Order 7 is paid", "€4.20 has arrived.", Tone.GOOD)
    said(places.faults(window), "the news covers Button(Charge)")


def test_a_control_without_a_name_is_found(board: Board) -> None:
    edit = QLineEdit()
    edit.setObjectName("code")
    window = board((edit, QRect(20, 20, 120, 40)))
    said(places.faults(window), "QLineEdit(code) has no accessible name")


@pytest.mark.parametrize(
    "colour, step, figure",
    [("#8a8a8a", Type.BODY, "4.5:1"), ("#a0a0a0", Type.HEADLINE, "3.0:1")],
)
def test_a_pale_text_is_found_with_its_contrast(
    board: Board, look: Look, colour: str, step: Type, figure: str
) -> None:
    label = QLabel("Pale words")
    font = look.font(step)
    label.setStyleSheet(f"color: {colour}; font-size: {font.pixelSize()}px")
    window = board((label, QRect(20, 20, 250, 60)))
    measured = contrast_of_names(colour, "#ffffff")
    said(colours.faults(window), f"{colour} on #ffffff is {measured:.2f}:1, {figure}")


def test_the_ground_counts_that_is_really_there(board: Board, look: Look) -> None:
    """The token is dark enough for the theme's own ground; this ground is another."""
    ground = QWidget()
    ground.setStyleSheet("background: #5f5f5f")
    text = Text(look, "On a dark ground", parent=ground)
    text.setGeometry(10, 10, 200, 30)
    window = board((ground, QRect(0, 0, 300, 100)))
    said(colours.faults(window), f"{look.theme.text} on #5f5f5f")


def test_a_text_under_something_else_is_found(board: Board, look: Look) -> None:
    lid = QWidget()
    lid.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
    window = board(
        (Text(look, "Nobody sees this"), QRect(20, 20, 200, 40)), (lid, QRect(0, 0, 300, 100))
    )
    said(colours.faults(window), "“Nobody sees this”", "is not to be seen")


def test_a_pale_icon_is_found(board: Board, look: Look) -> None:
    label = IconLabel(look, "clock", "Waiting", icon_colour="line")
    window = board((label, QRect(20, 20, 200, 40)))
    said(colours.faults(window), "IconLabel(Waiting): an icon", "3.0:1 is the least")


def test_a_control_that_hides_the_focus_is_found(board: Board, look: Look) -> None:
    window = board((Deaf(look, "Deaf"), QRect(20, 20, 120, 40)))
    said(focus.faults(window), "Deaf(Deaf) shows the keyboard's focus in 0 px")


def test_a_code_that_is_not_the_attempts_is_found(board: Board, look: Look) -> None:
    view = QrView(look)
    view.set_url("https://checkout.stripe.com/c/pay/another")
    window = board((view, QRect(0, 0, 300, 300)))
    found = codes.faults(window, view, "https://checkout.stripe.com/c/pay/this")
    assert found[0].startswith("the code says https://checkout.stripe.com/c/pay/another")


def test_a_code_of_small_modules_is_found(board: Board, look: Look) -> None:
    view, url = QrView(look), "https://checkout.stripe.com/c/pay/" + "a" * 500
    view.set_url(url)
    window = board((view, QRect(0, 0, 250, 250)))
    assert any("px wide, 4 are the least" in fault for fault in codes.faults(window, view, url))


def test_a_code_without_its_quiet_zone_is_found(board: Board, look: Look) -> None:
    view, url = QrView(look), "https://checkout.stripe.com/c/pay/short"
    view.set_url(url)
    lid = QWidget()
    lid.setStyleSheet("background: #222222")
    window = board((view, QRect(0, 0, 300, 300)), (lid, QRect(0, 0, 300, 48)))
    assert any("quiet zone" in fault for fault in codes.faults(window, view, url))


def test_the_album_has_a_sheet_that_shows_each_picture_and_its_faults(
    board: Board, look: Look, tmp_path: Path
) -> None:
    window = board((Button(look, "One"), QRect(10, 10, 120, 40)))
    (tmp_path / "old--1x1.png").write_text("of another day")
    album = Album(tmp_path)
    album.keep("sell", Variant().name, window, ["Button(<b>) is too small"])
    album.close()
    assert [path.name for path in tmp_path.glob("*.png")] == ["sell--1024x600-en.png"]
    sheet = (tmp_path / "index.html").read_text("utf-8")
    assert '<img src="sell--1024x600-en.png"' in sheet
    assert "Button(&lt;b&gt;) is too small" in sheet
    assert "1 pictures of 1 scenes, 1 with faults" in sheet
