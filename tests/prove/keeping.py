"""Guards of the books: durability, uniqueness, compare-and-set, append-only."""

from typing import Final

from tests.prove.guard import Guard

_S: Final = "tests/integration/store/"
_W: Final = "tests/unit/store/test_writer.py::"

KEEPING: Final = (
    Guard(
        "synchronous=FULL",
        "a commit that returned is on the disk",
        "app/store/connection.py",
        '"synchronous": ("FULL", _SYNCHRONOUS_FULL),',
        '"synchronous": ("NORMAL", 1),',
        (f"{_S}test_opening.py::test_a_commit_that_returned_is_on_the_disk_by_sqlites_own_word",),
    ),
    Guard(
        "opened anew after a failed sync",
        "what a failed sync may have lost is written and synced again",
        "app/store/connection.py",
        '    return family_of(error) == "SQLITE_IOERR"\n',
        "    return False\n",
        (
            "tests/power/test_failing_syncs.py::"
            "test_at_whichever_sync_the_disk_fails_once_nothing_acknowledged_is_lost",
        ),
    ),
    Guard(
        "settings asserted at each open",
        "a setting that SQLite refuses keeps the books closed",
        "app/store/connection.py",
        "    if got != wanted:\n",
        "    if False:\n",
        (f"{_S}test_opening.py::test_synchronous_is_asserted_and_not_only_asked_for",),
    ),
    Guard(
        "foreign keys",
        "a payment belongs to what it says",
        "app/store/connection.py",
        '{"foreign_keys": ("ON", 1), **pragmas}',
        "pragmas",
        (f"{_S}test_guards.py::test_what_belongs_to_nothing_is_refused",),
    ),
    Guard(
        "one row an event",
        "a delivery is kept once, however often it comes",
        "app/store/schema.py",
        "        handled_at TEXT,\n        UNIQUE (provider, provider_account, live, event_id)\n",
        "        handled_at TEXT\n",
        (f"{_S}test_inbox_rows.py::test_a_delivery_is_kept_once_however_often_it_comes",),
    ),
    Guard(
        "one intent a key",
        "an idempotency key is used for one request",
        "app/store/schema_0004.py",
        "        key TEXT NOT NULL UNIQUE,\n",
        "        key TEXT NOT NULL,\n",
        (f"{_S}test_money_rows.py::test_an_idempotency_key_is_written_once",),
    ),
    Guard(
        "the digest of an intent",
        "what is sent under a key is what was written down",
        "app/store/intents.py",
        '    if _digest(row["parameters"]) != row["digest"]:\n        raise',
        "    if False:\n        raise",
        (f"{_S}test_money_rows.py::test_an_intent_whose_parameters_were_touched_is_never_sent",),
    ),
    Guard(
        "compare-and-set of an order",
        "a stale order cannot be moved",
        "app/store/orders.py",
        '        "WHERE id = ? AND state = ? AND version = ?",\n'
        "        (to.value, stamp(tx.at), receipt_number, order.id, order.state.value, "
        "order.version),\n",
        '        "WHERE id = ?",\n        (to.value, stamp(tx.at), receipt_number, order.id),\n',
        (f"{_S}test_order_rows.py::test_a_stale_order_cannot_be_moved",),
    ),
    Guard(
        "compare-and-set of an attempt",
        "a stale attempt cannot be moved",
        "app/store/attempts.py",
        '        "WHERE id = ? AND state = ? AND version = ?",\n'
        "        (to.value, *changes.values(), attempt.id, attempt.state.value, "
        "attempt.version),\n",
        '        "WHERE id = ?",\n        (to.value, *changes.values(), attempt.id),\n',
        (f"{_S}test_attempt_rows.py::test_a_stale_attempt_cannot_be_moved",),
    ),
    Guard(
        "ways of an order that exist",
        "a paid order is never opened again",
        "app/store/orders.py",
        "    if to not in ORDER_MOVES[order.state]:\n",
        "    if False:\n",
        (f"{_S}test_order_rows.py::test_an_order_never_takes_a_way_that_does_not_exist",),
    ),
    Guard(
        "append-only records",
        "ledger, journal and audit are neither changed nor deleted",
        "app/store/schema.py",
        "RAISE(ABORT, '{table} is append-only')",
        "RAISE(IGNORE)",
        (f"{_S}test_guards.py::test_what_is_append_only_is_neither_changed_nor_deleted",),
    ),
    Guard(
        "guards asserted at each open",
        "records without their triggers are not written to",
        "app/store/schema.py",
        "    if missing := missing_guards(connection):\n",
        "    if False:\n        missing = []\n",
        (f"{_S}test_guards.py::test_a_guard_that_is_gone_or_weakened_is_noticed_and_made_again",),
    ),
    Guard(
        "a posting sums to zero",
        "no money appears or vanishes in the ledger",
        "app/store/transaction.py",
        "        if sum(entries.values()) != 0:\n",
        "        if False:\n",
        (
            "tests/unit/store/test_transaction.py::"
            "test_a_posting_that_does_not_sum_to_zero_is_refused_whole",
        ),
    ),
    Guard(
        "released after the commit",
        "no waiter goes on before it is on the disk",
        "app/store/writer.py",
        "            unit.facts = transaction.facts\n",
        "            unit.facts = transaction.facts\n"
        "            unit.future.set_result(unit.result)\n"
        "            unit.future = Future()\n",
        (f"{_W}test_no_waiter_is_released_before_the_commit",),
    ),
    Guard(
        "savepoints",
        "half a unit of work never stays",
        "app/store/writer.py",
        '                self._connection.execute("ROLLBACK TO unit")\n',
        "",
        (f"{_W}test_a_unit_that_fails_leaves_nothing_and_its_neighbours_everything",),
    ),
    Guard(
        "one till for one directory",
        "a second instance exits",
        "app/store/lock.py",
        "            take_lock(descriptor)\n",
        "            pass\n",
        (f"{_S}test_instance.py::test_a_second_instance_is_told_who_runs_already",),
    ),
    Guard(
        "a newer file",
        "an older program refuses newer books",
        "app/store/schema.py",
        "    if applied - known:\n",
        "    if False:\n",
        (f"{_S}test_migrations.py::test_an_older_program_refuses_newer_books_and_changes_nothing",),
    ),
    Guard(
        "whose word it is",
        "a payment is compared with its own provider's word",
        "app/store/verify_money.py",
        "        return self.provider, self.payment_id\n",
        '        return "fakepay", self.payment_id\n',
        ("tests/integration/store/test_verify.py::test_payments_of_two_providers_may_have_one_id",),
    ),
)
