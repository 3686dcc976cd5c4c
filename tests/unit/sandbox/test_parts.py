"""Small parts: ids, clock, retry schedule, signatures, accounts, loopback, imports."""

import random
import subprocess
import sys
from pathlib import Path

import pytest
import stripe

from app.sandbox.books import Books, BooksUnusable
from app.sandbox.clock import SandboxClock
from app.sandbox.deliveries import RetrySchedule
from app.sandbox.ids import RandomIds, SeededIds
from app.sandbox.listener import origin_of
from app.sandbox.stripe.accounts import account_of, authenticate
from app.sandbox.stripe.errors import StripeRefusal
from app.sandbox.stripe.postman import signature
from app.sandbox.stripe.subscriptions import period_end
from app.sandbox.wire import is_loopback


def test_seeded_ids_do_not_depend_on_what_else_was_drawn() -> None:
    one, other = SeededIds(7), SeededIds(7)
    other("req_", 14)
    assert [one("cs_", 20) for _ in range(3)] == [other("cs_", 20) for _ in range(3)]
    assert SeededIds(8)("cs_", 20) != SeededIds(7)("cs_", 20)


def test_random_ids_have_their_prefix_and_length() -> None:
    id = RandomIds()("evt_", 24)
    assert id.startswith("evt_") and len(id) == 28 and id[4:].isalnum()


def test_three_tries_then_no_more() -> None:
    schedule, chance = RetrySchedule(pauses_s=(60, 3600), speed_up=60), random.Random(1)
    first, second = schedule.pause_ms(1, chance), schedule.pause_ms(2, chance)
    assert first is not None and 1000 <= first <= 1100
    assert second is not None and 60_000 <= second <= 66_000
    assert schedule.pause_ms(3, chance) is None


def test_the_sdk_accepts_a_signature_and_not_that_of_another_body() -> None:
    header = signature(b'{"a":1}', "whsec_x", 1000)
    assert stripe.WebhookSignature.verify_header('{"a":1}', header, "whsec_x")
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.WebhookSignature.verify_header('{"a":2}', header, "whsec_x")


@pytest.mark.parametrize(
    "header", ["Bearer sk_test_a", "bearer sk_test_a", "Basic c2tfdGVzdF9hOg==", "Bearer rk_test_a"]
)
def test_a_test_key_is_an_account(header: str) -> None:
    assert authenticate(header) == account_of("sk_test_a")


@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer sk_test_", "Basic !!!", "Basic /w==", "Digest x"]
)
def test_anything_else_is_nobody(header: str | None) -> None:
    with pytest.raises(StripeRefusal) as refusal:
        authenticate(header)
    assert refusal.value.status == 401


def test_only_this_computer_is_loopback() -> None:
    assert all(
        map(
            is_loopback,
            ["127.0.0.1", "::ffff:127.0.0.1", "127.8.8.8", "::1", "localhost", "LOCALHOST"],
        )
    )
    assert not any(map(is_loopback, ["", "10.0.0.1", "localhost.evil", "127.0.0.1.evil", "0x7f"]))


def test_an_origin_is_one_that_this_computer_can_open() -> None:
    assert origin_of("127.0.0.1", 80) == "http://127.0.0.1:80"
    assert origin_of("0.0.0.0", 80) == "http://127.0.0.1:80"
    assert origin_of("::", 80) == "http://[::1]:80"
    assert origin_of("localhost", 80) == "http://localhost:80"


@pytest.mark.parametrize(
    "interval,count,end",
    [
        ("day", 1, "2024-02-01T12:00:00+00:00"),
        ("week", 2, "2024-02-14T12:00:00+00:00"),
        ("month", 1, "2024-02-29T12:00:00+00:00"),
        ("month", 13, "2025-02-28T12:00:00+00:00"),
        ("year", 1, "2025-01-31T12:00:00+00:00"),
    ],
)
def test_a_period_ends_on_the_calendars_day(interval: str, count: int, end: str) -> None:
    from datetime import UTC, datetime

    start = int(datetime(2024, 1, 31, 12, tzinfo=UTC).timestamp())
    ends = period_end(start, {"interval": interval, "interval_count": count})
    assert datetime.fromtimestamp(ends, UTC).isoformat() == end
    assert period_end(start, None) == start


def test_the_clock_moves_and_remembers(tmp_path: Path) -> None:
    books = Books(tmp_path / "books")
    clock = SandboxClock(lambda: 1000.9, books)
    assert clock.move(advance_s=60) == 60
    assert (clock.now(), clock.unmoved()) == (1060, 1000)
    assert SandboxClock(lambda: 2000.0, books).now() == 2060
    assert clock.http_date() == "Thu, 01 Jan 1970 00:17:40 GMT"
    books.close()


def test_a_transaction_that_fails_leaves_nothing(tmp_path: Path) -> None:
    books = Books(tmp_path / "books")

    def fail() -> None:
        with books.transaction():
            books.set_fact("a", "1")
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert books.fact("a") is None
    books.close()


def test_the_books_are_written_through_to_the_disk(tmp_path: Path) -> None:
    books = Books(tmp_path / "books")
    assert books.connection.execute("PRAGMA synchronous").fetchone() == (2,)
    assert books.connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    books.close()


def test_books_of_a_newer_simulator_are_left_alone(tmp_path: Path) -> None:
    books = Books(tmp_path / "books")
    books.connection.execute("PRAGMA user_version = 99")
    books.close()
    with pytest.raises(BooksUnusable, match="newer"):
        Books(tmp_path / "books")


def test_importing_the_package_loads_no_server_and_nothing_else_of_the_till() -> None:
    program = (
        "import sys, app.sandbox; assert app.sandbox.SANDBOX_KEY.startswith('sk_test_');"
        "heavy = {'starlette', 'uvicorn', 'httpx', 'sqlite3', 'asyncio'} & set(sys.modules);"
        "assert not heavy, heavy;"
        "app.sandbox.SandboxServer;"
        "ours = {m for m in sys.modules if m.startswith('app.')};"
        "assert all(m.startswith('app.sandbox') for m in ours), ours;"
        "assert 'stripe' not in sys.modules"
    )
    root = Path(__file__).parents[3]
    subprocess.run([sys.executable, "-c", program], cwd=root, check=True)


def test_an_unknown_name_of_the_package_is_an_attribute_error() -> None:
    import app.sandbox

    with pytest.raises(AttributeError, match="Nothing"):
        _ = app.sandbox.Nothing
