"""Every scene of the gallery, looked at as a person would: size by size, theme by theme.

The fast tier looks at each scene on the smallest screen in both themes; `make check` looks at all
sizes, German, right to left and a larger scale, by turns in one of the themes, so that each scene
and each variant is seen in both; `make pictures` looks at everything and leaves what it saw.
"""

from collections.abc import Iterator
from typing import Final

import pytest
from PySide6.QtWidgets import QWidget

from tests.ui.gallery import colours, focus, places, targets, texts
from tests.ui.gallery.album import Album
from tests.ui.gallery.painted import all_painted
from tests.ui.gallery.scene import Scene
from tests.ui.gallery.scenes import SCENES
from tests.ui.gallery.stage import SIZES, Run, Stage, Variant, settle, show, staged
from ui.metrics import Metrics
from ui.theme import THEMES

SMALL, MIDDLE, LARGE = SIZES
VARIANTS: Final = (
    Variant(SMALL),
    Variant(MIDDLE),
    Variant(LARGE),
    Variant(SMALL, locale="de"),
    Variant(MIDDLE, locale="de"),
    Variant(SMALL, is_mirrored=True),
    Variant(MIDDLE, is_mirrored=True),
    Variant(MIDDLE, scale=1.5),
    Variant(LARGE, scale=1.5),
)
FAST: Final = VARIANTS[0]


def looked_at() -> Iterator[object]:
    for variant in VARIANTS:
        marks = [] if variant is FAST else [pytest.mark.slow]
        for scene in SCENES:
            yield pytest.param(scene, variant, marks=marks, id=f"{scene.name}-{variant.name}")


def themes_for(scene: Scene, variant: Variant) -> tuple[str, ...]:
    """Give both themes for the fast tier, and one in turns for each of the others."""
    names = tuple(THEMES)
    if variant is FAST:
        return names
    turn = SCENES.index(scene) + VARIANTS.index(variant)
    return (names[turn % len(names)],)


def faults_of(window: QWidget, metrics: Metrics) -> list[str]:
    """Look at a window with every check."""
    painted = all_painted(window)
    found = texts.faults(window, painted) + places.faults(window) + colours.faults(window, painted)
    if window.findChild(QWidget, "charge") is not None or window.isModal():
        found += targets.faults(window, metrics)
    return found


def themed(stage: Stage, name: str) -> None:
    if stage.window.look.theme.name != name:
        stage.window.set_theme(name)
        settle(stage)


@pytest.mark.parametrize("scene, variant", list(looked_at()))
def test_a_scene_is_as_it_should_be(run: Run, album: Album, scene: Scene, variant: Variant) -> None:
    said = []
    with staged(
        run,
        variant,
        catalog=scene.catalog(),
        mode=scene.mode,
        has_display=scene.surface == "display",
    ) as stage:
        run(scene.bring(stage))  # type: ignore[arg-type]
        window = show(stage, scene.surface, variant.size)
        for theme in THEMES if album.is_kept else themes_for(scene, variant):
            themed(stage, theme)
            own = stage.window.look.metrics
            if scene.surface == "dialog":
                # It is shown before the operator's settings are read.
                own = Metrics.of_screen(window.screen())
            found = faults_of(window, own)
            album.keep(scene.name, f"{variant.name}-{theme}", window, found)
            found += focus.faults(window)
            said += [f"{scene.name} {variant.name} {theme}: {fault}" for fault in found]
    assert not said, "\n".join(said)


def test_each_scene_and_each_variant_is_looked_at_in_every_theme() -> None:
    seen = [(s, v, t) for s in SCENES for v in VARIANTS for t in themes_for(s, v)]
    assert {(s.name, t) for s, v, t in seen if v is not FAST} == {
        (scene.name, theme) for scene in SCENES for theme in THEMES
    }
    assert {(v, t) for _, v, t in seen} == {(v, t) for v in VARIANTS for t in THEMES}
    assert {(s.name, v) for s, v, _ in seen} == {(s.name, v) for s in SCENES for v in VARIANTS}
