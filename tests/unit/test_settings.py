"""Settings: from where they come, which wins, and that no fault gives a secret away."""

from pathlib import Path

import pytest

from app.errors import ConfigError
from app.settings import SETTINGS_FILE, Mode, Settings, default_root, load_settings

NAMES = (
    "STRIPE_SECRET_KEY STRIPE_API_KEY STRIPE_SECRET STRIPE_WEBHOOK_SECRET STRIPE_API_BASE "
    "HOST PORT BASE_URL"
).split()
SECRET = "sk_test_DoNotTellAnyone"


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    path = tmp_path / "data"
    path.mkdir()
    return path


def load(root: Path, mode: Mode = Mode.TRAINING) -> Settings:
    return load_settings(root, mode)


def secret_of(settings: Settings) -> str | None:
    return settings.variables.first("STRIPE_SECRET_KEY", "STRIPE_API_KEY", "STRIPE_SECRET") or None


def test_nothing_has_to_be_set(root: Path) -> None:
    settings = load(root)
    assert (settings.host, settings.port, settings.public_url) == ("127.0.0.1", 0, "")
    assert settings.file.checkout.deadline_minutes == 15
    assert secret_of(settings) is None
    assert load(root / "not-there-yet").file == settings.file


@pytest.mark.parametrize("mode", Mode)
def test_each_mode_has_a_directory_of_its_own(root: Path, mode: Mode) -> None:
    assert load(root, mode).directory == root / mode.value


@pytest.mark.parametrize("name", ["STRIPE_SECRET_KEY", "STRIPE_API_KEY", "STRIPE_SECRET"])
def test_the_secret_key_is_taken_under_every_name_people_know(
    root: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, SECRET)
    assert secret_of(load(root)) == SECRET


