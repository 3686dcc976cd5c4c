"""What the tests of the settings have in common: how one comes there, and a key to type."""

from collections.abc import Callable, Coroutine
from typing import Any

from app.errors import ConfigError, Message
from ui.settings.account_panel import AccountPanel
from ui.settings.key_entry import KeyEntry
from ui.window import Window

Run = Callable[[Coroutine[Any, Any, None]], None]
Make = Callable[..., Window]
KEY = "sk_test_51AbCdEfGhIjKlMnOp4242"
WRONG = ConfigError(
    Message("What is given as {label} of {account} is none", label="Secret key", account="shop"),
    action=Message("It begins with {prefixes}.", prefixes="sk_ / rk_"),
)


async def opened(window: Window) -> AccountPanel:
    window.rail.settings.click()
    await window.counter.tasks.settled()
    return window.places.settings.accounts.panel


async def entered(window: Window, text: str = KEY) -> KeyEntry:
    entry = (await opened(window)).entries["secret_key"]
    entry.field.edit.setFocus()
    entry.field.edit.setText(text)
    return entry
