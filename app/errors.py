"""Every error of the program, as one tree.

ScantillError
├── ConfigError          settings, keys or data directory; the operator mends it
├── CatalogError         the catalog file; carries every fault, each with file, item and key
├── CartRefused          the cart cannot take this change (a limit, a lock, another currency)
├── CheckoutRefused      a use case declines what was asked of it; nothing was done
├── ProviderError        a payment provider did not do what was asked
│   ├── Unavailable      no answer, or "try later": the outcome is not known; ask again
│   ├── Rejected         an answer that says no; asking the same again is useless
│   └── Protocol         an answer that cannot be understood
├── WebhookRejected      a delivery at the public door that is not genuine or not readable
├── StoreError           the environment of the books: disk full, locked, in use
│   └── BooksDamaged     the file itself cannot be trusted; a backup may be there to restore
└── InvariantError       our own bug; loud, never swallowed

Declined, expired, late and underpaid are values, not exceptions. Each error says what happened
(`title`), the particulars (`detail`), whether money moved (`money`) and what to do (`action`).
Imports nothing of the program.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Self


class Message(str):
    """A text for a person: in English as it stands, and with what it was made of.

    The window looks `template` up in its language and fills in `parameters` anew; logs and the
    books take the English. `make texts` finds the template where it is written.
    """

    __slots__ = ("parameters", "template")
    template: str
    parameters: dict[str, object]

    def __new__(cls, template: str, /, **parameters: object) -> Self:
        text = super().__new__(cls, template.format(**parameters) if parameters else template)
        text.template = template
        text.parameters = parameters
        return text


class AccountName(str):
    """An account's name from the settings, among a message's parts: shown as people know it."""

    __slots__ = ()


class MoneyMoved(StrEnum):
    """What an error can say about the customer's money."""

    NO = "no"
    UNKNOWN = "unknown"
    YES = "yes"


class ScantillError(Exception):
    """Base of every error this program raises on purpose."""

    def __init__(
        self,
        title: str,
        detail: str = "",
        *,
        money: MoneyMoved = MoneyMoved.NO,
        action: str = "",
    ) -> None:
        super().__init__(title)
        self.title = title
        self.detail = detail
        self.money = money
        self.action = action

    def __str__(self) -> str:
        return str(self.words)

    @property
    def words(self) -> Message:
        """Give what happened, the particulars and what to do as one text.

        Particulars of several lines are a list: each stands on a line of its own.
        """
        parts = {"title": self.title, "detail": self.detail, "action": self.action}
        given = {name: text for name, text in parts.items() if text}
        is_list = "\n" in self.detail
        pattern = ("\n" if is_list else " ").join(
            f"{{{name}}}."
            if name == "title" or (name == "detail" and not is_list and not is_ended(text))
            else f"{{{name}}}"
            for name, text in given.items()
        )
        return Message(pattern, **given)


def is_ended(text: str) -> bool:
    """Say whether a text ends as a sentence does; a provider's own words may not."""
    return text.rstrip().rstrip(")\"'").endswith((".", "!", "?", "…", ":"))


class ConfigError(ScantillError):
    """A setting, key or data directory that the operator has to mend."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong in a file: where it is (`file`, `item`, `key`) and what is wrong.

    `item` and `problem` may be Messages.
    """

    file: str
    item: str
    key: str
    problem: str

    def __str__(self) -> str:
        place = ": ".join(part for part in (self.file, self.item, self.key) if part)
        return on_one_line(f"{place}: {self.problem}")


def on_one_line(text: str) -> str:
    """Escape what would break the line or steer a terminal."""
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)


class CatalogError(ScantillError):
    """A catalog that cannot be used; `faults` names every fault, not only the first."""

    def __init__(self, file: str, faults: tuple[Fault, ...]) -> None:
        count = len(faults)
        super().__init__(
            Message("{file} has 1 fault", file=file)
            if count == 1
            else Message("{file} has {count} faults", file=file, count=count),
            "\n".join(map(str, faults)),
            action=Message("Mend the file and try again."),
        )
        self.faults = faults


class CartRefused(ScantillError):
    """The cart stays as it was: a limit, a lock or a mix that cannot be sold together."""


class CheckoutRefused(ScantillError):
    """A use case that declines: nothing was written and no provider was called."""


class ProviderError(ScantillError):
    """Base of what can go wrong with a payment provider.

    `code` is the provider's own word for it, for the log and for support.
    """

    def __init__(
        self,
        title: str,
        detail: str = "",
        *,
        money: MoneyMoved = MoneyMoved.UNKNOWN,
        action: str = "",
        code: str = "",
    ) -> None:
        super().__init__(title, detail, money=money, action=action)
        self.code = code


class Unavailable(ProviderError):
    """No answer, or an answer that says "later". Whether it took effect is not known.

    `retry_after_s` is the wait in seconds that the provider asked for, if it did.
    """

    def __init__(
        self,
        title: str,
        detail: str = "",
        *,
        code: str = "",
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(
            title,
            detail,
            action=Message("The till keeps asking; nothing has to be done."),
            code=code,
        )
        self.retry_after_s = retry_after_s


class Rejected(ProviderError):
    """The provider understood and refused: nothing was done there."""

    def __init__(
        self, title: str, detail: str = "", *, action: str = "", code: str = "", status: int = 0
    ) -> None:
        super().__init__(title, detail, money=MoneyMoved.NO, action=action, code=code)
        self.status = status

    @property
    def is_of_the_key(self) -> bool:
        """Say whether it is the till's key that is refused (401, 403), not what was asked."""
        return self.status in {401, 403}

    @property
    def reason(self) -> Message:
        """Say why, without what to do: that is for whoever pays, unless it is about the key."""
        if self.is_of_the_key:
            return self.words
        if not self.detail:
            return Message("{title}.", title=self.title)
        if is_ended(self.detail):
            return Message("{title}. {detail}", title=self.title, detail=self.detail)
        return Message("{title}. {detail}.", title=self.title, detail=self.detail)


class Protocol(ProviderError):
    """An answer that breaks the provider's own rules, so that it proves nothing."""


class WebhookRejected(ScantillError):
    """A delivery that is answered with `status` (a 4xx) and leaves no trace."""

    def __init__(self, title: str, *, status: int = 400) -> None:
        super().__init__(title)
        self.status = status


class StoreError(ScantillError):
    """The books cannot be written or read: the environment is at fault."""


class BooksDamaged(StoreError):
    """The file of the books is damaged: nothing is sold on it, and it is kept as it is.

    `backup` names the newest verified backup, where one was looked for and found.
    """

    def __init__(
        self, title: str, detail: str = "", *, action: str = "", backup: str | None = None
    ) -> None:
        super().__init__(title, detail, action=action)
        self.backup = backup


class InvariantError(ScantillError):
    """Something that cannot be happened: our bug."""
