"""The commands that run on: serve and sandbox, as processes and in this one."""

import os
import re
import signal
import socket
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from app import cli
from tests.conftest import ExpectedLogs
from tests.integration.till.house import Customer
from tests.integration.till.processes import REPOSITORY, called, command, running, serving


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
    assert "accounts none\n" in out
    assert "stripe_checkout is not ready: It lacks a key: Secret key." in out


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
