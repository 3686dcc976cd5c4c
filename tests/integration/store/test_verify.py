"""`verify`: clean books are clean, and each check goes red for what it is there to find."""

import asyncio
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from app.store.verify import Check, Outcome, TakenPayment, verify
from tests.parts.books import in_memory
from tests.parts.till import Counter

FILE, GUARDS = "file", "guards of the append-only tables"
LEDGER, PROVIDER = "I1 every ledger", "I2 what the provider"
PAID, JOURNAL = "I3 paid exactly", "I4 each change"
NUMBERS, INTENTS = "order and receipt numbers", "intents are as"
POSTINGS, DECISIONS = "payments and refunds are in the ledger", "what needs a person"


@pytest.fixture
def till(tmp_path: Path) -> Iterator[Counter]:
    """A till that sold twice and cancelled once."""
    till = Counter(tmp_path)

    async def sell() -> None:
        for _ in range(2):
            _, attempt = await till.show(500, 390)
            till.provider.pay(attempt.session_id or "")
            await till.look(attempt)
        order, _ = await till.show(700)
        await till.checkout.cancel(order.id)

    asyncio.run(sell())
    yield till
    till.close()


@pytest.fixture
def books(till: Counter) -> Iterator[sqlite3.Connection]:
    """A copy of its books, which nothing guards any more."""
    copy = in_memory(till.store)
    yield copy
    copy.close()


def red(db: sqlite3.Connection, taken: list[TakenPayment] | None = None) -> dict[str, str]:
    checks = verify(db, taken)
    # The copy's triggers are gone in every case.
    return {
        check.name: check.figure
        for check in checks
        if check.outcome is Outcome.VIOLATED and check.name != GUARDS
    }


def only_red(db: sqlite3.Connection, name: str, taken: list[TakenPayment] | None = None) -> str:
    found_red = red(db, taken)
    # What is wrong with a payment shows in the ledger beside it as well, and on the list.
    for beside in {POSTINGS, DECISIONS} - {name}:
        found_red.pop(next((each for each in found_red if each.startswith(beside)), ""), None)
    ((found, figure),) = found_red.items()
    assert found.startswith(name)
    return figure


def test_clean_books_are_clean_and_every_check_gives_its_figure(till: Counter) -> None:
    checks = till.store.read_now(lambda db: verify(db, till.provider.taken()))
    assert [check for check in checks if check.outcome is Outcome.VIOLATED] == []
    lines = [str(check) for check in checks]
    assert all(check.figure for check in checks)
    assert lines[2].startswith("ok           I1 every ledger transaction sums to zero: 4 trans")
    assert lines[3].endswith("2 payments")
    assert lines[4].endswith("told who decided: 0 exceptions, 0 waiting")
    assert lines[5].endswith("2 payments, 1780 minor EUR")
    assert lines[6].endswith("3 orders, 2 paid")
    assert lines[8] == ("not checked  I5 balances: this till keeps no customer balances")
    assert lines[10].endswith("3 orders, 2 receipts")


def test_without_the_providers_word_that_check_says_that_it_was_not_made(till: Counter) -> None:
    checks = till.store.read_now(verify)
    (check,) = [check for check in checks if check.name.startswith(PROVIDER)]
    assert check.outcome is Outcome.NOT_CHECKED
    assert "needs the provider's word" in check.figure


def test_books_that_nobody_sold_with_are_clean(tmp_path: Path) -> None:
    till = Counter(tmp_path)
    assert till.violations([]) == []
    till.close()


@pytest.mark.parametrize(
    "sql, words",
    [
        ("UPDATE payments SET amount_minor = 889 WHERE id = 1", "890 of 889"),
        ("UPDATE payments SET account = 'other' WHERE id = 1", "0 of 890"),
        ("UPDATE payments SET held_as = 'surplus' WHERE id = 1", "0 of 890 held"),
        ("UPDATE payments SET resolved_as = 'kept', held_as = 'surplus'", "surplus is off by"),
        ("UPDATE orders SET state = 'open' WHERE number = 1", "order 1: 0 of 890 towards it"),
        ("DELETE FROM payments WHERE id = 1", "clearing is off by 890"),
        ("DELETE FROM ledger_entries WHERE transaction_id = 1", "posting 1 is empty"),
        (
            "INSERT INTO refunds (provider, refund_id, payment_id, amount_minor, currency, state, "
            "version, seen_at) SELECT provider, 're_1', payment_id, 90, currency, 'succeeded', 1, "
            "settled_at FROM payments WHERE id = 1",
            "clearing is off by 90",
        ),
    ],
)
def test_a_payment_or_refund_that_the_ledger_does_not_tell_of_is_found(
    books: sqlite3.Connection, sql: str, words: str
) -> None:
    books.execute(sql)
    assert words in red(books)[POSTINGS]


