"""PayPal's account from the settings: its keys, its mode's own host, and what is lacking."""

from collections.abc import Callable
from pathlib import Path

import pytest

from app.accounts import Accounts, accounts_of
from app.key_store import KeyStore
from app.providers.kinds.paypal import PayPal
from app.providers.paypal.client import account_of, credential_digest
from app.sandbox import SANDBOX_KEYS
from app.settings import Mode, load_settings
from tests.parts.clock import VirtualClock

KEYS = {"PAYPAL_CLIENT_ID": "AclientId", "PAYPAL_CLIENT_SECRET": "EclientSecret"}
Make = Callable[..., Accounts]


class NoStore(KeyStore):
    """A computer without a key store of its own."""

    def get(self, account: str, key: str) -> str | None:
        return None


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Make:
    def made(mode: Mode, sandbox_url: str = "", **environment: str) -> Accounts:
        for name in (*KEYS, "PAYPAL_WEBHOOK_ID", "PAYPAL_API_BASE", "STRIPE_API_BASE"):
            monkeypatch.delenv(name, raising=False)
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        (tmp_path / "scantill.toml").write_text("[accounts.paypal]\n", "utf-8")
        settings = load_settings(tmp_path, mode, working_directory=tmp_path)
        return accounts_of(settings, sandbox_url, VirtualClock(), NoStore(Path(), "test"))

    return made


@pytest.mark.parametrize(
    "mode, host", [(Mode.LIVE, "www.paypal.com"), (Mode.TEST, "www.sandbox.paypal.com")]
)
def test_each_mode_has_its_own_host(make: Make, mode: Mode, host: str) -> None:
    (strategy,) = make(mode, **KEYS).strategies.values()
    assert isinstance(strategy, PayPal)
    assert (strategy.account, strategy.provider) == ("paypal", "paypal")
    assert strategy.live is (mode is Mode.LIVE)
    assert strategy.capabilities.page_hosts == {host} and not strategy.capabilities.page_origin


def test_training_speaks_to_the_simulator_whatever_keys_are_set(make: Make) -> None:
    (strategy,) = make(Mode.TRAINING, "http://127.0.0.1:1", **KEYS).strategies.values()
    own = SANDBOX_KEYS["paypal"]
    expected = credential_digest(own["client_id"], own["client_secret"])
    assert strategy.credential_digest == expected
    assert strategy.capabilities.page_origin == "http://127.0.0.1:1" and not strategy.live


@pytest.mark.parametrize("name", sorted(KEYS))
def test_a_missing_key_is_named_and_a_webhook_id_is_not_needed(make: Make, name: str) -> None:
    given = {key: value for key, value in KEYS.items() if key != name}
    accounts = make(Mode.TEST, **given)
    assert accounts.strategies == {}
    lacking = "Client ID" if name.endswith("ID") else "Client secret"
    assert lacking in accounts.unready["paypal"]


def test_an_account_is_one_client_id_whatever_its_secret() -> None:
    assert account_of("A") == account_of("A") != account_of("B")
    assert credential_digest("A", "1") != credential_digest("A", "2")
