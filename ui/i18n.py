"""The one door through which every text for a person goes.

The catalog of messages is chosen once, at start, by `use_language`; until then English speaks for
itself. A catalog is one file, `resources/locale/<language>/LC_MESSAGES/scantill.po`, and is
compiled in memory when it is read: dropping the file in is enough.
"""

import gettext
import io
import logging
from pathlib import Path
from string import Formatter
from typing import Final

from app.errors import Message

FOLDER: Final = Path(__file__).resolve().parent.parent / "resources" / "locale"
DOMAIN: Final = "scantill"

_Text = str | tuple[str, ...] | list[str]

_log = logging.getLogger(__name__)
_catalog: gettext.NullTranslations = gettext.NullTranslations()


def install(catalog: gettext.NullTranslations) -> None:
    """Have every later text looked up in `catalog`."""
    global _catalog  # noqa: PLW0603 - gettext's own convention: one catalog per process
    _catalog = catalog


def use_language(locale: str, folder: Path = FOLDER) -> None:
    """Speak the language of a locale ("de", "de_AT", "pt-BR"), or English where it is missing."""
    install(catalog_of(locale, folder))


def catalog_of(locale: str, folder: Path = FOLDER) -> gettext.NullTranslations:
    """Give the texts of a locale: its own file's, else its language's, else English.

    A file that cannot be read is logged and never keeps the till from opening.
    """
    whole = locale.replace("-", "_").partition(".")[0].partition("@")[0]
    if not whole.replace("_", "").isalnum():
        return gettext.NullTranslations()
    for name in dict.fromkeys((whole, whole.partition("_")[0])):
        path = folder / name / "LC_MESSAGES" / f"{DOMAIN}.po"
        if path.is_file():
            return _read(path)
    return gettext.NullTranslations()


def _(message: str) -> str:
    """Give a text in the language in use."""
    return _catalog.gettext(message) if message else ""


def _n(message: str) -> str:
    """Mark a text for translation where it stands; it is translated when it is shown."""
    return message


def ngettext(singular: str, plural: str, count: int) -> str:
    """Give the form of a text that fits `count`."""
    return _catalog.ngettext(singular, plural, count)


def pgettext(context: str, message: str) -> str:
    """Give a text whose meaning depends on where it stands."""
    return _catalog.pgettext(context, message)


def template_of(message: Message) -> str:
    """Give what a message of `app` is made from, in the language in use."""
    return _(message.template)


def placeholders(text: str) -> set[str]:
    """Name what is filled into a text. Raises ValueError where its braces do not pair."""
    parts = Formatter().parse(text)
    return {name for _literal, name, _spec, _conversion in parts if name is not None}


def _read(path: Path) -> gettext.NullTranslations:
    # English needs none of this.
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import PoFileError, read_po

    try:
        with path.open("rb") as file:
            catalog = read_po(file, locale=path.parts[-3], domain=DOMAIN, abort_invalid=True)
    except (OSError, ValueError, LookupError, PoFileError) as error:
        _log.warning("the texts in %s cannot be used: %s", path, error)
        return gettext.NullTranslations()
    for message in catalog:
        if message.id and not _fills_in_the_same(message.id, message.string or ""):
            _log.warning("%s: another placeholder than in %r", path, message.id)
            message.string = "" if isinstance(message.id, str) else ("",) * catalog.num_plurals
    compiled = io.BytesIO()
    write_mo(compiled, catalog)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def _fills_in_the_same(source: _Text, target: _Text) -> bool:
    """Say whether a translation can stand for its source: it names nothing that is not given."""
    given = {name for text in _forms(source) for name in placeholders(text)}
    try:
        return all(placeholders(text) <= given for text in _forms(target))
    except ValueError:
        return False


def _forms(text: _Text) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text)
