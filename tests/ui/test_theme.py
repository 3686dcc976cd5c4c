"""The tokens: contrast of what is used together, and nothing that is not a colour."""

import dataclasses

import pytest
from PySide6.QtGui import QColor

from tests.ui.helpers import contrast
from ui.icons import Icons
from ui.look import Look
from ui.theme import DARK, LIGHT, PART_PAIRS, TEXT_PAIRS, THEMES, TYPE_SCALE, Theme, Tone, Type

BOTH = pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)


@BOTH
@pytest.mark.parametrize("text, ground", TEXT_PAIRS)
def test_text_stands_out_from_its_ground(theme: Theme, text: str, ground: str) -> None:
    assert contrast(getattr(theme, text), getattr(theme, ground)) >= 4.5


@BOTH
@pytest.mark.parametrize("part, ground", PART_PAIRS)
def test_parts_stand_out_from_their_ground(theme: Theme, part: str, ground: str) -> None:
    assert contrast(getattr(theme, part), getattr(theme, ground)) >= 3.0


@BOTH
@pytest.mark.parametrize("tone", Tone)
def test_every_tone_is_legible_on_its_soft_ground(theme: Theme, tone: Tone) -> None:
    assert contrast(*theme.tone(tone)) >= 4.5


@BOTH
def test_every_colour_is_one(theme: Theme) -> None:
    for field in dataclasses.fields(theme):
        value = getattr(theme, field.name)
        if isinstance(value, str) and field.name != "name":
            assert QColor(value).isValid(), field.name


def test_both_themes_have_a_name_and_every_type_step_a_size() -> None:
    assert set(THEMES) == {"light", "dark"}
    assert set(TYPE_SCALE) == set(Type)


def test_icons_are_drawn_in_the_colour_that_is_asked_for(look: Look) -> None:
    for name in look.icons.names:
        image = look.icons.pixmap(name, "#ff0000", 24, 2.0).toImage()
        assert (image.width(), image.height()) == (48, 48)
        colours = {
            image.pixelColor(x, y).name()
            for x in range(48)
            for y in range(48)
            if image.pixelColor(x, y).alpha() > 250
        }
        assert colours <= {"#ff0000", "#fe0000"}, name
        assert colours, name


def test_an_icon_is_drawn_once(look: Look) -> None:
    icons = Icons()
    assert icons.pixmap("plus", "#000000", 24, 1.0) is icons.pixmap("plus", "#000000", 24, 1.0)
