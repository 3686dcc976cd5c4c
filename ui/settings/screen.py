"""The Settings screen: a section at a time, each under its name."""

from typing import Protocol

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from ui import theme
from ui.i18n import _
from ui.kit.base import Part
from ui.kit.chip import Chip
from ui.kit.text import Text
from ui.look import Look
from ui.settings.accounts import AccountsSection
from ui.theme import Type


class Section(Protocol):
    """What a section can do beside being a widget."""

    def leave(self) -> bool:
        """Let go of what was typed and not kept; say whether there was any."""
        ...


class SettingsScreen(Part):
    """Where the till is set up. Another section is one more `add`; with one there are no chips."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        self._title = Text(look, _("Settings"), Type.TITLE)
        self._chips = QHBoxLayout()
        self._group = QButtonGroup(self)
        self._group.idClicked.connect(self.show_section)
        self._stack = QStackedWidget()
        self._sections: list[Section] = []
        self._header = QHBoxLayout()
        self._header.addWidget(self._title)
        self._header.addLayout(self._chips)
        self._header.addStretch(1)
        self._column = QVBoxLayout(self)
        self._column.addLayout(self._header)
        self._column.addWidget(self._stack, 1)
        self.accounts = AccountsSection(look)
        self.add(_("Accounts"), self.accounts, self.accounts)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.on_look_changed()

    def add(self, name: str, screen: QWidget, section: Section) -> None:
        """Let another section join, at the end."""
        chip = Chip(self.look, name)
        chip.setObjectName(f"section_{len(self._sections)}")
        self._group.addButton(chip, len(self._sections))
        self._chips.addWidget(chip)
        self._sections.append(section)
        self._stack.addWidget(screen)
        self._group.button(self._stack.currentIndex()).setChecked(True)
        are_several = len(self._sections) > 1
        for button in self._group.buttons():
            button.setVisible(are_several)
        alone = _("Settings: {section}").format(section=name)
        self._title.setText(_("Settings") if are_several else alone)

    def show_section(self, number: int) -> None:
        """Go to a section; what was typed in the one before is gone."""
        self.leave()
        self._stack.setCurrentIndex(number)
        self._group.button(number).setChecked(True)

    def leave(self) -> bool:
        """Let go of what was typed and not kept; say whether there was any."""
        # All of them: `any` would stop at the first.
        had_any = [section.leave() for section in self._sections]
        return any(had_any)

    def on_look_changed(self) -> None:
        """Measure and paint anew."""
        dp = self.look.dp
        self._column.setContentsMargins(dp(theme.M), dp(theme.M), dp(theme.M), dp(theme.M))
        self._column.setSpacing(dp(theme.S))
        self._header.setContentsMargins(dp(theme.S), 0, dp(theme.S), 0)
        self._header.setSpacing(dp(theme.M))
        self._chips.setSpacing(self.look.metrics.gap)
        super().on_look_changed()
