"""What has to hold of subscriptions and of cards that were kept, here and at their provider."""

import sqlite3
from collections.abc import Iterator
from typing import Final

from app.domain.subscription import SubscriptionState
from app.providers.saving import SetupState
from app.store.checks import Outcome
from app.store.verify_cards import saved_cards
from app.store.verify_subscriptions import subscriptions
from tests.parts.subscribing import FakeSubscription
from tests.simulation.banks import Banks
from tests.simulation.provider import Bank

_CAN_BE_GIVEN: Final = frozenset({SetupState.OPEN, SetupState.PROCESSING})
_UNFINISHED: Final = "('creating', 'open', 'processing', 'unknown')"


class Kept:
    """Compares the till's books with the providers', as far as it goes on after a sale."""

    def __init__(self, banks: Banks) -> None:
        self._banks = banks

    def faults(self, db: sqlite3.Connection) -> list[str]:
        """Name what must not be so after any step."""
        if not self._banks.go_on:
            return []
        laws = (subscriptions(db), saved_cards(db))
        faults = [str(check) for check in laws if check.outcome is Outcome.VIOLATED]
        return [*faults, *self._ended(db), *self._held(db), *self._cards_off(db)]

    def waits(self, db: sqlite3.Connection) -> list[str]:
        """Name what is not in the books yet, and comes there by the till's own looks."""
        if not self._banks.go_on:
            return []
        return [*self._members_behind(db), *self._cards_behind(db)]

    def is_looked_for(self, db: sqlite3.Connection, payment_id: str) -> bool:
        """Say whether a renewal that is not in the books is still to be found there."""
        for bank in self._banks.each:
            each = bank.subscriptions.of_payment(payment_id)
            if each is not None:
                return _is_watched(db, each)
        return False

    # --- subscriptions --------------------------------------------------------------------------

    def _ended(self, db: sqlite3.Connection) -> Iterator[str]:
        """What the books call ended has ended; what they call done, the provider has heard."""
        rows = db.execute(
            "SELECT subscription_id, state, amount_minor, currency FROM subscriptions"
        )
        for name, state, minor, currency in rows:
            each = self._member(name)
            if each is None:
                yield f"{name} is in the books and nowhere else"
            elif state == "ended" and each.state is not SubscriptionState.ENDED:
                yield f"{name} is ended here and goes on at the provider"
            elif (each.amount.minor, each.amount.currency) != (minor, currency):
                yield f"{name} costs {minor} {currency} here and {each.amount} at the provider"
        heard = {key for bank in self._banks.each for key in bank.subscriptions.ends}
        for row in db.execute(
            "SELECT key FROM intents WHERE subscription IS NOT NULL AND outcome = 'done'"
        ):
            if row[0] not in heard:
                yield f"the call {row[0]} is called done, and nobody has heard it"

    def _held(self, db: sqlite3.Connection) -> Iterator[str]:
        """A renewal is its own subscription's, and held for no reason but a good one."""
        rows = db.execute(
            "SELECT renewal.payment_id, subscription_id, renewal.held_as, orders.state, "
            "(SELECT count(*) FROM payments AS first WHERE first.attempt_id = s.attempt_id "
            "AND first.held_as IS NULL) AS sold FROM payments AS renewal "
            "JOIN subscriptions AS s ON s.id = renewal_of JOIN orders ON orders.id = s.order_id"
        )
        for payment_id, name, held_as, order, sold in rows:
            each = self._member(name)
            whose = self._bank_of(name)
            if each is None or whose is None:
                continue
            taken = next((t for t in each.payments[1:] if t.payment_id == payment_id), None)
            if taken is None:
                yield f"{payment_id} is no renewal of {name} at the provider"
            elif held_as is not None and order == "paid" and sold:
                is_late = payment_id in whose.subscriptions.taken_late
                if taken.amount == each.amount and not is_late:
                    yield f"{payment_id} is held, and was just what was agreed"

    def _members_behind(self, db: sqlite3.Connection) -> Iterator[str]:
        rows = {
            row[0]: row
            for row in db.execute("SELECT subscription_id, state, ends_at FROM subscriptions")
        }
        booked = {row[0] for row in db.execute("SELECT payment_id FROM payments")}
        references = {row[0] for row in db.execute("SELECT reference FROM attempts")}
        for bank in self._banks.each:
            for name, each in bank.subscriptions.all.items():
                if name not in rows:
                    if each.reference in references:
                        yield f"{name} began, and is not in the books"
                    continue
                if rows[name][1] != each.state.value:
                    yield f"{name} is {each.state.value}, and {rows[name][1]} in the books"
                is_ending = bank.subscriptions.terms.tells_end and each.ends_at is not None
                if is_ending and rows[name][2] is None:
                    yield f"{name} will end, and the books do not know"
                for taken in each.payments:
                    if taken.payment_id not in booked:
                        yield f"{taken.payment_id} is not in the books"
        for row in db.execute(
            "SELECT key FROM intents WHERE subscription IS NOT NULL AND outcome IS NULL"
        ):
            yield f"the call {row[0]} has no answer"

    def _member(self, name: str) -> FakeSubscription | None:
        bank = self._bank_of(name)
        return None if bank is None else bank.subscriptions.all[name]

    def _bank_of(self, name: str) -> Bank | None:
        return next((bank for bank in self._banks.each if name in bank.subscriptions.all), None)

    # --- cards ----------------------------------------------------------------------------------

    def _cards_off(self, db: sqlite3.Connection) -> Iterator[str]:
        """A kept card is the provider's own word; on a page that is over nobody can give one."""
        rows = {
            row[0]: row[1:]
            for row in db.execute(
                "SELECT reference, state, customer_id, method_id FROM card_setups"
            )
        }
        for bank in self._banks.each:
            for setup in bank.setups.all.values():
                state, customer_id, method_id = rows.get(setup.reference, ("", "", ""))
                if state == "saved":
                    kept = f"fcus_{setup.id}", f"fpm_{setup.id}"
                    if setup.state is not SetupState.SAVED or (customer_id, method_id) != kept:
                        yield f"card {setup.reference} is saved here and not at the provider"
                elif state in _OVER and setup.state in _CAN_BE_GIVEN:
                    yield f"card {setup.reference} is {state}, and can still be given"

    def _cards_behind(self, db: sqlite3.Connection) -> Iterator[str]:
        rows = dict(map(tuple, db.execute("SELECT reference, state FROM card_setups")))
        for row in db.execute(
            f"SELECT reference, state FROM card_setups WHERE state IN {_UNFINISHED}"
        ):
            yield f"card {row[0]} is still awaited: {row[1]}"
        for bank in self._banks.each:
            for setup in bank.setups.all.values():
                is_kept = setup.state is SetupState.SAVED
                if is_kept and rows.get(setup.reference, "saved") != "saved":
                    yield f"card {setup.reference} was kept, and is {rows[setup.reference]} here"


_OVER: Final = frozenset({"failed", "expired", "cancelled"})


def _is_watched(db: sqlite3.Connection, each: FakeSubscription) -> bool:
    """Say whether the till looks at it by itself, or has heard of it, or will know its session."""
    row = db.execute(
        "SELECT 1 FROM subscriptions WHERE subscription_id = ?1 UNION "
        "SELECT 1 FROM subscription_news WHERE subscription_id = ?1",
        (each.id,),
    ).fetchone()
    # So soon after its end no day is over that it is not looked at any more.
    return row is not None
