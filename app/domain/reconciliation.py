"""What a reconciliation did and found, as it is kept, shown and printed."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, timedelta
from typing import Any, Final

_APART: Final = ("trigger", "began_at", "ended_at")


@dataclass(slots=True)
class Report:
    """One reconciliation, filled in while it runs.

    `requests` is all that the till asked of providers meanwhile. `payments`, `refunds` and
    `disputes` came into the books meanwhile, by whatever way; `events` were on the provider's list
    and not in the books; `strangers` are sessions and events of others. `still_unknown` sessions
    could not be made sure of; `needs_person` is the length of that list afterwards.
    `looked_back_to` is the moment from which on the providers' lists were read, in ISO 8601 by the
    providers' clocks; empty where none was. `problems` says in words what could not be done.
    """

    trigger: str
    began_at: datetime
    ended_at: datetime
    requests: int = 0
    looked_at: int = 0
    intents: int = 0
    sessions: int = 0
    events: int = 0
    strangers: int = 0
    payments: int = 0
    refunds: int = 0
    disputes: int = 0
    still_unknown: int = 0
    needs_person: int = 0
    looked_back_to: str = ""
    problems: list[str] = field(default_factory=list)

    def looks_back_to(self, moment: datetime) -> None:
        """Note from when on a list is read; the furthest back of them counts."""
        stamp = moment.astimezone(UTC).isoformat(timespec="seconds")
        self.looked_back_to = min(self.looked_back_to or stamp, stamp)

    @property
    def took(self) -> timedelta:
        """Give how long it took by the wall clock."""
        return max(self.ended_at - self.began_at, timedelta(0))

    @property
    def is_clean(self) -> bool:
        """Say whether everything could be asked and nothing needs a person."""
        return not (self.problems or self.still_unknown or self.needs_person)

    def counts(self) -> dict[str, Any]:
        """Give everything but the trigger and the times, as plain data."""
        names = [each.name for each in fields(self)]
        return {name: getattr(self, name) for name in names if name not in _APART}

    @classmethod
    def of(
        cls, trigger: str, began_at: datetime, ended_at: datetime, counts: Mapping[str, Any]
    ) -> "Report":
        """Read one back; what another version counted is left out."""
        known = {each.name for each in fields(cls)}
        return cls(
            trigger,
            began_at,
            ended_at,
            **{name: value for name, value in counts.items() if name in known},
        )
