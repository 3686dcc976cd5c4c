"""The commands for subscriptions: list them, show one with its money, end one.

Listing reads beside a running till. An end is asked of the till that runs, through its private
door; without one the books are opened here for as long as it takes.
"""

import argparse
import asyncio
import sqlite3
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from app.cli_options import add_data_dir, add_till_options, settings_of
from app.cli_running import ask_the_running
from app.domain.payment import Payment
from app.domain.renewal import Subscription
from app.errors import CheckoutRefused, ConfigError, Message, MoneyMoved, ProviderError
from app.settings import Mode, default_root
from app.store.connection import BOOKS, open_reader, store_error
from app.store.lock import is_running
from app.store.orders import find_order
from app.store.subscriptions import subscriptions_page
from app.subscription_detail import detail_of

if TYPE_CHECKING:
    from app.settings import Settings

_PAGE: Final = 100
_PATIENCE_S: Final = 60.0


def add_subscriptions_commands(commands: Any) -> None:
    """Add the commands to those of `app.cli`."""
    parser = commands.add_parser("subscriptions", help="list subscriptions, show or end one")
    add_data_dir(parser)
    parser.set_defaults(run=_listed)
    verbs = parser.add_subparsers(dest="verb", metavar="VERB")

    show = verbs.add_parser("show", help="show one with all that it took")
    add_data_dir(show)
    show.add_argument("number", type=int, metavar="ID", help="as the list has it")
    show.set_defaults(run=_shown)

    cancel = verbs.add_parser("cancel", help="end one, at once or with what was paid for")
    add_till_options(cancel)
    cancel.add_argument("number", type=int, metavar="ID", help="as the list has it")
    cancel.add_argument(
        "--at-period-end", action="store_true", help="when what was paid for is over"
    )
    cancel.add_argument("--by", required=True, metavar="NAME", help="who decides it")
    cancel.add_argument("--reason", required=True, metavar="TEXT", help="why")
    cancel.set_defaults(run=_cancel)


Reading = Callable[[sqlite3.Connection, argparse.Namespace], list[str]]


def _listed(arguments: argparse.Namespace) -> int:
    _read(arguments, _list)
    return 0


def _shown(arguments: argparse.Namespace) -> int:
    if not _read(arguments, _show):
        raise ConfigError(
            f"There is no subscription {arguments.number}",
            action="Look at the list: scantill subscriptions.",
        )
    return 0


def _read(arguments: argparse.Namespace, reading: Reading) -> bool:
    """Print what all books of the data directory say, beside whoever writes them.

    False where none has anything to say; their names are left out then.
    """
    root = (arguments.data_dir or default_root()).absolute()
    found = [mode for mode in Mode if (root / mode.value / BOOKS).exists()]
    if not found:
        raise ConfigError(f"There are no books in {root}", action="Name another --data-dir.")
    has_any = False
    for mode in found:
        path = root / mode.value / BOOKS
        db = open_reader(path)
        try:
            lines = reading(db, arguments)
        except sqlite3.Error as error:
            raise store_error(error, path) from error
        finally:
            db.close()
        if lines:
            has_any = True
            print(f"{mode.value} books: {path}", *lines, sep="\n")
    return has_any


def _list(db: sqlite3.Connection, arguments: argparse.Namespace) -> list[str]:
    del arguments
    lines: list[str] = []
    before: int | None = None
    while page := subscriptions_page(db, before=before, limit=_PAGE):
        lines += [f"  {each.id:>4}  {_line(db, each)}" for each in page]
        before = page[-1].id
    return lines or ["  no subscriptions"]


def _show(db: sqlite3.Connection, arguments: argparse.Namespace) -> list[str]:
    detail = detail_of(db, arguments.number)
    if detail is None:
        return []
    return [
        f"  {detail.subscription.id:>4}  {_line(db, detail.subscription)}",
        f"        {detail.subscription.account} {detail.subscription.subscription_id}, "
        f"reference {detail.subscription.reference}",
        *(f"        {_taken(payment)}" for payment in detail.payments),
        *(f"        {_taken(payment)}, renewal" for payment in detail.renewals),
    ]


def _line(db: sqlite3.Connection, subscription: Subscription) -> str:
    order = find_order(db, subscription.order_id)
    number = order.number if order is not None else "unknown"
    return f"{subscription.amount} {subscription.interval}  order {number}  {_stands(subscription)}"


def _stands(subscription: Subscription) -> str:
    """Say how one stands; a wanted end is none before the provider has told of it."""
    words = [subscription.state.value]
    if subscription.decline:
        words.append(f"refused: {subscription.decline}")
    if subscription.ended_at is not None:
        words.append(f"since {_day(subscription.ended_at)}")
    elif subscription.ends_at is not None:
        words.append(f"ends {_day(subscription.ends_at)}")
    elif subscription.current_until is not None:
        words.append(f"paid until {_day(subscription.current_until)}")
    if subscription.is_ending:
        words.append("its end is asked for, without an answer yet")
    return ", ".join(words)


def _taken(payment: Payment) -> str:
    return f"{payment.amount}  {payment.payment_id}" + (", held" if payment.is_held else "")


def _day(at: datetime) -> str:
    return f"{at:%Y-%m-%d}"


def _cancel(arguments: argparse.Namespace) -> int:
    settings = settings_of(arguments)
    if is_running(settings.directory):
        told = _asked_of_the_running(settings.directory, arguments)
    else:
        told = _told(asyncio.run(_cancel_alone(settings, arguments)))
    print(told)
    return 0


async def _cancel_alone(settings: "Settings", arguments: argparse.Namespace) -> Subscription:
    from app.bootstrap import Till

    till = Till(
        settings, with_catalog=False, sandbox_url=arguments.sandbox, register_webhooks=False
    )
    try:
        return await till.subscriptions.cancel(
            arguments.number,
            at_period_end=arguments.at_period_end,
            by=arguments.by,
            reason=arguments.reason,
        )
    finally:
        await till.aclose()


def _asked_of_the_running(directory: Path, arguments: argparse.Namespace) -> str:
    done = ask_the_running(
        directory,
        f"/api/v1/subscriptions/{arguments.number}/cancel",
        {
            "at_period_end": arguments.at_period_end,
            "by": arguments.by,
            "reason": arguments.reason,
        },
        patience_s=_PATIENCE_S,
        otherwise=Message("Look at the list: whether it is ending stands there. Then try again."),
    )
    if done["is_ending"]:
        raise _unanswered()
    return _said(done["id"], done["ended_at"], done["ends_at"])


def _told(subscription: Subscription) -> str:
    if subscription.is_ending:
        raise _unanswered()
    at = {
        name: None if moment is None else moment.isoformat()
        for name, moment in (("ended", subscription.ended_at), ("ends", subscription.ends_at))
    }
    return _said(subscription.id, at["ended"], at["ends"])


def _said(number: int, ended_at: str | None, ends_at: str | None) -> str:
    if ended_at is not None:
        return f"Subscription {number} has ended."
    if ends_at is not None:
        return f"Subscription {number} ends {ends_at[:10]}; until then it was paid for."
    raise CheckoutRefused(
        Message("The provider says that the subscription goes on"),
        money=MoneyMoved.NO,
        action=Message("Look at it at the provider."),
    )


def _unanswered() -> ProviderError:
    return ProviderError(
        Message("The provider has not said yet that the subscription ends"),
        action=Message("The till keeps asking; it is not ended before the list says so."),
    )
