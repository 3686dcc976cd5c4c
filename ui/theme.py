"""Every colour, distance, radius and size of type, in one place; then Qt's palette and stylesheet.

Screens name a token and never a value. A pair of text and ground that is used together stands in
`TEXT_PAIRS` or `PART_PAIRS`, and a test holds its contrast.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple

from PySide6.QtGui import QColor, QPalette

XXS: Final = 2
XS: Final = 4
S: Final = 8
M: Final = 12
L: Final = 16
XL: Final = 24
XXL: Final = 32
XXXL: Final = 48
"""Spacing steps, in units of 1/96 inch."""

RADIUS_S: Final = 6
RADIUS_M: Final = 10
RADIUS_L: Final = 16

ICON_S: Final = 18
ICON_M: Final = 20
ICON_L: Final = 24
ICON_XL: Final = 48
ICON_XXL: Final = 112
"""Sides of icons: in a caption, in a field or stepper, on a button, on an empty place, in the
code's place."""

RING: Final = 2.5
"""How wide the ring of the keyboard's focus is."""

FADED: Final = 0.4
"""How far what cannot be used now fades into its ground."""
PRESSED: Final = 0.2
"""How far a loud ground goes towards its text while it is pressed."""

QR_DARK: Final = "#000000"
QR_LIGHT: Final = "#ffffff"
"""The code's own colours, in every theme: cameras read dark on light."""


class Type(StrEnum):
    """A step of the type scale; its size and weight stand in `TYPE_SCALE`."""

    MICRO = "micro"
    CAPTION = "caption"
    CAPTION_STRONG = "caption_strong"
    BODY = "body"
    BODY_STRONG = "body_strong"
    TITLE = "title"
    HEADLINE = "headline"
    TOTAL = "total"
    AMOUNT = "amount"
    HERO = "hero"


class TypeStep(NamedTuple):
    """Size in units of 1/96 inch and weight as OpenType counts it."""

    size: int
    weight: int


TYPE_SCALE: Final[dict[Type, TypeStep]] = {
    Type.MICRO: TypeStep(11, 500),
    Type.CAPTION: TypeStep(13, 400),
    Type.CAPTION_STRONG: TypeStep(13, 600),
    Type.BODY: TypeStep(15, 400),
    Type.BODY_STRONG: TypeStep(15, 600),
    Type.TITLE: TypeStep(19, 600),
    Type.HEADLINE: TypeStep(25, 600),
    Type.TOTAL: TypeStep(30, 700),
    Type.AMOUNT: TypeStep(46, 700),
    Type.HERO: TypeStep(68, 700),
}


class Tone(StrEnum):
    """What a coloured part means; always beside a word or an icon, never alone."""

    NEUTRAL = "neutral"
    ACCENT = "accent"
    GOOD = "good"
    BUSY = "busy"
    WARNING = "warning"
    DANGER = "danger"


@dataclass(frozen=True, slots=True)
class Theme:
    """One set of colours. `on_x` is text on `x`; `x_soft` is a quiet ground for text in `x`."""

    name: str
    is_dark: bool
    canvas: str
    surface: str
    raised: str
    sunken: str
    line: str
    line_strong: str
    text: str
    text_muted: str
    accent: str
    accent_pressed: str
    on_accent: str
    accent_soft: str
    good: str
    on_good: str
    good_soft: str
    busy: str
    busy_soft: str
    warning: str
    warning_soft: str
    danger: str
    on_danger: str
    danger_soft: str
    paid: str
    on_paid: str
    training: str
    on_training: str
    test: str
    on_test: str
    live: str
    on_live: str
    shadow: str
    pictures: tuple[str, ...]

    def tone(self, tone: Tone) -> tuple[str, str]:
        """Give the (text, soft ground) pair of a tone."""
        return {
            Tone.NEUTRAL: (self.text_muted, self.sunken),
            Tone.ACCENT: (self.accent, self.accent_soft),
            Tone.GOOD: (self.good, self.good_soft),
            Tone.BUSY: (self.busy, self.busy_soft),
            Tone.WARNING: (self.warning, self.warning_soft),
            Tone.DANGER: (self.danger, self.danger_soft),
        }[tone]


LIGHT: Final = Theme(
    name="light",
    is_dark=False,
    canvas="#f5f3ee",
    surface="#ffffff",
    raised="#ffffff",
    sunken="#edeae3",
    line="#e3ded4",
    line_strong="#88837a",
    text="#1d1c19",
    text_muted="#5f5a52",
    accent="#0b6353",
    accent_pressed="#084a3e",
    on_accent="#ffffff",
    accent_soft="#dcece6",
    good="#17693f",
    on_good="#ffffff",
    good_soft="#dcefe2",
    busy="#1e5a94",
    busy_soft="#e0ebf6",
    warning="#7a4a00",
    warning_soft="#fbecca",
    danger="#a8261c",
    on_danger="#ffffff",
    danger_soft="#fae3df",
    paid="#17693f",
    on_paid="#ffffff",
    training="#f2b632",
    on_training="#2a1d00",
    test="#1e5a94",
    on_test="#ffffff",
    live="#1d1c19",
    on_live="#ffffff",
    shadow="#3a2f20",
    pictures=("#f6efe4", "#eef1e6", "#f7ebe6", "#e9f0f0"),
)

