"""Settings: `scantill.toml` in the data directory, environment variables, and `.env` files.

Secrets come from the environment or a `.env` file and never from the TOML file. Values are typed
and checked; a fault names the file and the key.
"""

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final, Self

from dotenv import dotenv_values
from platformdirs import user_data_path
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, SettingsConfigDict

from app.domain.capabilities import Method
from app.domain.cash import CashSteps, objection_to_step
from app.domain.money import EXPONENTS
from app.errors import ConfigError, Message
from app.problems import problem_of

SETTINGS_FILE: Final = "scantill.toml"
_PERCENT: Final = re.compile(r"[0-9]{1,2}(\.[0-9]{1,2})?", re.ASCII)
_AMOUNT: Final = re.compile(r"[0-9]{1,12}(\.[0-9]{1,3})?", re.ASCII)
_ACCOUNT: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*", re.ASCII)
_METHODS: Final = f"^({'|'.join(method.value for method in Method)})$"


class Mode(StrEnum):
    """What a data directory is for; fixed when it is made."""

    TRAINING = "training"
    TEST = "test"
    LIVE = "live"


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


def _readable_percent(text: str) -> str:
    if not _PERCENT.fullmatch(text):
        raise PydanticCustomError("percent", "percent", {"text": repr(text)})
    return text


def _readable_amount(text: str) -> str:
    if not _AMOUNT.fullmatch(text):
        raise PydanticCustomError("amount", "amount", {"text": repr(text)})
    return text


_Percent = Annotated[str, AfterValidator(_readable_percent)]
_Amount = Annotated[str, AfterValidator(_readable_amount)]


class AccountTable(_Table):
    """`[accounts.NAME]`: one account at a provider. Its secrets are not in this file.

    `page_host` is a domain of the owner's own that the provider's pages are shown under.
    `script_url` is for a page of the till's own: where an offline double of Stripe has its script.
    What is not `enabled` gets no new payments. The fees are what it keeps of a payment by its
    price list, per cent and a fixed sum in the payment's currency: an estimate to choose by.
    """

    kind: str = ""
    api_base: str = ""
    page_host: str = ""
    script_url: str = ""
    enabled: bool = True
    fee_percent: _Percent | None = None
    fee_fixed: _Amount | None = None


class RuleTable(_Table):
    """`[[routing.rules]]`: which accounts come first (`use`), and which are left out (`avoid`).

    A rule counts where all that it says of a payment fits; amounts are decimals of `currency`.
    """

    use: list[str] = Field(default_factory=list)
    avoid: list[str] = Field(default_factory=list)
    currency: str = ""
    method: Annotated[str, Field(pattern=_METHODS)] | None = None
    least: _Amount | None = None
    most: _Amount | None = None
    recurring: bool | None = None

    @field_validator("currency")
    @classmethod
    def _is_known(cls, code: str) -> str:
        if code and code not in EXPONENTS:
            raise PydanticCustomError("currency", "currency", {"code": repr(code)})
        return code

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not (self.use or self.avoid):
            raise PydanticCustomError("rule_of_nothing", "rule")
        if not self.currency and (self.least is not None or self.most is not None):
            raise PydanticCustomError("rule_without_currency", "rule")
        if self.least and self.most and Decimal(self.least) > Decimal(self.most):
            raise PydanticCustomError("rule_for_no_amount", "rule")
        return self


class RoutingTable(_Table):
    """`[routing]`: the shop's own rules for where a payment goes."""

    rules: list[RuleTable] = Field(default_factory=list)


class DoorsTable(_Table):
    """`[doors]`: where the till listens. Port 0 lets the system choose."""

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 0
    private_port: Annotated[int, Field(ge=0, le=65535)] = 0
    public_url: str = ""


class CheckoutTable(_Table):
    """`[checkout]`: how long a QR stands, in minutes."""

    deadline_minutes: Annotated[int, Field(ge=1, le=1440)] = 15


class CashTable(_Table):
    """`[cash]`: the smallest coin, as a text like "0.05", for all currencies or for each by name.

    `round_to = "0.05"`, or `[cash.round_to]` with lines like `CHF = "0.05"`.
    """

    round_to: dict[str, str] = Field(default_factory=dict)

    @field_validator("round_to", mode="before")
    @classmethod
    def _by_currency(cls, given: object) -> object:
        return {"": given} if isinstance(given, str) and given else given or {}

    @field_validator("round_to")
    @classmethod
    def _coins(cls, given: dict[str, str]) -> dict[str, str]:
        for currency, step in given.items():
            if currency and currency not in EXPONENTS:
                raise PydanticCustomError("currency", "no currency", {"code": currency})
            if objection_to_step(step, currency):
                raise PydanticCustomError("coin", "no coin", {"text": step})
        return given

    @property
    def steps(self) -> CashSteps:
        """Give the coins that cash is rounded to."""
        return CashSteps(self.round_to)


class WindowTable(_Table):
    """`[window]`: how the till looks. `locale` is a language tag ("de", "en-GB") for texts,
    money and dates; without one it is the system's.

    `display` is the customer's: on another monitor if there is one ("auto"), or else in a window.
    """

    theme: Annotated[str, Field(pattern="^(auto|light|dark)$")] = "auto"
    locale: str = ""
    ui_scale_percent: Annotated[int, Field(ge=50, le=300)] = 100
    display: Annotated[str, Field(pattern="^(auto|window|off)$")] = "auto"
    display_text: Annotated[str, Field(max_length=120)] = ""
    display_logo: str = ""


class PayPageTable(_Table):
    """`[pay_page]`: the shop's own look of the pages that the till itself serves.

    Both are files beside this one: a `stylesheet` that comes after the page's own, a `logo`.
    """

    stylesheet: str = ""
    logo: str = ""


