"""`scantill secrets` and `scantill provider test`, as a person calls them."""

import io
from collections.abc import Iterator
from pathlib import Path

import keyring
import pytest
from keyring.backends.fail import Keyring as NoKeyring

from tests.conftest import ExpectedLogs
from tests.integration.till.house import Customer
from tests.integration.till.processes import called
from tests.unit.test_key_store import Trusted

GOOD = "sk_test_51Hk4canaryCANARYcanary"


@pytest.fixture(autouse=True)
def _what_a_command_is_refused_for_is_logged(expected_logs: ExpectedLogs) -> Iterator[None]:
    """Once a command has its log, what it says on stderr stands there, too."""
    yield
    told = [record for record in expected_logs.records if record.name == "app.cli"]
    for record in told:
        expected_logs.take(record.getMessage())


@pytest.fixture(autouse=True)
def backend() -> Iterator[Trusted]:
    before = keyring.get_keyring()
    made = Trusted()
    keyring.set_keyring(made)
    yield made
    keyring.set_keyring(before)


class Stdin(io.StringIO):
    """What is typed or piped."""

    def __init__(self, text: str, *, is_terminal: bool = False) -> None:
        super().__init__(text)
        self._is_terminal = is_terminal

    def isatty(self) -> bool:
        return self._is_terminal


def secrets(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    root: Path,
    *words: str,
    value: str = "",
    mode: str = "test",
) -> tuple[int, str, str]:
    monkeypatch.setattr("sys.stdin", Stdin(value))
    return called(capsys, "secrets", words[0], "--data-dir", str(root), "--mode", mode, *words[1:])


NAME = "stripe_checkout.secret_key"


def test_a_key_is_kept_listed_without_itself_and_forgotten(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    root: Path,
    backend: Trusted,
) -> None:
    status, out, _ = secrets(capsys, monkeypatch, root, "set", NAME, value=f"{GOOD}\n")
    assert (status, out) == (0, f"{NAME} is kept in Secret Service for test mode.\n")
    assert list(backend.kept.values()) == [GOOD]
    status, out, _ = secrets(capsys, monkeypatch, root, "list")
    assert status == 0 and GOOD not in out
    assert out.splitlines() == [
        "key store: Secret Service",
        f"{NAME}      in Secret Service",
        "stripe_checkout.webhook_secret  none",
    ]
    assert secrets(capsys, monkeypatch, root, "remove", NAME)[:2] == (
        0,
        f"{NAME} is forgotten.\n",
    )
    assert secrets(capsys, monkeypatch, root, "remove", NAME)[0] == 1
    assert backend.kept == {}


def test_a_key_is_asked_for_without_echo_at_a_terminal(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    root: Path,
    backend: Trusted,
) -> None:
    asked: list[str] = []

    def ask(words: str) -> str:
        asked.append(words)
        return GOOD

    monkeypatch.setattr("getpass.getpass", ask)
    monkeypatch.setattr("sys.stdin", Stdin("", is_terminal=True))
    status, out, err = called(
        capsys, "secrets", "set", NAME, "--data-dir", str(root), "--mode", "test"
    )
    assert (status, list(backend.kept.values())) == (0, [GOOD])
    assert asked == ["Secret key of stripe_checkout (not shown): "]
    assert GOOD not in out + err


@pytest.mark.parametrize("words", [(NAME, GOOD), (f"{NAME}={GOOD}",), (NAME, GOOD, "more")])
def test_a_key_on_the_command_line_is_refused_and_not_repeated(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    root: Path,
    backend: Trusted,
    words: tuple[str, ...],
) -> None:
    status, out, err = secrets(capsys, monkeypatch, root, "set", *words)
    assert status == 1 and "never given on the command line" in err
    assert GOOD not in out + err and backend.kept == {}
    log = root / "test" / "till.log"
    assert not log.exists() or GOOD not in log.read_text("utf-8")


@pytest.mark.parametrize("verb", ["set", "remove"])
@pytest.mark.parametrize("given", [GOOD, f"--value={GOOD}"])
def test_a_key_behind_the_options_is_refused_and_not_repeated_either(
    capsys: pytest.CaptureFixture[str], root: Path, backend: Trusted, verb: str, given: str
) -> None:
    words = ("secrets", verb, NAME, "--data-dir", str(root), "--mode", "test", given)
    status, out, err = called(capsys, *words)
    assert status == 1 and "never given on the command line" in err
    assert GOOD not in out + err and backend.kept == {}


