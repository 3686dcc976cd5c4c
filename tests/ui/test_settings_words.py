"""What is wrong in the settings, said in the window's language."""

from pathlib import Path

import pytest

from app.errors import ConfigError
from app.settings import Mode, load_settings
from ui.errors import error_words
from ui.format import Formats
from ui.i18n import use_language


def test_what_is_wrong_in_the_settings_is_said_in_the_language(tmp_path: Path) -> None:
    file = tmp_path / "scantill.toml"
    file.write_text("colour = 1\n[checkout]\ndeadline_minutes = 0\n", "utf-8")
    with pytest.raises(ConfigError) as caught:
        load_settings(tmp_path, Mode.TRAINING, working_directory=tmp_path)
    assert "deadline_minutes: must not be less than 1" in caught.value.detail
    use_language("de")
    try:
        said = error_words(caught.value, Formats("de")).detail.splitlines()
    finally:
        use_language("en")
    assert sorted(said) == [
        f"{file}: checkout.deadline_minutes: darf nicht kleiner als 1 sein",
        f"{file}: colour: ist kein Schlüssel, den die Kasse kennt",
    ]
