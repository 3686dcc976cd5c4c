"""What has to hold after every step, and what has to hold once all is calm.

After a step that changed nothing (no row, no word of the provider's, no screen) nothing can have
broken. After one that did, what depends on it is looked at; the whole of the books is verified at
checkpoints, after each boot and at the end.
"""

import sqlite3
from collections.abc import Collection, Iterable
from typing import Final

from app.domain.attempt import LIVE, Reference
from app.store import verify as law
from app.store.attempts import watched_attempts
from app.store.verify import Check, Outcome, TakenPayment, verify
from app.watch.turn import is_watched
from tests.simulation.banks import Banks
from tests.simulation.courier import Courier
from tests.simulation.kept import Kept
from tests.simulation.listed import disputes_missing, disputes_off, is_still_listed, sold_unseen
from tests.simulation.machine import Machine
from tests.simulation.memory import Memory
from tests.simulation.screen import Screen

_WHOLE_EACH: Final = 64
"""Changed steps between two looks at the whole of the books."""


class Violation(AssertionError):
    """An invariant does not hold."""


class Invariants:
    """Looks at the till, its provider and its screens between two turns."""

    def __init__(
        self, machine: Machine, banks: Banks, screen: Screen, memory: Memory, courier: Courier
    ) -> None:
        self.checks = 0
        self._machine = machine
        self._banks = banks
        self._screen = screen
        self._memory = memory
        self._courier = courier
        self._kept = Kept(banks)
        self._seen: tuple[int, ...] = ()
        self._rows: tuple[object, ...] = ()
        self._bank_version = -1
        self._taken: dict[str, TakenPayment] = {}
        self._paid: set[str] = set()

    def look_anew(self) -> None:
        """Compare with nothing from before: the books are others now."""
        self._seen, self._rows, self._bank_version = (), (), -1
        self._paid = set()
        held = _payments(self._machine.store.connection)
        under_way = [delivery.body for delivery in self._courier.waiting.values()]
        held |= {
            taken.payment_id
            for taken in self._banks.elsewhere
            if any(taken.payment_id.encode() in body for body in under_way)
        }
        self._banks.forget_elsewhere(held)

    def after_turn(self) -> None:
        """Check what the last turn can have broken. Raises Violation."""
        machine = self._machine
        if not machine.is_on:
            return
        db = machine.store.connection
        seen = (db.total_changes, self._banks.shared.version, self._screen.changes, machine.boots)
        if seen == self._seen or db.in_transaction:
            return
        self._seen = seen
        self.checks += 1
        _hold(self._cheap(db))
        if self.checks % _WHOLE_EACH == 0:
            self.whole()

    def whole(self) -> None:
        """Verify the whole of the books against what is known so far, and every promise."""
        db = self._machine.store.connection
        held = _payments(db)
        known = [taken for taken in self._banks.taken() if taken.payment_id in held]
        _hold(_faults(check for check in verify(db, known) if not _waits_for_news(check)))
        _hold(self._memory.broken(db))

    def is_at_peace(self) -> bool:
        """Say whether all that the till finds out by itself after a sale is known by now."""
        return not self._kept.waits(self._machine.store.connection)

    def at_peace(self) -> None:
        """Check what polling alone has to have found out: all money, and the end of each session.

        Money that only an event tells of (a second payment by one session) may still be under way.
        """
        db = self._machine.store.connection
        # What is by hand and not given up waits for its operator alone.
        watched = [a for a in watched_attempts(db) if is_watched(a)]
        _hold([f"{self._name(db, a.id)} is still watched: {a.state}" for a in watched])
        _hold(
            f"the end of refund {row[0]} is still awaited: {row[1]}"
            for row in db.execute(
                "SELECT id, state FROM refunds WHERE state IN ('requested', 'pending')"
            )
        )
        _hold(self._kept.waits(db))

    def all_found(self) -> None:
        """Check I2 whole, and the disputes, with no webhook brought since the network is calm.

        Of another account's money nothing but its event tells.
        """
        db = self._machine.store.connection
        elsewhere = {taken.payment_id for taken in self._banks.elsewhere}
        _hold(_faults(verify(db, self._word(db, may_lack=elsewhere))))
        _hold(disputes_missing(db, self._banks))

    def at_the_end(self) -> None:
        """Check I2 whole, and that no doubt is left."""
        db = self._machine.store.connection
        self.at_peace()
        _hold(_faults(verify(db, self._word(db))))
        _hold(self._memory.broken(db))
        _hold(
            f"{row[0]} is {row[1]} and cannot be paid any more"
            for row in db.execute(
                "SELECT id, state FROM attempts WHERE state IN "
                "('creating', 'open', 'processing', 'unknown') "
                "AND (provider NOT IN ('cash', 'terminal') OR close_reason IS NOT NULL)"
            )
        )
        _hold(
            f"{row[0]} is held and nobody is told"
            for row in db.execute(
                "SELECT payment_id FROM payments WHERE held_as IS NOT NULL AND NOT EXISTS ("
                "SELECT 1 FROM exceptions WHERE exceptions.payment_id = payments.payment_id)"
            )
        )
        _hold(
            f"the list has {row[0]} in doubt, which is {row[1]}"
            for row in db.execute(
                "SELECT attempts.id, state FROM exceptions JOIN attempts ON attempts.id = "
                "attempt_id WHERE kind = 'unknown' AND resolved_at IS NULL AND state <> 'failed'"
            )
        )
        _hold(
            f"the call {row[0]} has no answer"
            for row in db.execute(
                "SELECT key FROM intents JOIN attempts ON attempts.id = attempt_id "
                "WHERE outcome IS NULL AND operation = 'create' AND is_final = 0"
            )
        )
        _hold(
            f"event {row[0]} could not be handled: {row[1]}"
            for row in db.execute(
                "SELECT event_id, detail FROM inbox WHERE standing IS NULL OR standing = 'failed'"
            )
        )

    def _word(
        self, db: sqlite3.Connection, *, may_lack: Collection[str] = ()
    ) -> list[TakenPayment]:
        """Give the providers' word on all money, without that which the books may lack and do.

        Money of the other mode is not in it: it enters no books, lost order or not.
        """
        held = _payments(db)
        return [
            taken
            for taken in self._banks.taken()
            if taken.payment_id in held or taken.payment_id not in may_lack
        ]

    # --- after a step ---------------------------------------------------------------------------

    def _cheap(self, db: sqlite3.Connection) -> list[str]:
        faults = [*self._screen.faults, *self._banks.shared.faults]
        rows = tuple(
            db.execute(
                "SELECT (SELECT max(seq) FROM journal), (SELECT max(id) FROM payments), "
                "(SELECT max(id) FROM ledger_transactions), (SELECT max(id) FROM exceptions), "
                "(SELECT max(id) FROM refunds), (SELECT max(rowid) FROM fees)"
            ).fetchone()
        )
        is_news = self._bank_version != self._banks.shared.version
        if is_news:
            self._bank_version = self._banks.shared.version
            self._taken = {taken.payment_id: taken for taken in self._banks.taken()}
            faults += self._twins()
        are_others = rows != self._rows
        if are_others:
            self._rows = rows
            faults += _faults(look(db) for look in _LAWS)
            faults += self._unpaid_again(db) + sold_unseen(db) + disputes_off(db, self._banks)
            faults += self._wanted_twice(db) + _given_back_twice(db)
        if are_others or is_news:
            faults += self._kept.faults(db)
            faults += self._lost_sight_of(db)
        return faults + self._ended_too_soon(db) + self._shown(db)

    def _wanted_twice(self, db: sqlite3.Connection) -> list[str]:
        """Of what is left of an order only one session is wanted, at whatever account."""
        rows = db.execute(
            "SELECT min(id), count(*) FROM attempts WHERE close_reason IS NULL AND state IN "
            "('creating', 'open', 'processing', 'unknown') GROUP BY order_id HAVING count(*) > 1"
        )
        return [
            f"{row[1]} sessions are wanted for one part, the first {self._name(db, row[0])}"
            for row in rows
        ]

    def _ended_too_soon(self, db: sqlite3.Connection) -> list[str]:
        """What the books call over can be paid no more, by the provider's own word."""
        faults = []
        rows = db.execute(
            "SELECT attempts.id, session_id, is_final, shown_at, attempts.state, orders.state "
            "FROM attempts JOIN orders ON orders.id = order_id "
            "WHERE is_final = 1 OR orders.state IN ('cancelled', 'expired')"
        )
        for attempt_id, session_id, is_final, shown_at, state, order in rows:
            session = self._banks.sessions.get(session_id)
            if order in _ENDED and state in LIVE:
                name = self._name(db, attempt_id)
                faults.append(f"the order of {name} is {order}, the attempt still {state}")
            if session is None:
                continue
            if is_final and not self._banks.is_over(session):
                name = self._name(db, attempt_id)
                faults.append(f"{name} is final here, and not at the provider")
            if order in _ENDED and shown_at is not None and self._banks.is_payable(session):
                name = self._name(db, attempt_id)
                faults.append(f"the order of {name} is {order}, and its code can be paid")
        return faults

    def _unpaid_again(self, db: sqlite3.Connection) -> list[str]:
        """Paid is for ever."""
        paid = {row[0] for row in db.execute("SELECT id FROM orders WHERE state = 'paid'")}
        gone = self._paid - paid
        self._paid = paid
        return [f"order {order_id} was paid and is not any more" for order_id in sorted(gone)]

    def _lost_sight_of(self, db: sqlite3.Connection) -> list[str]:
        """Compare the payments; what is not in the books must still be looked for, or under way."""
        faults = []
        booked = {
            row[0]: (row[1], row[2])
            for row in db.execute(
                "SELECT payment_id, amount_minor, currency FROM payments "
                "WHERE provider NOT IN ('cash', 'terminal')"
            )
        }
        for payment_id, (minor, currency) in booked.items():
            taken = self._taken.get(payment_id)
            if taken is None or (taken.captured_minor, taken.currency) != (minor, currency):
                faults.append(f"I2: {payment_id} of {minor} {currency} is not so at the provider")
        for payment_id in self._taken.keys() - booked.keys():
            taken = self._taken[payment_id]
            reference = Reference.parse(taken.reference)
            is_ours = reference is not None and reference.till_id == self._memory.till_id
            is_looked_for = self._is_looked_for(db, taken.reference)
            if is_ours and not is_looked_for and not self._kept.is_looked_for(db, payment_id):
                faults.append(f"I2: nobody looks for {payment_id} any more")
        return sorted(faults)

    def _is_looked_for(self, db: sqlite3.Connection, reference: str) -> bool:
        row = db.execute(
            "SELECT is_final FROM attempts WHERE reference = ?", (reference,)
        ).fetchone()
        if row is not None and not row[0]:
            return True
        if is_still_listed(db, self._banks, reference):
            return True
        text = reference.encode()
        if any(text in delivery.body for delivery in self._courier.waiting.values()):
            return True
        waiting = db.execute("SELECT body FROM inbox WHERE standing IS NULL")
        return any(text in row[0] for row in waiting)

    def _twins(self) -> list[str]:
        """One attempt has one session: a second would be payable behind the till's back."""
        return [
            f"{len(made)} sessions were made for one attempt: {', '.join(made)}"
            for made in self._banks.shared.made_for.values()
            if len(made) > 1
        ] + [
            f"one press of refund gave money back {count} times"
            for count in self._banks.shared.given_for.values()
            if count > 1
        ]

    def _shown(self, db: sqlite3.Connection) -> list[str]:
        """Look at the screens: what is seen can be paid, and nobody is asked to pay twice."""
        faults = []
        now = self._machine.clock.now()
        orders: set[str] = set()
        for attempt in self._screen.codes.values():
            row = db.execute(
                "SELECT state, close_reason, url, shown_at FROM attempts WHERE id = ?",
                (attempt.id,),
            ).fetchone()
            name = self._name(db, attempt.id)
            if row is None or row[0] != "open" or row[1] is not None or row[2] != attempt.url:
                faults.append(f"the code of {name} is shown and cannot be paid")
            elif row[3] is None:
                faults.append(f"the code of {name} is shown and the books do not say so")
            elif attempt.deadline_at <= now:
                faults.append(f"the code of {name} is shown past its deadline")
            if attempt.order_id in orders:
                faults.append(f"two codes are shown for the order of {name}")
            orders.add(attempt.order_id)
        return faults + self._payable_twice(db)

    def _payable_twice(self, db: sqlite3.Connection) -> list[str]:
        """Of one order no two codes that a customer may hold are open at the provider."""
        open_ones: dict[str, int] = {}
        rows = db.execute(
            "SELECT order_id, session_id FROM attempts WHERE shown_at IS NOT NULL AND number > 1 "
            "OR order_id IN (SELECT order_id FROM attempts WHERE number > 1) "
            "AND shown_at IS NOT NULL"
        )
        for order_id, session_id in rows:
            session = self._banks.sessions.get(session_id)
            if session is not None and self._banks.is_payable(session):
                open_ones[order_id] = open_ones.get(order_id, 0) + 1
        return [
            f"{count} shown codes of one order are open"
            for count in open_ones.values()
            if count > 1
        ]

    @staticmethod
    def _name(db: sqlite3.Connection, attempt_id: int) -> str:
        row = db.execute(
            "SELECT orders.number, attempts.number FROM attempts JOIN orders "
            "ON orders.id = order_id WHERE attempts.id = ?",
            (attempt_id,),
        ).fetchone()
        return "an unknown attempt" if row is None else f"order {row[0]}, attempt {row[1]}"


