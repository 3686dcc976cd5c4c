"""What a person does about the accounts: look, set and remove keys, test them."""

import asyncio
import random
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from app.account_desk import AccountDesk, AccountsStanding, AccountStanding, KeyStanding
from app.domain.ids import Ids
from app.errors import ConfigError
from app.key_store import KeyStore
from app.sandbox import SandboxServer
from app.settings import Mode, load_settings
from tests.parts.clock import VirtualClock
from tests.unit.test_accounts import NAMES
from tests.unit.test_key_store import Kept, Plain, Trusted

TWO = """
    [accounts.shop]
    kind = "stripe_checkout"
    [accounts.upi]
    kind = "razorpay_upi"
    enabled = false
    [accounts.cash]
"""
TEST_KEY = "sk_test_51AbCdEfGhIjKlMnOp4242"
LIVE_KEY = "sk_live_51AbCdEfGhIjKlMnOp4242"
Make = Callable[..., AccountDesk]


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Make:
    for name in (*NAMES, "RAZORPAY_KEY_ID", "RAZORPAY_KEY_SECRET"):
        monkeypatch.delenv(name, raising=False)

    def desk(
        mode: Mode = Mode.TEST,
        toml: str = TWO,
        *,
        backend: Kept | None = None,
        sandbox_url: str = "",
    ) -> AccountDesk:
        (tmp_path / "scantill.toml").write_text(toml, "utf-8")
        return AccountDesk(
            load_settings(tmp_path, mode, working_directory=tmp_path),
            sandbox_url,
            clock=VirtualClock(),
            ids=Ids(random.Random(1)),
            currency=lambda: "EUR",
            store=KeyStore(tmp_path, mode.value, backend=backend or Trusted()),
        )

    return desk


def account(standing: AccountsStanding, name: str = "shop") -> AccountStanding:
    return next(each for each in standing.accounts if each.account == name)


def key(standing: AccountsStanding, name: str = "secret_key", of: str = "shop") -> KeyStanding:
    return next(each for each in account(standing, of).keys if each.name == name)


def test_each_account_is_told_with_why_it_cannot_be_used(make: Make) -> None:
    standing = asyncio.run(make().look())
    assert (standing.mode, standing.store) == (Mode.TEST, "Secret Service")
    shop, upi, cash = standing.accounts
    assert (shop.kind, shop.problem) == ("Stripe Checkout", "It lacks a key: Secret key.")
    assert (upi.kind, upi.is_enabled) == ("Razorpay UPI", False)
    assert cash.is_by_hand and not cash.problem and cash.keys == ()
    assert [each.name for each in shop.keys] == ["secret_key", "webhook_secret"]
    assert not key(standing).place and not key(standing).hint


def test_a_key_that_is_set_makes_its_account_ready_and_is_never_given_back(make: Make) -> None:
    desk = make()
    standing = asyncio.run(desk.keep("shop", "secret_key", f" {TEST_KEY}\n"))
    shop = account(standing)
    assert not shop.problem and shop.is_changed and not account(standing, "upi").is_changed
    assert key(standing).place == key(standing).kept == "in Secret Service"
    assert key(standing).hint == "sk_test_…4242"
    assert TEST_KEY not in repr(standing)
    gone = asyncio.run(desk.forget("shop", "secret_key"))
    assert account(gone).problem and not key(gone).place


def test_a_live_key_is_refused_in_a_test_directory_and_the_other_way_round(make: Make) -> None:
    for mode, wrong in ((Mode.TEST, LIVE_KEY), (Mode.LIVE, TEST_KEY)):
        desk = make(mode)
        with pytest.raises(ConfigError, match=f"this till is in {mode.value} mode") as error:
            asyncio.run(desk.keep("shop", "secret_key", wrong))
        assert wrong not in str(error.value)
        standing = asyncio.run(desk.look())
        assert not key(standing).place and not account(standing).is_changed


def test_one_key_of_real_money_is_refused_before_the_others_are_there(make: Make) -> None:
    desk = make()
    with pytest.raises(ConfigError, match="RAZORPAY_KEY_ID of the account upi is a live key"):
        asyncio.run(desk.keep("upi", "key_id", "rzp_live_abcdefghijklmn"))
    with pytest.raises(ConfigError) as error:
        asyncio.run(desk.keep("upi", "key_id", "rzp_abcdefghijklmn"))
    assert error.value.action == "It begins with rzp_test_ / rzp_live_."


