"""The shipped typefaces: every script has its letters, joined as they should be, on a bare machine.

What is asked of them is asked in a process of its own that sees no font of the system.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QRawFont
from PySide6.QtWidgets import QApplication

from tests.conftest import ExpectedLogs
from ui.fonts import FAMILIES, FAMILY, RESOURCES, font_for, load_fonts
from ui.kit.paint import text_in
from ui.theme import Type

FONTS = RESOURCES / "fonts"
FILES = sorted(file for file in FONTS.rglob("*") if file.suffix in {".otf", ".ttf"})
MOST_BYTES = 9_000_000

SAMPLES = {
    "Inter": "Kräftiger Espresso, šťastný, Łódź, ελληνικός καφές, Чай мятный 12,50 € “ok”",
    "Noto Sans Arabic UI": "قهوة عربية بالهيل، فلات وايت! چای و گلاب ٹماٹر",
    "Noto Sans Hebrew": "פלאפל בפיתה ₪",
    "Noto Sans Devanagari UI": "मसाला चाय क्षत्रिय हिन्दी",
    "Noto Sans Bengali UI": "মিষ্টি চা",
    "Noto Sans Gurmukhi UI": "ਮਿੱਠੀ ਚਾਹ",
    "Noto Sans Gujarati UI": "મસાલા ચા",
    "Noto Sans Oriya UI": "ମିଠା ଚା",
    "Noto Sans Tamil UI": "இனிப்பு தேநீர்",
    "Noto Sans Telugu UI": "తియ్యటి టీ",
    "Noto Sans Kannada UI": "ಸಿಹಿ ಚಹಾ",
    "Noto Sans Malayalam UI": "ചായ മധുരം",
    "Noto Sans Sinhala UI": "තේ කෝප්පය",
    "Noto Sans Thai UI": "ชาเย็นไข่มุก กาแฟ",
    "Noto Sans Lao UI": "ຊາເຢັນ",
    "Noto Sans Khmer UI": "តែទឹកដោះគោ",
    "Noto Sans Myanmar UI": "လက်ဖက်ရည်",
    "Noto Sans Armenian": "թեյ սուրճ",
    "Noto Sans Georgian": "ლიმონათი ჩაი",
    "Noto Sans Ethiopic": "ቡና ሻይ",
    "Noto Sans Symbols2": "☕⚡☂",
    "Droid Sans Fallback": "珈琲 龍井茶 コーヒー ひらがな 커피 라떼",
}
WORDS = {
    "joined": "ععع",
    "alone": "ع",
    "conjunct": "क्ष",
    "reordered": "कि",
    "consonant": "क",
    "mixed": "قهوة 250 g",
    "in English": "Tea चाय 茶 شاي",
    "nobody's": "\N{RED APPLE}",
}

ASK = """
import json, sys
from PySide6.QtCore import qInstallMessageHandler
from PySide6.QtGui import QFontDatabase, QGuiApplication, QTextLayout
from PySide6.QtWidgets import QApplication
from ui.application import create_application
from tests.conftest import ExpectedLogs
from ui.fonts import font_for
from ui.theme import Type

said = []
qInstallMessageHandler(lambda kind, context, text: said.append(text))
bare = QApplication(["bare"])
before = QFontDatabase.families()
create_application()

def runs(text, step):
    layout = QTextLayout(text, font_for(step, 20))
    layout.beginLayout()
    line = layout.createLine()
    layout.endLayout()
    return {"width": line.naturalTextWidth(), "runs": [
        [run.rawFont().familyName(), run.rawFont().weight(), list(run.glyphIndexes())]
        for run in layout.glyphRuns()
    ]}

asked = json.load(sys.stdin)
answer = {
    "before": before,
    "regular": {name: runs(text, Type.BODY) for name, text in asked.items()},
    "strong": {name: runs(text, Type.BODY_STRONG) for name, text in asked.items()},
}
answer["said"] = said
json.dump(answer, sys.stdout)
"""


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Ask a process to which the system's fonts are invisible how it would set the samples."""
    folder = tmp_path_factory.mktemp("no-fonts")
    configuration = folder / "fonts.conf"
    configuration.write_text(
        '<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd">'
        f"<fontconfig><cachedir>{folder / 'cache'}</cachedir></fontconfig>",
        "utf-8",
    )
    ended = subprocess.run(
        [sys.executable, "-c", ASK],
        input=json.dumps(SAMPLES | WORDS),
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=90,
        check=True,
        cwd=RESOURCES.parent,
        env={
            **os.environ,
            "QT_QPA_PLATFORM": "offscreen",
            "FONTCONFIG_FILE": str(configuration),
            "PYTHONUTF8": "1",
        },
    )
    answer: dict[str, Any] = json.loads(ended.stdout)
    return answer


def glyphs(answer: dict[str, Any], name: str, step: str = "regular") -> list[int]:
    return [glyph for _family, _weight, some in answer[step][name]["runs"] for glyph in some]


