"""The watch over the catalog's file: whose file it is, and what waits for the end of a sale."""

from collections.abc import Callable
from pathlib import Path

import pytest

from app.catalog_watch import CatalogNews, Mark
from app.domain.catalog_change import CatalogChange
from tests.conftest import ExpectedLogs
from tests.parts.catalog import OWN, PATH, SAME, Shop, play, toml


def test_the_shops_own_catalog_takes_the_place_of_the_sample_once_it_is_good(
    expected_logs: ExpectedLogs,
) -> None:
    async def story() -> None:
        shop = Shop(instead=OWN)
        await shop.settled()
        shop.disk.save(b"nonsense", OWN)
        await shop.looks(3)
        error = shop.error()
        assert error is not None and shop.watch.path == PATH
        assert error.faults[0].file == str(OWN)
        del shop.disk.files[OWN]
        await shop.looks(2)
        assert shop.error() is None
        shop.disk.save(toml(7), OWN)
        await shop.looks(2)
        assert shop.watch.path == OWN and shop.prices == [7]
        shop.disk.save(toml(999))
        await shop.looks(3)
        assert shop.prices == [7], "the sample counts no more"
        del shop.disk.files[OWN]
        await shop.looks(3)
        assert shop.prices == [7] and shop.error() is not None

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
        assert shop.waits() and shop.prices == [100]
        shop.watch.release()
        assert shop.waits()
        is_selling = False
        shop.watch.release()
        assert not shop.waits() and shop.prices == [80]
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
        assert not shop.waits()
        shop.disk.save(OTHER_TERMS)
        await shop.looks(2)
        shop.disk.save(toml(140))
        await shop.looks(2)
        assert not shop.waits() and shop.prices == [140]

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
        assert shop.error() is not None and shop.waits()
        shop.disk.save(OTHER_TERMS)
        await shop.looks(2)
        assert shop.error() is None and shop.waits()
        shop.disk.save(b"nonsense")
        await shop.looks(3)
        is_selling = False
        shop.watch.release()
        assert shop.prices == [80]
        assert shop.error() is not None, "the file is still bad"

    play(story())
    expected_logs.take_all("faults: 1")


def while_it_is_read(
    monkeypatch: pytest.MonkeyPatch, shop: Shop, happens: Callable[[], None]
) -> None:
    """Have something happen once, when the file has been read and nothing was made of it yet."""
    read = shop.watch._read

    def read_and_more(path: Path, mark: Mark | None) -> object:
        reading = read(path, mark)
        monkeypatch.undo()
        happens()
        return reading

    monkeypatch.setattr(shop.watch, "_read", read_and_more)


def test_a_file_put_back_while_a_sale_ends_is_taken_up_and_not_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def story() -> None:
        shop = Shop()
        is_selling = True
        shop.watch.hold_while(lambda: is_selling)
        shop.disk.save(OTHER_TERMS)
        await shop.settled()

        def the_sale_ends() -> None:
            nonlocal is_selling
            is_selling = False
            shop.watch.release()
            assert shop.prices == [80]

        shop.disk.save(toml(100))
        while_it_is_read(monkeypatch, shop, the_sale_ends)
        await shop.looks(3)
        assert shop.prices == [100] and shop.error() is None

    play(story())


def test_an_edit_is_compared_with_the_catalog_in_use_even_where_that_has_just_changed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def story() -> None:
        shop = Shop()
        is_selling = True
        shop.watch.hold_while(lambda: is_selling)
        shop.disk.save(OTHER_TERMS)
        await shop.settled()

        def one_sale_ends_and_the_next_begins() -> None:
            nonlocal is_selling
            is_selling = False
            shop.watch.release()
            is_selling = True

        shop.disk.save(toml(140))
        while_it_is_read(monkeypatch, shop, one_sale_ends_and_the_next_begins)
        await shop.looks(3)
        assert shop.prices == [80] and shop.waits(), "the cart has lines of other terms"

    play(story())
