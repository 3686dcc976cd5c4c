"""The one door through which every text for a person goes.

The catalog of messages is chosen once, at start, by `use_language`; until then English speaks for
itself. What catalogs there are, `app.text_catalogs` knows.
"""

import gettext
from pathlib import Path

from app.errors import Message
from app.text_catalogs import DOMAIN, FOLDER, catalog_of, placeholders

__all__ = [
    "DOMAIN",
    "FOLDER",
    "_",
    "_n",
    "catalog_of",
    "install",
    "ngettext",
    "pgettext",
    "placeholders",
    "template_of",
    "use_language",
]

_catalog: gettext.NullTranslations = gettext.NullTranslations()


def install(catalog: gettext.NullTranslations) -> None:
    """Have every later text looked up in `catalog`."""
    global _catalog  # noqa: PLW0603 - gettext's own convention: one catalog per process
    _catalog = catalog


def use_language(locale: str, folder: Path = FOLDER) -> None:
    """Speak the language of a locale ("de", "de_AT", "pt-BR"), or English where it is missing."""
    install(catalog_of(locale, folder))


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
