"""The one door through which every text for a person goes.

The catalog of messages is chosen once, at start, by `install`; until then English speaks for
itself.
"""

import gettext

_catalog: gettext.NullTranslations = gettext.NullTranslations()


def install(catalog: gettext.NullTranslations) -> None:
    """Have every later text looked up in `catalog`."""
    global _catalog  # noqa: PLW0603 - gettext's own convention: one catalog per process
    _catalog = catalog


def _(message: str) -> str:
    """Give a text in the language in use."""
    return _catalog.gettext(message)


def ngettext(singular: str, plural: str, count: int) -> str:
    """Give the form of a text that fits `count`."""
    return _catalog.ngettext(singular, plural, count)


def pgettext(context: str, message: str) -> str:
    """Give a text whose meaning depends on where it stands."""
    return _catalog.pgettext(context, message)
