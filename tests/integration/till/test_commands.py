"""The commands as a user calls them: help, catalog check, verify."""

import re
import sqlite3
import threading
import tomllib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ExpectedLogs
from tests.integration.till.house import Customer
from tests.integration.till.processes import REPOSITORY, called

COMMANDS = [
    *([], ["serve"], ["sandbox"], ["verify"], ["catalog"], ["catalog", "check"], ["demo"]),
    *(["exceptions"], ["resolve"], ["refund"]),
]


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_explains_itself(
    capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    status, out, _ = called(capsys, *words, "--help")
    assert status == 0
    assert out.startswith("usage: scantill")
    if words != ["catalog"]:
        assert "--data-dir" in out


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))["project"]
    assert called(capsys, "--version") == (0, f"scantill {project['version']}\n", "")


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


def test_one_of_anything_is_called_one(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "small.toml"
    path.write_text(
        '[[taxes]]\nid = "vat"\nname = "VAT"\nrate = "0.19"\n'
        '[[products]]\nid = "tea"\nname = "Tea"\ncategory = "Drinks"\ntax = "vat"\n'
        'price = {amount = 300, currency = "EUR"}\n'
    )
    assert called(capsys, "catalog", "check", str(path))[1] == (
        f"{path}: good. 1 product (1 on sale) in 1 category, 1 tax.\n"
    )


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
