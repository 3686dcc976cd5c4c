"""The catalog's watch of a till that does what a test tells it."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from app.catalog_watch import CatalogNews
from app.domain.catalog import Catalog
from app.domain.catalog_change import change_between, have_same_terms
from app.errors import CatalogError, Fault


class _Till(Protocol):
    @property
    def catalog(self) -> Catalog: ...

    def set_catalog(self, catalog: Catalog) -> None: ...


class FakeCatalogWatch:
    """Takes up what a test saves, as the till's own watch does once the file has settled."""

    def __init__(self, till: _Till) -> None:
        self._till = till
        self._listeners: list[Callable[[CatalogNews], None]] = []
        self._waiting: Catalog | None = None
        self._is_in_use: Callable[[], bool] = lambda: False
        self.path = Path(__file__).parents[2] / "catalog.toml"
        self.error: CatalogError | None = None

    @property
    def is_waiting(self) -> bool:
        return self._waiting is not None

    def subscribe(self, listener: Callable[[CatalogNews], None]) -> Callable[[], None]:
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def hold_while(self, is_in_use: Callable[[], bool]) -> None:
        self._is_in_use = is_in_use

    def release(self) -> None:
        if self._waiting is not None and not self._is_in_use():
            waiting, self._waiting = self._waiting, None
            self._take(waiting)

    # --- what tests do ----------------------------------------------------------------------

    def save(self, catalog: Catalog) -> None:
        self.error = None
        if have_same_terms(self._till.catalog, catalog) or not self._is_in_use():
            self._take(catalog)
        else:
            self._waiting = catalog
            self._tell(CatalogNews())

    def spoil(self, *faults: tuple[str, str, str]) -> None:
        """Save something bad; each fault is item, key and problem."""
        file = str(self.path)
        self.error = CatalogError(file, tuple(Fault(file, *fault) for fault in faults))
        self._tell(CatalogNews())

    def _take(self, catalog: Catalog) -> None:
        before = self._till.catalog
        self._till.set_catalog(catalog)
        change, same = change_between(before, catalog), have_same_terms(before, catalog)
        self._tell(CatalogNews(change, has_same_terms=same))

    def _tell(self, news: CatalogNews) -> None:
        for listener in tuple(self._listeners):
            listener(news)