def test_the_proper_name_counts_more_than_its_aliases(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STRIPE_API_KEY", "alias")
    monkeypatch.setenv("STRIPE_SECRET_KEY", "proper")
    assert secret_of(load(root)) == "proper"


def test_the_other_names_are_taken_too(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRIPE_WEBHOOK_SECRET", "whsec_1")
    monkeypatch.setenv("STRIPE_API_BASE", "http://127.0.0.1:12111")
    monkeypatch.setenv("HOST", "0.0.0.0")
    monkeypatch.setenv("PORT", "8443")
    monkeypatch.setenv("BASE_URL", "https://till.example/")
    settings = load(root)
    assert settings.variables.first("STRIPE_WEBHOOK_SECRET") == "whsec_1"
    assert settings.variables.first("STRIPE_API_BASE") == "http://127.0.0.1:12111"
    assert (settings.host, settings.port) == ("0.0.0.0", 8443)
    assert settings.public_url == "https://till.example"


def test_an_empty_variable_is_as_good_as_none(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.setenv(name, "")
    settings = load(root)
    assert (settings.port, secret_of(settings)) == (0, None)


def test_the_environment_wins_over_the_data_directorys_env_and_that_over_the_working_ones(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_text("HOST=from-cwd\nSTRIPE_SECRET_KEY=from-cwd\nPORT=1\n")
    assert (load(root).host, load(root).port) == ("from-cwd", 1)
    (root / ".env").write_text("HOST=from-data\nSTRIPE_SECRET_KEY=from-data\n")
    settings = load(root)
    assert (settings.host, settings.port, secret_of(settings)) == ("from-data", 1, "from-data")
    monkeypatch.setenv("HOST", "from-environment")
    settings = load(root)
    assert (settings.host, secret_of(settings)) == ("from-environment", "from-data")


def test_the_environment_wins_under_an_alias_too(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / ".env").write_text("STRIPE_SECRET_KEY=from-file\n")
    monkeypatch.setenv("STRIPE_API_KEY", "from-environment")
    assert secret_of(load(root)) == "from-environment"


def test_the_environment_wins_over_the_settings_file(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / SETTINGS_FILE).write_text(
        '[doors]\nhost = "10.0.0.1"\nport = 8080\npublic_url = "https://file.example/"\n'
    )
    settings = load(root)
    assert (settings.host, settings.port) == ("10.0.0.1", 8080)
    assert settings.public_url == "https://file.example"
    monkeypatch.setenv("PORT", "0")
    monkeypatch.setenv("HOST", "10.0.0.2")
    settings = load(root)
    assert (settings.host, settings.port) == ("10.0.0.2", 0)


def test_the_settings_file_is_read_whole(root: Path) -> None:
    (root / SETTINGS_FILE).write_text(
        'catalog = "mine.toml"\n[accounts.main]\nkind = "stripe_checkout"\n'
        '[checkout]\ndeadline_minutes = 5\n[window]\ntheme = "dark"\nlocale = "de"\n'
    )
    settings = load(root).file
    assert settings.catalog == "mine.toml"
    assert settings.accounts["main"].kind == "stripe_checkout"
    assert settings.checkout.deadline_minutes == 5
    assert (settings.window.theme, settings.window.locale) == ("dark", "de")


@pytest.mark.parametrize(
    "text, key",
    [
        (f'[accounts.main]\nsecret_key = "{SECRET}"', "accounts.main.secret_key"),
        (f'[accounts.main]\nwebhook_secret = "{SECRET}"', "accounts.main.webhook_secret"),
        (f'stripe_secret_key = "{SECRET}"', "stripe_secret_key"),
        (f'[accounts.main]\naccess_token = "{SECRET}"', "accounts.main.access_token"),
    ],
)
def test_a_secret_in_the_settings_file_is_refused_with_a_hint_and_not_repeated(
    root: Path, text: str, key: str
) -> None:
    (root / SETTINGS_FILE).write_text(text)
    with pytest.raises(ConfigError) as caught:
        load(root)
    words = str(caught.value)
    assert f"{root / SETTINGS_FILE}: {key}:" in words
    assert "secrets belong into the environment or .env" in words
    assert SECRET not in words
    assert SECRET not in repr(caught.value)


@pytest.mark.parametrize(
    "text, key",
    [
        ("colour = 1", "colour"),
        ("[doors]\nport = 70000", "doors.port"),
        ("[doors]\nport = '80'", "doors.port"),
        ("[doors]\nport = 1.0", "doors.port"),
        ("[checkout]\ndeadline_minutes = 0", "checkout.deadline_minutes"),
        ("[checkout]\ndeadline_minutes = true", "checkout.deadline_minutes"),
        ("[window]\ntheme = 'pink'", "window.theme"),
        ("[window]\nui_scale_percent = 10", "window.ui_scale_percent"),
        ("[window]\ndisplay = 'both'", "window.display"),
        ("accounts = 1", "accounts"),
    ],
)
def test_a_fault_names_the_file_and_the_key(root: Path, text: str, key: str) -> None:
    (root / SETTINGS_FILE).write_text(text)
    with pytest.raises(ConfigError, match="settings cannot be used") as caught:
        load(root)
    assert f"{root / SETTINGS_FILE}: {key}: " in caught.value.detail


def test_every_fault_is_named_at_once(root: Path) -> None:
    (root / SETTINGS_FILE).write_text("a = 1\nb = 2\n[doors]\nport = -1\n")
    with pytest.raises(ConfigError) as caught:
        load(root)
    assert len(caught.value.detail.splitlines()) == 3
    # The first does not stand behind the title, and the last is not followed by anything.
    title, *lines = str(caught.value).splitlines()
    assert title == "The settings cannot be used."
    assert [line.rpartition(":")[0] for line in lines] == [
        f"{root / SETTINGS_FILE}: {key}" for key in ("doors.port", "a", "b")
    ]


@pytest.mark.parametrize("port", ["eighty", "-1", "65536", "80.5", SECRET])
def test_a_port_that_is_none_is_refused_by_name_without_its_value(
    root: Path, monkeypatch: pytest.MonkeyPatch, port: str
) -> None:
    monkeypatch.setenv("PORT", port)
    with pytest.raises(ConfigError) as caught:
        load(root)
    assert "environment: PORT: " in caught.value.detail
    assert port not in caught.value.detail


@pytest.mark.parametrize("text", [b"[doors", b"\xff", b"a = " + b"[" * 20_000])
def test_a_settings_file_that_is_no_toml_is_a_config_error(root: Path, text: bytes) -> None:
    (root / SETTINGS_FILE).write_bytes(text)
    with pytest.raises(ConfigError, match="not readable TOML"):
        load(root)


def test_a_settings_file_that_is_a_directory_is_a_config_error(root: Path) -> None:
    (root / SETTINGS_FILE).mkdir()
    with pytest.raises(ConfigError, match="not readable TOML"):
        load(root)


def test_an_env_file_that_is_no_text_is_a_config_error(root: Path) -> None:
    (root / ".env").write_bytes(b"HOST=\xff\xfe\n")
    with pytest.raises(ConfigError, match=r"\.env file cannot be read"):
        load(root)


def test_settings_keep_their_secrets_out_of_their_words(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STRIPE_SECRET_KEY", SECRET)
    settings = load(root)
    assert SECRET not in repr(settings)
    assert SECRET not in str(settings.model_dump())
    assert SECRET not in settings.model_dump_json()


def test_another_working_directory_can_be_named(root: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / ".env").write_text("HOST=elsewhere\n")
    settings = load_settings(root, Mode.TEST, working_directory=elsewhere)
    assert settings.host == "elsewhere"


def test_the_data_directory_has_a_place_of_its_own_in_the_users_home() -> None:
    assert default_root().name == "scantill"
    assert default_root().is_absolute()


def test_backups_are_made_without_any_setting_and_their_numbers_are_checked(root: Path) -> None:
    backup = load(root).file.backup
    assert (backup.every_hours, backup.after_orders, backup.keep) == (6, 200, 14)
    (root / SETTINGS_FILE).write_text("[backup]\nevery_hours = 0\nkeep = 1\n")
    with pytest.raises(ConfigError) as caught:
        load(root)
    assert "backup.every_hours: must not be less than 1" in caught.value.detail
    assert "backup.keep: must not be less than 2" in caught.value.detail


@pytest.mark.parametrize(
    "text, steps",
    [
        ('[cash]\nround_to = "0.05"', {"CHF": 5, "EUR": 5, "JPY": 1}),
        ('[cash.round_to]\nCHF = "0.05"\nSEK = "1"', {"CHF": 5, "SEK": 100, "EUR": 1}),
        ("", {"CHF": 1}),
    ],
)
def test_cash_is_rounded_to_the_coins_of_the_settings(
    root: Path, text: str, steps: dict[str, int]
) -> None:
    (root / SETTINGS_FILE).write_text(text)
    coins = load(root).file.cash.steps
    assert {code: coins.step(code) for code in steps} == steps


@pytest.mark.parametrize(
    "text, words",
    [
        ("round_to = 0.05", "table"),
        ('round_to = "a coin"', 'a coin is not a coin; write 5 cents as "0.05"'),
        ('round_to = {CHF = "0.001"}', "0.001 is not a coin"),
        ('round_to = {XYZ = "1"}', "XYZ is not a currency in use"),
        ("round_to = {CHF = 5}", "text in quotes"),
    ],
)
def test_a_coin_that_is_none_is_told_with_its_key(root: Path, text: str, words: str) -> None:
    (root / SETTINGS_FILE).write_text(f"[cash]\n{text}\n")
    with pytest.raises(ConfigError) as fault:
        load(root)
    assert "cash.round_to" in str(fault.value) and words in str(fault.value)
