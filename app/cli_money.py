"""The commands for money that needs a person: exceptions, resolve, refund.

`exceptions` reads beside a running till. The others write: where a till runs, they say so, since
its books have one writer.
"""

import argparse
import asyncio
import re
import sqlite3
import uuid
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from app.cli_options import add_data_dir, add_till_options, one_of, settings_of
from app.domain.money import EXPONENTS, Money, plain_decimal
from app.domain.payment import Payment
from app.domain.refund import Refund, RefundState
from app.domain.resolution import Action, Case, ways_out
from app.errors import CheckoutRefused, ConfigError, Message, ProviderError
from app.settings import Mode, default_root
from app.store.connection import BOOKS, open_reader, store_error
from app.store.decisions import case_of, payments_called, payments_of, waiting_exceptions
from app.store.orders import find_order_by_number
from app.store.refunds import given_back

if TYPE_CHECKING:
    from app.bootstrap import Till

_PAGE = 100
_NUMBER = re.compile(r"[0-9]{1,18}")
"""As large as the books can take."""


def add_money_commands(commands: Any) -> None:
    """Add the commands to those of `app.cli`."""
    listed = commands.add_parser("exceptions", help="list the money that needs a person")
    add_data_dir(listed)
    listed.add_argument("--all", action="store_true", help="resolved ones, too")
    listed.set_defaults(run=_exceptions)

    resolve = commands.add_parser("resolve", help="decide what becomes of such money")
    add_till_options(resolve)
    resolve.add_argument("number", type=_number, metavar="ID", help="as `exceptions` lists it")
    resolve.add_argument("action", type=one_of(Action), metavar="ACTION", help=_HELP)
    _add_person(resolve)
    resolve.add_argument("--order", type=_number, metavar="N", help="the order to assign it to")
    resolve.add_argument("--amount", metavar="AMOUNT", help="give back only a part, as 12.34")
    resolve.set_defaults(run=lambda arguments: _with_till(arguments, _resolve))

    refund = commands.add_parser("refund", help="give money of a payment back")
    add_till_options(refund)
    refund.add_argument("what", metavar="PAYMENT|ORDER", help="a payment's id or order's number")
    refund.add_argument("amount", nargs="?", metavar="AMOUNT", help="as 12.34; all if left out")
    _add_person(refund)
    refund.set_defaults(run=lambda arguments: _with_till(arguments, _refund))


_HELP = "accept, refund, assign or write_off"


def _number(text: str) -> int:
    if not _NUMBER.fullmatch(text):
        raise argparse.ArgumentTypeError("it must be the number of an order or entry")
    return int(text)


