"""`scantill demo`: plays the journey and says whether it came to its end."""

import argparse
import asyncio
import random
import signal
import sys
import tempfile
from collections.abc import Coroutine
from pathlib import Path
from typing import Final

from app.accounts import loopback_base, wanted_accounts
from app.bootstrap import Till
from app.cli_verify import is_clean, verified
from app.errors import ConfigError
from app.settings import AccountTable, Mode, Settings, load_settings
from app.store.connection import BOOKS, private_directory
from app.store.verify import Outcome
from ui.demo.by_hand import ByHand
from ui.demo.customer import Customer, make_customer
from ui.demo.ends import CLOSED_DEADLINE, Ends
from ui.demo.journey import Journey
from ui.demo.purse import PURSES, Means, Page, Purse, card
from ui.demo.rupees import write_rupee_shop
from ui.demo.steps import StepFailed
from ui.start import prepare_screen, run_in_qt, running_window
from ui.window import Window

_SHOW_END_S: Final = 4.0
_STOPPED: Final = 130
"""The status of a command that was ended by Ctrl+C."""


def run_demo(arguments: argparse.Namespace) -> int:
    """Play the journey; status 1 where a step did not happen. Raises ConfigError."""
    out: Path = arguments.out.absolute()
    with tempfile.TemporaryDirectory(prefix="scantill-demo-") as own:
        root = private_directory((arguments.data_dir or Path(own)).absolute())
        settings = with_provider(load_settings(root, Mode.TRAINING), arguments.provider)
        purse = _purse_of(settings)
        _check(arguments, settings, purse)
        out.mkdir(parents=True, exist_ok=True)
        for old in out.glob("[0-9][0-9]-*.png"):
            old.unlink()
        if prepare_screen():
            print("There is no screen: the window draws itself unseen.")
        catalog = _catalog_of(purse, root, Path(own))
        status = run_in_qt(lambda _: _interrupted(_play(arguments, settings, purse, catalog, out)))
    print(f"The pictures are in {out}")
    return status


async def _interrupted(play: Coroutine[None, None, int]) -> int:
    """Have Ctrl+C end the play in order, instead of in the middle of what Qt paints."""
    playing = asyncio.ensure_future(play)
    before = signal.signal(signal.SIGINT, lambda *_: playing.cancel())
    try:
        return await playing
    except asyncio.CancelledError:
        return _STOPPED
    finally:
        signal.signal(signal.SIGINT, before)


def with_provider(settings: Settings, kind: str) -> Settings:
    """Have the till sell by one account of this kind alone; none leaves the settings alone."""
    if not kind:
        return settings
    file = settings.file.model_copy(update={"accounts": {kind: AccountTable(kind=kind)}})
    return settings.model_copy(update={"file": file})


def _kind_of(settings: Settings) -> str:
    kind, _ = next(iter(wanted_accounts(settings).values()))
    return kind.name


def _purse_of(settings: Settings) -> Purse | None:
    """Give what the customer pays with; None where the operator takes the money."""
    return PURSES.get(_kind_of(settings))


def _check(arguments: argparse.Namespace, settings: Settings, purse: Purse | None) -> None:
    """Refuse what cannot be played with this kind of account."""
    ends = purse.ends if purse is not None else ()
    kind = _kind_of(settings)
    if arguments.end and arguments.end not in ends:
        raise ConfigError(
            f"A payment by {kind} has no such end: {arguments.end}",
            action=f"It has these: {', '.join(ends) or 'none'}.",
        )
    if arguments.end and arguments.subscription:
        raise ConfigError(
            "The ends are played with a sale of goods",
            action="Leave out --subscription or --end.",
        )
    if arguments.card and not (arguments.card.isdecimal() and 12 <= len(arguments.card) <= 19):
        raise ConfigError(
            "--card takes the number of a card", action="Write its 12 to 19 digits, without blanks."
        )
    if arguments.card and not (purse is not None and purse.takes_cards):
        raise ConfigError(
            f"A customer of {kind} types in no card",
            action="Leave out --card; --end declined is refused first.",
        )


def _catalog_of(purse: Purse | None, root: Path, own: Path) -> Path | None:
    """Give another catalog than the sample where the kind does not take its currency."""
    has_own = (root / "catalog.toml").exists()
    if purse is None or not purse.currency or has_own:
        return None
    return write_rupee_shop(own)


async def _play(
    arguments: argparse.Namespace,
    settings: Settings,
    purse: Purse | None,
    catalog: Path | None,
    out: Path,
) -> int:
    till = await asyncio.to_thread(
        lambda: Till(
            settings,
            catalog_path=catalog,
            register_webhooks=not arguments.no_webhooks,
            deadline=CLOSED_DEADLINE if arguments.end == "closed" else None,
        )
    )
    page = Page.FORM if purse is None else purse.page
    async with running_window(till, settings, display="window") as window:
        customer = await make_customer(
            page, till.sandbox_url, is_plain=arguments.no_browser or purse is None
        )
        try:
            journey = _journey(arguments, till, window, customer, purse, out)
            await _played(arguments, journey, purse)
            learned = await _learned(journey)
            books = await asyncio.to_thread(_compared, till, settings)
        except StepFailed as failed:
            print(f"NOT DONE: {failed}", file=sys.stderr)
            return 1
        finally:
            await customer.close()
        if arguments.show:
            await asyncio.sleep(_SHOW_END_S)
    print(f"Done: every step happened. {learned}; {books}.")
    return 0


def _journey(
    arguments: argparse.Namespace,
    till: Till,
    window: Window,
    customer: Customer,
    purse: Purse | None,
    out: Path,
) -> ByHand | Ends:
    kind: type[ByHand] | type[Ends] = ByHand if purse is None else Ends
    if purse is not None:
        print(f"The customer is {customer.name}.")
    return kind(
        till,
        window,
        customer,
        out=out,
        chance=random.Random(arguments.seed),
        is_shown=arguments.show,
        purse=purse or PURSES["stripe_checkout"],
        sells_subscription=arguments.subscription,
    )


async def _played(
    arguments: argparse.Namespace, journey: ByHand | Ends, purse: Purse | None
) -> None:
    if isinstance(journey, ByHand) or purse is None:
        await journey.play("")
    elif arguments.end:
        await journey.play(arguments.end)
    else:
        await journey.run(_first_means(arguments, purse))


def _first_means(arguments: argparse.Namespace, purse: Purse) -> Means:
    return card(arguments.card.replace(" ", "")) if arguments.card else purse.good


async def _learned(journey: Journey) -> str:
    learned = await journey.learned()
    return f"The payment was {learned}" if learned else "Nothing was paid"


def _compared(till: Till, settings: Settings) -> str:
    """Verify the books beside the simulator's, and say so. Raises StepFailed for any fault."""
    # An offline double has no books that can be asked for.
    sandbox = None if loopback_base(settings) else till.sandbox_url
    checks = verified(settings.directory / BOOKS, sandbox)
    if not is_clean(checks):
        faults = [str(check) for check in checks if check.outcome is Outcome.VIOLATED]
        raise StepFailed(f"the books are not clean: {'; '.join(faults)}")
    return "the books are clean" + (" and agree with the simulator's" if sandbox else "")
