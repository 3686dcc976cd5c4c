"""An error of the program as a person at the counter reads it, in the language in use."""

from dataclasses import dataclass

from app.errors import InvariantError, Message, ScantillError
from ui.format import Formats
from ui.i18n import _
from ui.pay.state import money_words


@dataclass(frozen=True, slots=True)
class ErrorWords:
    """What happened, the particulars, whether money moved, and what to do; any may be empty."""

    title: str
    detail: str
    money: str
    action: str

    @property
    def below_title(self) -> str:
        """Give all but the title, as running text."""
        return " ".join(part for part in (self.detail, self.money, self.action) if part)


def error_words(error: ScantillError, formats: Formats) -> ErrorWords:
    """Put an error into words. What is our own bug keeps its particulars in English."""
    title, detail = formats.message(error.title), formats.message(error.detail)
    if isinstance(error, InvariantError) and not isinstance(error.title, Message):
        title = _("Something went wrong inside the till")
        detail = f"{error.title}. {error.detail}".strip()
    return ErrorWords(title, detail, money_words(error.money), formats.message(error.action))
