"""The catalog edited under a running till: every way in which editors save, and sales meanwhile."""

import asyncio
import os
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from app.bootstrap import Till
from app.catalog_watch import SHIPPED_ROOT
from app.domain.cart import Cart
from tests.conftest import ExpectedLogs
from tests.integration.till.house import (
    Customer,
    open_till,
    show,
    until,
    until_state,
    violations,
)
from tests.integration.till.processes import serving

PATIENCE_S = 30.0
HEAD = '[shop]\nname = "Amsel"\ncurrency = "EUR"\n'
Save = Callable[[Path, str], None]


def toml(*prices: int, head: str = HEAD) -> str:
    return head + "".join(
        f'[[products]]\nid = "p{n}"\nname = "Product {n}"\n[products.price]\namount = {price}\n'
        for n, price in enumerate(prices)
    )


def prices(till: Till) -> list[int]:
    return [product.price.minor for product in till.catalog.products]


async def until_prices(till: Till, *wanted: int) -> None:
    await until(lambda: prices(till) == list(wanted), within_s=PATIENCE_S)


def with_catalog(root: Path, customer: Customer, story: Callable[[Till], Awaitable[None]]) -> None:
    """Run a story with a till whose catalog has one product at 1.00."""
    path = root / "catalog.toml"
    if not path.exists():
        path.write_text(toml(100), "utf-8")

    async def run() -> None:
        async with open_till(root, customer.origin) as till:
            await story(till)

    asyncio.run(run())
    assert violations(root, customer) == []


# --- ways of saving -----------------------------------------------------------------------------


def in_place(path: Path, text: str) -> None:
    path.write_text(text, "utf-8")


def beside_and_renamed(path: Path, text: str) -> None:
    beside = path.with_suffix(".tmp")
    beside.write_text(text, "utf-8")
    beside.replace(path)


def with_a_backup(path: Path, text: str) -> None:
    path.replace(path.with_suffix(".toml~"))
    path.write_text(text, "utf-8")


def deleted_and_created(path: Path, text: str) -> None:
    path.unlink()
    path.write_text(text, "utf-8")


def bit_by_bit(path: Path, text: str) -> None:
    with path.open("w", encoding="utf-8") as file:
        for start in range(0, len(text), 7):
            file.write(text[start : start + 7])
            file.flush()


def at_the_same_time_and_size(path: Path, text: str) -> None:
    before = path.stat()
    path.write_text(text, "utf-8")
    assert path.stat().st_size == before.st_size
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def from_an_older_copy(path: Path, text: str) -> None:
    old = path.with_suffix(".old")
    old.write_text(text, "utf-8")
    os.utime(old, (1_000_000_000, 1_000_000_000))
    shutil.copy2(old, path)


def as_windows_writes_it(path: Path, text: str) -> None:
    path.write_bytes(text.replace("\n", "\r\n").encode("utf-8-sig"))


@pytest.mark.parametrize(
    "save",
    [
        in_place,
        beside_and_renamed,
        with_a_backup,
        deleted_and_created,
        bit_by_bit,
        at_the_same_time_and_size,
        from_an_older_copy,
        as_windows_writes_it,
    ],
)
def test_a_good_edit_is_taken_up_however_it_is_saved(
    root: Path, customer: Customer, save: Save
) -> None:
    async def story(till: Till) -> None:
        await asyncio.to_thread(save, root / "catalog.toml", toml(250))
        await until_prices(till, 250)
        assert till.catalog_watch.error is None

    with_catalog(root, customer, story)


def test_a_link_that_is_pointed_elsewhere_is_an_edit(root: Path, customer: Customer) -> None:
    for name, price in (("spring", 100), ("summer", 300)):
        (root / name).mkdir()
        (root / name / "catalog.toml").write_text(toml(price), "utf-8")
    (root / "now").symlink_to(root / "spring", target_is_directory=True)
    (root / "catalog.toml").symlink_to(root / "now" / "catalog.toml")

    async def story(till: Till) -> None:
        assert prices(till) == [100]
        fresh = root / "fresh"
        fresh.symlink_to(root / "summer", target_is_directory=True)
        fresh.replace(root / "now")
        await until_prices(till, 300)

    with_catalog(root, customer, story)


def test_edits_in_quick_succession_end_with_the_last(root: Path, customer: Customer) -> None:
    async def story(till: Till) -> None:
        for price in range(101, 161):
            await asyncio.to_thread(beside_and_renamed, root / "catalog.toml", toml(price))
            await asyncio.sleep(0.02)
        await until_prices(till, 160)

    with_catalog(root, customer, story)


