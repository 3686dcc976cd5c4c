"""What a check of the books gives: its name, its outcome, its figure."""

import sqlite3
from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """How a check ended."""

    OK = "ok"
    VIOLATED = "VIOLATED"
    NOT_CHECKED = "not checked"


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the report."""

    name: str
    outcome: Outcome
    figure: str

    def __str__(self) -> str:
        return f"{self.outcome.value:<11}  {self.name}: {self.figure}"


def checked(name: str, faults: list[str], figure: str) -> Check:
    """Give a check's outcome: violated where there are faults, of which some are spelled out."""
    if faults:
        shown = "; ".join(faults[:5]) + ("; ..." if len(faults) > 5 else "")
        return Check(name, Outcome.VIOLATED, f"{len(faults)} of {figure}: {shown}")
    return Check(name, Outcome.OK, figure)


def count(db: sqlite3.Connection, sql: str) -> int:
    """Count by a statement."""
    return int(db.execute(sql).fetchone()[0])
