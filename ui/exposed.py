"""Tells that other users of the computer can read keys, for as long as that is so."""

from app.status import TillStatus
from ui.format import Formats
from ui.i18n import _
from ui.kit.notice import Notice
from ui.theme import Tone


class ExposedKeys:
    """Speaks through the window's one notice; other news may take its place."""

    def __init__(self, notice: Notice, formats: Formats) -> None:
        self._notice = notice
        self._formats = formats

    def tell(self, status: TillStatus) -> None:
        """Tell it, if it is so."""
        if status.exposed_keys is not None:
            detail = self._formats.message(status.exposed_keys)
            self._notice.tell(self._title, detail, Tone.WARNING)

    def follow(self, status: TillStatus) -> None:
        """Change what is told, or take it away; who has closed it is not told again."""
        if not self._notice.isVisible() or self._notice.title != self._title:
            return
        if status.exposed_keys is None:
            self._notice.hide()
        elif self._notice.detail != self._formats.message(status.exposed_keys):
            self.tell(status)

    @property
    def _title(self) -> str:
        return _("Others can read your keys")