DARK: Final = Theme(
    name="dark",
    is_dark=True,
    canvas="#131412",
    surface="#1d1f1c",
    raised="#272926",
    sunken="#2a2c29",
    line="#31342f",
    line_strong="#7d837a",
    text="#f1f0eb",
    text_muted="#aeb2a9",
    accent="#5ccdb1",
    accent_pressed="#8be0cb",
    on_accent="#04241c",
    accent_soft="#173830",
    good="#74d69b",
    on_good="#06230f",
    good_soft="#173523",
    busy="#8bbcf0",
    busy_soft="#1a2d42",
    warning="#f0c265",
    warning_soft="#3a2d10",
    danger="#ff9d90",
    on_danger="#3b0905",
    danger_soft="#45201c",
    paid="#186b41",
    on_paid="#ffffff",
    training="#c98f14",
    on_training="#1d1400",
    test="#8bbcf0",
    on_test="#071a2e",
    live="#f1f0eb",
    on_live="#131412",
    shadow="#000000",
    pictures=("#332d25", "#2a2f26", "#352a26", "#252e2e"),
)

THEMES: Final = {LIGHT.name: LIGHT, DARK.name: DARK}

TEXT_PAIRS: Final = (
    ("text", "canvas"),
    ("text", "surface"),
    ("text", "raised"),
    ("text", "sunken"),
    ("text_muted", "canvas"),
    ("text_muted", "surface"),
    ("text_muted", "raised"),
    ("text_muted", "sunken"),
    ("text", "accent_soft"),
    ("text_muted", "accent_soft"),
    ("canvas", "text"),
    ("text", "danger_soft"),
    ("text", "warning_soft"),
    ("text", "busy_soft"),
    ("text", "good_soft"),
    ("accent", "canvas"),
    ("accent", "surface"),
    ("accent", "accent_soft"),
    ("on_accent", "accent"),
    ("on_accent", "accent_pressed"),
    ("good", "good_soft"),
    ("good", "surface"),
    ("on_good", "good"),
    ("busy", "busy_soft"),
    ("busy", "surface"),
    ("warning", "warning_soft"),
    ("warning", "surface"),
    ("danger", "danger_soft"),
    ("danger", "surface"),
    ("danger", "canvas"),
    ("on_danger", "danger"),
    ("on_paid", "paid"),
    ("paid", "on_paid"),
    ("on_training", "training"),
    ("on_test", "test"),
    ("on_live", "live"),
)
"""(text, ground) token names that need a contrast of 4.5."""

PART_PAIRS: Final = (
    ("line_strong", "canvas"),
    ("line_strong", "surface"),
    ("line_strong", "raised"),
    ("accent", "sunken"),
    ("good", "canvas"),
    ("danger", "sunken"),
    ("warning", "canvas"),
    ("busy", "canvas"),
)
"""(part, ground) token names that need a contrast of 3."""


def palette(theme: Theme) -> QPalette:
    """Give Qt's own parts (text cursors, selections, tool tips) the theme's colours."""
    made = QPalette()
    roles = {
        QPalette.ColorRole.Window: theme.canvas,
        QPalette.ColorRole.WindowText: theme.text,
        QPalette.ColorRole.Base: theme.surface,
        QPalette.ColorRole.AlternateBase: theme.sunken,
        QPalette.ColorRole.Text: theme.text,
        QPalette.ColorRole.PlaceholderText: theme.text_muted,
        QPalette.ColorRole.Button: theme.surface,
        QPalette.ColorRole.ButtonText: theme.text,
        QPalette.ColorRole.Highlight: theme.accent,
        QPalette.ColorRole.HighlightedText: theme.on_accent,
        QPalette.ColorRole.ToolTipBase: theme.raised,
        QPalette.ColorRole.ToolTipText: theme.text,
        QPalette.ColorRole.Link: theme.accent,
    }
    for role, colour in roles.items():
        made.setColor(role, QColor(colour))
    return made


def stylesheet(theme: Theme) -> str:
    """Write the few rules for Qt's own widgets; everything else is painted from tokens."""
    return f"""
QMainWindow, #page {{ background: {theme.canvas}; }}
QLineEdit {{ background: transparent; border: none; padding: 0; color: {theme.text};
    placeholder-text-color: {theme.text_muted}; lineedit-password-character: 8226;
    selection-background-color: {theme.accent}; selection-color: {theme.on_accent}; }}
QScrollArea, QListView, #scrolled {{ background: transparent; border: none; outline: none; }}
"""
