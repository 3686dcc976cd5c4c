"""The pictures of the gallery as files, and one sheet on which all of them are seen."""

from html import escape
from pathlib import Path

from PySide6.QtWidgets import QWidget

_SHEET = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Scantill: every screen</title>
<style>
body{{margin:2rem;font:16px/1.4 system-ui,sans-serif;background:#777;color:#fff}}
h2{{margin:2rem 0 .5rem}}
div{{display:flex;flex-wrap:wrap;gap:1rem}}
figure{{margin:0}}
img{{height:240px;display:block;box-shadow:0 2px 12px #0006}}
figcaption{{font-size:.8rem}}
.faulty img{{outline:4px solid #f33}}
.faulty li{{max-width:40rem}}
</style>
<h1>{count} pictures of {scenes} scenes, {faulty} with faults</h1>
{body}
</html>
"""


class Album:
    """Keeps pictures in a folder; without one it keeps nothing."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._pages: dict[str, list[tuple[str, str, list[str]]]] = {}
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
            for old in folder.glob("*.png"):
                old.unlink()

    @property
    def is_kept(self) -> bool:
        """Say whether anybody will look at the pictures."""
        return self._folder is not None

    def keep(self, scene: str, variant: str, window: QWidget, faults: list[str]) -> None:
        """Keep a picture of a window as it is, with what was found wrong in it."""
        if self._folder is None:
            return
        name = f"{scene}--{variant}.png"
        window.grab().toImage().save(str(self._folder / name))
        self._pages.setdefault(scene, []).append((variant, name, faults))

    def close(self) -> None:
        """Write the sheet."""
        if self._folder is not None:
            (self._folder / "index.html").write_text(self.sheet(), "utf-8")

    def sheet(self) -> str:
        """Write all pictures as one page, scene by scene."""
        pages = [picture for pictures in self._pages.values() for picture in pictures]
        return _SHEET.format(
            count=len(pages),
            scenes=len(self._pages),
            faulty=sum(bool(faults) for _, _, faults in pages),
            body="\n".join(
                f"<h2>{escape(scene)}</h2>\n<div>{''.join(map(_figure, pictures))}</div>"
                for scene, pictures in self._pages.items()
            ),
        )


def _figure(picture: tuple[str, str, list[str]]) -> str:
    variant, name, faults = picture
    said = "".join(f"<li>{escape(fault)}</li>" for fault in faults)
    look = ' class="faulty"' if faults else ""
    return (
        f'<figure{look}><a href="{escape(name)}"><img src="{escape(name)}" loading="lazy"'
        f' alt="{escape(name)}"></a><figcaption>{escape(variant)}<ul>{said}</ul></figcaption>'
        "</figure>"
    )
