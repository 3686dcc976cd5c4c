"""A shop's own look of its pay page: a stylesheet after the page's own, and a logo."""

import base64
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from app.errors import ConfigError, Message
from app.settings import Settings

_MOST_STYLE: Final = 64 * 1024
_MOST_LOGO: Final = 256 * 1024
_PICTURES: Final = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".webp": "image/webp",
    ".svg": "image/svg+xml",
}


@dataclass(frozen=True, slots=True)
class Brand:
    """`css` comes after the page's own style; `logo` is a `data:` address. Either may be empty."""

    css: str = ""
    logo: str = ""


def brand_of(settings: Settings) -> Brand:
    """Read what the settings name. Raises ConfigError naming file and key where it is of no use."""
    table = settings.file.pay_page
    css = ""
    if table.stylesheet:
        style = _read(settings, "stylesheet", table.stylesheet, _MOST_STYLE)
        try:
            css = style.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise _unfit(settings, "stylesheet", Message("It is not text in UTF-8.")) from error
        # A browser reads every line's end as this, and the page lets in what has the same digest.
        css = css.replace("\r\n", "\n").replace("\r", "\n")
        if "</" in css or "<!" in css:
            # It stands in the page: this would end it and begin something else.
            raise _unfit(settings, "stylesheet", Message("There is markup in it (</ or <!)."))
    return Brand(css, _logo(settings, table.logo) if table.logo else "")


def _logo(settings: Settings, name: str) -> str:
    kind = _PICTURES.get(Path(name).suffix.lower())
    if kind is None:
        kinds = ", ".join(each.lstrip(".").upper() for each in _PICTURES)
        raise _unfit(settings, "logo", Message("It is none of these: {kinds}.", kinds=kinds))
    picture = _read(settings, "logo", name, _MOST_LOGO)
    return f"data:{kind};base64,{base64.b64encode(picture).decode()}"


def _read(settings: Settings, key: str, name: str, most: int) -> bytes:
    path = settings.root / name
    try:
        with path.open("rb") as file:
            found = file.read(most + 1)
    except OSError as error:
        raise _unfit(settings, key, f"{path}: {error.strerror or error}.") from error
    if len(found) > most:
        raise _unfit(
            settings,
            key,
            Message("{path} is larger than {most} KiB.", path=path, most=most // 1024),
        )
    return found


def _unfit(settings: Settings, key: str, why: str) -> ConfigError:
    return ConfigError(
        Message("The settings cannot be used"),
        Message(
            "{path}, pay_page.{key}: {why}", path=settings.root / "scantill.toml", key=key, why=why
        ),
        action=Message("Put the file there, or take the key out."),
    )
