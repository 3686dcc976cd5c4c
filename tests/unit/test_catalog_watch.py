"""The watch over the catalog's file, in virtual time and on a disk that the test has in hand."""

import asyncio
import gc
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from app.catalog_file import MAX_BYTES
from app.catalog_watch import COARSE_S, LOOK_S, CatalogNews, CatalogWatch, Mark
from app.domain.catalog_change import CatalogChange
from app.errors import CatalogError, Fault
from tests.conftest import ExpectedLogs
from tests.integration.till.house import until
from tests.parts.clock import VirtualClock

PATH, OWN = Path("/shop/catalog.toml"), Path("/data/catalog.toml")
SAME = CatalogNews(CatalogChange())
WITHIN_S = 2.0
"""What is promised for a good edit; a bad one is told in the same time."""


def toml(*prices: int, head: str = '[shop]\ncurrency = "EUR"\n') -> bytes:
    products = "".join(
        f'[[products]]\nid = "p{n}"\nname = "P"\n[products.price]\namount = {price}\n'
        for n, price in enumerate(prices)
    )
    return f"{head}{products or 'products = []'}".encode()


class Disk:
    """Files by path, each with the mark that a file system would show for it."""

    def __init__(self) -> None:
        self.files: dict[Path, tuple[bytes, Mark]] = {}
        self.reads = 0
        self.saves = 0
        self.while_reading: Callable[[], None] = lambda: None

    def save(self, data: bytes, path: Path = PATH, *, shows: bool = True) -> None:
        """Write a file; where it does not show, its mark is the old one, size and all."""
        self.saves += shows
        inode = hash(path) % 1000
        self.files[path] = (data, Mark(len(data), self.saves, self.saves, inode, 1))

    def mark(self, path: Path) -> Mark | None:
        return self.files[path][1] if path in self.files else None

    def read(self, path: Path) -> bytes:
        self.reads += 1
        if path not in self.files:
            fault = Fault(str(path), "", "", "there is no such file")
            raise CatalogError(str(path), (fault,))
        data = self.files[path][0]
        self.while_reading()
        return data


class Shop:
    """A watch whose looks a test makes one by one."""

    def __init__(self, data: bytes = toml(100), *, instead: Path | None = None) -> None:
        self.disk = Disk()
        self.disk.save(data)
        self.clock = VirtualClock()
        self.watch = CatalogWatch(
            PATH, clock=self.clock, instead=instead, mark=self.disk.mark, read=self.disk.read
        )
        self.news: list[CatalogNews] = []
        self.watch.subscribe(self.news.append)

    async def looks(self, count: int) -> None:
        for _ in range(count):
            self.clock.advance(LOOK_S)
            await self.watch.look()

    async def settled(self) -> None:
        await self.looks(round(COARSE_S / LOOK_S) + 3)

    @property
    def prices(self) -> list[int]:
        return [product.price.minor for product in self.watch.catalog.products]


def play(story: Coroutine[Any, Any, None]) -> None:
    asyncio.run(story)


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
        assert shop.watch.error is not None
        assert [(f.item, f.key) for f in shop.watch.error.faults] == [
            ("product p0", "price.amount"),
            ("product p1", "price.amount"),
        ]
        assert shop.news == [CatalogNews()]
        await shop.settled()
        assert shop.news == [CatalogNews()]
        shop.disk.save(toml(150))
        await shop.looks(2)
        assert shop.prices == [150] and shop.watch.error is None

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
        assert shop.watch.error is not None
        shop.disk.save(toml(100))
        await shop.looks(2)
        assert shop.watch.error is None
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
        assert shop.watch.error is None, "it may be on its way back"
        await shop.looks(1)
        assert shop.watch.error is not None
        assert shop.watch.error.faults[0].problem == "there is no such file"
        assert shop.prices == [100]
        shop.disk.save(toml(100))
        await shop.looks(2)
        assert shop.watch.error is None

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


def test_the_shops_own_catalog_takes_the_place_of_the_sample_once_it_is_good(
    expected_logs: ExpectedLogs,
) -> None:
    async def story() -> None:
        shop = Shop(instead=OWN)
        await shop.settled()
        shop.disk.save(b"nonsense", OWN)
        await shop.looks(3)
        assert shop.watch.error is not None and shop.watch.path == PATH
        assert shop.watch.error.faults[0].file == str(OWN)
        del shop.disk.files[OWN]
        await shop.looks(2)
        assert shop.watch.error is None
        shop.disk.save(toml(7), OWN)
        await shop.looks(2)
        assert shop.watch.path == OWN and shop.prices == [7]
        shop.disk.save(toml(999))
        await shop.looks(3)
        assert shop.prices == [7], "the sample counts no more"
        del shop.disk.files[OWN]
        await shop.looks(3)
        assert shop.prices == [7] and shop.watch.error is not None

    play(story())
    assert len(expected_logs.take_all("faults: 1")) == 2


def test_a_copy_of_the_sample_is_watched_from_then_on() -> None:
    async def story() -> None:
        shop = Shop(instead=OWN)
        shop.disk.save(toml(100), OWN)
        await shop.looks(2)
        assert shop.watch.path == OWN and shop.news == [SAME]
        shop.disk.save(toml(110), OWN)
        await shop.looks(2)
        assert shop.prices == [110]

    play(story())


OTHER_TERMS = toml(80, head='[shop]\ncurrency = "EUR"\nprices_include_tax = false\n')


def test_other_terms_wait_until_no_sale_is_going_on() -> None:
    async def story() -> None:
        shop = Shop()
        is_selling = True
        shop.watch.hold_while(lambda: is_selling)
        shop.disk.save(OTHER_TERMS)
        await shop.settled()
        assert shop.watch.is_waiting and shop.prices == [100]
        shop.watch.release()
        assert shop.watch.is_waiting
        is_selling = False
        shop.watch.release()
        assert not shop.watch.is_waiting and shop.prices == [80]
        changed = CatalogChange(changed=1, shop=True)
        assert shop.news == [CatalogNews(), CatalogNews(changed, has_same_terms=False)]
        shop.watch.release()
        assert len(shop.news) == 2

    play(story())


def test_what_waits_is_dropped_when_the_file_is_put_back_and_replaced_by_a_later_save() -> None:
    async def story() -> None:
        shop = Shop()
        shop.watch.hold_while(lambda: True)
        shop.disk.save(OTHER_TERMS)
        await shop.looks(2)
        shop.disk.save(toml(100))
        await shop.looks(2)
        assert not shop.watch.is_waiting
        shop.disk.save(OTHER_TERMS)
        await shop.looks(2)
        shop.disk.save(toml(140))
        await shop.looks(2)
        assert not shop.watch.is_waiting and shop.prices == [140]

    play(story())


def test_a_fault_outlives_what_waited_and_goes_when_the_file_is_as_good_as_before(
    expected_logs: ExpectedLogs,
) -> None:
    async def story() -> None:
        shop = Shop()
        is_selling = True
        shop.watch.hold_while(lambda: is_selling)
        shop.disk.save(OTHER_TERMS)
        await shop.looks(2)
        shop.disk.save(b"nonsense")
        await shop.looks(3)
        assert shop.watch.error is not None and shop.watch.is_waiting
        shop.disk.save(OTHER_TERMS)
        await shop.looks(2)
        assert shop.watch.error is None and shop.watch.is_waiting
        shop.disk.save(b"nonsense")
        await shop.looks(3)
        is_selling = False
        shop.watch.release()
        assert shop.prices == [80]
        assert shop.watch.error is not None, "the file is still bad"

    play(story())
    expected_logs.take_all("faults: 1")


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
