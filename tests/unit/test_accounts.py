"""Which strategies the settings ask for, and what is refused before anything is sent."""

from collections.abc import Callable
from pathlib import Path

import pytest

from app.accounts import return_pages, strategies_of
from app.errors import ConfigError
from app.settings import Mode, Settings, load_settings
from tests.parts.clock import VirtualClock

NAMES = ("STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET", "STRIPE_API_BASE", "BASE_URL")
Load = Callable[..., Settings]


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Load:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)

    def settings(mode: Mode, toml: str = "", **environment: str) -> Settings:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        (tmp_path / "scantill.toml").write_text(toml, "utf-8")
        return load_settings(tmp_path, mode, working_directory=tmp_path)

    return settings


def test_training_speaks_to_the_simulator_whatever_keys_are_set(load: Load) -> None:
    settings = load(Mode.TRAINING, STRIPE_SECRET_KEY="sk_live_real")
    (strategy,) = strategies_of(settings, "http://127.0.0.1:1", VirtualClock()).values()
    assert (strategy.account, strategy.live) == ("stripe_checkout", False)
    assert strategy.capabilities.page_origin == "http://127.0.0.1:1"


def test_without_a_key_a_real_till_has_no_way_of_payment_and_opens_all_the_same(
    load: Load,
) -> None:
    assert strategies_of(load(Mode.LIVE), "", VirtualClock()) == {}


@pytest.mark.parametrize(
    "mode, key", [(Mode.LIVE, "sk_test_1"), (Mode.TEST, "sk_live_1"), (Mode.TEST, "rk_live_1")]
)
def test_a_key_of_the_wrong_kind_is_refused(load: Load, mode: Mode, key: str) -> None:
    with pytest.raises(ConfigError, match="key, and this till is in") as caught:
        strategies_of(load(mode, STRIPE_SECRET_KEY=key), "", VirtualClock())
    assert key not in str(caught.value)


@pytest.mark.parametrize("base", ["http://api.stripe.com", "ftp://127.0.0.1", "//evil.example"])
def test_a_key_is_never_sent_over_plain_http_to_another_computer(load: Load, base: str) -> None:
    settings = load(Mode.LIVE, STRIPE_SECRET_KEY="sk_live_1", STRIPE_API_BASE=base)
    with pytest.raises(ConfigError, match="is not https"):
        strategies_of(settings, "", VirtualClock())


def test_an_account_has_its_own_name_page_host_and_api_base(load: Load) -> None:
    toml = """
        [accounts.shop]
        kind = "stripe_checkout"
        page_host = "pay.shop.example"
        api_base = "https://double.example"
    """
    settings = load(Mode.TEST, toml, STRIPE_SECRET_KEY="sk_test_1")
    strategies = strategies_of(settings, "", VirtualClock())
    assert list(strategies) == ["shop"]
    assert "pay.shop.example" in strategies["shop"].capabilities.page_hosts


def test_a_kind_that_is_not_known_is_refused_with_its_name(load: Load) -> None:
    settings = load(Mode.TEST, '[accounts.p]\nkind = "paypal"', STRIPE_SECRET_KEY="sk_test_1")
    with pytest.raises(ConfigError, match="paypal"):
        strategies_of(settings, "", VirtualClock())


def test_phones_come_back_to_the_double_else_to_the_public_address_else_nowhere(
    load: Load,
) -> None:
    assert return_pages(load(Mode.LIVE), "").success_url == ""
    assert return_pages(load(Mode.TRAINING), "http://127.0.0.1:1").success_url.endswith(
        ":1/success?session={CHECKOUT_SESSION_ID}"
    )
    world = load(Mode.LIVE, BASE_URL="https://till.example/")
    assert return_pages(world, "").cancel_url == "https://till.example/cancelled"
    double = load(Mode.TEST, STRIPE_API_BASE="http://127.0.0.1:12111")
    assert return_pages(double, "").success_url == "http://127.0.0.1:12111/success"


def test_a_public_address_that_no_phone_can_reach_is_refused(load: Load) -> None:
    settings = load(Mode.LIVE, BASE_URL="http://127.0.0.1:8080")
    with pytest.raises(ConfigError, match="no customer's phone can reach"):
        return_pages(settings, "")
