"""Keys in the operating system's key store: which stores are trusted, and what is said if none."""

from pathlib import Path
from typing import Any

import pytest
from keyring.backend import KeyringBackend
from keyring.backends.fail import Keyring as NoKeyring
from keyring.errors import KeyringLocked, PasswordDeleteError

from app.errors import ConfigError
from app.key_store import TRUSTED, KeyStore


class Kept(KeyringBackend):
    """A store in memory that goes by a trusted one's name."""

    priority: Any = 1
    is_locked = False

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # keyring has no types here
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        self._unlocked()
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self._unlocked()
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        self._unlocked()
        if self.kept.pop((service, username), None) is None:
            raise PasswordDeleteError("no such password")

    def _unlocked(self) -> None:
        if self.is_locked:
            raise KeyringLocked("the login keyring is locked")


class Trusted(Kept):
    __module__ = "keyring.backends.SecretService"


class Plain(Kept):
    """A store that keeps keys in a readable file, as some do."""

    __module__ = "keyrings.alt.file"


@pytest.fixture
def backend() -> Trusted:
    return Trusted()


@pytest.fixture
def store(tmp_path: Path, backend: Trusted) -> KeyStore:
    return KeyStore(tmp_path, "test", backend=backend)


def test_a_key_is_kept_given_back_replaced_and_forgotten(store: KeyStore) -> None:
    assert store.name == "Secret Service"
    assert store.get("main", "secret_key") is None
    store.set("main", "secret_key", "sk_test_1")
    store.set("main", "secret_key", "sk_test_2")
    assert store.get("main", "secret_key") == "sk_test_2"
    assert store.get("other", "secret_key") is None
    assert store.remove("main", "secret_key")
    assert not store.remove("main", "secret_key")
    assert store.get("main", "secret_key") is None


def test_modes_and_data_directories_never_share_a_key(tmp_path: Path, backend: Trusted) -> None:
    KeyStore(tmp_path, "test", backend=backend).set("main", "secret_key", "sk_test_1")
    assert KeyStore(tmp_path, "live", backend=backend).get("main", "secret_key") is None
    assert KeyStore(tmp_path / "b", "test", backend=backend).get("main", "secret_key") is None


@pytest.mark.parametrize("kind", [Plain, NoKeyring])
def test_a_store_that_is_not_trusted_is_never_used(
    tmp_path: Path, kind: type[KeyringBackend]
) -> None:
    backend = kind()
    store = KeyStore(tmp_path, "test", backend=backend)
    assert store.name == ""
    assert store.get("main", "secret_key") is None
    for change in (lambda: store.set("main", "k", "v"), lambda: store.remove("main", "k")):
        with pytest.raises(ConfigError, match="no key store that Scantill trusts") as refused:
            change()
        assert refused.value.action.startswith(f"Put the key into {tmp_path / '.env'}")
    assert not getattr(backend, "kept", {})


def test_a_locked_store_gives_nothing_and_refuses_in_words(
    store: KeyStore, backend: Trusted
) -> None:
    store.set("main", "secret_key", "sk_test_1")
    backend.is_locked = True
    assert store.get("main", "secret_key") is None
    for change in (lambda: store.set("main", "k", "v"), lambda: store.remove("main", "k")):
        with pytest.raises(ConfigError, match="Secret Service did not keep") as refused:
            change()
        assert refused.value.action == "Unlock it and try again."
        assert "sk_test_1" not in str(refused.value)


def test_the_systems_own_choice_is_looked_through_for_a_trusted_store(tmp_path: Path) -> None:
    """Without a desktop there is none: the store says so instead of keeping keys in the open."""
    assert KeyStore(tmp_path, "test").name in {"", *TRUSTED.values()}