_ENDED: Final = ("cancelled", "expired")
_LAWS: Final = tuple(
    getattr(law, f"_{name}", None) or getattr(law, name)
    for name in ("ledger", "postings", "paid", "journal", "numbers")
)
"""Those checks of `verify` that need nothing but the books' rows, and little time."""


def _payments(db: sqlite3.Connection) -> set[str]:
    return {row[0] for row in db.execute("SELECT payment_id FROM payments")}


def _given_back_twice(db: sqlite3.Connection) -> list[str]:
    return [
        f"more is given back of {row[0]} than was captured"
        for row in db.execute(
            "SELECT payments.payment_id FROM payments JOIN refunds USING (payment_id) "
            "WHERE state IN ('pending', 'succeeded') GROUP BY payments.payment_id "
            "HAVING sum(refunds.amount_minor) > payments.amount_minor"
        )
    ]


def _faults(checks: Iterable[Check]) -> list[str]:
    return [str(check) for check in checks if check.outcome is Outcome.VIOLATED]


def _waits_for_news(check: Check) -> bool:
    """Say whether a check can fail in the middle of a day: what was given back is told later."""
    return check.name.startswith("I2") and "given back" in check.figure


def _hold(faults: Iterable[str]) -> None:
    found = list(faults)
    if found:
        raise Violation("; ".join(found))
