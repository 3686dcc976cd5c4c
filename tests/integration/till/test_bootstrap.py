"""A till put together from its settings."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from app.bootstrap import Till
from app.errors import ConfigError
from app.settings import Mode, load_settings
from tests.integration.till.house import (
    Customer,
    elsewhere,
    open_till,
    place,
    show,
    until,
    until_state,
    violations,
    with_till,
)


def test_a_till_with_no_settings_at_all_brings_its_own_simulator(root: Path) -> None:
    async def story() -> None:
        settings = load_settings(root, Mode.TRAINING, working_directory=root)
        till = Till(settings)
        await till.start()
        try:
            order, attempt = await show(till)
            customer = Customer(till.sandbox_url)
            await elsewhere(customer.pay, attempt.url)
            await until_state(till, order, "paid")
            assert violations(root, await asyncio.to_thread(lambda: customer)) == []
            customer.close()
        finally:
            await till.aclose()

    asyncio.run(story())


def test_facts_are_told_on_the_tills_own_loop_and_no_longer_after_unsubscribing(
    root: Path, customer: Customer
) -> None:
    async def story(till: Till) -> None:
        loop = asyncio.get_running_loop()
        heard: list[str] = []

        def listen(fact: Any) -> None:
            assert asyncio.get_running_loop() is loop
            heard.append(fact.name)

        stop = till.subscribe(listen)
        await place(till)
        await until(lambda: "order.placed" in heard)
        stop()
        await place(till)
        await asyncio.sleep(0.05)
        assert heard.count("order.placed") == 1

    with_till(root, customer, story)


def test_a_till_that_is_not_started_yet_is_told_of_nothing(root: Path, customer: Customer) -> None:
    settings = load_settings(root, Mode.TRAINING, working_directory=root)
    till = Till(settings, sandbox_url=customer.origin)
    till.subscribe(lambda fact: pytest.fail("nobody listens yet"))
    till.door.wake()
    asyncio.run(place(till))
    asyncio.run(till.aclose())


def test_what_needs_a_person_is_counted_in_the_status(root: Path, customer: Customer) -> None:
    async def story(till: Till) -> None:
        order, _attempt = await show(till)
        await elsewhere(
            customer.control, "POST", "faults", match={}, fault={"status": 503}, times=None
        )
        await till.checkout.cancel(order.id)
        await until(lambda: till.status().needs_person == 1)
        await elsewhere(customer.control, "DELETE", "faults")
        await until_state(till, order, "cancelled")
        await until(lambda: till.status().needs_person == 0)

    with_till(root, customer, story, register_webhooks=False)


@pytest.mark.parametrize(
    "mode, key, words",
    [
        (Mode.LIVE, "sk_test_1234567890", "is a test key"),
        (Mode.TEST, "sk_live_1234567890", "is a live key"),
    ],
)
def test_a_key_of_the_wrong_kind_is_refused_and_not_repeated(
    root: Path, monkeypatch: pytest.MonkeyPatch, mode: Mode, key: str, words: str
) -> None:
    monkeypatch.setenv("STRIPE_SECRET_KEY", key)
    with pytest.raises(ConfigError, match=words) as refused:
        Till(load_settings(root, mode, working_directory=root))
    assert key not in str(refused.value)
    monkeypatch.delenv("STRIPE_SECRET_KEY")
    till = Till(load_settings(root, mode, working_directory=root))
    assert till.accounts == ()
    asyncio.run(till.aclose())


def test_an_account_of_an_unknown_kind_is_refused_in_words(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / "scantill.toml").write_text('[accounts.main]\nkind = "carrier_pigeon"\n')
    monkeypatch.setenv("STRIPE_SECRET_KEY", "sk_test_1234567890")
    with pytest.raises(ConfigError, match="does not know: carrier_pigeon"):
        Till(load_settings(root, Mode.TEST, working_directory=root))


def test_accounts_by_name_their_own_base_and_the_shops_pages(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / "scantill.toml").write_text(
        '[accounts.counter]\nkind = "stripe_checkout"\napi_base = "http://127.0.0.1:4999"\n'
        '[accounts.stripe_checkout]\n[doors]\npublic_url = "https://till.example/"\n'
    )
    monkeypatch.setenv("STRIPE_SECRET_KEY", "sk_test_1234567890")
    monkeypatch.setenv("STRIPE_WEBHOOK_SECRET", "whsec_1234567890")
    till = Till(load_settings(root, Mode.TEST, working_directory=root))
    assert till.accounts == ("counter", "stripe_checkout")
    assert till.strategies["counter"].capabilities.page_origin == "http://127.0.0.1:4999"
    assert till.strategies["stripe_checkout"].capabilities.page_origin == ""
    assert till.checkout._pages["counter"].success_url == "https://till.example/success"
    asyncio.run(till.aclose())


def test_a_catalog_of_the_shops_own_is_found_beside_its_settings(
    root: Path, tmp_path: Path
) -> None:
    one = '[[products]]\nid = "a"\nname = "{}"\n[products.price]\namount = 1\ncurrency = "EUR"\n'
    (root / "catalog.toml").write_text(one.format("own"))
    (root / "named.toml").write_text(one.format("named"))
    (tmp_path / "given.toml").write_text(one.format("given"))

    def name_of(**options: Any) -> str:
        settings = load_settings(root, Mode.TEST, working_directory=root)
        till = Till(settings, **options)
        asyncio.run(till.aclose())
        return till.catalog.products[0].name

    assert name_of() == "own"
    (root / "scantill.toml").write_text('catalog = "named.toml"\n')
    assert name_of() == "named"
    assert name_of(catalog_path=tmp_path / "given.toml") == "given"


def test_a_port_that_is_taken_is_said_in_words_and_frees_the_books(
    root: Path, customer: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORT", customer.origin.rsplit(":", 1)[1])

    async def story() -> None:
        with pytest.raises(ConfigError, match="cannot listen on"):
            async with open_till(root, customer.origin):
                pass

    asyncio.run(story())
    monkeypatch.delenv("PORT")
    with_till(root, customer, show)
