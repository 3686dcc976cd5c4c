"""Keys of payment accounts in the operating system's own key store.

Only stores that are known to keep them encrypted under the user's login are trusted; where there
is none, keys belong into the environment or a `.env` file that nobody else may read.
"""

import hashlib
from pathlib import Path
from typing import Final, NoReturn

import keyring
from keyring.backend import KeyringBackend
from keyring.backends.chainer import ChainerBackend
from keyring.errors import KeyringError, PasswordDeleteError

from app.errors import ConfigError, Message

TRUSTED: Final = {
    "keyring.backends.SecretService": "Secret Service",
    "keyring.backends.kwallet": "KWallet",
    "keyring.backends.libsecret": "libsecret",
    "keyring.backends.macOS": "macOS Keychain",
    "keyring.backends.Windows": "Windows Credential Manager",
}
"""The modules of the stores that are used, and what people call these."""


class KeyStore:
    """The keys of one data directory in one mode.

    Raises ConfigError, which says in words what to do, where no trusted store can be used.
    """

    def __init__(self, root: Path, mode: str, *, backend: KeyringBackend | None = None) -> None:
        place = hashlib.sha256(str(root.absolute()).encode()).hexdigest()[:8]
        self._service = f"scantill {mode} {place}"
        self._env_file = root / ".env"
        self._backend = backend

    @property
    def name(self) -> str:
        """Give what people call the store that is used, or nothing where there is none."""
        backend = self._trusted()
        return "" if backend is None else TRUSTED[type(backend).__module__]

    def get(self, account: str, key: str) -> str | None:
        """Give a key, or None where none is kept or no store can be asked."""
        backend = self._trusted()
        if backend is None:
            return None
        try:
            return backend.get_password(self._service, f"{account}.{key}")
        except KeyringError:
            # A store that stays locked keeps nothing for us; the key is missing, in words, later.
            return None

    def set(self, account: str, key: str, value: str) -> None:
        """Keep a key; an older one is gone then."""
        backend = self._needed()
        try:
            backend.set_password(self._service, f"{account}.{key}", value)
        except KeyringError as error:
            raise self._refused(error) from error

    def remove(self, account: str, key: str) -> bool:
        """Forget a key; False where there was none."""
        backend = self._needed()
        try:
            backend.delete_password(self._service, f"{account}.{key}")
        except PasswordDeleteError:
            return False
        except KeyringError as error:
            raise self._refused(error) from error
        return True

    def refuse(self) -> NoReturn:
        """Raise ConfigError, which says what to do where there is no store to be trusted."""
        raise ConfigError(
            Message("This computer has no key store that Scantill trusts"),
            Message("Nothing was kept."),
            action=Message(
                "Put the key into {path}, readable by you alone, or into the environment.",
                path=self._env_file,
            ),
        )

    def _needed(self) -> KeyringBackend:
        backend = self._trusted()
        if backend is None:
            self.refuse()
        return backend

    def _trusted(self) -> KeyringBackend | None:
        backend = self._backend or keyring.get_keyring()
        among = backend.backends if isinstance(backend, ChainerBackend) else [backend]
        return next((each for each in among if type(each).__module__ in TRUSTED), None)

    def _refused(self, error: KeyringError) -> ConfigError:
        return ConfigError(
            Message("The key store {name} did not keep the key", name=self.name),
            f"{error}.",
            action=Message("Unlock it and try again."),
        )