def test_a_guard_that_is_gone_is_found(books: sqlite3.Connection) -> None:
    (check,) = [check for check in verify(books) if check.name == GUARDS]
    assert check.outcome is Outcome.VIOLATED
    assert check.figure.startswith("8 of 8 triggers: ")
    assert check.figure.endswith("; ...")


def test_a_row_that_belongs_to_nothing_is_found(books: sqlite3.Connection) -> None:
    books.execute("UPDATE payments SET held_as = 'surplus', order_id = 'none' WHERE id = 1")
    assert "foreign key in payments" in red(books)[FILE]


def test_a_file_that_breaks_its_own_rules_is_found(books: sqlite3.Connection) -> None:
    books.execute("PRAGMA ignore_check_constraints = ON")
    books.execute("UPDATE till SET mode = 'play'")
    books.execute("PRAGMA ignore_check_constraints = OFF")
    assert "CHECK constraint failed in till" in only_red(books, FILE)


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE ledger_entries SET amount_minor = amount_minor + 1 WHERE id = 1",
        "DELETE FROM ledger_entries WHERE id = 2",
        "UPDATE ledger_entries SET currency = 'USD' WHERE id = 1",
        "INSERT INTO ledger_entries (transaction_id, account, amount_minor, currency) "
        "VALUES (1, 'sales', -5, 'EUR')",
    ],
)
def test_a_posting_that_does_not_sum_to_zero_is_found(books: sqlite3.Connection, sql: str) -> None:
    books.execute(sql)
    assert "transaction 1 is off by" in only_red(books, LEDGER)


@pytest.mark.parametrize(
    "change, words",
    [
        ({"captured_minor": 889}, "890 here, 889 there"),
        ({"currency": "usd"}, "890 here, 890 there"),
        ({"refunded_minor": 100}, "0 given back here, 100 there"),
        ({"payment_id": "fp_unknown"}, "fp_unknown is not in the books"),
        ({"captured_minor": 0}, "is unknown there"),
        ({"reference": "a-web-shop"}, "is unknown there"),
    ],
)
def test_what_the_provider_says_otherwise_is_found(
    till: Counter, books: sqlite3.Connection, change: dict[str, object], words: str
) -> None:
    first, second = till.provider.taken()
    changed = replace(first, **change)  # type: ignore[arg-type]
    assert words in only_red(books, PROVIDER, [changed, second])


def test_money_of_another_till_or_a_web_shop_is_not_ours_to_have(till: Counter) -> None:
    others = [
        TakenPayment("pi_web", "", "eur", 100, 0, "fakepay"),
        TakenPayment("pi_other", "zzzzzz-0rder0000001-1", "eur", 100, 0, "fakepay"),
    ]
    assert till.violations([*till.provider.taken(), *others]) == []


def test_payments_of_two_providers_may_have_one_id(
    till: Counter, books: sqlite3.Connection
) -> None:
    """Each is compared with its own provider's word, and its refunds as well."""
    first, second = till.provider.taken()
    books.execute(
        "UPDATE payments SET provider = 'paypal', provider_account = 'P1', payment_id = ? "
        "WHERE id = 1",
        (second.payment_id,),
    )
    here = replace(first, provider="paypal", payment_id=second.payment_id, account="P1")
    assert not [name for name in red(books, [here, second]) if name.startswith(PROVIDER)]
    for word, words in (
        ([second], f"paypal {second.payment_id} is unknown there"),
        ([here], f"fakepay {second.payment_id} is unknown there"),
        ([replace(here, captured_minor=889), second], "890 here, 889 there"),
        ([here, replace(second, refunded_minor=90)], "0 given back here, 90 there"),
    ):
        found = red(books, word)
        (name,) = [name for name in found if name.startswith(PROVIDER)]
        assert words in found[name]


def test_a_payment_that_another_account_took_is_not_the_one_in_the_books(
    till: Counter, books: sqlite3.Connection
) -> None:
    """Only where the books know the account by the provider's own name for it."""
    first, second = till.provider.taken()
    assert red(books, [replace(first, account="named otherwise there"), second]) == {}
    books.execute(
        "INSERT INTO accounts (name, provider, provider_account, live, credential, learned_at) "
        "SELECT 'van', provider, 'acct_van', live, 'digest-2', learned_at FROM accounts"
    )
    words = only_red(books, PROVIDER, [replace(first, account="acct_van"), second])
    assert words.endswith("of acct_fake here, of acct_van there")


def test_of_two_payments_with_one_id_at_one_provider_the_books_can_hold_but_one(
    till: Counter, books: sqlite3.Connection
) -> None:
    first, second = till.provider.taken()
    assert red(books, [first, first, second]) == {}, "the same said twice is one"
    twin = replace(first, account="acct_van")
    assert "is not in the books" in only_red(books, PROVIDER, [twin, first, second])


