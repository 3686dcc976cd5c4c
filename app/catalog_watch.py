"""Follows the catalog file while the till runs: a good edit is taken up, a bad one is told.

It looks instead of being told by the system, because that works the same on every disk and share.
A file that changed is read once two looks in a row found it the same, and is called bad only when
the look after that found it as bad: an editor that is half-way through a save is not taken at its
word. So an edit is in use after three looks at most, and a fault is told after four. A network
drive may show an edit later than that, by as long as it keeps what it knows of a file.

Nothing here touches a sale: the cart keeps what was rung up, an order is a snapshot.
"""

import asyncio
import gc
import hashlib
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from app.catalog_file import parse_catalog, read_file
from app.clock import Clock
from app.domain.catalog import Catalog
from app.domain.catalog_change import CatalogChange, change_between, have_same_terms
from app.errors import CatalogError
from app.settings import Settings

SHIPPED_ROOT: Final = Path(__file__).resolve().parent.parent
LOOK_S: Final = 0.4
"""Between two looks at the file."""
COARSE_S: Final = 3.0
"""So long after a change the content is compared too: some disks count in steps of 2 s."""
_PAUSE_AFTER_FAULT_S: Final = 5.0
_LOGGED_FAULTS: Final = 20

_log = logging.getLogger(__name__)


class Mark(NamedTuple):
    """What tells one state of a file from another without reading it."""

    size: int
    modified_ns: int
    changed_ns: int
    inode: int
    device: int


@dataclass(frozen=True, slots=True)
class CatalogNews:
    """What became of a saved file. `change` is None where the catalog in use stayed as it was.

    A file saved anew with nothing different in it is a change of nothing: pictures may be new.
    `has_same_terms` is false where what was rung up before cannot be sold together with the new.
    """

    change: CatalogChange | None = None
    has_same_terms: bool = True


@dataclass(frozen=True, slots=True)
class _Reading:
    """One look into the file: its digest, and if that is new, a catalog or what is wrong."""

    path: Path
    digest: str
    good: tuple[Catalog, CatalogNews] | None = None
    error: CatalogError | None = None


Listener = Callable[[CatalogNews], None]


def mark_of(path: Path) -> Mark | None:
    """Look at a file from outside, through links; None where there is none to be seen."""
    try:
        found = path.stat()
    except (OSError, ValueError):
        return None
    return Mark(found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino, found.st_dev)


