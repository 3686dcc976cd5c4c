"""Idempotency keys: the first answer is kept for a while and given again.

Kept in the transaction of the effect, so that a reply that was lost can be asked for again. For
how long, and what becomes of a key that comes back with another request, each provider says.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from app.sandbox.bench import Bench, Call

_SCHEMA = """
CREATE TABLE IF NOT EXISTS kept_answers (
    provider   TEXT NOT NULL,
    account    TEXT NOT NULL,
    key        TEXT NOT NULL,
    path       TEXT NOT NULL,
    params     TEXT NOT NULL,
    request_id TEXT NOT NULL,
    origin     TEXT NOT NULL,
    status     INTEGER NOT NULL,
    body       TEXT NOT NULL,
    created    INTEGER NOT NULL,
    PRIMARY KEY (provider, account, key)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS kept_answers_age ON kept_answers (created);
"""


@dataclass(frozen=True)
class Answer:
    """A status and a body, and the request that they first answered."""

    status: int
    body: str
    request_id: str


class Rules(Protocol):
    """What one provider says about its keys; each of the refusals is raised."""

    provider: str
    kept_s: int

    @property
    def page_paths(self) -> Sequence[str]:
        """Where its pages begin, below the origin."""
        ...

    def too_long(self, key: str) -> Exception | None:
        """Say no to a key that it would not take."""
        ...

    def in_use(self, key: str) -> Exception:
        """Refuse a key whose first request is still being worked on."""
        ...

    def other_path(self, key: str, path: str, first_path: str) -> Exception:
        """Refuse a key that was first used elsewhere."""
        ...

    def other_parameters(self, key: str) -> Exception:
        """Refuse a key that was first used for something else."""
        ...


class Keys:
    """The keys in the books, and those whose first request is still being worked on."""

    def __init__(self, bench: Bench, rules: Rules) -> None:
        self._bench = bench
        self._books = bench.books
        self._rules = rules
        self._open: set[tuple[str, str]] = set()
        self._books.define(_SCHEMA)

    def claim(self, account: str, key: str) -> None:
        """Hold the key until `release`; raises where another request holds it."""
        if (refusal := self._rules.too_long(key)) is not None:
            raise refusal
        if (account, key) in self._open:
            raise self._rules.in_use(key)
        self._open.add((account, key))

    def release(self, account: str, key: str) -> None:
        self._open.discard((account, key))

    def answer(self, call: Call, key: str) -> Answer | None:
        """What was answered to this key before; raises where that was another request."""
        row = self._books.connection.execute(
            "SELECT path, params, request_id, origin, status, body FROM kept_answers"
            " WHERE provider = ? AND account = ? AND key = ? AND created > ?",
            (self._rules.provider, call.account, key, self._bench.now() - self._rules.kept_s),
        ).fetchone()
        if row is None:
            return None
        path, params, request_id, origin, status, body = row
        if path != call.path:
            raise self._rules.other_path(key, call.path, path)
        if params != call.digest:
            raise self._rules.other_parameters(key)
        # A simulator that came back on another port must not hand out pages on the old one.
        for pages in self._rules.page_paths:
            body = body.replace(origin + pages, self._bench.origin() + pages)
        return Answer(status, body, request_id)

    def keep(self, call: Call, key: str, status: int, body: str) -> None:
        """Remember an answer; the caller commits it together with the effect."""
        now = self._bench.now()
        self._books.connection.execute(
            "DELETE FROM kept_answers WHERE provider = ? AND created <= ?",
            (self._rules.provider, now - self._rules.kept_s),
        )
        self._books.connection.execute(
            "INSERT OR REPLACE INTO kept_answers VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                self._rules.provider,
                call.account,
                key,
                call.path,
                call.digest,
                call.cause.request_id,
                self._bench.origin(),
                status,
                body,
                now,
            ),
        )
