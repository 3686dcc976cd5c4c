"""An error of the program as a person at the counter reads it, in the language in use."""

from dataclasses import dataclass
from pathlib import Path

from app.errors import CatalogError, InvariantError, Message, ScantillError, on_one_line
from ui.format import Formats
from ui.i18n import _, ngettext
from ui.pay.state import money_words

_MOST_FAULTS = 8


@dataclass(frozen=True, slots=True)
class ErrorWords:
    """What happened, the particulars, whether money moved, and what to do; any may be empty."""

    title: str
    detail: str
    money: str
    action: str

    @property
    def below_title(self) -> str:
        """Give all but the title, as running text; what is a list keeps its lines."""
        parts = [_ended(part) for part in (self.detail, self.money, self.action) if part]
        return ("\n" if "\n" in self.detail else " ").join(parts)


def _ended(sentence: str) -> str:
    """End a sentence: what a provider or the system says often has no full stop."""
    last = sentence.rstrip("\N{POP DIRECTIONAL ISOLATE}")[-1:]
    return f"{sentence}." if last.isalnum() else sentence


def error_words(error: ScantillError, formats: Formats) -> ErrorWords:
    """Put an error into words. What is our own bug keeps its particulars in English."""
    title, detail = formats.message(error.title), formats.message(error.detail)
    if isinstance(error, InvariantError) and not isinstance(error.title, Message):
        title = _("Something went wrong inside the till")
        detail = f"{error.title}. {error.detail}".strip()
    if isinstance(error, CatalogError):
        title = catalog_title(error)
        detail = "\n".join([error.faults[0].file, *fault_lines(error, formats, _MOST_FAULTS)])
    return ErrorWords(title, detail, money_words(error.money), formats.message(error.action))


def catalog_title(error: CatalogError) -> str:
    """Say that a catalog file has faults, or that it cannot be read at all."""
    file = Path(error.faults[0].file).name
    count = len(error.faults)
    if count == 1 and not error.faults[0].item and not error.faults[0].key:
        return _("{file} cannot be used").format(file=file)
    return ngettext("{file} has {count} fault", "{file} has {count} faults", count).format(
        file=file, count=count
    )


def fault_lines(error: CatalogError, formats: Formats, most: int) -> list[str]:
    """Name each fault on a line of its own: item, key and what is wrong; at most so many."""
    lines = [
        on_one_line(
            ": ".join(
                part
                for part in (formats.message(fault.item), fault.key, formats.message(fault.problem))
                if part
            )
        )
        for fault in error.faults[:most]
    ]
    left = len(error.faults) - most
    if left > 0:
        lines.append(ngettext("and {count} more", "and {count} more", left).format(count=left))
    return lines
