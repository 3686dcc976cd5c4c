"""The tokens: contrast of what is used together, and nothing that is not a colour."""

import ast
import dataclasses
import re

import pytest
from PySide6.QtGui import QColor

from tests.ui.helpers import contrast
from ui.fonts import RESOURCES
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


# --- one place for all of it -----------------------------------------------------------------

ROOT = RESOURCES.parent
MODULES = sorted(
    path.relative_to(ROOT).as_posix()
    for path in (ROOT / "ui").rglob("*.py")
    if path.name != "theme.py"
)
COLOUR = re.compile(r"#(?:[0-9a-fA-F]{3,4}|[0-9a-fA-F]{6}|[0-9a-fA-F]{8})")


def colours_in(source: str) -> list[str]:
    """Find colours that are written as such: "#0b6353", QColor(1, 2, 3), QColor("red")."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found += COLOUR.findall(node.value) if COLOUR.fullmatch(node.value) else []
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("QColor"):
            values = [one.value for one in node.args if isinstance(one, ast.Constant)]
            # Nothing but zeros is the colour that is not seen.
            found += [ast.unparse(node)] if any(values) else []
    return found


def nameless_sizes_in(source: str) -> list[str]:
    """Find numbers that go into a size as they are: dp(7), mm(12), dp(M + 3); not dp(2 * M)."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in {"dp", "mm"}:
            found += [ast.unparse(node) for one in node.args if _has_number(one)]
    return found


def _has_number(node: ast.expr) -> bool:
    if isinstance(node, ast.Constant):
        return node.value != 0
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
        return _has_number(node.left) or _has_number(node.right)
    return False


@pytest.mark.parametrize("name", MODULES)
def test_no_colour_is_written_outside_the_theme(name: str) -> None:
    assert colours_in((ROOT / name).read_text("utf-8")) == []


@pytest.mark.parametrize("name", [name for name in MODULES if "/display/" not in name])
def test_no_size_is_without_a_name(name: str) -> None:
    assert nameless_sizes_in((ROOT / name).read_text("utf-8")) == []


def test_stray_values_are_noticed() -> None:
    assert colours_in('fill("#0b6353")')
    assert colours_in("QColor(1, 2, 3)")
    assert colours_in('QColor("red")')
    assert not colours_in("QColor(0, 0, 0, 0)")
    assert not colours_in('QColor(colours.text); label("Order #123456 is paid")')
    assert nameless_sizes_in("look.dp(7)")
    assert nameless_sizes_in("look.metrics.mm(12.5)")
    assert nameless_sizes_in("dp(theme.S + 4)")
    assert not nameless_sizes_in("dp(theme.S + theme.XS); dp(2 * theme.M); dp(_WIDE)")


@BOTH
def test_an_initial_is_legible_on_the_tint_of_its_picture(theme: Theme) -> None:
    assert all(contrast(theme.text_muted, tint) >= 4.5 for tint in theme.pictures)


def test_the_contrasts_in_the_documentation_are_those_of_the_themes() -> None:
    words = (ROOT / "docs" / "design.md").read_text("utf-8")
    rows = re.findall(r"^\| (\w+) on (\w+) \| ([\d.]+) \| ([\d.]+) \|$", words, re.MULTILINE)
    assert len(rows) > 10
    for text, ground, *figures in rows:
        measured = [contrast(getattr(one, text), getattr(one, ground)) for one in (LIGHT, DARK)]
        assert [f"{value:.1f}" for value in measured] == figures, (text, ground)


def test_the_type_scale_in_the_documentation_is_the_theme_s() -> None:
    words = (ROOT / "docs" / "design.md").read_text("utf-8")
    rows = re.findall(r"^\| (\w+) \| (\d+) \| (\d+) \|", words, re.MULTILINE)
    assert [(Type(name), (int(size), int(weight))) for name, size, weight in rows] == [
        (step, tuple(TYPE_SCALE[step])) for step in Type
    ]
