"""A payment's id is unique only with its provider: entries name it, and old books learn to."""

import sqlite3
from functools import partial
from pathlib import Path

import pytest

from app.domain.exceptions import ExceptionKind
from app.domain.money import Money
from app.errors import InvariantError
from app.store import Store, Transaction, schema
from app.store.decisions import (
    case_of,
    find_exception,
    find_payment,
    holding_exception,
    waiting_failures,
    waiting_payments,
)
from app.store.disputes import tell_once_of_payment
from app.store.inbox import disown_refunds_of, handled, is_foreign_payment, receive, wake_refunds_of
from app.store.payments import open_exception
from app.store.transaction import stamp
from app.store.verify import Outcome, verify
from tests.parts.books import begun, delivery, open_store, placed, statement, taken

LEDGER = "payments and refunds are in the ledger"


def eur(minor: int) -> Money:
    return Money(minor, "EUR")


def both_held(tx: Transaction) -> None:
    """Hold a payment "pi_1" of each of two providers, and put both on the list."""
    for provider, minor in (("stripe", 300), ("square", 500)):
        attempt = begun(tx, placed(tx), provider=provider, account=provider)
        taken(tx, attempt, "pi_1", amount=eur(minor), held_as=ExceptionKind.SURPLUS)
        entries = {f"clearing:{provider}": minor, "held": -minor}
        tx.post("payment_held", "EUR", entries, order_id=attempt.order_id, payment_id="pi_1")
        open_exception(
            tx,
            ExceptionKind.SURPLUS,
            eur(minor),
            order_id=attempt.order_id,
            attempt_id=attempt.id,
            provider=provider,
            payment_id="pi_1",
        )


@pytest.mark.parametrize("provider, minor, number", [("stripe", 300, 1), ("square", 500, 2)])
def test_an_entry_is_about_its_own_providers_payment(
    store: Store, provider: str, minor: int, number: int
) -> None:
    store.write_now(both_held)
    entry = store.read_now(lambda db: find_exception(db, number))
    assert entry is not None and entry.provider == provider
    case = store.read_now(lambda db: case_of(db, entry))
    assert case.payment is not None and case.holds
    assert (case.payment.provider, case.payment.amount) == (provider, eur(minor))
    holding = store.read_now(lambda db: holding_exception(db, case.payment))  # type: ignore[arg-type]
    assert holding is not None and holding.id == number


def test_what_waits_of_one_provider_says_nothing_of_anothers(store: Store) -> None:
    store.write_now(both_held)
    store.write_now(
        lambda tx: tx.execute(
            "UPDATE exceptions SET resolved_at = '2026' WHERE provider = 'square'"
        )
    )
    waiting = store.read_now(waiting_payments)
    assert [(payment.provider, payment.amount.minor) for payment in waiting] == [("stripe", 300)]
    stripe = store.read_now(lambda db: find_payment(db, "stripe", "pi_1"))
    square = store.read_now(lambda db: find_payment(db, "square", "pi_1"))
    assert stripe is not None and square is not None
    store.write_now(
        partial(
            open_exception,
            kind=ExceptionKind.REFUND_FAILED,
            amount=eur(1),
            provider="square",
            payment_id="pi_1",
        )
    )
    assert store.read_now(lambda db: waiting_failures(db, stripe)) == ()
    assert len(store.read_now(lambda db: waiting_failures(db, square))) == 1


def test_the_books_of_two_payments_with_one_id_are_sound(store: Store) -> None:
    store.write_now(both_held)
    figures = {check.name: check for check in store.read_now(verify)}
    assert figures[LEDGER].outcome is Outcome.OK, figures[LEDGER]
    on_the_list = next(check for name, check in figures.items() if "on the list once" in name)
    assert on_the_list.outcome is Outcome.OK, on_the_list


def test_a_thing_is_told_once_of_each_providers_payment(store: Store) -> None:
    for provider in ("stripe", "square", "stripe"):
        store.write_now(
            partial(
                tell_once_of_payment,
                kind=ExceptionKind.MISMATCH,
                amount=eur(1),
                order_id="",
                provider=provider,
                payment_id="pi_1",
                detail="why",
            )
        )
    rows = store.read_now(
        lambda db: db.execute("SELECT provider FROM exceptions ORDER BY id").fetchall()
    )
    assert [row[0] for row in rows] == ["stripe", "square"]


@pytest.mark.parametrize("provider, payment_id", [("", "pi_1"), ("stripe", "")])
def test_an_entry_names_a_payment_by_both_or_by_neither(
    store: Store, provider: str, payment_id: str
) -> None:
    tell = partial(
        open_exception,
        kind=ExceptionKind.MISMATCH,
        amount=eur(1),
        provider=provider,
        payment_id=payment_id,
    )
    with pytest.raises(InvariantError, match="An entry about"):
        store.write_now(tell)


def test_refunds_that_wait_are_woken_by_their_own_providers_payment(store: Store) -> None:
    def come(tx: Transaction) -> None:
        for number, provider in enumerate(("stripe", "square"), start=1):
            receive(tx, delivery(f"evt_{number}", provider=provider))
            handled(tx, number, "waiting", "pi_1")

    def standings(db: sqlite3.Connection) -> list[str | None]:
        return [row[0] for row in db.execute("SELECT standing FROM inbox ORDER BY id")]

    store.write_now(come)
    store.write_now(lambda tx: disown_refunds_of(tx, "stripe", "pi_1"))
    assert store.read_now(standings) == ["foreign", "waiting"]
    assert store.read_now(lambda db: is_foreign_payment(db, "stripe", "pi_1"))
    assert not store.read_now(lambda db: is_foreign_payment(db, "square", "pi_1"))
    store.write_now(lambda tx: wake_refunds_of(tx, "square", "pi_1"))
    assert store.read_now(standings) == ["foreign", None]


