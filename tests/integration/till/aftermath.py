"""What a till that was killed and came back is judged by.

Promises that were kept, ends that were meant, and books that agree with the provider's.
"""

import sqlite3
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from app.clock import SystemClock
from app.errors import StoreError
from app.store.backup import backups_in, read_backup
from app.store.connection import open_reader
from app.store.transaction import stamp
from tests.integration.till.errands import CREATE, REFUND
from tests.integration.till.house import Customer, rows, violations

BACK_WITHIN_S: Final = 30.0
"""A till that is not back by then is not coming."""
_IN_DOUBT: Final = """
    SELECT 'call ' || key FROM intents WHERE outcome IS NULL
    UNION ALL SELECT 'attempt ' || state FROM attempts WHERE state IN ('creating', 'unknown')
    UNION ALL SELECT 'closing ' || state FROM attempts
        WHERE close_reason IS NOT NULL AND state = 'open'
    UNION ALL SELECT 'delivery ' || event_type FROM inbox WHERE standing IS NULL
    UNION ALL SELECT 'refund ' || state FROM refunds WHERE state IN ('requested', 'pending')
    UNION ALL SELECT 'epoch ' || number FROM epochs WHERE reconciled_at IS NULL
    UNION ALL SELECT 'news of ' || subscription_id FROM subscription_news
    UNION ALL SELECT 'subscription ' || state FROM subscriptions
        WHERE state = 'pending' OR (state <> 'ended' AND end_wanted IS NOT NULL)
    UNION ALL SELECT 'card ' || state FROM card_setups
        WHERE heard > 0 OR state IN ('creating', 'unknown', 'processing')
"""
_PAYABLE: Final = """
    SELECT attempts.url FROM attempts JOIN orders ON orders.id = order_id
    WHERE attempts.state = 'open' AND close_reason IS NULL AND orders.state = 'open'
    UNION ALL SELECT url FROM card_setups WHERE state = 'open' AND close_reason IS NULL
"""
_REFERENCES: Final = "SELECT reference FROM attempts UNION ALL SELECT reference FROM card_setups"
_ENDS: Final = {"cancelled": "cancelled", "expired": "expired", "superseded": "open"}
"""How an order ends, unless it is paid, by the reason for which its session was to be closed."""
_DECISIONS: Final = ("accept", "give_back_late")
_READ_UP: Final = ("reconcile", "restore")
"""Scenarios whose end is known only once the returned till has compared itself with the lists."""
_EVENTS: Final = "SELECT json_extract(body, '$.type'), id FROM objects WHERE kind = 'event'"


@dataclass(frozen=True)
class Death:
    """Where a till dies: in which scenario, and at which hit of the failpoint."""

    point: str
    scenario: str
    hit: int = 1

    def __str__(self) -> str:
        return f"{self.point} ({self.scenario}, hit {self.hit})"


@dataclass
class Return:
    """What came of it: seconds from the start of the process until nothing was in doubt."""

    death: Death
    after_s: float = 0.0
    found: list[str] = field(default_factory=list)

    def expect(self, holds: object, otherwise: str) -> None:
        if not holds:
            self.found.append(otherwise)


