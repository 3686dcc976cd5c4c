"""The catalogs of texts that there are, one file for each language, and how one is read.

A catalog is `resources/locale/<language>/LC_MESSAGES/scantill.po`. It is compiled in memory when it
is read: dropping the file in is enough. English is the source and needs none.
"""

import gettext
import io
import logging
from pathlib import Path
from string import Formatter
from typing import Final

FOLDER: Final = Path(__file__).resolve().parent.parent / "resources" / "locale"
DOMAIN: Final = "scantill"
SOURCE: Final = "en"

_Text = str | tuple[str, ...] | list[str]

_log = logging.getLogger(__name__)


def languages_in(folder: Path = FOLDER) -> tuple[str, ...]:
    """Name the languages that can be spoken ("de", "pt_BR"): English, and what has a file."""
    found = (path.parts[-3] for path in folder.glob(f"*/LC_MESSAGES/{DOMAIN}.po"))
    return (SOURCE, *sorted(name for name in found if _is_name(name) and name != SOURCE))


def catalog_of(locale: str, folder: Path = FOLDER) -> gettext.NullTranslations:
    """Give the texts of a locale: its own file's, else its language's, else English.

    A file that cannot be read is logged and never keeps the till from opening.
    """
    whole = locale.replace("-", "_").partition(".")[0].partition("@")[0]
    if not _is_name(whole):
        return gettext.NullTranslations()
    for name in dict.fromkeys((whole, whole.partition("_")[0])):
        path = folder / name / "LC_MESSAGES" / f"{DOMAIN}.po"
        if path.is_file():
            return _read(path)
    return gettext.NullTranslations()


def placeholders(text: str) -> set[str]:
    """Name what is filled into a text. Raises ValueError where its braces do not pair."""
    parts = Formatter().parse(text)
    return {name for _literal, name, _spec, _conversion in parts if name is not None}


def _is_name(locale: str) -> bool:
    return locale.replace("_", "").isalnum()


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