@pytest.mark.parametrize(
    "sql, words",
    [
        ("UPDATE orders SET state = 'open' WHERE number = 1", "order 1 is open with 890"),
        ("UPDATE orders SET state = 'paid' WHERE number = 3", "order 3 is paid with 0"),
        ("UPDATE payments SET held_as = 'surplus' WHERE id = 1", "order 1 is paid with 0"),
        ("DELETE FROM payments WHERE id = 1", "order 1 is paid with 0"),
        ("UPDATE payments SET amount_minor = 889 WHERE id = 1", "order 1 is paid with 889"),
        ("UPDATE payments SET amount_minor = 891 WHERE id = 1", "does not fit its attempt"),
        ("UPDATE payments SET currency = 'USD' WHERE id = 1", "does not fit its attempt"),
        ("UPDATE payments SET provider = 'other' WHERE id = 1", "does not fit its attempt"),
        ("UPDATE payments SET account = 'other' WHERE id = 1", "does not fit its attempt"),
        ("UPDATE payments SET attempt_id = 2 WHERE id = 1", "does not fit its attempt"),
        ("UPDATE payments SET attempt_id = NULL WHERE id = 1", "does not fit its attempt"),
        ("UPDATE payments SET order_id = NULL WHERE id = 1", "does not fit its attempt"),
    ],
)
def test_an_order_that_is_paid_without_its_money_or_not_paid_with_it_is_found(
    books: sqlite3.Connection, sql: str, words: str
) -> None:
    books.execute(sql)
    assert words in only_red(books, PAID)


@pytest.mark.parametrize(
    "sql, words",
    [
        (
            "DELETE FROM journal WHERE name = 'order.paid' AND order_id = {first}",
            "2 changes, 1 row",
        ),
        ("DELETE FROM journal WHERE order_id = {first} AND name LIKE 'order.%'", "changes, 0 rows"),
        (
            "INSERT INTO journal (at, name, order_id, version, data) "
            "VALUES ('', 'order.paid', {first}, 2, '{{}}')",
            "2 changes, 3 rows",
        ),
        (
            "UPDATE journal SET version = 1 WHERE name = 'order.paid' AND order_id = {first}",
            "2 changes, 2 rows",
        ),
        (
            "UPDATE journal SET version = 9 WHERE name = 'order.paid' AND order_id = {first}",
            "2 changes, 2 rows",
        ),
        ("UPDATE orders SET version = 3 WHERE number = 1", "3 changes, 2 rows"),
        ("UPDATE attempts SET version = version + 1 WHERE id = 1", "attempt 1: 4 changes, 3 rows"),
        ("DELETE FROM journal WHERE name = 'attempt.created' AND attempt_id = 1", "3 changes, 2"),
    ],
)
def test_a_change_without_its_row_or_a_row_without_its_change_is_found(
    books: sqlite3.Connection, sql: str, words: str
) -> None:
    first = books.execute("SELECT id FROM orders WHERE number = 1").fetchone()[0]
    books.execute(sql.format(first=f"'{first}'"))
    assert words in only_red(books, JOURNAL)


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE orders SET receipt_number = 7 WHERE number = 2",
        "UPDATE orders SET number = 9 WHERE number = 3",
        "UPDATE till SET last_receipt_number = 3",
        "UPDATE till SET last_order_number = 2",
        "UPDATE orders SET receipt_number = NULL WHERE number = 1",
        "DELETE FROM till",
    ],
)
def test_a_gap_in_the_numbers_is_found(books: sqlite3.Connection, sql: str) -> None:
    books.execute(sql)
    only_red(books, NUMBERS)


def test_books_without_a_till_of_their_own_cannot_be_compared(
    till: Counter, books: sqlite3.Connection
) -> None:
    books.execute("DELETE FROM till")
    checks = verify(books, till.provider.taken())
    assert [c.outcome for c in checks if c.name.startswith(PROVIDER)] == [Outcome.NOT_CHECKED]


def test_an_intent_that_was_touched_is_found(books: sqlite3.Connection) -> None:
    books.execute("UPDATE intents SET parameters = '{}' WHERE id = 1")
    assert "-1-create" in only_red(books, INTENTS)


def test_only_the_first_five_faults_are_spelled_out(books: sqlite3.Connection) -> None:
    for _ in range(6):
        books.execute("INSERT INTO ledger_transactions (at, kind, payment_id) VALUES ('', 'x', '')")
        books.execute(
            "INSERT INTO ledger_entries (transaction_id, account, amount_minor, currency) "
            "VALUES (last_insert_rowid(), 'sales', 1, 'EUR')"
        )
    figure = only_red(books, LEDGER)
    assert figure.startswith("6 of 10 transactions: ")
    assert figure.count(" is off by ") == 5
    assert figure.endswith("; ...")


def test_a_line_of_the_report_is_aligned() -> None:
    lines = [str(Check("name", outcome, "figure")) for outcome in Outcome]
    assert {line.index("name:") for line in lines} == {13}
