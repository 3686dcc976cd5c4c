"""HTML by filling templates: what is not known to be markup is escaped."""

from collections.abc import Iterable
from html import escape


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


def fill(template: str, **values: object) -> Markup:
    """Put the values in the template's `{name}` places, escaped unless they are `Markup`."""
    safe = {name: v if isinstance(v, Markup) else escape(str(v)) for name, v in values.items()}
    return Markup(template.format_map(safe))


def joined(parts: Iterable[Markup]) -> Markup:
    return Markup("".join(parts))
