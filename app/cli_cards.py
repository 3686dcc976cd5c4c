"""The commands for saved cards: list them, save one, take a page away.

Listing reads beside a running till. A card is saved through the till that runs, at its private
door; without one the books are opened here for as long as it takes.
"""

import argparse
import asyncio
import sqlite3
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from app.cli_options import add_data_dir, add_till_options, settings_of
from app.cli_running import ask_the_running
from app.domain.card_setup import CardSetup, CardState
from app.errors import CheckoutRefused, ConfigError, Message
from app.settings import Mode, default_root
from app.store.card_setups import card_setups_page, find_card_setup
from app.store.connection import BOOKS, open_reader, store_error
from app.store.lock import is_running

if TYPE_CHECKING:
    from app.settings import Settings

_PAGE: Final = 100
_PATIENCE_S: Final = 60.0
_PAUSE_S: Final = 0.25
_ENDS: Final = {
    CardState.CANCELLED: Message("No card was saved: it was cancelled"),
    CardState.EXPIRED: Message("No card was saved: its time is over"),
    CardState.FAILED: Message("No card was saved: the provider has done with the page"),
}


def add_cards_commands(commands: Any) -> None:
    """Add the commands to those of `app.cli`."""
    parser = commands.add_parser("cards", help="list saved cards, save one, cancel one")
    add_data_dir(parser)
    parser.set_defaults(run=_list)
    verbs = parser.add_subparsers(dest="verb", metavar="VERB")

    save = verbs.add_parser("save", help="print a page's address and wait until a card is saved")
    add_till_options(save)
    save.add_argument("--label", default="", metavar="TEXT", help="what you call the customer")
    save.add_argument(
        "--account", metavar="NAME", help="where; the first that saves cards if not named"
    )
    _add_person(save)
    save.set_defaults(run=_save)

    cancel = verbs.add_parser("cancel", help="take a page away before a card was given")
    add_till_options(cancel)
    cancel.add_argument("number", type=int, metavar="ID", help="as the list has it")
    _add_person(cancel)
    cancel.set_defaults(run=_cancel)


def _add_person(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--by", default="operator", metavar="NAME", help="who does it")


def _list(arguments: argparse.Namespace) -> int:
    """Read all books of the data directory, beside whoever writes them."""
    root = (arguments.data_dir or default_root()).absolute()
    found = [mode for mode in Mode if (root / mode.value / BOOKS).exists()]
    if not found:
        raise ConfigError(f"There are no books in {root}", action="Name another --data-dir.")
    for mode in found:
        path = root / mode.value / BOOKS
        db = open_reader(path)
        try:
            lines = _lines(db)
        except sqlite3.Error as error:
            raise store_error(error, path) from error
        finally:
            db.close()
        print(f"{mode.value} books: {path}", *lines, sep="\n")
    return 0


def _lines(db: sqlite3.Connection) -> list[str]:
    lines: list[str] = []
    before: int | None = None
    while page := card_setups_page(db, before=before, limit=_PAGE):
        lines += [f"  {each.id:>4}  {_line(each)}" for each in page]
        before = page[-1].id
    return lines or ["  no cards"]


def _line(setup: CardSetup) -> str:
    words = [setup.state.value]
    if setup.close_reason is not None and setup.is_unfinished:
        words.append("is being closed")
    if setup.decline:
        words.append(f"refused: {setup.decline}")
    if setup.card is not None:
        words.append(str(setup.card))
    named = [setup.label] if setup.label else []
    known = [setup.card.customer_id] if setup.card is not None else []
    return "  ".join((f"{setup.created_at:%Y-%m-%d}", *named, ", ".join(words), *known))


def _save(arguments: argparse.Namespace) -> int:
    settings = settings_of(arguments)
    if is_running(settings.directory):
        setup = _saved_by_the_running(settings.directory, arguments)
    else:
        setup = asyncio.run(_saved_alone(settings, arguments))
    print(_said(setup))
    return 0


def _cancel(arguments: argparse.Namespace) -> int:
    settings = settings_of(arguments)
    if is_running(settings.directory):
        _ask_to_cancel(settings.directory, arguments.number, arguments.by)
        setup = _read(settings.directory, arguments.number)
    else:
        setup = asyncio.run(_cancelled_alone(settings, arguments))
    if setup.state is not CardState.CANCELLED:
        print(_said(setup))
    else:
        print(f"Card {setup.id} is cancelled; its page is closed.")
    return 0


def _saved_by_the_running(directory: Path, arguments: argparse.Namespace) -> CardSetup:
    done = ask_the_running(
        directory,
        "/api/v1/cards",
        {"label": arguments.label, "account": arguments.account, "by": arguments.by},
        patience_s=_PATIENCE_S,
        otherwise=Message("Look at the list of cards, then try again."),
    )
    number = int(done["id"])
    try:
        _tell_address(str(done["url"]))
        while (setup := _read(directory, number)).is_unfinished:
            time.sleep(_PAUSE_S)
    except KeyboardInterrupt:
        _ask_to_cancel(directory, number, arguments.by)
        setup = _read(directory, number)
    return setup


def _ask_to_cancel(directory: Path, number: int, by: str) -> None:
    ask_the_running(
        directory,
        f"/api/v1/cards/{number}/cancel",
        {"by": by},
        patience_s=_PATIENCE_S,
        otherwise=Message("Look at the list of cards, then try again."),
    )


def _read(directory: Path, number: int) -> CardSetup:
    """Read a set-up beside the till that runs."""
    db = open_reader(directory / BOOKS)
    try:
        setup = find_card_setup(db, number)
    except sqlite3.Error as error:
        raise store_error(error, directory / BOOKS) from error
    finally:
        db.close()
    if setup is None:
        raise CheckoutRefused(Message("That card is not in the books"))
    return setup


async def _saved_alone(settings: "Settings", arguments: argparse.Namespace) -> CardSetup:
    from app.bootstrap import Till

    till = Till(
        settings,
        catalog_path=arguments.catalog,
        sandbox_url=arguments.sandbox,
        register_webhooks=False,
    )
    try:
        setup = await till.cards.show(arguments.label, arguments.account, by=arguments.by)
        _tell_address(setup.url)
        try:
            while setup.is_unfinished:
                await till.card_watch.tick()
                setup = await till.cards.one(setup.id)
                await asyncio.sleep(_PAUSE_S)
        except asyncio.CancelledError:
            # Ctrl-C: nobody would see what the customer does with the page.
            setup = await till.cards.close(setup.id, by=arguments.by)
        return setup
    finally:
        await till.aclose()


async def _cancelled_alone(settings: "Settings", arguments: argparse.Namespace) -> CardSetup:
    from app.bootstrap import Till

    till = Till(
        settings, with_catalog=False, sandbox_url=arguments.sandbox, register_webhooks=False
    )
    try:
        return await till.cards.close(arguments.number, by=arguments.by)
    finally:
        await till.aclose()


def _tell_address(url: str) -> None:
    # Whoever reads it through a pipe is to have it at once.
    print(f"The customer gives the card here; no money is taken:\n{url}", flush=True)


def _said(setup: CardSetup) -> str:
    """Say that a card was saved. Raises CheckoutRefused in words where none was."""
    if setup.card is not None:
        return f"Card saved: {setup.card}."
    if setup.is_unfinished:
        raise CheckoutRefused(
            Message("The provider has not said yet what became of the card"),
            action=Message("The till keeps asking; look at the list of cards."),
        )
    raise CheckoutRefused(_ENDS[setup.state], action=Message("Try again, if it is still wanted."))
