"""Where keys stand, and that files which others can read are told of."""

import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from app.account_keys import exposed_files, exposed_words, key_named, place_of
from app.accounts import accounts_of
from app.errors import ConfigError
from app.settings import Mode, Settings, load_settings
from tests.parts.clock import VirtualClock
from tests.unit.test_accounts import NAMES, TWO, NoStore

Load = Callable[[], Settings]


@pytest.fixture
def work(tmp_path: Path) -> Path:
    (tmp_path / "work").mkdir()
    return tmp_path / "work"


@pytest.fixture
def load(tmp_path: Path, work: Path, monkeypatch: pytest.MonkeyPatch) -> Load:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    return lambda: load_settings(tmp_path, Mode.TEST, working_directory=work)


def write(path: Path, text: str, mode: int) -> None:
    path.write_text(text)
    path.chmod(mode)


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604])
def test_a_file_with_keys_that_others_can_read_is_told_with_what_to_do(
    tmp_path: Path, work: Path, load: Load, mode: int
) -> None:
    write(tmp_path / ".env", "STRIPE_SECRET_KEY=sk_test_1\n", mode)
    write(work / ".env", "STRIPE_CHECKOUT_STRIPE_WEBHOOK_SECRET=whsec_1\n", mode)
    assert exposed_files(load()) == (tmp_path / ".env", work / ".env")
    words = exposed_words(load())
    assert words is not None and "chmod 600" in words and str(tmp_path / ".env") in words
    assert "sk_test_1" not in words


def test_a_file_of_ones_own_or_without_keys_is_not_told(
    tmp_path: Path, work: Path, load: Load
) -> None:
    write(tmp_path / ".env", "STRIPE_SECRET_KEY=sk_test_1\n", stat.S_IRUSR | stat.S_IWUSR)
    write(work / ".env", "PORT=8000\nSTRIPE_SECRET_KEY=\n", 0o644)
    assert exposed_files(load()) == ()
    assert exposed_words(load()) is None


def test_one_file_that_is_both_is_told_once(tmp_path: Path, load: Load) -> None:
    write(tmp_path / ".env", "STRIPE_SECRET_KEY=sk_test_1\n", 0o644)
    settings = load_settings(tmp_path, Mode.TEST, working_directory=tmp_path)
    assert exposed_files(settings) == (tmp_path / ".env",)


def test_a_system_without_such_rights_is_not_judged_by_them(
    tmp_path: Path, load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / ".env", "STRIPE_SECRET_KEY=sk_test_1\n", 0o644)
    settings = load()
    monkeypatch.setattr("app.account_keys.os.name", "nt")
    assert exposed_files(settings) == ()


def test_where_a_key_is_taken_from_follows_what_the_till_does(
    tmp_path: Path, load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "scantill.toml").write_text(TWO, "utf-8")
    none, kept = NoStore(), NoStore(shop_secret_key="sk_test_kept")
    key = key_named(load(), "shop.secret_key")
    assert place_of(load(), key, none) is None
    write(tmp_path / ".env", "STRIPE_SECRET_KEY=sk_test_1\n", 0o600)
    assert place_of(load(), key, none) == f"STRIPE_SECRET_KEY in {tmp_path / '.env'}"
    assert place_of(load(), key, kept) == f"in {kept.name}"
    monkeypatch.setenv("SHOP_STRIPE_SECRET_KEY", "sk_test_own")
    assert place_of(load(), key, kept) == "SHOP_STRIPE_SECRET_KEY in the environment"


def test_a_key_that_begins_otherwise_is_refused_at_the_start_and_not_repeated(
    load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STRIPE_SECRET_KEY", "whsec_canary")
    with pytest.raises(ConfigError, match="is given as Secret key of stripe_checkout") as error:
        accounts_of(load(), "", VirtualClock(), NoStore())
    assert error.value.action == "It begins with sk_ / rk_."
    assert "canary" not in str(error.value)
    # An offline double on this computer takes any.
    monkeypatch.setenv("STRIPE_API_BASE", "http://127.0.0.1:8420")
    assert accounts_of(load(), "", VirtualClock(), NoStore()).strategies