class BackupTable(_Table):
    """`[backup]`: how often the books are backed up by themselves, and how many copies are kept.

    `directory` has to be there already, perhaps on another disk; each mode has a folder in it.
    Without one the copies lie beside the books.
    """

    every_hours: Annotated[int, Field(ge=1, le=168)] = 6
    after_orders: Annotated[int, Field(ge=1, le=1_000_000)] = 200
    keep: Annotated[int, Field(ge=2, le=1_000)] = 14
    directory: str = ""


class SettingsFile(_Table):
    """The whole of `scantill.toml`; every key may be left out."""

    catalog: str = ""
    accounts: dict[str, AccountTable] = Field(default_factory=dict)
    routing: RoutingTable = RoutingTable()
    doors: DoorsTable = DoorsTable()
    checkout: CheckoutTable = CheckoutTable()
    cash: CashTable = CashTable()
    window: WindowTable = WindowTable()
    pay_page: PayPageTable = PayPageTable()
    backup: BackupTable = BackupTable()

    @field_validator("accounts")
    @classmethod
    def _have_plain_names(cls, given: dict[str, AccountTable]) -> dict[str, AccountTable]:
        for name in given:
            # It is a part of addresses and, with letters and digits alone, of variables.
            if not _ACCOUNT.fullmatch(name):
                raise PydanticCustomError("account_name", "name", {"name": repr(name)})
        return given


class Environment(BaseSettings):
    """What the environment says, under the names that people know."""

    model_config = SettingsConfigDict(
        extra="ignore", frozen=True, env_ignore_empty=True, populate_by_name=False
    )

    host: str | None = Field(default=None, validation_alias="HOST")
    port: int | None = Field(default=None, validation_alias="PORT", ge=0, le=65535)
    base_url: str | None = Field(default=None, validation_alias="BASE_URL")


@dataclass(frozen=True, slots=True)
class Variables:
    """What the environment and the `.env` files say, the one that counts most first."""

    sources: tuple[Mapping[str, str | None], ...] = field(default=(), repr=False)

    def first(self, *names: str) -> str:
        """Give the first that is set, of the first source that has one; else nothing."""
        for source in self.sources:
            for name in names:
                if value := (source.get(name) or "").strip():
                    return value
        return ""


class Settings(BaseModel):
    """Everything the composition root needs to know, in one place."""

    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True)

    root: Path
    mode: Mode
    file: SettingsFile
    environment: Environment
    variables: Variables = Field(default=Variables(), exclude=True, repr=False)
    env_files: tuple[Path, ...] = ()

    @property
    def directory(self) -> Path:
        """Give the directory of this mode's books."""
        return self.root / self.mode.value

    @property
    def host(self) -> str:
        """Give the address that the public door listens on."""
        return self.environment.host or self.file.doors.host

    @property
    def port(self) -> int:
        """Give the port that the public door listens on; 0 lets the system choose."""
        configured = self.environment.port
        return self.file.doors.port if configured is None else configured

    @property
    def public_url(self) -> str:
        """Give the address under which the world reaches the public door, or nothing."""
        return (self.environment.base_url or self.file.doors.public_url).rstrip("/")


def default_root() -> Path:
    """Give the data directory that is used where none is named."""
    return user_data_path("scantill", appauthor=False)


def load_settings(root: Path, mode: Mode, *, working_directory: Path | None = None) -> Settings:
    """Read the settings of a data directory. Raises ConfigError with every fault, by key."""
    path = root / SETTINGS_FILE
    try:
        document = tomllib.loads(path.read_text("utf-8")) if path.exists() else {}
    except (OSError, ValueError, RecursionError) as error:
        raise ConfigError(Message("{path} is not readable TOML", path=path), f"{error}.") from error
    # The data directory's .env counts more than the working directory's; the environment most.
    env_files = ((working_directory or Path.cwd()) / ".env", root / ".env")
    try:
        return Settings(
            root=root,
            mode=mode,
            file=SettingsFile.model_validate(document),
            environment=Environment(_env_file=env_files),
            env_files=tuple(reversed(env_files)),
            variables=variables_of(tuple(reversed(env_files))),
        )
    except ValidationError as error:
        raise ConfigError(Message("The settings cannot be used"), _words(path, error)) from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(Message("A .env file cannot be read"), f"{error}.") from error


def variables_of(env_files: tuple[Path, ...]) -> Variables:
    """Read the environment and the `.env` files as they are now, those first that count most."""
    return Variables((dict(os.environ), *map(dotenv_values, env_files)))


def _words(path: Path, error: ValidationError) -> Message:
    """Name each key and what is wrong with it, without repeating values: one may be a secret."""
    lines: list[str] = []
    filled: dict[str, object] = {}
    for number, fault in enumerate(error.errors(include_input=False, include_url=False)):
        key = _key_in_words(fault["loc"])
        is_unknown = fault["type"] == "extra_forbidden"
        problem = problem_of(fault)
        if is_unknown and any(word in key for word in ("secret", "key", "token")):
            problem = Message(
                "is not a key of this file; secrets belong into the environment or .env"
            )
        place = Message("environment") if error.title == "Environment" else str(path)
        lines.append(f"{{place{number}}}: {{key{number}}}: {{problem{number}}}")
        filled |= {f"place{number}": place, f"key{number}": key, f"problem{number}": problem}
    template = "\n".join(lines)
    return Message(template, **filled)


def _key_in_words(place: tuple[int | str, ...]) -> str:
    """Name a key as people do: the items of a list are counted from one."""
    words = ""
    for part in place:
        if isinstance(part, int):
            words += f" no. {part + 1}"
        else:
            words += f".{part}" if words else part
    return words
