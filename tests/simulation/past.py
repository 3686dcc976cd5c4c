"""An earlier state of the books, kept to be put in their place: what was done since is lost.

With it goes what was acknowledged since, which nobody can ask of the till any more. Money is
another matter: the provider still has it.
"""

import copy
from typing import Final

from app.settings import Mode
from app.store.backup import make_backup
from app.store.restore import Restored, restore_books
from tests.simulation.loop import PowerCut
from tests.simulation.machine import Machine
from tests.simulation.memory import Memory


class Past:
    """Keeps one backup, made by the till's own means, and puts it back by them."""

    def __init__(self, machine: Machine, memory: Memory) -> None:
        self._machine = machine
        self._memory = memory
        self._backup = machine.directory / "kept.db"
        self._kept: Memory | None = None

    @property
    def is_kept(self) -> bool:
        return self._kept is not None

    def keep(self) -> str:
        """Back the books up beside the running till; half a backup leaves the one before."""
        new = self._backup.with_name("new.db")
        books, at = self._machine.store.path, self._machine.clock.now()
        try:
            make_backup(books, new, at=at)
        except PowerCut as cut:
            told = f"the power goes at {cut}"
        else:
            told = "done"
        if new.exists():
            # What has its name is whole, whatever befell the till after that.
            new.replace(self._backup)
            self._kept = copy.deepcopy(self._memory)
        return told

    def restore(self) -> tuple[bool, str]:
        """Put the backup in the place of the books of a till that is off.

        Say whether that is so, now or from the next start on, and how it went.
        """
        assert self._kept is not None
        try:
            restored = self._machine.do_alone(self._put_back)
        except PowerCut as cut:
            is_decided = str(cut) in _DECIDED
            told = f"the power goes at {cut}"
        else:
            is_decided = True
            told = f"as epoch {restored.epoch.number}, from order {restored.epoch.first_order} on"
        if is_decided:
            self._memory.become(copy.deepcopy(self._kept))
        return is_decided, told

    def _put_back(self) -> Restored:
        return restore_books(
            self._machine.directory,
            self._backup,
            mode=Mode.TRAINING.value,
            at=self._machine.clock.now(),
            actor="Ada",
        )


_DECIDED: Final = frozenset({"restore.decided", "restore.set_aside", "restore.put_in_place"})
"""Where a start finishes what was begun."""