def test_of_short_keys_nothing_is_seen_and_of_two_each_its_end(make: Make) -> None:
    desk = make()
    two = "whsec_aaaaaaaaaaaa1111,whsec_bbbbbbbbbbbb2222"
    standing = asyncio.run(desk.keep("shop", "webhook_secret", two))
    assert key(standing, "webhook_secret").hint == "whsec_…1111, whsec_…2222"
    standing = asyncio.run(desk.keep("shop", "webhook_secret", "whsec_short"))
    assert key(standing, "webhook_secret").hint == "whsec_…"


def test_what_the_environment_has_counts_more_and_that_is_told(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_STRIPE_SECRET_KEY", "sk_test_51AbCdEfGhIjKlMnOp9999")
    standing = asyncio.run(make().keep("shop", "secret_key", TEST_KEY))
    assert key(standing).place == "SHOP_STRIPE_SECRET_KEY in the environment"
    assert key(standing).kept == "in Secret Service"
    assert key(standing).hint == "sk_test_…9999"


def test_without_a_key_store_keys_go_into_a_file_that_nobody_else_may_read(
    tmp_path: Path, make: Make
) -> None:
    desk = make(backend=Plain())
    standing = asyncio.run(desk.keep("shop", "secret_key", TEST_KEY))
    file = tmp_path / ".env"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert (standing.store, standing.env_file) == ("", file)
    assert key(standing).place == key(standing).kept == f"SHOP_STRIPE_SECRET_KEY in {file}"
    assert not account(standing).problem
    standing = asyncio.run(desk.forget("shop", "secret_key"))
    assert account(standing).problem and TEST_KEY not in file.read_text()
    assert not account(asyncio.run(desk.look()), "upi").is_changed


def test_that_others_can_read_a_file_is_looked_at_again_once_a_key_was_kept(
    tmp_path: Path, make: Make
) -> None:
    file = tmp_path / ".env"
    file.write_text("STRIPE_WEBHOOK_SECRET=whsec_aaaaaaaaaaaa1111\n")
    file.chmod(0o644)
    desk = make(backend=Plain())
    told = [desk.exposed]
    asyncio.run(desk.keep("shop", "secret_key", TEST_KEY))
    told.append(desk.exposed)
    file.chmod(0o644)
    asyncio.run(desk.look())
    told.append(desk.exposed)
    assert [words is not None and str(file) in words for words in told] == [True, False, True]


def test_what_somebody_else_wrote_is_told_and_not_taken_out(tmp_path: Path, make: Make) -> None:
    (tmp_path / ".env").write_text(f"STRIPE_SECRET_KEY={TEST_KEY}\n")
    desk = make()
    standing = asyncio.run(desk.forget("shop", "secret_key"))
    assert key(standing).place == f"STRIPE_SECRET_KEY in {tmp_path / '.env'}"
    assert not key(standing).kept and not account(standing).is_changed


def test_a_key_of_the_wrong_sort_that_stands_there_already_is_told_of_its_account_alone(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = make()
    monkeypatch.setenv("SHOP_STRIPE_SECRET_KEY", LIVE_KEY)
    standing = asyncio.run(desk.look())
    assert "this till is in test mode" in account(standing).problem
    assert not account(standing, "cash").problem


def test_in_training_nothing_can_be_set_and_it_says_why(make: Make) -> None:
    desk = make(Mode.TRAINING, sandbox_url="http://127.0.0.1:1")
    standing = asyncio.run(desk.look())
    assert standing.why_fixed == "Training moves no money and needs no keys"
    assert account(standing).keys == () and not account(standing).problem
    for change in (desk.keep("shop", "secret_key", TEST_KEY), desk.forget("shop", "secret_key")):
        with pytest.raises(ConfigError, match="Training moves no money") as error:
            asyncio.run(change)
        assert "--mode live" in error.value.action


def test_a_test_says_line_by_line_what_works(tmp_path: Path, make: Make) -> None:
    async def lines(desk: AccountDesk) -> list[tuple[str, bool | None]]:
        return [(each.subject, each.is_good) async for each in desk.test("shop")]

    assert asyncio.run(lines(make())) == [("key", False)]
    with SandboxServer(books_path=tmp_path / "sandbox.db") as simulator:
        said = asyncio.run(lines(make(Mode.TRAINING, sandbox_url=simulator.origin)))
    assert said[0] == ("key", True)
    assert [subject for subject, _ in said] == [
        *("key", "account", "mode", "currency", "clock", "session", "webhook"),
    ]
    assert all(is_good is not False for subject, is_good in said if subject != "clock")
