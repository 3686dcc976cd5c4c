"""The watch over the catalog's file, in virtual time and on a disk that the test has in hand."""

import asyncio
import gc
from pathlib import Path

import pytest

from app.catalog_file import MAX_BYTES
from app.catalog_watch import LOOK_S, CatalogNews, CatalogWatch
from app.domain.catalog_change import CatalogChange
from app.errors import CatalogError
from tests.conftest import ExpectedLogs
from tests.integration.till.house import until
from tests.parts.catalog import PATH, SAME, Shop, play, toml
from tests.parts.clock import VirtualClock

WITHIN_S = 2.0
"""What is promised for a good edit; a bad one is told in the same time."""


def test_a_good_edit_is_in_use_after_three_looks_at_most() -> None:
    async def story() -> None:
        shop = Shop()
        await shop.settled()
        shop.disk.save(toml(120, 200))
        await shop.looks(2)
        assert shop.prices == [120, 200]
        assert shop.news == [CatalogNews(CatalogChange(changed=1, new=1))]

    play(story())
    # One pause may just have begun when the file is saved.
    assert 3 * LOOK_S < WITHIN_S


def test_a_bad_edit_leaves_the_running_catalog_alone_and_is_told_in_time(
    expected_logs: ExpectedLogs,
) -> None:
    async def story() -> None:
        shop = Shop()
        await shop.settled()
        shop.disk.save(toml(-1, -2))
        await shop.looks(3)
        assert shop.prices == [100]
        error = shop.error()
        assert error is not None
        assert [(f.item, f.key) for f in error.faults] == [
            ("product p0", "price.amount"),
            ("product p1", "price.amount"),
        ]
        assert shop.news == [CatalogNews()]
        await shop.settled()
        assert shop.news == [CatalogNews()]
        shop.disk.save(toml(150))
        await shop.looks(2)
        assert shop.prices == [150] and shop.error() is None

    play(story())
    assert 4 * LOOK_S < WITHIN_S
    assert (
        "product p1: price.amount: must not be negative"
        in expected_logs.take("the till goes on with the one it has; faults: 2").getMessage()
    )


def test_a_bad_file_that_is_put_back_as_it_was_is_forgotten(expected_logs: ExpectedLogs) -> None:
    async def story() -> None:
        shop = Shop()
        shop.disk.save(toml(-1))
        await shop.looks(3)
        assert shop.error() is not None
        shop.disk.save(toml(100))
        await shop.looks(2)
        assert shop.error() is None
        assert shop.news == [CatalogNews(), SAME]

    play(story())
    expected_logs.take("faults: 1")


def test_a_half_written_file_is_not_called_bad_if_the_next_look_finds_it_whole() -> None:
    async def story() -> None:
        shop = Shop()
        whole = toml(120, 200)
        for end in (0, 30, 60):
            shop.disk.save(whole[:end])
            await shop.looks(2)
        shop.disk.save(whole)
        await shop.looks(2)
        assert shop.prices == [120, 200]
        assert shop.news == [CatalogNews(CatalogChange(changed=1, new=1))]

    play(story())


def test_a_file_that_grows_at_every_look_is_not_read_before_it_rests() -> None:
    async def story() -> None:
        shop = Shop()
        await shop.settled()
        before = shop.disk.reads
        for count in range(1, 6):
            shop.disk.save(toml(*range(100, 100 + count)))
            await shop.looks(1)
        assert shop.disk.reads == before and shop.prices == [100]
        await shop.looks(1)
        assert len(shop.prices) == 5

    play(story())


def test_a_file_that_changes_while_it_is_read_is_read_again() -> None:
    async def story() -> None:
        shop = Shop()
        shop.disk.save(toml(120))
        await shop.looks(1)
        shop.disk.while_reading = lambda: shop.disk.save(toml(130))
        await shop.looks(1)
        assert shop.prices == [100]
        shop.disk.while_reading = lambda: None
        await shop.looks(2)
        assert shop.prices == [130]
        assert len(shop.news) == 1

    play(story())