@pytest.mark.parametrize(
    "sql, index",
    [
        (
            "SELECT * FROM exceptions WHERE provider = 'a' AND payment_id = 'b' AND kind = 'c' "
            "AND order_id IS 'd' ORDER BY id LIMIT 1",
            "exceptions_of_payment",
        ),
        ("SELECT * FROM payments WHERE payment_id = 'b'", "payments_called"),
    ],
)
def test_a_payments_rows_are_found_by_an_index(store: Store, sql: str, index: str) -> None:
    plan = store.read_now(lambda db: db.execute(f"EXPLAIN QUERY PLAN {sql}").fetchall())
    assert any(index in row["detail"] for row in plan), [row["detail"] for row in plan]
    assert not any(row["detail"].startswith("SCAN") for row in plan)


# --- books from before -------------------------------------------------------------------------


def old_day(tx: Transaction) -> None:
    """Write down what a till of before m0006 did with money above an order, and without one."""
    order = placed(tx)
    attempt = begun(tx, order, account="fake")
    total, got = order.total.minor, order.total.minor + 100
    tx.execute("UPDATE orders SET state = 'paid', receipt_number = 1")
    tx.execute("UPDATE till SET last_receipt_number = 1")
    taken(tx, attempt, "pi_1", amount=eur(got))
    taken(tx, attempt, "pi_2", amount=eur(300), held_as=ExceptionKind.SURPLUS)
    tx.execute("UPDATE payments SET resolved_as = 'accepted', resolved_by = 'Ada' WHERE id = 1")
    tx.execute("UPDATE payments SET resolved_as = 'kept', resolved_by = 'Ada' WHERE id = 2")
    for kind, payment_id in (("overpaid", "pi_1"), ("surplus", "pi_2"), ("mismatch", "")):
        tx.insert(
            "exceptions",
            kind=kind,
            amount_minor=got,
            currency="EUR",
            order_id=order.id,
            attempt_id=attempt.id,
            payment_id=payment_id,
            detail="",
            opened_at=stamp(tx.at),
            resolved_at=stamp(tx.at),
        )
    tx.insert(
        "write_offs",
        order_id=order.id,
        exception_id=1,
        amount_minor=-100,
        currency="EUR",
        decided_by="Ada",
        reason="why",
        decided_at=stamp(tx.at),
    )
    tx.insert(
        "refunds",
        provider="stripe",
        refund_id="re_1",
        payment_id="pi_1",
        amount_minor=60,
        currency="EUR",
        state="succeeded",
        version=1,
        seen_at=stamp(tx.at),
    )
    about_1 = {"order_id": order.id, "payment_id": "pi_1"}
    about_2 = {"order_id": order.id, "payment_id": "pi_2"}
    tx.post("payment_held", "EUR", {"clearing:fake": got, "held": -got}, **about_1)
    tx.post("refund", "EUR", {"held": 60, "clearing:fake": -60}, **about_1)
    accepted = {"held": got - 60, "refunds": 60, "orders": -got}
    tx.post("payment_accepted", "EUR", accepted, **about_1)
    tx.post("write_off", "EUR", {"write_offs": -100, "orders": 100}, **about_1)
    tx.post("sale", "EUR", {"orders": total, "sales": -total}, order_id=order.id)
    tx.post("payment_held", "EUR", {"clearing:fake": 300, "held": -300}, **about_2)
    tx.post("payment_kept", "EUR", {"held": 300, "write_offs": -300}, **about_2)


def old_books(directory: Path, monkeypatch: pytest.MonkeyPatch, *statements: str) -> Store:
    """Make books as they were before m0006, with a day in them; open them as this program does."""
    with monkeypatch.context() as patches:
        patches.setattr(schema.migrations, "_migrations", schema.migrations._migrations[:5])
        store = open_store(directory)
        store.write_now(old_day)
        for sql in statements:
            store.write_now(statement(sql))
        store.close()
    return open_store(directory)


def balances(store: Store) -> dict[str, int]:
    rows = store.read_now(
        lambda db: db.execute(
            "SELECT account, sum(amount_minor) FROM ledger_entries GROUP BY account"
        ).fetchall()
    )
    return {row[0]: row[1] for row in rows if row[1]}


def test_old_entries_learn_whose_payment_they_are_about(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = old_books(directory, monkeypatch)
    rows = store.read_now(
        lambda db: db.execute("SELECT provider FROM exceptions ORDER BY id").fetchall()
    )
    assert [row[0] for row in rows] == ["stripe", "stripe", ""]
    store.close()


def test_old_books_give_kept_money_its_account_by_a_posting_of_its_own(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = old_books(directory, monkeypatch)
    kept = balances(store)
    assert kept["surplus"] == -340 and "write_offs" not in kept and "refunds" not in kept
    figures = {check.name: check for check in store.read_now(verify)}
    assert figures[LEDGER].outcome is Outcome.OK, figures[LEDGER]
    rows = store.read_now(
        lambda db: db.execute(
            "SELECT count(*) FROM ledger_transactions WHERE kind = 'reclassified'"
        ).fetchone()
    )
    assert rows[0] == 1
    store.close()


def test_old_books_that_are_not_sound_are_left_for_verify_to_say_so(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = old_books(directory, monkeypatch, "UPDATE refunds SET amount_minor = 61")
    assert balances(store)["write_offs"] == -400
    figures = {check.name: check for check in store.read_now(verify)}
    assert figures[LEDGER].outcome is Outcome.VIOLATED
    store.close()
