"""An earlier state of the books, kept to be put in their place: what was done since is lost.

With it goes what was acknowledged since, which nobody can ask of the till any more. Money is
another matter: the provider still has it.
"""

import copy

from app.settings import Mode
from app.store.backup import make_backup
from app.store.restore import restore_books
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
        """Back the books up beside the running till."""
        self._backup.unlink(missing_ok=True)
        with self._machine.untouched():
            report = make_backup(
                self._machine.store.path, self._backup, at=self._machine.clock.now()
            )
        self._kept = copy.deepcopy(self._memory)
        return f"{report.orders} orders, {report.receipts} receipts"

    def restore(self) -> str:
        """Put the backup in the place of the books of a till that is off."""
        assert self._kept is not None
        with self._machine.untouched():
            restored = restore_books(
                self._machine.directory,
                self._backup,
                mode=Mode.TRAINING.value,
                at=self._machine.clock.now(),
                actor="Ada",
            )
        self._memory.become(copy.deepcopy(self._kept))
        return f"as epoch {restored.epoch.number}, from order {restored.epoch.first_order} on"
