"""Which strategies the settings ask for, and what is refused before anything is sent."""

from collections.abc import Callable
from pathlib import Path

import pytest

from app.accounts import Accounts, accounts_of, return_pages, serve_pages
from app.errors import ConfigError
from app.key_store import KeyStore
from app.providers.strategy import PaymentStrategy
from app.providers.stripe.client import credential_digest
from app.settings import Mode, Settings, load_settings
from tests.parts.clock import VirtualClock

NAMES = (
    *("STRIPE_SECRET_KEY", "STRIPE_PUBLISHABLE_KEY", "STRIPE_WEBHOOK_SECRET", "STRIPE_API_BASE"),
    "BASE_URL",
)
Load = Callable[..., Settings]


class NoStore(KeyStore):
    """A computer without a key store of its own, but for what a test puts there."""

    def __init__(self, **kept: str) -> None:
        super().__init__(Path(), "test")
        self.kept = kept

    def get(self, account: str, key: str) -> str | None:
        return self.kept.get(f"{account}_{key}")


def accounts(settings: Settings, sandbox_url: str = "", **kept: str) -> Accounts:
    return accounts_of(settings, sandbox_url, VirtualClock(), NoStore(**kept))


def strategies(
    settings: Settings, sandbox_url: str = "", **kept: str
) -> dict[str, PaymentStrategy]:
    return accounts(settings, sandbox_url, **kept).strategies


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
    (strategy,) = strategies(settings, "http://127.0.0.1:1").values()
    assert (strategy.account, strategy.live) == ("stripe_checkout", False)
    assert strategy.capabilities.page_origin == "http://127.0.0.1:1"


def test_without_a_key_a_real_till_has_no_way_of_payment_and_opens_all_the_same(
    load: Load,
) -> None:
    none = accounts(load(Mode.LIVE))
    assert none.strategies == {}
    assert none.unready == {"stripe_checkout": "It lacks a key: Secret key."}


TWO = """
    [accounts.shop]
    kind = "stripe_checkout"
    [accounts.van-2]
    kind = "stripe_checkout"
"""


def test_two_accounts_of_one_kind_have_their_own_keys(load: Load) -> None:
    own = {"SHOP_STRIPE_SECRET_KEY": "sk_test_shop", "VAN_2_STRIPE_API_KEY": "sk_test_van"}
    made = strategies(load(Mode.TEST, TWO, **own))
    assert list(made) == ["shop", "van-2"]
    assert made["shop"].credential_digest != made["van-2"].credential_digest


def test_an_accounts_own_variable_counts_before_the_key_store_and_that_before_the_rest(
    load: Load,
) -> None:
    def digest(settings: Settings, **kept: str) -> str:
        return strategies(settings, **kept)["shop"].credential_digest

    kept = {"shop_secret_key": "sk_test_kept"}
    general = load(Mode.TEST, TWO, STRIPE_SECRET_KEY="sk_test_general")
    assert digest(general) == credential_digest("sk_test_general")
    assert digest(general, **kept) == credential_digest("sk_test_kept")
    own = load(Mode.TEST, TWO, SHOP_STRIPE_SECRET_KEY="sk_test_own")
    assert digest(own, **kept) == credential_digest("sk_test_own")


def test_one_account_without_its_key_does_not_keep_the_other_from_selling(load: Load) -> None:
    made = accounts(load(Mode.TEST, TWO, VAN_2_STRIPE_SECRET_KEY="sk_test_van"))
    assert list(made.strategies) == ["van-2"]
    assert made.unready == {"shop": "It lacks a key: Secret key."}


@pytest.mark.parametrize(
    "mode, key", [(Mode.LIVE, "sk_test_1"), (Mode.TEST, "sk_live_1"), (Mode.TEST, "rk_live_1")]
)
def test_a_key_of_the_wrong_kind_is_refused(load: Load, mode: Mode, key: str) -> None:
    with pytest.raises(ConfigError, match="key, and this till is in") as caught:
        strategies(load(mode, STRIPE_SECRET_KEY=key))
    assert key not in str(caught.value)


@pytest.mark.parametrize("base", ["http://api.stripe.com", "ftp://127.0.0.1", "//evil.example"])
def test_a_key_is_never_sent_over_plain_http_to_another_computer(load: Load, base: str) -> None:
    settings = load(Mode.LIVE, STRIPE_SECRET_KEY="sk_live_1", STRIPE_API_BASE=base)
    with pytest.raises(ConfigError, match="is not https"):
        strategies(settings)