def _add_person(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--by", required=True, metavar="NAME", help="who decides it")
    parser.add_argument("--reason", required=True, metavar="TEXT", help="why")


def _exceptions(arguments: argparse.Namespace) -> int:
    root = (arguments.data_dir or default_root()).absolute()
    found = [mode for mode in Mode if (root / mode.value / BOOKS).exists()]
    if not found:
        raise ConfigError(f"There are no books in {root}", action="Name another --data-dir.")
    for mode in found:
        path = root / mode.value / BOOKS
        print(f"{mode.value} books: {path}")
        db = open_reader(path)
        try:
            cases = list(_cases(db, with_resolved=arguments.all))
        except sqlite3.Error as error:
            raise store_error(error, path) from error
        finally:
            db.close()
        for case in cases:
            print(_line(case))
        print(f"  {sum(case.exception.resolved_at is None for case in cases)} waiting")
    return 0


def _cases(db: sqlite3.Connection, *, with_resolved: bool) -> list[Case]:
    cases: list[Case] = []
    before: int | None = None
    while True:
        page = waiting_exceptions(db, before=before, limit=_PAGE, with_resolved=with_resolved)
        cases += [case_of(db, entry) for entry in page]
        if len(page) < _PAGE:
            return cases
        before = page[-1].id


def _line(case: Case) -> str:
    entry = case.exception
    order = "no order" if case.order is None else f"order {case.order.number}"
    payment = f", payment {entry.payment_id}" if entry.payment_id else ""
    if entry.resolved_at is not None:
        how = f"{entry.action or 'cleared'} by {entry.resolved_by or 'the till'}"
        state = f"{how}: {entry.resolution}"
    elif case.is_under_way:
        state = "money is being given back"
    else:
        state = ", ".join(way.action.value for way in ways_out(case) if way.is_open)
    detail = f" {entry.detail}" if entry.detail else ""
    return f"  {entry.id:>4}  {entry.kind}  {entry.amount}  {order}{payment}.{detail} [{state}]"


Work = Callable[["Till", argparse.Namespace], Awaitable[str]]


def _with_till(arguments: argparse.Namespace, work: Work) -> int:
    """Open the till's books alone, with neither doors nor watch, and do one thing with them."""
    from app.bootstrap import Till

    async def run() -> str:
        till = Till(
            settings_of(arguments),
            with_catalog=False,
            sandbox_url=arguments.sandbox,
            register_webhooks=False,
        )
        try:
            # What an earlier command left in doubt is known before anything new is asked.
            await till.refunds.sweep()
            return await work(till, arguments)
        finally:
            await till.aclose()

    print(asyncio.run(run()))
    return 0


async def _resolve(till: "Till", arguments: argparse.Namespace) -> str:
    case = await till.resolutions.case(arguments.number)
    amount, order_id = None, None
    if arguments.amount is not None:
        amount = money_of(arguments.amount, case.exception.amount.currency)
    if arguments.order is not None:
        target = await till.store.read(lambda db: find_order_by_number(db, arguments.order))
        order_id = "" if target is None else target.id
    entry = await till.resolutions.resolve(
        arguments.number,
        arguments.action,
        by=arguments.by,
        reason=arguments.reason,
        order_id=order_id,
        amount=amount,
        press=uuid.uuid4().hex,
    )
    if entry.resolved_at is not None:
        return f"{entry.id} is resolved: {entry.action} by {entry.resolved_by}."
    if entry.action:
        return f"{entry.id} waits for the provider: the money is being given back."
    if entry.amount == case.exception.amount:
        raise CheckoutRefused(
            Message("Nothing was given back"),
            entry.detail,
            action=f"{entry.id} is still on the list with {entry.amount}.",
        )
    return f"{entry.id} is still on the list with {entry.amount}. {entry.detail}"


async def _refund(till: "Till", arguments: argparse.Namespace) -> str:
    payment, left = await _payment_called(till, arguments.what)
    amount = left if arguments.amount is None else money_of(arguments.amount, left.currency)
    refund = await till.refunds.ask(
        payment.payment_id,
        amount,
        press=uuid.uuid4().hex,
        by=arguments.by,
        reason=arguments.reason,
    )
    return _told(refund)


async def _payment_called(till: "Till", what: str) -> tuple[Payment, Money]:
    """Find the payment by its id, or the only one of an order that has something left."""

    def look(db: sqlite3.Connection) -> list[tuple[Payment, Money]]:
        found = payments_called(db, what)
        is_number = _NUMBER.fullmatch(what) is not None
        order = find_order_by_number(db, int(what)) if not found and is_number else None
        if order is not None:
            found = list(payments_of(db, order.id))
        left = [given_back(db, p.provider, p.payment_id).left_of(p.amount) for p in found]
        return [each for each in zip(found, left, strict=True) if each[1].minor or len(found) == 1]

    found = await till.store.read(look)
    if len(found) == 1:
        return found[0]
    if not found:
        raise CheckoutRefused(
            f"There is no payment or order {what} with money to give back",
            action="Name a payment's id, or an order's number.",
        )
    named = ", ".join(f"{payment.payment_id} ({left})" for payment, left in found)
    raise CheckoutRefused(f"Order {what} has several payments", f"{named}.", action="Name one.")


def _told(refund: Refund) -> str:
    if refund.state is RefundState.FAILED:
        raise CheckoutRefused(
            Message("The provider gave nothing back"),
            refund.words,
            action=Message(
                "Look at the payment at the provider before you give it back another way."
            ),
        )
    if refund.state is RefundState.REQUESTED:
        raise ProviderError(
            "The provider has not answered yet",
            action="The next command asks again, and so does the till; do not give it back anew.",
        )
    done = "was given back" if refund.state is RefundState.SUCCEEDED else "is on its way back"
    return f"{refund.amount} of {refund.payment_id} {done} ({refund.refund_id})."


def money_of(text: str, currency: str) -> Money:
    """Read an amount as a person writes it: 12, 12.3 or 12.34, with the currency's decimals.

    Raises ConfigError for anything else.
    """
    match = re.fullmatch(r"([0-9]{1,15})(?:\.([0-9]+))?", text)
    exponent = EXPONENTS[currency]
    digits = (match[2] or "") if match is not None else ""
    if match is None or len(digits) > exponent:
        raise ConfigError(
            f"{text!r} is no amount in {currency}",
            action=f"Write it as {plain_decimal(1234, currency)}, without a sign.",
        )
    try:
        return Money(int(match[1] + digits.ljust(exponent, "0")), currency)
    except ValueError as error:
        raise ConfigError(
            f"{text!r} is no amount in {currency}", f"{error}.", action="Name a smaller one."
        ) from error