def test_a_key_may_be_named_as_its_variable_is(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, root: Path
) -> None:
    name = "stripe_checkout.STRIPE_SECRET_KEY"
    status, out, _ = secrets(capsys, monkeypatch, root, "set", name, value=GOOD)
    assert (status, out) == (0, f"{NAME} is kept in Secret Service for test mode.\n")


@pytest.mark.parametrize(
    "value, words",
    [
        ("", "it is empty"),
        ("sk_test_1 sk_test_2", "has blanks"),
        ("sk_test_é", "odd characters"),
        ("whsec_abc", "begins with sk_ / rk_"),
        ("pk_test_abc", "begins with sk_ / rk_"),
        ("sk_live_abc", "is a live key, and this till is in test mode"),
    ],
)
def test_what_cannot_be_the_key_is_not_kept(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    root: Path,
    backend: Trusted,
    value: str,
    words: str,
) -> None:
    status, _, err = secrets(capsys, monkeypatch, root, "set", NAME, value=value)
    assert status == 1 and words in err and backend.kept == {}
    assert not value or value not in err


def test_an_old_and_a_new_secret_may_stand_side_by_side(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    root: Path,
    backend: Trusted,
) -> None:
    name = "stripe_checkout.webhook_secret"
    assert secrets(capsys, monkeypatch, root, "set", name, value="whsec_a, whsec_b")[0] == 0
    assert secrets(capsys, monkeypatch, root, "set", name, value="whsec_a, sk_test_b")[0] == 1
    assert list(backend.kept.values()) == ["whsec_a, whsec_b"]


@pytest.mark.parametrize("name", ["stripe_checkout.nothing", "strpie.secret_key", "secret_key"])
def test_a_key_that_no_account_has_is_an_error_that_names_those_there_are(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, root: Path, name: str
) -> None:
    status, _, err = secrets(capsys, monkeypatch, root, "set", name, value=GOOD)
    assert status == 1 and f"Name one of these: {NAME}, " in err


def test_what_counts_more_than_the_store_is_told(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, root: Path
) -> None:
    monkeypatch.setenv("STRIPE_CHECKOUT_STRIPE_SECRET_KEY", GOOD)
    _, out, _ = secrets(capsys, monkeypatch, root, "set", NAME, value=GOOD)
    assert (
        "What counts is another one: STRIPE_CHECKOUT_STRIPE_SECRET_KEY in the environment." in out
    )


def test_without_a_store_to_be_trusted_a_key_goes_into_a_file_that_is_the_users_alone(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, root: Path
) -> None:
    keyring.set_keyring(NoKeyring())  # type: ignore[no-untyped-call]  # keyring has no types here
    kept = root / ".env"
    status, out, err = secrets(capsys, monkeypatch, root, "set", NAME, value=GOOD)
    assert (status, err) == (0, "")
    assert "This computer has no key store that Scantill trusts." in out
    assert f"kept in {kept}, which only your own user may read. It is not encrypted" in out
    assert GOOD not in out and "What counts is another one" not in out
    assert kept.stat().st_mode & 0o777 == 0o600
    assert (
        f"STRIPE_CHECKOUT_STRIPE_SECRET_KEY in {kept}"
        in (secrets(capsys, monkeypatch, root, "list")[1])
    )
    status, out, _ = secrets(capsys, monkeypatch, root, "remove", NAME)
    assert status == 0 and "is forgotten" in out and GOOD not in kept.read_text()


def test_without_a_store_to_be_trusted_a_key_of_the_other_mode_is_not_kept_in_a_file(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, root: Path
) -> None:
    keyring.set_keyring(NoKeyring())  # type: ignore[no-untyped-call]  # keyring has no types here
    status, _, err = secrets(capsys, monkeypatch, root, "set", NAME, value="sk_live_abc")
    assert status == 1 and "is a live key, and this till is in test mode" in err
    assert not (root / ".env").exists()


def test_a_key_that_was_not_kept_by_the_command_is_not_removed_by_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, root: Path
) -> None:
    keyring.set_keyring(NoKeyring())  # type: ignore[no-untyped-call]  # keyring has no types here
    assert secrets(capsys, monkeypatch, root, "remove", NAME)[:2] == (1, f"There is no {NAME}.\n")
    (root / ".env").write_text(f"STRIPE_SECRET_KEY={GOOD}\n")
    status, out, _ = secrets(capsys, monkeypatch, root, "remove", NAME)
    assert status == 1
    assert f"stands elsewhere: STRIPE_SECRET_KEY in {root / '.env'}." in out
    assert GOOD in (root / ".env").read_text()


def test_training_needs_no_keys(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, root: Path
) -> None:
    status, _, err = secrets(capsys, monkeypatch, root, "list", mode="training")
    assert status == 1 and "--mode test or --mode live" in err


