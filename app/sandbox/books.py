"""The simulator's own books: one SQLite file that outlives the process.

Every effect is committed with `synchronous=FULL` before its reply is sent, so a killed
simulator comes back knowing all that it ever answered. One process owns a file at a time.
"""

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

JsonObject: TypeAlias = dict[str, Any]

_VERSION = 1
_LOCK_WAIT_S = 0.05
_SCHEMA = """
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS objects (
    seq     INTEGER PRIMARY KEY AUTOINCREMENT,
    kind    TEXT NOT NULL,
    id      TEXT NOT NULL,
    account TEXT NOT NULL,
    created INTEGER NOT NULL,
    body    TEXT NOT NULL,
    private TEXT NOT NULL,
    UNIQUE (kind, id)
);
CREATE INDEX IF NOT EXISTS objects_of_account ON objects (account, kind, seq);
"""
_SELECT = "SELECT kind, id, account, created, body, private FROM objects"
_OLDER = "seq < (SELECT seq FROM objects WHERE kind = ? AND id = ?)"
_NEWER = "seq > (SELECT seq FROM objects WHERE kind = ? AND id = ?)"
_NEWEST_FIRST = "ORDER BY seq DESC LIMIT ?"


class BooksUnusable(Exception):
    """The file is in use by another process, or was written by a newer simulator."""


@dataclass
class Record:
    """One object of the provider: `body` as its API shows it, `private` what it keeps to itself."""

    kind: str
    id: str
    account: str
    created: int
    body: JsonObject
    private: JsonObject = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Query:
    """Which records of one account and kind, and which page of them.

    `equal` maps a JSON path of the body to the value wanted.
    `conditions` are SQL with its values, written by the provider's own code.
    """

    account: str
    kind: str
    equal: Mapping[str, str] = field(default_factory=dict)
    conditions: Sequence[tuple[str, Sequence[str | int]]] = ()
    limit: int = 10
    after: str | None = None
    before: str | None = None


class Books:
    """The file, and the only connection to it; to be used from one thread."""

    def __init__(self, path: Path) -> None:
        self.connection = sqlite3.connect(path, timeout=_LOCK_WAIT_S, isolation_level=None)
        try:
            self._open()
        except sqlite3.OperationalError as error:
            self.connection.close()
            if "locked" in str(error):
                raise BooksUnusable(f"{path} is in use by another simulator") from error
            raise
        except BaseException:
            self.connection.close()
            raise

    def close(self) -> None:
        self.connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of it or nothing; on disk when the block is left without an exception."""
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self.connection.execute("ROLLBACK")
            raise
        self.connection.execute("COMMIT")

    def define(self, schema: str) -> None:
        """Create the tables and indexes of one part of the simulator where they are missing."""
        self.connection.executescript(schema)

    def fact(self, name: str) -> str | None:
        row = self.connection.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def set_fact(self, name: str, value: str) -> None:
        self.connection.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, value))

    def add(self, record: Record) -> None:
        self.connection.execute(
            "INSERT INTO objects (kind, id, account, created, body, private)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (
                record.kind,
                record.id,
                record.account,
                record.created,
                _dumped(record.body),
                _dumped(record.private),
            ),
        )

    def save(self, record: Record) -> None:
        self.connection.execute(
            "UPDATE objects SET body = ?, private = ? WHERE kind = ? AND id = ?",
            (_dumped(record.body), _dumped(record.private), record.kind, record.id),
        )

    def remove(self, record: Record) -> None:
        self.connection.execute(
            "DELETE FROM objects WHERE kind = ? AND id = ?", (record.kind, record.id)
        )

    def get(self, kind: str, id: str, account: str | None = None) -> Record | None:
        """The record, unless another account owns it (`account=None`: whoever does)."""
        statement = f"{_SELECT} WHERE kind = ? AND id = ?"
        row = self.connection.execute(statement, (kind, id)).fetchone()
        if row is None or account not in (None, row[2]):
            return None
        return _record(row)

    def exists(self, kind: str, id: str) -> bool:
        row = self.connection.execute(
            "SELECT 1 FROM objects WHERE kind = ? AND id = ?", (kind, id)
        ).fetchone()
        return row is not None

    def kinds_of(self, id: str) -> list[str]:
        """Say of which kinds there is something of that id."""
        rows = self.connection.execute("SELECT kind FROM objects WHERE id = ?", (id,))
        return [str(row[0]) for row in rows]

    def select(
        self, condition: str, values: Sequence[str | int] = (), *, index: str | None = None
    ) -> list[Record]:
        """The records for which the SQL condition holds, oldest first.

        `index` is the partial index to go by, where SQLite would not choose it by itself.
        """
        hint = [] if index is None else ["INDEXED BY", index]
        statement = " ".join([_SELECT, *hint, "WHERE", condition, "ORDER BY seq"])
        return [_record(row) for row in self.connection.execute(statement, values)]

    def page(self, query: Query) -> tuple[list[Record], bool]:
        """One page, newest first, and whether there is more beyond it."""
        conditions = ["account = ?", "kind = ?"]
        values: list[str | int] = [query.account, query.kind]
        for path, wanted in query.equal.items():
            conditions.append(f"json_extract(body, '$.{path}') = ?")
            values.append(wanted)
        for condition, wanted_values in query.conditions:
            conditions.append(condition)
            values.extend(wanted_values)
        for cursor, beyond in ((query.after, _OLDER), (query.before, _NEWER)):
            if cursor is not None:
                conditions.append(beyond)
                values.extend((query.kind, cursor))
        order = "ORDER BY seq LIMIT ?" if query.before is not None else _NEWEST_FIRST
        statement = " ".join([_SELECT, "WHERE", " AND ".join(conditions), order])
        rows = self.connection.execute(statement, (*values, query.limit + 1)).fetchall()
        records = [_record(row) for row in rows[: query.limit]]
        if query.before is not None:
            records.reverse()
        return records, len(rows) > query.limit

    def accounts(self) -> list[str]:
        rows = self.connection.execute("SELECT DISTINCT account FROM objects ORDER BY account")
        return [str(row[0]) for row in rows]

    def _open(self) -> None:
        # One owner: idempotency keys in flight are known to one process only.
        self.connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        self.connection.execute("PRAGMA journal_mode = WAL")
        self.connection.execute("PRAGMA synchronous = FULL")
        version = int(self.connection.execute("PRAGMA user_version").fetchone()[0])
        if version > _VERSION:
            raise BooksUnusable(f"the books were written by a newer simulator (version {version})")
        self.define(_SCHEMA)
        self.connection.execute(f"PRAGMA user_version = {_VERSION}")


def _dumped(value: JsonObject) -> str:
    return json.dumps(value, separators=(",", ":"))


def _record(row: Sequence[Any]) -> Record:
    return Record(
        kind=row[0],
        id=row[1],
        account=row[2],
        created=row[3],
        body=json.loads(row[4]),
        private=json.loads(row[5]),
    )
