"""The quiet strip at the bottom: how the till stands with the world."""

from collections.abc import Collection
from datetime import datetime
from typing import Final

from PySide6.QtCore import QSize
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from app.breaker import Standing
from app.settings import Mode
from app.status import AccountHealth, BackupState, TillStatus
from ui import theme
from ui.accounts import label_among
from ui.bidi import isolated
from ui.i18n import _, ngettext
from ui.kit.base import Part
from ui.kit.iconlabel import IconLabel
from ui.look import Look
from ui.theme import Type

_WIDTH: Final = 400
_HEIGHT: Final = 32


def mode_label(mode: Mode) -> str:
    """Say in a word what kind of money the till takes."""
    return {
        Mode.TRAINING: _("Training"),
        Mode.TEST: _("Test mode"),
        Mode.LIVE: _("Live"),
    }[mode]


class StatusStrip(Part):
    """Provider, webhook door, what needs a person, mode and shop.

    Where there is little room, the shop and then a mode that the bar above says too are left out;
    what needs a person is never shortened.
    """

    def __init__(self, look: Look, mode: Mode, shop: str, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        self.setObjectName("status")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        caption = Type.CAPTION
        self._provider = IconLabel(look, "network", "", caption, colour="text_muted")
        self._door = IconLabel(look, "door", "", caption, colour="text_muted")
        self._compared = IconLabel(look, "refresh", "", caption, colour="text_muted")
        self._is_compared_well = True
        strong = Type.CAPTION_STRONG
        self._person = IconLabel(look, "person", "", strong, colour="danger", is_firm=True)
        self._backup = IconLabel(look, "alert", "", strong, colour="warning", is_firm=True)
        self._mode = IconLabel(look, "card", mode_label(mode), caption, colour="text_muted")
        self._shop = IconLabel(look, "shop", shop, caption, colour="text_muted")
        self._row = QHBoxLayout(self)
        self._row.addWidget(self._provider)
        self._row.addWidget(self._door)
        self._row.addWidget(self._compared)
        self._row.addStretch(1)
        for label in (self._backup, self._person, self._mode, self._shop):
            self._row.addWidget(label)
        for label in (self._person, self._backup, self._compared):
            label.hide()
        self.on_look_changed()

    def show_status(self, status: TillStatus, now: datetime) -> None:
        """Tell the news."""
        asked = [health for health in status.accounts if not health.is_by_hand]
        failing = [health for health in asked if health.is_reachable is False]
        names = [health.name for health in status.accounts]
        if asked:
            self._show_provider(failing[0] if failing else asked[0], names)
        else:
            self._show_no_provider(is_by_hand=bool(names))
        self._tell_of_all(status)
        self._door.set_colour("danger" if status.clock_wrong_min else "text_muted")
        self._door.set_text(self._door_words(status, now))
        self._show_backup(status.books.backup)
        self._show_compared(status, now)
        count = status.needs_person
        self._person.setVisible(count > 0)
        words = ngettext("{count} needs a person", "{count} need a person", count)
        self._person.set_text(words.format(count=count))
        self._arrange()

    def set_shop(self, shop: str) -> None:
        """Name the shop anew."""
        self._shop.set_text(shop)
        self._arrange()

    def sizeHint(self) -> QSize:
        return QSize(self.look.dp(_WIDTH), self.look.dp(_HEIGHT))

    def on_look_changed(self) -> None:
        """Measure and paint anew."""
        dp = self.look.dp
        self._row.setContentsMargins(dp(theme.M), 0, dp(theme.M), 0)
        self._row.setSpacing(dp(theme.L + theme.XS))
        self.setFixedHeight(dp(_HEIGHT))
        self._arrange()
        super().on_look_changed()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), self.look.colour("surface"))
        painter.fillRect(0, 0, self.width(), 1, self.look.colour("line"))

    def _arrange(self) -> None:
        """Leave out what can be read elsewhere before anything is shortened."""
        needed = [self._provider, self._door]
        needed += [label for label in (self._backup, self._person) if not label.isHidden()]
        may_go = [self._mode, self._shop]
        if self._compared.text:
            # Where all is well it is the first to go, and else the last.
            may_go.insert(len(may_go) if self._is_compared_well else 0, self._compared)
        margins = self._row.contentsMargins()
        room = self.width() - margins.left() - margins.right() + self._row.spacing()
        room -= sum(label.sizeHint().width() + self._row.spacing() for label in needed)
        for label in may_go:
            room -= label.sizeHint().width() + self._row.spacing()
            label.setVisible(room >= 0)

    def _show_compared(self, status: TillStatus, now: datetime) -> None:
        """Say when the books were last compared with the provider's, and whether all could be."""
        report, label, formats = status.reconciled, self._compared, self.look.formats
        words, hint = "", ""
        icon, colour = ("refresh", "text_muted"), "text_muted"
        self._is_compared_well = True
        if status.is_making_sure:
            words, icon = _("Making sure what was paid"), ("hourglass", "busy")
            self._is_compared_well = False
        elif report is not None and (report.problems or report.still_unknown):
            words, icon = _("Not all could be compared"), ("alert", "warning")
            colour, self._is_compared_well = "warning", False
            hint = "\n".join(map(formats.message, report.problems))
        elif report is not None:
            words = _("Compared {ago}").format(ago=formats.ago(report.ended_at, now))
            hint = _("Found: payments {payments}, refunds {refunds}, disputes {disputes}.").format(
                payments=formats.count(report.payments),
                refunds=formats.count(report.refunds),
                disputes=formats.count(report.disputes),
            )
        label.set_icon(*icon)
        label.set_colour(colour)
        label.set_text(words)
        label.setToolTip(hint)
        label.setAccessibleDescription(hint)
        label.setVisible(bool(words))

    def _show_backup(self, backup: BackupState) -> None:
        self._backup.setVisible(backup.problem is not None)
        if backup.problem is not None:
            self._backup.set_text(_("No backup can be made"))
            self._backup.setToolTip(self.look.formats.message(backup.problem.words))

    def _show_no_provider(self, *, is_by_hand: bool) -> None:
        """Say that there is nobody who could answer."""
        self._provider.set_icon("cash" if is_by_hand else "offline")
        self._provider.set_colour("text_muted")
        words = _("Money is taken by hand") if is_by_hand else _("No payment account")
        self._provider.set_text(words)

    def _show_provider(self, health: AccountHealth, names: Collection[str]) -> None:
        name = isolated(label_among(health.name, names))
        if health.is_reachable is None:
            self._provider.set_icon("network")
            self._provider.set_colour("text_muted")
            self._provider.set_text(_("{name}: not asked yet").format(name=name))
        elif health.is_reachable:
            self._provider.set_icon("network", "good")
            self._provider.set_colour("text_muted")
            self._provider.set_text(_("{name} answers").format(name=name))
        else:
            self._provider.set_icon("offline", "danger")
            self._provider.set_colour("danger")
            if health.is_refused:
                self._provider.set_text(_("{name} refuses the till's keys").format(name=name))
                return
            words = _("{name} does not answer").format(name=name)
            if health.since is not None:
                since = self.look.formats.time(health.since)
                words = _("{name} has not answered since {time}").format(name=name, time=since)
            self._provider.set_text(words)

    def _tell_of_all(self, status: TillStatus) -> None:
        """Say of each account how it stands, where there are several."""
        names = [health.name for health in status.accounts]
        lines = [_standing_words(health, names) for health in status.accounts]
        hint = "\n".join(lines) if len(lines) > 1 else ""
        self._provider.setToolTip(hint)
        self._provider.setAccessibleDescription(hint)

    def _door_words(self, status: TillStatus, now: datetime) -> str:
        wrong = status.clock_wrong_min
        if wrong:
            words = (
                _("This computer's clock is {count} min fast")
                if wrong > 0
                else _("This computer's clock is {count} min slow")
            )
            return words.format(count=abs(wrong))
        if not status.webhook_address:
            return _("No webhooks; asking instead")
        if status.last_event_at is None:
            return _("Webhooks: none so far")
        ago = self.look.formats.ago(status.last_event_at, now)
        return _("Webhooks: last one {ago}").format(ago=ago)


def _standing_words(health: AccountHealth, names: Collection[str]) -> str:
    """Say in words what the router makes of an account."""
    name = isolated(label_among(health.name, names))
    if health.is_by_hand:
        return _("{name}: taken by hand").format(name=name)
    if health.is_reachable is None:
        return _("{name}: not asked yet").format(name=name)
    return {
        Standing.WELL: _("{name} answers"),
        Standing.SHAKY: _("{name} did not answer the last time"),
        Standing.TRIAL: _("{name} did not answer; the next customer tries it"),
        Standing.DOWN: _("{name} does not answer; it is passed over"),
        Standing.REFUSED: _("{name} refuses the till's keys; it is passed over"),
    }[health.standing].format(name=name)
