"""The commands as a person calls them: words, addresses and exit statuses, never a traceback."""

import json
import logging
import os
import re
import signal
import socket
import sqlite3
import stat
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from app import cli
from tests.conftest import ExpectedLogs
from tests.integration.till.house import Customer
from tests.integration.till.processes import REPOSITORY, command, running, serving
from ui.cli import main


@pytest.fixture(autouse=True)
def _no_log_is_left_open() -> Iterator[None]:
    """A command opens the till's log for its process; here that is the tests' own."""
    logger = logging.getLogger()
    before, level = list(logger.handlers), logger.level
    yield
    for handler in [h for h in logger.handlers if h not in before]:
        logger.removeHandler(handler)
        handler.close()
    logger.setLevel(level)


COMMANDS = [[], ["serve"], ["sandbox"], ["verify"], ["catalog"], ["catalog", "check"], ["demo"]]


def called(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Run a command in this process, and give its status and what it said."""
    try:
        status = main(list(arguments))
    except SystemExit as left:
        status = int(left.code or 0)
    out, err = capsys.readouterr()
    assert "Traceback" not in out + err
    return status, out, err


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_explains_itself(
    capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    status, out, _ = called(capsys, *words, "--help")
    assert status == 0
    assert out.startswith("usage: scantill")
    if words != ["catalog"]:
        assert "--data-dir" in out


@pytest.mark.parametrize(
    "words", [["nonsense"], ["serve", "--mode", "pretend"], ["catalog"], ["catalog", "check"]]
)
def test_a_command_that_was_called_wrongly_exits_with_two(
    capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    status, _, err = called(capsys, *words)
    assert status == 2 and "usage:" in err


# --- catalog check -----------------------------------------------------------------------------

FAULTY = """
[shop]
currency = "EUR"
[[products]]
id = "a"
name = "A"
[products.price]
amount = -1
[[products]]
id = "a"
name = ""
colour = "red"
[products.price]
amount = 1.5
currency = "MOON"
[[products]]
id = "b"
name = "B"
tax = "none"
[products.price]
amount = 5
"""


def test_a_good_catalog_is_counted(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = called(capsys, "catalog", "check", str(REPOSITORY / "catalog.toml"))
    assert (status, err) == (0, "")
    assert re.search(r"good\. \d{2,} products", out)


def test_every_fault_of_a_catalog_is_named_on_a_line_of_its_own(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "faulty.toml"
    path.write_text(FAULTY)
    status, out, err = called(capsys, "catalog", "check", str(path))
    lines = err.splitlines()
    assert (status, out) == (1, "")
    assert len(lines) >= 6 and all(line.startswith(str(path)) for line in lines)
    for words in ("price.amount", "colour", "MOON", "no tax 'none'", "is given 2 times", "name"):
        assert any(words in line for line in lines), words


@pytest.mark.parametrize("content", [None, b"\xff\xfe", b"[[products", b"", b"products = 5\n"])
def test_a_catalog_that_cannot_be_read_is_one_fault(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, content: bytes | None
) -> None:
    path = tmp_path / "odd.toml"
    if content is not None:
        path.write_bytes(content)
    status, _, err = called(capsys, "catalog", "check", str(path))
    assert status == 1 and len(err.splitlines()) == 1


# --- verify ------------------------------------------------------------------------------------


def sold_once(tmp_path: Path) -> Path:
    """Make books of one paid sale, and leave them."""
    import asyncio

    from tests.parts.till import Counter

    root = tmp_path / "books"
    till = Counter(root / "training")
    order, attempt = asyncio.run(till.show())
    till.provider.pay(attempt.session_id or "")
    asyncio.run(till.look(attempt))
    assert asyncio.run(till.state(order)) == "paid"
    till.close()
    return root


def test_clean_books_are_called_clean(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    status, out, err = called(capsys, "verify", "--data-dir", str(sold_once(tmp_path)))
    assert (status, err) == (0, "")
    assert out.rstrip().endswith("clean")
    for name in ("I1", "I2", "I3", "I4", "I5", "I6"):
        assert re.search(rf"^  (ok|not checked) +{name} ", out, re.MULTILINE), name
    assert "needs the provider's word" in out


def test_books_that_disagree_are_called_so(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    root = sold_once(tmp_path)
    db = sqlite3.connect(root / "training" / "till.db")
    with db:
        db.execute("UPDATE orders SET total_minor = total_minor + 1")
    db.close()
    status, out, _ = called(capsys, "verify", "--data-dir", str(root), "--mode", "training")
    assert status == 1
    assert "VIOLATED" in out and out.rstrip().endswith("marked VIOLATED")


def test_money_that_only_the_provider_knows_of_is_found(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, customer: Customer
) -> None:
    root = sold_once(tmp_path)
    options = ["--data-dir", str(root), "--sandbox", customer.origin]
    status, out, _ = called(capsys, "verify", *options)
    assert status == 1 and "fp_fs_1_1 is unknown there" in out


def test_where_there_are_no_books_verify_says_so_once(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, expected_logs: ExpectedLogs
) -> None:
    missing = tmp_path / "nowhere"
    for more in ([], ["--mode", "live"]):
        status, _, err = called(capsys, "verify", "--data-dir", str(missing), *more)
        expected_logs.take("There are no books")
        assert status == 1
        assert err == f"scantill: There are no books in {missing}. Name another --data-dir.\n"
    assert not missing.exists()


@pytest.mark.parametrize("content", [b"not a database at all, " * 100, b""])
def test_books_that_are_damaged_are_reported_in_words(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    content: bytes,
    expected_logs: ExpectedLogs,
) -> None:
    (tmp_path / "training").mkdir()
    (tmp_path / "training" / "till.db").write_bytes(content)
    status, _, err = called(capsys, "verify", "--data-dir", str(tmp_path))
    expected_logs.take("The till's books")
    assert status == 1 and "books" in err


class Impostor(BaseHTTPRequestHandler):
    """Answers as something else than a simulator."""

    body = b"{}"

    def do_GET(self) -> None:
        if self.body == b"hang up":
            self.close_connection = True
            return
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(
    params=[
        b"{}",
        b"[]",
        b"null",
        b"<html>",
        b"\xff",
        b"hang up",
        b'{"accounts": {"a": {}}}',
        b'{"accounts": {"a": {"payments": [{}]}}}',
    ]
)
def impostor(request: pytest.FixtureRequest) -> Iterator[str]:
    handler = type("Handler", (Impostor,), {"body": request.param})
    server = HTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_what_is_no_simulator_is_not_believed(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, impostor: str, expected_logs: ExpectedLogs
) -> None:
    root = sold_once(tmp_path)
    status, out, err = called(capsys, "verify", "--data-dir", str(root), "--sandbox", impostor)
    expected_logs.take("No simulator answers")
    assert status == 1 and "clean" not in out and impostor in err


@pytest.mark.parametrize("url", ["https://api.stripe.com", "http://evil.example", "file:///etc"])
def test_only_a_simulator_of_this_computer_is_asked(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, url: str, expected_logs: ExpectedLogs
) -> None:
    root = sold_once(tmp_path)
    status, _, err = called(capsys, "verify", "--data-dir", str(root), "--sandbox", url)
    expected_logs.take("--sandbox takes")
    assert status == 1 and "--sandbox takes" in err
    status, _, err = called(capsys, "serve", "--data-dir", str(root), "--sandbox", url)
    expected_logs.take("--sandbox takes")
    assert status == 1


# --- serve and sandbox, as processes -----------------------------------------------------------


def test_serve_prints_its_addresses_and_stops_on_sigterm_within_five_seconds(
    root: Path, customer: Customer
) -> None:
    with serving(root, customer.origin) as served:
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+", served.addresses["private"])
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+", served.addresses["public"])
        assert served.addresses["sandbox"] == customer.origin
        assert served.addresses["mode"] == "training"
        assert httpx.get(served.addresses["private"] + "/health").json() == {"status": "ok"}
        assert served.ask("/api/v1/status")["unfinished_order"] is None
        printed = "\n".join(served.process.lines)
        assert served.token not in printed and "sk_test" not in printed
        began = time.monotonic()
        served.process.popen.send_signal(signal.SIGTERM)
        assert served.process.wait(5) == 0
        assert time.monotonic() - began < 5
        assert served.process.errors() == ""
    token = root / "training" / "api-token"
    assert stat.S_IMODE(token.stat().st_mode) == 0o600


def test_a_second_till_on_the_same_books_says_so(root: Path, customer: Customer) -> None:
    with serving(root, customer.origin):
        second = command("serve", "--data-dir", str(root), "--sandbox", customer.origin)
    assert second.returncode == 1
    assert second.stderr.startswith("scantill: This till is running already.")
    assert len(second.stderr.splitlines()) == 1


def test_sandbox_prints_its_address_and_stops_on_sigterm(tmp_path: Path) -> None:
    with running("ui.cli", "sandbox", "--data-dir", str(tmp_path)) as process:
        origin = process.line().split()[1]
        assert process.line().startswith("key ")
        assert httpx.get(f"{origin}/_control/health").json() == {"ok": True}
        taken = command(
            "sandbox", "--data-dir", str(tmp_path / "b"), "--port", origin.rsplit(":", 1)[1]
        )
        assert taken.returncode == 1
        assert "cannot listen on 127.0.0.1" in taken.stderr and "Traceback" not in taken.stderr
        same = command("sandbox", "--data-dir", str(tmp_path))
        assert same.returncode == 1
        assert "in use" in same.stderr and "Traceback" not in same.stderr
        process.popen.send_signal(signal.SIGTERM)
        assert process.wait(5) == 0


# --- serve in this process ---------------------------------------------------------------------


def served_here(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: str
) -> tuple[int, str, str]:
    async def not_at_all() -> None:
        return

    monkeypatch.setattr(cli, "_until_asked_to_stop", not_at_all)
    return called(capsys, "serve", *arguments)


@pytest.fixture
def port_in_use() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        yield int(taken.getsockname()[1])


@pytest.mark.parametrize("key", ["port", "private_port"])
def test_a_port_in_use_gives_words(
    root: Path,
    customer: Customer,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    port_in_use: int,
    key: str,
    expected_logs: ExpectedLogs,
) -> None:
    (root / "scantill.toml").write_text(f"[doors]\n{key} = {port_in_use}\n")
    options = ("--data-dir", str(root), "--sandbox", customer.origin)
    status, _, err = served_here(monkeypatch, capsys, *options)
    expected_logs.take("cannot listen on")
    assert status == 1
    assert f"cannot listen on 127.0.0.1:{port_in_use}" in err


def test_settings_that_cannot_be_used_are_named_without_their_values(
    root: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    expected_logs: ExpectedLogs,
) -> None:
    (root / "scantill.toml").write_text(
        'stripe_secret_key = "sk_live_canary"\n[doors]\nport = "eighty"\nhots = "x"\n'
    )
    status, _, err = served_here(monkeypatch, capsys, "--data-dir", str(root))
    expected_logs.take("settings cannot be used")
    assert status == 1
    assert "doors.port" in err and "doors.hots" in err and "environment or .env" in err
    assert "canary" not in err


def test_a_data_directory_that_is_a_file_gives_words(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    expected_logs: ExpectedLogs,
) -> None:
    path = tmp_path / "file"
    path.write_text("x")
    for name in ("serve", "sandbox"):
        status, _, err = called(capsys, name, "--data-dir", str(path))
        expected_logs.take(str(path))
        assert status == 1 and str(path) in err


def test_a_damaged_simulator_gives_words(
    root: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    expected_logs: ExpectedLogs,
) -> None:
    (root / "training").mkdir()
    (root / "training" / "sandbox.db").write_bytes(b"damaged " * 1000)
    status, _, err = served_here(monkeypatch, capsys, "--data-dir", str(root))
    expected_logs.take("simulator cannot be started")
    assert status == 1 and "simulator cannot be started" in err
    status, _, err = called(capsys, "sandbox", "--data-dir", str(root / "training"))
    expected_logs.take("simulator's books cannot be used")
    assert status == 1


def test_no_secret_is_printed_logged_or_put_into_the_books(
    root: Path,
    customer: Customer,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The canaries are the key and the signing secret of a till in test mode."""
    canaries = ("sk_test_canary0123456789", "whsec_canary0123456789")
    monkeypatch.setenv("STRIPE_SECRET_KEY", canaries[0])
    monkeypatch.setenv("STRIPE_WEBHOOK_SECRET", canaries[1])
    monkeypatch.setenv("STRIPE_API_BASE", customer.origin)
    status, out, err = served_here(monkeypatch, capsys, "--data-dir", str(root), "--mode", "test")
    assert status == 0
    files = b"".join(p.read_bytes() for p in root.rglob("*") if p.is_file())
    for canary in canaries:
        assert canary not in out + err
        assert canary.encode() not in files
    assert "mode     test" in out


def test_a_till_without_an_account_says_how_to_get_one(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out, _ = served_here(monkeypatch, capsys, "--data-dir", str(root), "--mode", "live")
    assert status == 0
    assert "accounts none (set STRIPE_SECRET_KEY)" in out


def test_an_option_may_stand_before_or_after_the_command(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def not_at_all() -> None:
        return

    monkeypatch.setattr(cli, "_until_asked_to_stop", not_at_all)
    for words in (
        ["--data-dir", str(root), "--mode", "live", "serve"],
        ["serve", "--data-dir", str(root), "--mode", "live"],
    ):
        status, out, _ = called(capsys, *words)
        assert status == 0 and "mode     live" in out


def test_an_error_says_whether_money_moved(
    capsys: pytest.CaptureFixture[str], expected_logs: ExpectedLogs
) -> None:
    from app.errors import Unavailable

    def fails(_: Any) -> int:
        raise Unavailable("No answer", "The cable is out.")

    def interrupted(_: Any) -> int:
        raise KeyboardInterrupt

    parser, commands = cli.build_parser()
    commands.add_parser("fails").set_defaults(run=fails)
    commands.add_parser("interrupted").set_defaults(run=interrupted)
    assert cli.run(parser, ["fails"]) == 1
    expected_logs.take("No answer")
    assert "Whether money moved is not known yet." in capsys.readouterr().err
    assert cli.run(parser, ["interrupted"]) == 130


def test_signals_end_the_waiting_also_where_the_loop_cannot_hear_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As on Windows, whose loop has no signal handlers."""
    import asyncio

    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    async def wait(*, deaf: bool) -> None:
        loop = asyncio.get_running_loop()
        if deaf:

            def refused(*_: Any) -> None:
                raise NotImplementedError

            monkeypatch.setattr(loop, "add_signal_handler", refused)
        loop.call_later(0.05, os.kill, os.getpid(), signal.SIGTERM)
        async with asyncio.timeout(5):
            await cli._until_asked_to_stop()

    try:
        for deaf in (False, True):
            asyncio.run(wait(deaf=deaf))
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def test_the_command_is_installed_under_its_name() -> None:
    import tomllib

    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    assert project["scripts"] == {"scantill": "ui.cli:main"}
    assert json.loads(json.dumps(COMMANDS)) == COMMANDS
