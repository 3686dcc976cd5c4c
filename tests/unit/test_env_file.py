"""Keys in a `.env` file: all else in it stays, nobody else may read it, and faults are told."""

import errno
import stat
from pathlib import Path

import pytest
from dotenv import dotenv_values

from app.env_file import forget_in, keep_in
from app.errors import ConfigError

OTHERS = "# the shop's own\nPORT=8000\nexport BASE_URL='https://shop.example'"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / ".env"


def test_a_new_file_is_for_its_owner_alone(file: Path) -> None:
    keep_in(file, "SHOP_KEY", "sk_test_1")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert dotenv_values(file) == {"SHOP_KEY": "sk_test_1"}


def test_what_stands_there_already_stays_and_others_lose_the_right_to_read_it(file: Path) -> None:
    file.write_text(OTHERS)
    file.chmod(0o644)
    keep_in(file, "SHOP_KEY", "first")
    keep_in(file, "SHOP_KEY", "second")
    assert file.read_text() == f"{OTHERS}\nSHOP_KEY='second'\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert forget_in(file, "SHOP_KEY")
    assert file.read_text() == f"{OTHERS}\n"
    assert not forget_in(file, "SHOP_KEY")


def test_without_a_file_there_is_nothing_to_forget(file: Path) -> None:
    assert not forget_in(file, "SHOP_KEY")
    assert not file.exists()


def test_a_file_that_is_linked_to_stays_where_it_is(tmp_path: Path, file: Path) -> None:
    real = tmp_path / "elsewhere"
    real.write_text("PORT=8000\n")
    file.symlink_to(real)
    keep_in(file, "SHOP_KEY", "sk_test_1")
    assert file.is_symlink() and dotenv_values(real)["SHOP_KEY"] == "sk_test_1"


@pytest.mark.parametrize("value", ["it's", 'a"b', "back\\slash", "#hash", "a=b", "$HOME"])
def test_what_is_kept_is_read_back_as_it_is(file: Path, value: str) -> None:
    keep_in(file, "SHOP_KEY", value)
    assert dotenv_values(file)["SHOP_KEY"] == value


def test_what_the_file_would_not_give_back_is_refused_and_leaves_nothing(file: Path) -> None:
    file.write_text("PORT=8000\n")
    with pytest.raises(ConfigError, match="could not be written") as error:
        keep_in(file, "SHOP_KEY", "a${PORT}b")
    assert "a${PORT}b" not in str(error.value) and "would not give it back" in str(error.value)
    assert file.read_text() == "PORT=8000\n"
    assert [path.name for path in file.parent.iterdir()] == [".env"]


def test_a_place_that_cannot_be_written_is_told_in_words(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="could not be written") as error:
        keep_in(tmp_path / "gone" / ".env", "SHOP_KEY", "sk_test_1")
    assert "Nothing was changed." in error.value.detail
    assert "write the key into it yourself" in error.value.action


def test_a_disk_that_is_full_leaves_no_copy_with_the_keys_behind(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text("SHOP_KEY=sk_test_1\n")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("app.env_file.set_key", full)
    with pytest.raises(ConfigError, match="No space left"):
        keep_in(file, "OTHER_KEY", "sk_test_2")
    assert [path.name for path in file.parent.iterdir()] == [".env"]