def test_a_bad_edit_and_a_vanished_file_are_survived_and_mended(
    root: Path, customer: Customer, expected_logs: ExpectedLogs
) -> None:
    path = root / "catalog.toml"

    async def story(till: Till) -> None:
        await asyncio.to_thread(in_place, path, toml(-5))
        await until(lambda: till.catalog_watch.error is not None, within_s=PATIENCE_S)
        assert prices(till) == [100]
        order, attempt = await show(till, 1)
        await asyncio.to_thread(customer.pay, attempt.url)
        await until_state(till, order, "paid", within_s=PATIENCE_S)
        await asyncio.to_thread(path.unlink)

        def is_gone() -> bool:
            error = till.catalog_watch.error
            return error is not None and error.faults[0].problem == "there is no such file"

        await until(is_gone, within_s=PATIENCE_S)
        await asyncio.to_thread(in_place, path, toml(100))
        await until(lambda: till.catalog_watch.error is None, within_s=PATIENCE_S)
        assert prices(till) == [100]

    with_catalog(root, customer, story)
    expected_logs.take("product p0: price.amount: must not be negative")
    expected_logs.take("there is no such file")


def test_the_first_catalog_of_a_new_owner_takes_the_place_of_the_sample(
    root: Path, customer: Customer
) -> None:
    async def story() -> None:
        async with open_till(root, customer.origin) as till:
            assert till.catalog_path == SHIPPED_ROOT / "catalog.toml"
            await asyncio.to_thread(in_place, root / "catalog.toml", toml(250))
            await until_prices(till, 250)
            assert till.catalog_path == root / "catalog.toml"
            assert till.catalog.shop.name == "Amsel"

    asyncio.run(story())


# --- sales meanwhile ----------------------------------------------------------------------------


def test_an_order_in_progress_keeps_its_snapshot_and_the_next_sale_is_new(
    root: Path, customer: Customer
) -> None:
    async def story(till: Till) -> None:
        order, attempt = await show(till, 1)
        assert attempt.amount.minor == 100
        changed = toml(990, head=HEAD.replace("Amsel", "Bohne") + "prices_include_tax = false\n")
        await asyncio.to_thread(in_place, root / "catalog.toml", changed)
        await until_prices(till, 990)
        await asyncio.to_thread(customer.pay, attempt.url)
        await until_state(till, order, "paid", within_s=PATIENCE_S)
        detail = await till.orders.detail(order.id)
        assert detail is not None
        assert detail.order.snapshot == order.snapshot
        assert detail.order.snapshot.seller.name == "Amsel"
        assert detail.order.total.minor == detail.tenders[0].amount.minor == 100
        assert [taken.captured_minor for taken in customer.taken()] == [100]
        later, _attempt = await show(till, 1)
        assert later.total.minor == 990 and later.snapshot.seller.name == "Bohne"

    with_catalog(root, customer, story)


def test_what_was_rung_up_is_sold_as_it_was_told_to_the_customer(
    root: Path, customer: Customer
) -> None:
    async def story(till: Till) -> None:
        cart = Cart()
        cart.add(till.catalog.products[0], 2)
        await asyncio.to_thread(in_place, root / "catalog.toml", toml(990))
        await until_prices(till, 990)
        cart.add(till.catalog.products[0])
        order = await till.checkout.place_order(cart.content)
        assert [(line.quantity, line.unit_minor) for line in order.snapshot.lines] == [
            (2, 100),
            (1, 990),
        ]

    with_catalog(root, customer, story)


def test_a_till_without_a_window_follows_the_file_and_says_so_in_its_log(
    root: Path, customer: Customer
) -> None:
    path = root / "catalog.toml"
    path.write_text(toml(100), "utf-8")

    def log() -> str:
        return (root / "training" / "till.log").read_text("utf-8")

    async def story() -> None:
        await asyncio.to_thread(in_place, path, toml(120, 130))
        await until(lambda: "was taken up" in log(), within_s=PATIENCE_S)
        await asyncio.to_thread(in_place, path, toml(-1))
        await until(lambda: "price.amount: must not be negative" in log(), within_s=PATIENCE_S)
        assert "changed=1, new=1, gone=0" in log()

    with serving(root, customer.origin):
        asyncio.run(story())