# --- provider test -------------------------------------------------------------------------------


def looked_at(
    capsys: pytest.CaptureFixture[str], root: Path, customer: Customer, *words: str
) -> tuple[int, list[str], str]:
    status, out, err = called(
        capsys, "provider", "test", *words, "--data-dir", str(root), "--sandbox", customer.origin
    )
    return status, out.splitlines(), err


def test_an_account_that_works_is_tested_line_by_line(
    capsys: pytest.CaptureFixture[str], root: Path, customer: Customer
) -> None:
    status, lines, _ = looked_at(capsys, root, customer, "stripe_checkout", "--with-session")
    assert status == 0
    assert [line.split()[0] for line in lines] == (
        "key account mode currency clock session webhook".split()
    )
    assert all(line.split()[1] == "ok" for line in lines[:-1]), lines
    (session,) = customer.books()["sessions"]
    assert session["status"] == "expired"
    assert not (root / "training" / "till.db").exists()


def test_a_key_that_is_refused_is_said_to_be(
    capsys: pytest.CaptureFixture[str], root: Path, customer: Customer
) -> None:
    customer.fault("GET", "/v1/account", status=401, body={"error": {"message": "No such key."}})
    status, lines, _ = looked_at(capsys, root, customer, "stripe_checkout")
    assert status == 1 and len(lines) == 1
    assert lines[0].startswith("key       NOT OK  Stripe does not accept the till's key.")


def test_without_a_simulator_at_hand_training_starts_one(
    capsys: pytest.CaptureFixture[str], root: Path
) -> None:
    status, out, _ = called(capsys, "provider", "test", "stripe_checkout", "--data-dir", str(root))
    assert status == 0 and "session   -" in out
    assert out.startswith("This is training: a simulator is asked")


def test_an_account_that_is_not_there_is_an_error(
    capsys: pytest.CaptureFixture[str], root: Path, customer: Customer
) -> None:
    status, _, err = looked_at(capsys, root, customer, "strpie")
    assert status == 1 and "Choose one of these: stripe_checkout." in err


def test_without_a_network_it_says_what_failed_and_what_to_do_not_what_a_till_would(
    capsys: pytest.CaptureFixture[str], root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STRIPE_SECRET_KEY", GOOD)
    monkeypatch.setenv("STRIPE_API_BASE", "http://127.0.0.1:1")
    words = ("provider", "test", "stripe_checkout", "--data-dir", str(root), "--mode", "test")
    status, out, err = called(capsys, *words)
    assert (status, err) == (1, "")
    assert out.startswith("key       NOT OK  The payment provider could not be reached.")
    assert "No money moved. See that this computer is online" in out
    assert "keeps asking" not in out


@pytest.mark.parametrize("name", ["stripe_checkout", "cash"])
def test_rules_that_cannot_be_meant_are_told_before_anything_is_asked(
    capsys: pytest.CaptureFixture[str], root: Path, name: str
) -> None:
    (root / "scantill.toml").write_text(
        "[accounts.cash]\n[accounts.stripe_checkout]\n"
        '[[routing.rules]]\nuse = ["strpie"]\ncurrency = "JPY"\nleast = "50.50"\n'
    )
    status, out, err = called(capsys, "provider", "test", name, "--data-dir", str(root))
    file = root / "scantill.toml"
    assert (status, out) == (1, "")
    assert err.splitlines() == [
        "scantill: The settings cannot be used.",
        f"{file}: routing.rules no. 1.use: there is no account strpie",
        f"{file}: routing.rules no. 1.least: '50.50' has more decimals than JPY has: 0",
        "Name one of these, or set that one up: cash, stripe_checkout.",
    ]


def test_an_account_that_lacks_a_key_says_which(
    capsys: pytest.CaptureFixture[str], root: Path
) -> None:
    words = ("provider", "test", "stripe_checkout", "--data-dir", str(root), "--mode", "live")
    status, out, _ = called(capsys, *words)
    assert (status, out) == (
        1,
        "key       NOT OK  It lacks a key: Secret key.\n"
        "Set STRIPE_SECRET_KEY, or: scantill secrets set stripe_checkout.secret_key --mode live\n",
    )


def test_of_money_taken_by_hand_there_is_nothing_to_test(
    capsys: pytest.CaptureFixture[str], root: Path
) -> None:
    (root / "scantill.toml").write_text("[accounts.cash]\n")
    words = ("provider", "test", "cash", "--data-dir", str(root), "--with-session")
    status, out, _ = called(capsys, *words)
    assert (status, out) == (
        0,
        "It is taken by hand: there is no key, and nothing to test.\n",
    )