def test_a_second_save_within_one_step_of_the_disks_clock_is_seen() -> None:
    async def story() -> None:
        shop = Shop()
        shop.disk.save(toml(120))
        await shop.looks(2)
        assert shop.prices == [120]
        shop.disk.save(toml(130), shows=False)
        await shop.looks(1)
        assert shop.prices == [130]

    play(story())


def test_a_file_at_rest_is_looked_at_and_not_read() -> None:
    async def story() -> None:
        shop = Shop()
        await shop.settled()
        before = shop.disk.reads
        await shop.looks(1000)
        assert shop.disk.reads == before
        assert shop.news == []

    play(story())


def test_a_file_saved_anew_as_it_was_is_told_once_since_pictures_may_be_new() -> None:
    async def story() -> None:
        shop = Shop()
        await shop.settled()
        before = shop.watch.catalog
        shop.disk.save(toml(100))
        await shop.settled()
        assert shop.watch.catalog is before
        assert shop.news == [SAME]

    play(story())


def test_a_file_that_is_gone_is_told_and_comes_back_quietly(expected_logs: ExpectedLogs) -> None:
    async def story() -> None:
        shop = Shop()
        await shop.settled()
        del shop.disk.files[PATH]
        await shop.looks(2)
        assert shop.error() is None, "it may be on its way back"
        await shop.looks(1)
        error = shop.error()
        assert error is not None
        assert error.faults[0].problem == "there is no such file"
        assert shop.prices == [100]
        shop.disk.save(toml(100))
        await shop.looks(2)
        assert shop.error() is None

    play(story())
    expected_logs.take("there is no such file")


def test_delete_then_create_is_one_edit() -> None:
    async def story() -> None:
        shop = Shop()
        await shop.settled()
        del shop.disk.files[PATH]
        await shop.looks(1)
        shop.disk.save(toml(120))
        await shop.looks(2)
        assert shop.prices == [120]
        assert shop.news == [CatalogNews(CatalogChange(changed=1))]

    play(story())


def test_a_first_catalog_that_cannot_be_read_keeps_the_till_from_opening() -> None:
    with pytest.raises(CatalogError):
        Shop(b"nonsense")


def test_the_loop_looks_at_its_pace_and_ends_when_it_is_stopped() -> None:
    async def story() -> None:
        shop = Shop()
        shop.watch.start()
        shop.disk.save(toml(120))
        await until(lambda: shop.news)
        await shop.watch.stop()
        assert shop.prices == [120]
        assert set(shop.clock.slept) == {LOOK_S}
        slept = len(shop.clock.slept)
        await asyncio.sleep(0.01)
        assert len(shop.clock.slept) == slept
        await shop.watch.stop()

    play(story())


def test_a_bug_in_a_look_or_in_a_listener_does_not_end_the_watch(
    expected_logs: ExpectedLogs,
) -> None:
    async def story() -> None:
        shop = Shop()

        def fail(*_anything: object) -> None:
            raise RuntimeError("out of order")

        silence = shop.watch.subscribe(fail)
        shop.disk.while_reading = fail
        shop.disk.save(toml(120))
        shop.watch.start()
        await until(lambda: 5.0 in shop.clock.slept)
        shop.disk.while_reading = lambda: None
        await until(lambda: shop.prices == [120])
        assert len(shop.news) == 1
        silence()
        await shop.watch.stop()

    play(story())
    assert expected_logs.take_all("could not be looked at")
    expected_logs.take("a listener failed on the catalog")


def test_the_garbage_collector_is_as_it_was_after_a_reading() -> None:
    async def story() -> None:
        shop = Shop()
        for was_enabled in (False, True):
            (gc.enable if was_enabled else gc.disable)()
            shop.disk.save(toml(120 + was_enabled))
            await shop.looks(2)
            assert gc.isenabled() is was_enabled

    try:
        play(story())
    finally:
        gc.enable()


def test_a_catalog_of_a_hundred_thousand_products_fits_the_limit() -> None:
    assert len(toml(123456)) * 100_000 < MAX_BYTES


def test_a_path_that_no_system_takes_is_a_fault_of_the_catalog_and_no_crash() -> None:
    with pytest.raises(CatalogError, match="cannot be read"):
        CatalogWatch(Path("cata\0log.toml"), clock=VirtualClock())