class CatalogWatch:
    """The catalog in use, and the file it comes from.

    `instead` is a file that takes the place of `path` once it is there: a shop's own catalog,
    while the till still runs on the sample. Raises CatalogError where the first reading fails.
    """

    def __init__(
        self,
        path: Path,
        *,
        clock: Clock,
        instead: Path | None = None,
        look_s: float = LOOK_S,
        mark: Callable[[Path], Mark | None] = mark_of,
        read: Callable[[Path], bytes] = read_file,
    ) -> None:
        self._path = path
        self._instead = instead
        self._clock = clock
        self._look_s = look_s
        self._mark = mark
        self._read_file = read
        # Marked before it is read: what changes in between is seen as a change.
        self._seen = (path, mark(path))
        data = read(path)
        self._digest = _digest(data)
        with _no_collecting():
            self._catalog = parse_catalog(data, str(path))
        self._error: CatalogError | None = None
        self._refused = ""
        self._doubted: _Reading | None = None
        self._waiting: _Reading | None = None
        self._is_due = False
        self._fresh_until = clock.monotonic() + COARSE_S
        self._is_in_use: Callable[[], bool] = lambda: False
        self._listeners: tuple[Listener, ...] = ()
        self._task: asyncio.Task[None] | None = None

    @property
    def catalog(self) -> Catalog:
        """Give the catalog in use."""
        return self._catalog

    @property
    def path(self) -> Path:
        """Give the file that the catalog in use came from."""
        return self._path

    @property
    def error(self) -> CatalogError | None:
        """Say what is wrong with the file as it is now, which is therefore not in use."""
        return self._error

    @property
    def is_waiting(self) -> bool:
        """Say whether a good catalog waits until the sale that was begun is over."""
        return self._waiting is not None

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Have `listener` called on the watch's loop after each news; call the result to stop."""
        self._listeners = (*self._listeners, listener)

        def unsubscribe() -> None:
            self._listeners = tuple(kept for kept in self._listeners if kept is not listener)

        return unsubscribe

    def hold_while(self, is_in_use: Callable[[], bool]) -> None:
        """Let a catalog of other terms wait for as long as a sale under the old ones is going on.

        Call `release` when that is over.
        """
        self._is_in_use = is_in_use

    def release(self) -> None:
        """Take up what waits, if nothing keeps it any longer."""
        if self._waiting is not None and not self._is_in_use():
            self._take(self._waiting)

    def start(self) -> None:
        """Begin to look, on the running loop."""
        self._task = asyncio.create_task(self._run(), name="catalog")

    async def stop(self) -> None:
        """Look no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    async def look(self) -> None:
        """Look at the file once and do what follows. Reading and parsing run on another thread."""
        path, mark = await asyncio.to_thread(self._glimpse)
        if (path, mark) != self._seen:
            self._seen = (path, mark)
            self._is_due = True
            self._fresh_until = self._clock.monotonic() + COARSE_S
        elif self._is_due or self._clock.monotonic() < self._fresh_until:
            before = self._catalog
            reading = await asyncio.to_thread(self._read, path, mark)
            if self._catalog is not before:
                # What waited was taken up meanwhile: the file has to be compared with that.
                self._is_due = True
            elif reading is not None:
                self._judge(reading)

    async def _run(self) -> None:
        while True:
            await self._clock.sleep(self._look_s)
            try:
                await self.look()
            except Exception:  # noqa: BLE001 - logged; the till sells on with what it has
                _log.exception("the catalog could not be looked at")
                await self._clock.sleep(_PAUSE_AFTER_FAULT_S)

    def _glimpse(self) -> tuple[Path, Mark | None]:
        if self._instead is not None:
            mark = self._mark(self._instead)
            if mark is not None:
                return self._instead, mark
        return self._path, self._mark(self._path)

    def _read(self, path: Path, mark: Mark | None) -> _Reading | None:
        """Read and parse; None where the file changed meanwhile. Runs on a thread of its own."""
        try:
            data = self._read_file(path)
        except CatalogError as error:
            return _Reading(path, error.detail, error=error)
        if self._mark(path) != mark:
            return None
        digest = _digest(data)
        if digest in {self._digest, self._refused, *self._digests_at_hand()}:
            return _Reading(path, digest)
        before = self._catalog
        try:
            with _no_collecting():
                catalog = parse_catalog(data, str(path))
        except CatalogError as error:
            return _Reading(path, digest, error=error)
        news = CatalogNews(change_between(before, catalog), have_same_terms(before, catalog))
        return _Reading(path, digest, (catalog, news))

    def _digests_at_hand(self) -> list[str]:
        return [one.digest for one in (self._doubted, self._waiting) if one is not None]

    def _judge(self, reading: _Reading) -> None:
        was_due, self._is_due = self._is_due, False
        doubted, self._doubted = self._doubted, None
        if reading.digest == self._digest:
            if was_due or self._error is not None:
                self._take_again(reading)
        elif reading.digest == self._refused:
            return
        elif self._waiting is not None and reading.digest == self._waiting.digest:
            if self._error is not None:
                self._wait(self._waiting)
        elif reading.good is not None:
            _catalog, news = reading.good
            if news.has_same_terms or not self._is_in_use():
                self._error, self._refused = None, ""
                self._take(reading)
            else:
                _log.info("the catalog %s waits for the sale that was begun", reading.path)
                self._wait(reading)
        elif doubted is not None and reading.digest == doubted.digest:
            self._refuse(doubted)
        else:
            self._doubted = reading
            self._is_due = True

    def _take(self, reading: _Reading) -> None:
        assert reading.good is not None  # noqa: S101 - for the type checker; asked before
        self._catalog, news = reading.good
        self._digest = reading.digest
        self._waiting = None
        self._settle_on(reading.path)
        _log.info("the catalog %s was taken up: %s", reading.path, news.change)
        self._publish(news)

    def _take_again(self, reading: _Reading) -> None:
        """The file says what is in use already: it was saved anew, put back, or copied."""
        self._error, self._refused = None, ""
        self._waiting = None
        self._settle_on(reading.path)
        self._publish(CatalogNews(CatalogChange()))

    def _wait(self, reading: _Reading) -> None:
        self._error, self._refused = None, ""
        self._waiting = reading
        self._publish(CatalogNews())

    def _refuse(self, reading: _Reading) -> None:
        assert reading.error is not None  # noqa: S101 - for the type checker; asked before
        self._error, self._refused = reading.error, reading.digest
        faults = reading.error.faults
        _log.warning(
            "the catalog cannot be used, the till goes on with the one it has; faults: %d\n%s",
            len(faults),
            "\n".join(map(str, faults[:_LOGGED_FAULTS])),
        )
        self._publish(CatalogNews())

    def _settle_on(self, path: Path) -> None:
        self._path = path
        if path == self._instead:
            self._instead = None

    def _publish(self, news: CatalogNews) -> None:
        for listener in self._listeners:
            try:
                listener(news)
            except Exception:  # noqa: BLE001 - logged; one deaf listener must not gag the rest
                _log.exception("a listener failed on the catalog")


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@contextmanager
def _no_collecting() -> Iterator[None]:
    """Keep Python from looking for garbage among what is being read.

    It would stop every thread, the window's too: for half a second again and again while 100,000
    products are read.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def catalog_watch_of(settings: Settings, given: Path | None, clock: Clock) -> CatalogWatch:
    """Find the catalog: one given, one named in the settings, the data directory's, or the sample.

    Links are followed anew at each look, so that one may be pointed elsewhere.
    """
    if given is None and settings.file.catalog:
        given = settings.root / settings.file.catalog
    if given is not None:
        return CatalogWatch(given.absolute(), clock=clock)
    own, sample = settings.root / "catalog.toml", SHIPPED_ROOT / "catalog.toml"
    if own.exists():
        return CatalogWatch(own, clock=clock)
    return CatalogWatch(sample, clock=clock, instead=own)