def families(answer: dict[str, Any], name: str, step: str = "regular") -> set[str]:
    return {family for family, _weight, _glyphs in answer[step][name]["runs"]}


def test_the_machine_that_is_asked_is_bare(bare: dict[str, Any]) -> None:
    if sys.platform.startswith("linux"):
        assert set(bare["before"]) <= {"Monospace", "Sans Serif", "Serif"}
        assert 0 in glyphs(bare, "nobody's")
    assert not set(bare["before"]) & set(FAMILIES)


@pytest.mark.parametrize("step", ["regular", "strong"])
@pytest.mark.parametrize("family", SAMPLES)
def test_every_letter_of_a_script_is_drawn_by_its_own_typeface(
    bare: dict[str, Any], family: str, step: str
) -> None:
    assert 0 not in glyphs(bare, family, step)
    # Inter lends the spaces and the signs that it has.
    assert family in families(bare, family, step) <= {family, FAMILY}


def test_qt_has_nothing_to_say_of_all_this(bare: dict[str, Any]) -> None:
    assert bare["said"] == []


def test_arabic_letters_join(bare: dict[str, Any]) -> None:
    joined = glyphs(bare, "joined")
    assert len(set(joined)) == 3
    assert not set(joined) & set(glyphs(bare, "alone"))


def test_devanagari_letters_combine_and_change_places(bare: dict[str, Any]) -> None:
    assert len(glyphs(bare, "conjunct")) == 1
    assert glyphs(bare, "reordered")[1:] == glyphs(bare, "consonant")


@pytest.mark.parametrize("script", ["Arabic UI", "Hebrew", "Devanagari UI", "Thai UI"])
def test_the_scripts_of_whole_languages_have_a_heavier_weight(
    bare: dict[str, Any], script: str
) -> None:
    family = f"Noto Sans {script}"
    weights = {weight for name, weight, _glyphs in bare["strong"][family]["runs"] if name == family}
    assert weights == {600}
    assert bare["strong"][family]["width"] > bare["regular"][family]["width"] + 1


def test_mixed_text_takes_from_inter_what_inter_has(bare: dict[str, Any]) -> None:
    assert families(bare, "mixed") == {FAMILY, "Noto Sans Arabic UI"}
    latin = [some for name, _weight, some in bare["regular"]["mixed"]["runs"] if name == FAMILY]
    assert max(map(len, latin)) >= len("250")
    assert families(bare, "in English") == {
        FAMILY,
        "Noto Sans Devanagari UI",
        "Noto Sans Arabic UI",
        "Droid Sans Fallback",
    }


def test_inter_stands_first_in_every_font(qapp: QApplication) -> None:
    assert font_for(Type.BODY, 15).families() == list(FAMILIES)
    assert qapp.font().families() == list(FAMILIES)
    assert FAMILIES[0] == FAMILY == "Inter"


def test_each_family_that_is_named_is_shipped_and_each_that_is_shipped_is_named(
    qapp: QApplication,
) -> None:
    assert set(FAMILIES) <= set(load_fonts())
    assert {QRawFont(str(file), 12).familyName() for file in FILES} == set(FAMILIES)
    assert set(SAMPLES) == set(FAMILIES)


@pytest.mark.parametrize("folder", sorted({file.parent.name for file in FILES}))
def test_a_typeface_lies_beside_its_licence(folder: str) -> None:
    licence = (FONTS / folder / "LICENSE.txt").read_text("utf-8")
    assert "SIL OPEN FONT LICENSE Version 1.1" in licence or "Apache License" in licence
    assert "opyright" in licence.partition("\n\n")[0]


def test_the_list_of_typefaces_names_every_file() -> None:
    words = (FONTS / "README.md").read_text("utf-8")
    assert [file.name for file in FILES if file.name not in words] == []


def test_the_typefaces_stay_small() -> None:
    assert sum(file.stat().st_size for file in FILES) < MOST_BYTES


def test_a_file_that_is_no_font_is_told_of_and_left_out(
    qapp: QApplication, tmp_path: Path, expected_logs: ExpectedLogs
) -> None:
    (tmp_path / "broken.ttf").write_bytes(b"no font")
    assert load_fonts(tmp_path) == []
    expected_logs.take("broken.ttf cannot be loaded")


def test_texts_of_two_scripts_stand_on_one_line(qapp: QApplication) -> None:
    def painted(text: str) -> QImage:
        image = QImage(300, 40, QImage.Format.Format_RGB32)
        image.fill(Qt.GlobalColor.white)
        painter = QPainter(image)
        text_in(painter, QRectF(0, 0, 300, 40), text, font_for(Type.BODY, 20), QColor("black"))
        painter.end()
        return image.copy(0, 0, 42, 40)

    plain = painted("Hxg")
    for other in ("شاي", "चाय", "ชา", "茶", "පෙ"):
        assert painted(f"Hxg {other}") == plain
