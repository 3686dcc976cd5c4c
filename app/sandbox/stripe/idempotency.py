"""Idempotency keys: the first answer is kept for a day and given again.

Kept in the transaction of the effect, so that a reply that was lost can be asked for again.
Rules: docs.stripe.com/api/idempotent_requests.
"""

import hashlib
import json
from dataclasses import dataclass

from app.sandbox.books import Books
from app.sandbox.stripe.errors import bad_parameter, key_in_use, key_reused
from app.sandbox.stripe.objects.session import PAGE_PATH
from app.sandbox.stripe.workbench import Call, Workbench

KEPT_S = 24 * 3600
LONGEST = 255

_SCHEMA = """
CREATE TABLE IF NOT EXISTS stripe_idempotency (
    account    TEXT NOT NULL,
    key        TEXT NOT NULL,
    path       TEXT NOT NULL,
    params     TEXT NOT NULL,
    request_id TEXT NOT NULL,
    origin     TEXT NOT NULL,
    status     INTEGER NOT NULL,
    body       TEXT NOT NULL,
    created    INTEGER NOT NULL,
    PRIMARY KEY (account, key)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS stripe_idempotency_age ON stripe_idempotency (created);
"""


@dataclass(frozen=True)
class Answer:
    """A status and a body, and the request that they first answered."""

    status: int
    body: str
    request_id: str


class Keys:
    """The keys in the books, and those whose first request is still being worked on."""

    def __init__(self, bench: Workbench) -> None:
        self._bench = bench
        self._books: Books = bench.books
        self._open: set[tuple[str, str]] = set()
        self._books.define(_SCHEMA)

    def claim(self, account: str, key: str) -> None:
        """Hold the key until `release`; raises where another request holds it."""
        if len(key) > LONGEST:
            raise bad_parameter(
                f"Idempotency keys can be at most {LONGEST} characters long, but yours has"
                f" {len(key)}.",
                "idempotency_key",
            )
        if (account, key) in self._open:
            raise key_in_use(key)
        self._open.add((account, key))

    def release(self, account: str, key: str) -> None:
        self._open.discard((account, key))

    def answer(self, call: Call) -> Answer | None:
        """What was answered to this key before; raises where that was another request."""
        row = self._books.connection.execute(
            "SELECT path, params, request_id, origin, status, body FROM stripe_idempotency"
            " WHERE account = ? AND key = ? AND created > ?",
            (call.account, call.cause.idempotency_key, self._bench.now() - KEPT_S),
        ).fetchone()
        if row is None:
            return None
        path, params, request_id, origin, status, body = row
        key = call.cause.idempotency_key or ""
        if path != call.path:
            raise key_reused(
                key, f"for the same endpoint they were first used for ('{call.path}' vs '{path}')"
            )
        if params != _digest(call):
            raise key_reused(key, "with the same parameters they were first used with")
        # A simulator that came back on another port must not hand out pages on the old one.
        return Answer(
            status, body.replace(origin + PAGE_PATH, self._bench.origin() + PAGE_PATH), request_id
        )

    def keep(self, call: Call, status: int, body: str) -> None:
        """Remember an answer; the caller commits it together with the effect."""
        now = self._bench.now()
        self._books.connection.execute(
            "DELETE FROM stripe_idempotency WHERE created <= ?", (now - KEPT_S,)
        )
        self._books.connection.execute(
            "INSERT OR REPLACE INTO stripe_idempotency VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                call.account,
                call.cause.idempotency_key,
                call.path,
                _digest(call),
                call.cause.request_id,
                self._bench.origin(),
                status,
                body,
                now,
            ),
        )


def _digest(call: Call) -> str:
    return hashlib.sha256(json.dumps(call.form, sort_keys=True).encode()).hexdigest()
