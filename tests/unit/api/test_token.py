"""The token of the local API."""

import stat
from pathlib import Path

from app.api.token import TOKEN_FILE, token_of


def test_a_token_is_made_once_long_and_for_its_owner_only(tmp_path: Path) -> None:
    token = token_of(tmp_path)
    assert token_of(tmp_path) == token and len(token) >= 40
    assert stat.S_IMODE((tmp_path / TOKEN_FILE).stat().st_mode) == 0o600
    other = tmp_path / "other"
    other.mkdir()
    assert token_of(other) != token


def test_a_token_that_a_crash_cut_off_opens_nothing_and_is_made_anew(tmp_path: Path) -> None:
    for remains in ("", "short", "\n"):
        (tmp_path / TOKEN_FILE).write_text(remains)
        token = token_of(tmp_path)
        assert len(token) >= 40 and token_of(tmp_path) == token
        assert stat.S_IMODE((tmp_path / TOKEN_FILE).stat().st_mode) == 0o600
