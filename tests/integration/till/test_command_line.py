"""What a command line that is wrong, or that is given up at once, leaves behind."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.cli_parser import without_keys
from tests.conftest import ExpectedLogs
from tests.integration.till.house import clean_environment
from tests.integration.till.processes import REPOSITORY, called
from ui.cli import main

LIVE = "sk_live_51Hk4canaryCANARY"
NAMELESS = "EJx4canaryCANARY9canaryCANARY-canary"
"""Keys of some providers begin like nothing in particular."""

INTERRUPTED = """
import os, signal, sys

class Interrupting:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            sys.meta_path.remove(self)
            os.kill(os.getpid(), signal.SIGINT)
        return None

sys.meta_path.insert(0, Interrupting())
sys.argv[1:] = {words!r}
from ui.cli import main
sys.exit(main())
"""


@pytest.fixture(autouse=True)
def _what_a_command_is_refused_for_is_logged(expected_logs: ExpectedLogs) -> Iterator[None]:
    yield
    for record in [each for each in expected_logs.records if each.name == "app.cli"]:
        expected_logs.take(record.getMessage())


@pytest.mark.parametrize("key", [LIVE, NAMELESS])
@pytest.mark.parametrize(
    "words",
    [
        ("{key}",),
        ("secret", "{key}"),
        ("secrets", "{key}"),
        ("secrets", "stripe.secret_key={key}"),
        ("secrets", "list", "{key}"),
        ("secrets", "set", "stripe_checkout.secret_key", "--mode", "{key}"),
        ("secrets", "set", "stripe_checkout.secret_key", "--mode={key}"),
        ("serve", "--no-webhooks={key}"),
        ("serve", "--{key}"),
        ("demo", "--s={key}"),
        ("serve", "-h{key}"),
        ("sandbox", "--rate-limit", "{key}"),
        ("sandbox", "--port", "{key}"),
        ("demo", "--provider", "{key}"),
        ("demo", "--end", "{key}"),
        ("demo", "--seed", "{key}"),
        ("resolve", "{key}", "accept", "--by", "Eva", "--reason", "so"),
        ("resolve", "1", "{key}", "--by", "Eva", "--reason", "so"),
        ("subscriptions", "show", "{key}"),
        ("verify", "{key}"),
    ],
)
def test_a_key_in_the_wrong_place_is_refused_and_not_repeated(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...], key: str
) -> None:
    with pytest.raises(SystemExit) as left:
        main([word.replace("{key}", key) for word in words])
    assert left.value.code == 2
    told = "".join(capsys.readouterr())
    assert "error: " in told and key not in told and key[8:] not in told


@pytest.mark.parametrize("key", [LIVE, NAMELESS])
@pytest.mark.parametrize(
    "words",
    [
        ("provider", "test", "{key}"),
        ("secrets", "set", "{key}", "--mode", "test"),
        ("secrets", "remove", "{key}", "--mode", "live"),
        ("verify", "--sandbox", "{key}"),
        ("serve", "--sandbox", "{key}"),
        ("serve", "--catalog", "{key}"),
        ("refund", "{key}", "--by", "Eva", "--reason", "so"),
        ("refund", "1", "{key}", "--by", "Eva", "--reason", "so"),
        ("cards", "save", "--account", "{key}"),
    ],
)
def test_a_key_that_is_taken_for_something_else_is_not_repeated_either(
    capsys: pytest.CaptureFixture[str], root: Path, words: tuple[str, ...], key: str
) -> None:
    typed = [word.replace("{key}", key) for word in words]
    status, out, err = called(capsys, *typed, "--data-dir", str(root))
    assert status == 1 and key not in out + err
    for log in root.glob("*/till.log"):
        assert key not in log.read_text("utf-8")


def test_a_file_that_is_none_is_named_but_not_by_a_key(capsys: pytest.CaptureFixture[str]) -> None:
    assert called(capsys, "catalog", "check", "there-is-none.toml")[2] == (
        "there-is-none.toml: there is no such file\n"
    )
    assert called(capsys, "catalog", "check", LIVE)[2] == "[hidden]: there is no such file\n"


def test_what_no_key_looks_like_stays_readable() -> None:
    typed = ["refund", "pi_3Nq5xYzAbCdEfGhIjKlMnOp", "--data-dir", "/srv/till-of-the-old-town-2"]
    assert without_keys(" ".join(typed), typed) == " ".join(typed)


@pytest.mark.skipif(os.name != "posix", reason="a process of its own is sent SIGINT")
@pytest.mark.parametrize(
    "module, words",
    [
        ("app.cli", ["verify"]),
        ("pydantic", ["verify"]),
        ("app.settings", ["secrets", "list", "--mode", "test"]),
        ("app.accounts", ["provider", "test", "stripe_checkout"]),
        ("app.bootstrap", ["serve"]),
        ("PySide6.QtWidgets", ["demo"]),
    ],
)
def test_ctrl_c_while_the_program_is_loaded_ends_it_without_a_traceback(
    tmp_path: Path, module: str, words: list[str]
) -> None:
    code = INTERRUPTED.format(module=module, words=[*words, "--data-dir", str(tmp_path)])
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=REPOSITORY,
        env=clean_environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (130, ""), done.stderr


def test_one_that_falls_into_the_making_of_a_class_ends_it_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def interrupted(*_: object) -> int:
        raise RuntimeError("Error calling __set_name__") from KeyboardInterrupt()

    def broken(*_: object) -> int:
        raise RuntimeError("something else")

    monkeypatch.setattr("app.cli.run", interrupted)
    assert main(["verify"]) == 128 + signal.SIGINT
    monkeypatch.setattr("app.cli.run", broken)
    with pytest.raises(RuntimeError, match="something else"):
        main(["verify"])
