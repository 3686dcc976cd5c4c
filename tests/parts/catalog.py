"""A catalog's watch whose looks a test makes one by one, on a disk that the test has in hand."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from app.catalog_watch import COARSE_S, LOOK_S, CatalogNews, CatalogWatch, Mark
from app.domain.catalog_change import CatalogChange
from app.errors import CatalogError, Fault
from tests.parts.clock import VirtualClock

PATH, OWN = Path("/shop/catalog.toml"), Path("/data/catalog.toml")
SAME = CatalogNews(CatalogChange())


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

    def error(self) -> CatalogError | None:
        return self.watch.error

    def waits(self) -> bool:
        return self.watch.is_waiting

    @property
    def prices(self) -> list[int]:
        return [product.price.minor for product in self.watch.catalog.products]


def play(story: Coroutine[Any, Any, None]) -> None:
    asyncio.run(story)
