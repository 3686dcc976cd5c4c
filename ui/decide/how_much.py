"""How much goes back, and out of which payment where there are several."""

from typing import Final

from PySide6.QtCore import QObject, Signal

from app.domain.money import Money
from ui.bidi import isolated
from ui.decide.amount import typed_amount, written
from ui.decide.choices import Choices
from ui.decide.fields import Entry
from ui.decide.words import Source
from ui.i18n import _
from ui.look import Look

_MOST_FIGURES: Final = 18


class HowMuch(QObject):
    """The chips of the payments and the field of the amount, which the form lays out.

    Signals:
        changed: Another amount, or another payment.
    """

    changed = Signal()

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self._sources: tuple[Source, ...] = ()
        self._choices = Choices(look)
        self._choices.changed.connect(self._on_source)
        self.chips = self._choices.row
        self.entry = Entry(look, _("Amount"), icon="card", most=_MOST_FIGURES)
        self.entry.text_changed.connect(self.changed)

    @property
    def source(self) -> Source | None:
        """Give the payment that the money comes out of."""
        return self._sources[self._choices.chosen] if self._sources else None

    @property
    def amount(self) -> Money | None:
        """Give the amount that can go back, or None where what is typed is none."""
        typed, source = self._typed(), self.source
        if typed is None or source is None:
            return None
        return typed if 0 < typed.minor <= source.left.minor else None

    def show_sources(self, sources: tuple[Source, ...]) -> None:
        """Offer the payments, and the whole of the first; no payments, no amount."""
        self._sources = sources
        self.entry.setVisible(bool(sources))
        self._choices.offer(
            (f"source_{number}", self._words(source))
            for number, source in enumerate(sources if len(sources) > 1 else ())
        )
        self._fill()

    def check(self) -> None:
        """Say below the field how much can go back, or what is wrong with what is typed."""
        source = self.source
        if source is None:
            return
        formats, left, typed = self._look.formats, source.left, self._typed()
        if typed is None or typed.minor == 0:
            example = isolated(written(left, formats.locale))
            note = _("Type an amount such as {amount}.").format(amount=example)
            self.entry.set_note(note, "danger" if self.entry.text else "text_muted")
        elif left < typed:
            only = _("Only {amount} is left.").format(amount=formats.money(left))
            self.entry.set_note(only, "danger")
        else:
            self.entry.set_note(_("{amount} at most.").format(amount=formats.money(left)))

    def _typed(self) -> Money | None:
        source = self.source
        if source is None:
            return None
        return typed_amount(self.entry.text, source.left.currency, self._look.formats.locale)

    def _fill(self) -> None:
        source = self.source
        if source is not None:
            self.entry.set_text(written(source.left, self._look.formats.locale))

    def _words(self, source: Source) -> str:
        return _("{amount} by {account}").format(
            amount=self._look.formats.money(source.left), account=isolated(source.name)
        )

    def _on_source(self) -> None:
        self._fill()
        self.changed.emit()
