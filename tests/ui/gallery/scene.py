"""One state of the program to look at, and how it is brought about."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal

from app.domain.catalog import Catalog
from app.settings import Mode
from tests.ui.gallery.stage import Stage, sample_catalog

Surface = Literal["till", "display", "dialog"]
Bring = Callable[[Stage], Awaitable[None]]


@dataclass(frozen=True)
class Scene:
    """One state to look at. `surface` is the top level that it is about."""

    name: str
    bring: Bring
    surface: Surface = "till"
    catalog: Callable[[], Catalog] = sample_catalog
    mode: Mode = Mode.TRAINING
