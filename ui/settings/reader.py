"""Reads how the accounts stand, and carries out what is asked for in their section."""

from collections import defaultdict

from PySide6.QtCore import QObject

from app.account_desk import AccountsStanding, KeyStanding
from app.provider_check import Finding
from ui.errors import error_words
from ui.i18n import _
from ui.settings.accounts import AccountsSection
from ui.settings.words import shadow_words
from ui.tasks import Tasks, as_ours
from ui.theme import Tone
from ui.till import AccountDesk


class AccountsReader(QObject):
    """Serves the section of the accounts. Nothing waits for the disk or the provider here."""

    def __init__(self, desk: AccountDesk, tasks: Tasks, section: AccountsSection) -> None:
        super().__init__()
        self._desk = desk
        self._tasks = tasks
        self._section = section
        self._formats = section.look.formats
        self._standing: AccountsStanding | None = None
        self._chosen = ""
        self._findings: dict[str, list[Finding]] = defaultdict(list)
        self._under_test: set[str] = set()
        section.account_chosen.connect(self.choose)
        panel = section.panel
        panel.key_given.connect(lambda *what: tasks.start(self._keep(*what)))
        panel.key_unwanted.connect(lambda *what: tasks.start(self._forget(*what)))
        panel.test_wanted.connect(self._on_test)

    def read_again(self) -> None:
        """Read how all stands, for somebody who comes here."""
        self._tasks.start(self._look())

    def choose(self, account: str) -> None:
        """Show another account."""
        if account != self._chosen:
            self._chosen = account
            self._show()

    async def _look(self) -> None:
        self._take(await self._desk.look())

    async def _keep(self, account: str, key: str, value: str) -> None:
        try:
            standing = await self._desk.keep(account, key, value)
        except Exception as error:  # noqa: BLE001 - said below the field, logged if it is ours
            self._end(account, key, self._refused(error), Tone.DANGER)
            return
        self._findings.pop(account, None)
        self._take(standing)
        kept = self._key(account, key)
        shadow = shadow_words(kept, self._formats) if kept is not None else ""
        if shadow:
            self._end(account, key, shadow, Tone.WARNING)
        else:
            self._end(account, key, _("Kept. Test it before you start the till again."), Tone.GOOD)

    async def _forget(self, account: str, key: str) -> None:
        try:
            standing = await self._desk.forget(account, key)
        except Exception as error:  # noqa: BLE001 - said below the field, logged if it is ours
            self._end(account, key, self._refused(error), Tone.DANGER)
            return
        self._findings.pop(account, None)
        self._take(standing)
        left = self._key(account, key)
        words = _("Removed. Another one counts now.") if left and left.place else _("Removed.")
        self._end(account, key, words, Tone.GOOD)

    def _on_test(self, account: str) -> None:
        if account not in self._under_test:
            self._under_test.add(account)
            self._findings[account] = []
            self._tasks.start(self._test(account))
            self._show_findings()

    async def _test(self, account: str) -> None:
        found = self._findings[account]
        try:
            async for finding in self._desk.test(account):
                found.append(finding)
                self._show_findings()
        except Exception as error:  # noqa: BLE001 - said as a line of the test, logged if it is ours
            found.append(Finding("key", self._refused(error), is_good=False))
        finally:
            self._under_test.discard(account)
        self._show_findings()

    def _take(self, standing: AccountsStanding) -> None:
        self._standing = standing
        names = [each.account for each in standing.accounts]
        if self._chosen not in names:
            self._chosen = names[0]
        self._show()

    def _show(self) -> None:
        if self._standing is not None:
            self._section.show_standing(self._standing, self._chosen)
            self._show_findings()

    def _show_findings(self) -> None:
        is_busy = self._chosen in self._under_test
        found = self._findings.get(self._chosen, [])
        self._section.panel.show_findings(tuple(found), is_busy=is_busy)

    def _end(self, account: str, key: str, words: str, tone: Tone) -> None:
        """Say what came of it where it was asked for, if that is still looked at."""
        entry = self._section.panel.entries.get(key)
        if self._chosen == account and entry is not None:
            entry.end(words, tone)

    def _key(self, account: str, name: str) -> KeyStanding | None:
        accounts = self._standing.accounts if self._standing is not None else ()
        keys = (key for each in accounts if each.account == account for key in each.keys)
        return next((key for key in keys if key.name == name), None)

    def _refused(self, error: Exception) -> str:
        words = error_words(as_ours(error), self._formats)
        return " ".join(part for part in (f"{words.title}.", words.detail, words.action) if part)