class Aftermath:
    """Judges the books in `root` after a death; made while they lie as the dead till left them."""

    def __init__(
        self, result: Return, root: Path, customer: Customer, told: dict[str, Any]
    ) -> None:
        self.result = result
        self.scenario = result.death.scenario
        self.root = root
        self.customer = customer
        self.told = told
        self.wanted = self._wanted()
        self._died_at = stamp(SystemClock().now())

    def _wanted(self) -> dict[str, str | None]:
        """Say of each order in the books why its newest session is to be closed."""
        if not _has(self.root, "attempts"):
            return {}
        return dict(
            rows(
                self.root,
                "SELECT orders.id, (SELECT close_reason FROM attempts WHERE order_id = orders.id "
                "ORDER BY number DESC LIMIT 1) FROM orders",
            )
        )

    def _count(self, table: str, condition: str = "1") -> int:
        if not _has(self.root, table):
            return 0
        return int(self._rows(f"SELECT count(*) FROM {table} WHERE {condition}")[0][0])

    def _rows(self, sql: str) -> list[tuple[Any, ...]]:
        return rows(self.root, sql)

    def _expect(self, holds: object, otherwise: str) -> None:
        self.result.expect(holds, otherwise)

    def until_calm(self) -> list[str]:
        """Wait until nothing is in doubt and paid orders are; give what still is, once late."""
        deadline = time.monotonic() + BACK_WITHIN_S
        while (doubt := self._doubts()) and time.monotonic() < deadline:
            time.sleep(0.02)
        return doubt

    def _doubts(self) -> list[str]:
        doubts = [str(row[0]) for row in self._rows(_IN_DOUBT)]
        books = self.customer.books()
        booked = {row[0] for row in self._rows("SELECT payment_id FROM payments")}
        disputed = {row[0] for row in self._rows("SELECT dispute_id FROM disputes")}
        doubts += [
            f"payment {payment.payment_id}"
            for payment in self.customer.taken()
            if payment.captured_minor and payment.payment_id not in booked
        ]
        doubts += [
            f"dispute {dispute['dispute_id']}"
            for dispute in books.get("disputes", [])
            if dispute["dispute_id"] not in disputed
        ]
        doubts += [
            f"the customer agreed to {session['id']}"
            for session in books.get("sessions", [])
            if session["status"] == "APPROVED"
        ]
        is_read = self._count("reconciliations", f"began_at > '{self._died_at}'")
        if self.scenario in _READ_UP and not is_read:
            doubts.append("the lists are not read yet")
        return doubts

    def check_promises(self) -> None:
        """I6: what was acknowledged survives."""
        told = self.told
        if "till" in told and self.scenario == "upgrade":
            kept = self._rows("SELECT id FROM till")
            self._expect(kept == [(told["till"],)], f"the till has become {kept}")
        if "order" in told:
            known = self._rows(f"SELECT state FROM orders WHERE id = '{told['order']}'")
            self._expect(known, "an order that was placed is gone")
            state = told.get("state")
            self._expect(state is None or known == [(state,)], f"{state} has become {known}")
        if "opened" in told:
            known = self._rows("SELECT session_id FROM attempts")
            self._expect((told["opened"],) in known, "a session that was opened is gone")
        if "shown" in told:
            shown = self._rows(f"SELECT shown_at FROM attempts WHERE id = {told['shown']}")
            self._expect(shown and shown[0][0], "that a code was shown is forgotten")
        if "refund" in told:
            known = self._rows(f"SELECT state FROM refunds WHERE id = {told['refund']}")
            self._expect(known == [("succeeded",)], f"what was given back has become {known}")
        if "unsubscribed" in told:
            known = self._rows("SELECT state FROM subscriptions")
            self._expect(known == [("ended",)], f"what was ended has become {known}")
        if "saved" in told:
            known = self._rows("SELECT state FROM card_setups")
            self._expect(known == [("saved",)], f"a card that was saved has become {known}")
        if "backup" in told:
            self._expect(Path(told["backup"]).exists(), "a backup that was made is gone")
        if "restored" in told:
            self._expect(self.is_restored, "what was restored is not there")

    @property
    def is_restored(self) -> bool:
        """Say whether the books are a backup's that was put in their place."""
        return self._count("epochs") > 0

    def check_end(self) -> None:
        """What was begun ends as it was meant to, and nobody is needed for it."""
        if self.scenario == "restore":
            self._check_restored()
            return
        if self.scenario in _DECISIONS:
            self._check_decided()
            return
        taken = any(payment.captured_minor for payment in self.customer.taken())
        for order_id, reason in self.wanted.items():
            state = self._rows(f"SELECT state FROM orders WHERE id = '{order_id}'")[0][0]
            end = "paid" if taken else _ENDS.get(reason or "", "open")
            # Its deadline is short enough to pass before the till is back.
            has_expired = self.scenario == "expiry" and (end, state) == ("open", "expired")
            self._expect(state == end or has_expired, f"the order is {state}, not {end}")
        waiting = self._rows("SELECT kind FROM exceptions WHERE resolved_at IS NULL")
        disputed = [("disputed",)] * len(self.customer.books().get("disputes", []))
        self._expect(waiting == disputed, f"needs a person: {waiting}, not {disputed}")
        if self.scenario == "backup":
            self._check_backups()

    def _check_decided(self) -> None:
        """A decision is there whole, with all that follows from it, or it is still to be made."""
        ((state, resolved, action, by),) = self._rows(
            "SELECT orders.state, resolved_at IS NOT NULL, action, resolved_by FROM exceptions "
            "JOIN orders ON orders.id = order_id WHERE kind = 'paid_late'"
        )
        lines = self._count("audit", "action IN ('exception.resolved', 'exception.refund')")
        back = [payment.refunded_minor for payment in self.customer.taken()]
        if not resolved:
            found = (state, action, by, lines, back, self._count("refunds"))
            nothing = ("cancelled", None, None, 0, [0], 0)
            self._expect(found == nothing, f"half a decision: {found}")
            self._expect("resolved" not in self.told, "a decision that was made is gone")
            return
        is_accepted = self.scenario == "accept"
        end = ("paid", "accept", 1) if is_accepted else ("cancelled", "refund", 2)
        self._expect((state, action, lines) == end, f"decided: {(state, action, lines)}")
        self._expect(by == "Ada", f"decided by {by}")
        taken = [0 if is_accepted else payment.captured_minor for payment in self.customer.taken()]
        self._expect(back == taken, f"given back: {back}, not {taken}")

    def _check_backups(self) -> None:
        """What carries a backup's name is whole."""
        for backup in backups_in(self.root / "training" / "backups"):
            try:
                report = read_backup(backup.path)
            except StoreError as error:
                self.result.found.append(f"a backup is not whole: {error}")
                continue
            found = (report.violated, report.orders, report.receipts)
            self._expect(found == ((), 1, 1), f"a backup holds {found}")

    def _check_restored(self) -> None:
        """The old books or the backup's; with those, what is missing is on the list, once."""
        is_decided = self.result.death.point in (
            "restore.decided",
            "restore.set_aside",
            "restore.put_in_place",
        )
        if self.result.death.point.startswith("restore."):
            self._expect(self.is_restored is is_decided, f"restored: {self.is_restored}")
        orders = self._rows("SELECT state FROM orders")
        held = self._rows(
            "SELECT payments.held_as, exceptions.kind FROM payments LEFT JOIN exceptions "
            "USING (payment_id) WHERE held_as IS NOT NULL"
        )
        counts = (orders, held)
        paid = ("paid",)
        wanted = ([paid], [("mismatch", "mismatch")]) if self.is_restored else ([paid, paid], [])
        self._expect(counts == wanted, f"the books hold {counts}")
        asides = sorted((self.root / "training").glob("set-aside-*/till.db"))
        self._expect(len(asides) == self.is_restored, f"set aside: {asides}")
        for aside in asides:
            reader = open_reader(aside)
            kept = reader.execute("SELECT count(*) FROM orders").fetchone()[0]
            reader.close()
            self._expect(kept == 2, f"what was set aside holds {kept} orders")

    def pay_what_is_open(self) -> None:
        """Have a code that came back be paid, or run out where that is the story; it is settled."""
        for (url,) in self._rows(_PAYABLE):
            if self.scenario != "expiry":
                self.customer.pay(str(url))
        deadline = time.monotonic() + BACK_WITHIN_S
        while (left := self._rows(_PAYABLE)) and time.monotonic() < deadline:
            time.sleep(0.02)
        self._expect(not left, "a code that came back is neither paid nor expired")
        doubt = self.until_calm()
        self._expect(not doubt, f"what was paid afterwards is still in doubt: {doubt}")

    def check_books(self) -> None:
        """One session under one key, paid once, and books that agree with the provider's."""
        self.result.found += violations(self.root, self.customer)
        self._check_refunds()
        if self.scenario == "restore":
            taken = [payment.payment_id for payment in self.customer.taken()]
            booked = [row[0] for row in self._rows("SELECT payment_id FROM payments")]
            self._expect(Counter(taken) == Counter(booked), f"{booked} of {taken} are booked")
            return
        sessions = self.customer.books()["sessions"]
        references = [str(row[0]) for row in self._rows(_REFERENCES)]
        keys = self._keys_of(CREATE)
        self._expect(keys <= {f"{r}-create" for r in references}, f"created under {keys}")
        self._expect(len(sessions) <= len(references) <= 1, f"{len(sessions)} sessions")
        over = self._rows("SELECT 1 FROM orders WHERE state IN ('cancelled', 'expired')")
        is_open = any(session["status"] == "open" for session in sessions)
        self._expect(not (over and is_open), "the order is over and can still be paid")
        payments = self._rows("SELECT held_as FROM payments WHERE renewal_of IS NULL")
        accepted = [payment for payment in payments if payment == (None,)]
        paid = self._rows("SELECT 1 FROM journal WHERE name = 'order.paid'")
        self._expect(len(paid) == len(accepted), f"{len(accepted)} accepted, {len(paid)} paid")
        self._expect(len(payments) <= 1, f"{len(payments)} payments")
        renewals = self._count("payments", "renewal_of IS NOT NULL AND held_as IS NULL")
        paid_now = len(self.customer.taken()) - renewals
        self._expect(paid_now <= 1, "the customer has paid more than once")
        self._expect(renewals <= 1, f"{renewals} renewals")
        ends = self._count("intents", "operation = 'unsubscribe'")
        self._expect(ends <= 1, f"{ends} calls for one end")

    def _check_refunds(self) -> None:
        """What is written down as given back was given back, under the one key, and only that."""
        ours = self._rows("SELECT refund_id, amount_minor, state FROM refunds ORDER BY refund_id")
        given = [
            (refund["refund_id"], refund["amount_minor"], refund["status"])
            for refund in self.customer.books().get("refunds", [])
        ]
        self._expect(ours == sorted(given), f"given back: {given}, in the books: {ours}")
        wanted = {str(r[0]) for r in self._rows("SELECT key FROM intents WHERE refund > 0")}
        keys = self._keys_of(REFUND)
        self._expect(keys == wanted, f"given back under {keys}, not {wanted}")
        booked = self._count("ledger_transactions", "kind = 'refund'")
        self._expect(booked == len(ours) <= 1, f"{booked} refunds in the ledger, {len(ours)} made")

    def _keys_of(self, path: str) -> set[str]:
        requests = self.customer.requests("POST", path)
        return {str(request["idempotency_key"]) for request in requests}

    def check_deliveries(self, sandbox_books: Path) -> None:
        """Nothing that was acknowledged, or that a list told of, is lost; the simulator is gone."""
        inbox = {str(row[0]) for row in self._rows("SELECT event_id FROM inbox")}
        db = sqlite3.connect(f"file:{sandbox_books}?mode=ro", uri=True)
        try:
            answered = db.execute(
                "SELECT event FROM deliveries WHERE last_status BETWEEN 200 AND 299"
            ).fetchall()
            listed = db.execute(_EVENTS).fetchall()
        finally:
            db.close()
        lost = {str(row[0]) for row in answered} - inbox
        self._expect(not lost, f"acknowledged and lost: {lost}")
        if self.scenario == "reconcile":
            unread = {id for kind, id in listed if kind == "checkout.session.completed"} - inbox
            self._expect(not unread, f"on the provider's list and not read: {unread}")


def _has(root: Path, table: str) -> bool:
    if not (root / "training" / "till.db").exists():
        return False
    found = rows(root, f"SELECT 1 FROM sqlite_master WHERE name = '{table}'")
    return bool(found)
