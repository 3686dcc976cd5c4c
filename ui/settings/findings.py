"""What a test of an account found, line by line: a mark, what was looked at, and how it is."""

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QWidget

from app.provider_check import Finding
from ui import theme
from ui.i18n import _
from ui.kit.base import Part
from ui.kit.icon import Icon
from ui.kit.text import Text
from ui.look import Look
from ui.settings.words import finding_words, mark_words, subject_words, verdict
from ui.theme import Tone, Type

_MARKS: Final = {True: ("done", "good"), False: ("alert", "danger"), None: ("minus", "text_muted")}
_VERDICTS: Final = {Tone.BUSY: "hourglass", Tone.GOOD: "done", Tone.DANGER: "alert"}


class Findings(Part):
    """The lines of a test as they come, under what they come to."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        self._shown: tuple[Finding, ...] = ()
        self._mark = Icon(look, "hourglass", theme.ICON_M)
        self._verdict = Text(look, "", Type.BODY_STRONG)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setColumnStretch(2, 1)
        self._grid.addWidget(self._mark, 0, 0, Qt.AlignmentFlag.AlignTop)
        self._grid.addWidget(self._verdict, 0, 1, 1, 2)
        self._rows: list[tuple[QWidget, ...]] = []
        self.hide()
        self.on_look_changed()

    @property
    def lines(self) -> list[str]:
        """Give what it comes to, and every line as it is read out."""
        return [self._verdict.text(), *(row[-1].accessibleName() for row in self._rows)]

    def show_findings(self, findings: Sequence[Finding], *, is_busy: bool) -> None:
        """Show what was found so far."""
        self.setVisible(bool(findings) or is_busy)
        words, tone = (_("Asking …"), Tone.BUSY) if is_busy else verdict(findings)
        self._mark.set_icon(_VERDICTS[tone], tone.value)
        self._verdict.setText(words)
        self._verdict.setAccessibleName(words)
        if tuple(findings) != self._shown:
            self._refill(tuple(findings))

    def on_look_changed(self) -> None:
        """Measure and paint anew."""
        dp = self.look.dp
        self._grid.setHorizontalSpacing(dp(theme.S))
        self._grid.setVerticalSpacing(dp(theme.XS + theme.XXS))
        super().on_look_changed()

    def _refill(self, findings: tuple[Finding, ...]) -> None:
        for row in self._rows:
            for part in row:
                self._grid.removeWidget(part)
                part.hide()
                part.deleteLater()
        self._rows = []
        self._shown = findings
        top = Qt.AlignmentFlag.AlignTop
        for number, finding in enumerate(findings, start=1):
            icon, colour = _MARKS[finding.is_good]
            subject, said = (
                subject_words(finding.subject),
                finding_words(finding, self.look.formats),
            )
            mark = Icon(self.look, icon, theme.ICON_M, colour)
            name = Text(self.look, subject, colour="text_muted")
            words = Text(self.look, said, wraps=True)
            words.setAccessibleName(f"{subject}: {mark_words(finding)}. {said}")
            self._grid.addWidget(mark, number, 0, top)
            self._grid.addWidget(name, number, 1, top)
            self._grid.addWidget(words, number, 2)
            self._rows.append((mark, name, words))
            for part in (mark, name, words):
                # Qt would show it, and count it as high as it is, in a later turn of the loop.
                part.show()
        self._grid.activate()
        self.updateGeometry()
