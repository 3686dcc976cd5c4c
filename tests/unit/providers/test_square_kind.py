"""An account of Square's from its keys: whose money it moves, and what signs its webhooks."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.accounts import accounts_of
from app.errors import ConfigError, WebhookRejected
from app.key_store import KeyStore
from app.providers.kind import AccountSetup
from app.providers.kinds.square import KIND, Square
from app.settings import Mode, load_settings
from tests.conftest import ExpectedLogs
from tests.parts.clock import VirtualClock
from tests.parts.square import KEY, LOCATION, URL, delivered, event, payment

KEYS = {"access_token": "EAAAtest", "location_id": LOCATION}
SETUP = AccountSetup("shop", KEYS, VirtualClock())
EVENT = json.dumps(event("payment.updated", "payment", payment())).encode()


def built(setup: AccountSetup, **changes: Any) -> Square:
    made = KIND.build(replace(setup, **changes))
    assert isinstance(made, Square)
    return made


def test_the_keys_do_not_say_whether_their_money_is_real_and_the_host_does() -> None:
    assert KIND.is_live(KEYS) is None
    test, live = built(SETUP), built(SETUP, is_live=True)
    assert (test.live, live.live) == (False, True)
    assert test.capabilities.page_hosts == {"sandbox.square.link"}
    assert live.capabilities.page_hosts == {"square.link", "checkout.square.site"}


@pytest.mark.parametrize(
    "base, is_live",
    [
        ("https://connect.squareup.com", False),
        ("https://connect.squareup.com/", False),
        ("https://connect.squareupsandbox.com", True),
    ],
)
def test_the_host_of_the_other_mode_is_refused(base: str, is_live: bool) -> None:
    with pytest.raises(ConfigError, match="not for this till's mode"):
        built(SETUP, api_base=base, is_live=is_live)


def test_a_domain_of_the_owners_is_taken_for_pages() -> None:
    assert "pay.shop.example" in built(SETUP, page_host="pay.shop.example").capabilities.page_hosts


def test_what_is_signed_for_either_address_by_either_key_is_genuine() -> None:
    keys = {**KEYS, "webhook_signature_key": f"old, {KEY}"}
    urls = (URL, "https://till.example/webhooks/shop")
    till = built(SETUP, keys=keys, webhook_urls=urls)
    for url in urls:
        for key in ("old", KEY):
            assert till.read_webhook(delivered(EVENT, url=url, key=key)).account == "shop"
    with pytest.raises(WebhookRejected):
        till.read_webhook(delivered(EVENT, url="https://till.example/webhooks/other"))


def test_without_our_public_address_nothing_can_be_verified(expected_logs: ExpectedLogs) -> None:
    till = built(SETUP, keys={**KEYS, "webhook_signature_key": KEY})
    expected_logs.take("without BASE_URL")
    with pytest.raises(WebhookRejected):
        till.read_webhook(delivered(EVENT))


def test_the_settings_name_the_address_that_square_signs_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {
        "SQUARE_ACCESS_TOKEN": "EAAAtest",
        "SQUARE_LOCATION_ID": LOCATION,
        "SQUARE_WEBHOOK_SIGNATURE_KEY": KEY,
        "BASE_URL": "https://till.example/",
    }.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "scantill.toml").write_text('[accounts.shop]\nkind = "square"\n', "utf-8")
    settings = load_settings(tmp_path, Mode.TEST, working_directory=tmp_path)
    found = accounts_of(settings, "", VirtualClock(), KeyStore(tmp_path, "test"))
    till = found.strategies["shop"]
    assert (till.account, till.provider, till.live) == ("shop", "square", False)
    for name in ("shop", "square"):
        url = f"https://till.example/webhooks/{name}"
        assert till.read_webhook(delivered(EVENT, url=url)).event_id == "event-1"


def test_without_a_location_the_account_is_not_ready(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SQUARE_ACCESS_TOKEN", "EAAAtest")
    monkeypatch.delenv("SQUARE_LOCATION_ID", raising=False)
    (tmp_path / "scantill.toml").write_text("[accounts.square]\n", "utf-8")
    settings = load_settings(tmp_path, Mode.TEST, working_directory=tmp_path)
    found = accounts_of(settings, "", VirtualClock(), KeyStore(tmp_path, "test"))
    assert found.unready == {"square": "It lacks a key: Location ID."}