def test_an_account_has_its_own_name_page_host_and_api_base(load: Load) -> None:
    toml = """
        [accounts.shop]
        kind = "stripe_checkout"
        page_host = "pay.shop.example"
        api_base = "https://double.example"
    """
    settings = load(Mode.TEST, toml, STRIPE_SECRET_KEY="sk_test_1")
    made = strategies(settings)
    assert list(made) == ["shop"]
    assert "pay.shop.example" in made["shop"].capabilities.page_hosts


def test_a_kind_that_is_not_known_is_refused_with_its_name(load: Load) -> None:
    settings = load(Mode.TEST, '[accounts.p]\nkind = "paypla"', STRIPE_SECRET_KEY="sk_test_1")
    with pytest.raises(ConfigError, match="paypla"):
        strategies(settings)


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


ELEMENTS = "[accounts.stripe_elements]\n"


def test_a_page_of_our_own_is_at_the_public_address_or_at_the_door(load: Load) -> None:
    keys = {"STRIPE_SECRET_KEY": "sk_test_1", "STRIPE_PUBLISHABLE_KEY": "pk_test_1"}
    settings = load(Mode.TEST, ELEMENTS, **keys)
    made = strategies(settings)
    served = serve_pages(settings, made, "http://127.0.0.1:4711")
    assert served == {"stripe_elements": "http://127.0.0.1:4711"}
    assert made["stripe_elements"].capabilities.page_origin == "http://127.0.0.1:4711"
    public = load(Mode.TEST, ELEMENTS, BASE_URL="https://till.example", **keys)
    assert serve_pages(public, made, "http://127.0.0.1:4711") == {
        "stripe_elements": "https://till.example"
    }


def test_customers_of_a_live_till_are_never_sent_to_this_computer(load: Load) -> None:
    keys = {"STRIPE_SECRET_KEY": "sk_live_1", "STRIPE_PUBLISHABLE_KEY": "pk_live_1"}
    settings = load(Mode.LIVE, ELEMENTS, **keys)
    made = strategies(settings)
    assert serve_pages(settings, made, "http://127.0.0.1:4711") == {}
    assert made["stripe_elements"].capabilities.page_origin == ""


def test_without_a_publishable_key_the_account_is_not_ready(load: Load) -> None:
    found = accounts(load(Mode.TEST, ELEMENTS, STRIPE_SECRET_KEY="sk_test_1"))
    assert found.strategies == {} and "Publishable key" in found.unready["stripe_elements"]


def test_the_script_of_a_double_comes_over_https_or_from_this_computer(load: Load) -> None:
    keys = {"STRIPE_SECRET_KEY": "sk_test_1", "STRIPE_PUBLISHABLE_KEY": "pk_test_1"}
    for url in ("https://double.example/v3/", "http://127.0.0.1:8420/v3/"):
        assert strategies(load(Mode.TEST, f'{ELEMENTS}script_url = "{url}"\n', **keys))
    with pytest.raises(ConfigError, match="not https"):
        strategies(load(Mode.TEST, f'{ELEMENTS}script_url = "http://double.example/"\n', **keys))


@pytest.mark.parametrize(
    "variable, named",
    [
        ("STRIPE_WEBHOOK_SECRET", {"shop", "van"}),
        ("SHOP_STRIPE_WEBHOOK_SECRET", {"shop"}),
        ("PAYPAL_WEBHOOK_ID", {"paypal"}),
        ("SQUARE_WEBHOOK_SIGNATURE_KEY", set()),
    ],
)
def test_what_an_accounts_own_webhooks_are_signed_with_is_no_other_accounts(
    load: Load, variable: str, named: set[str]
) -> None:
    toml = (
        '[accounts.shop]\nkind = "stripe_checkout"\n[accounts.van]\nkind = "stripe_links"\n'
        "[accounts.paypal]\n[accounts.cash]\n"
    )
    settings = load(Mode.TRAINING, toml, **{variable: "whsec_1"})
    assert accounts(settings, "http://127.0.0.1:1").with_secret == named


def test_without_a_secret_the_till_may_register_every_account_by_itself(load: Load) -> None:
    assert accounts(load(Mode.TRAINING), "http://127.0.0.1:1").with_secret == set()
