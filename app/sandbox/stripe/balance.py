"""The account's balance: a transaction for each movement of money, with the fee that it cost.

Fees are illustrative, as Stripe's own depend on the contract. All amounts are integers of the
smallest unit; what must be rounded is rounded half to even.
"""

from dataclasses import dataclass

from app.sandbox.agreed import Agreed, share
from app.sandbox.bench import Cause
from app.sandbox.books import JsonObject, Record
from app.sandbox.stripe import events
from app.sandbox.stripe.currencies import Currency
from app.sandbox.stripe.errors import not_simulated
from app.sandbox.stripe.objects import balance as objects
from app.sandbox.stripe.objects.balance import RATE_UNIT
from app.sandbox.stripe.parameters import EXPAND, LISTING, Rule, Span, Text, check_all
from app.sandbox.stripe.presentation import listed_page, presented
from app.sandbox.stripe.workbench import Call, Workbench

KIND = "balance_transaction"
SCHEMA = """
CREATE INDEX IF NOT EXISTS stripe_charges_to_post ON objects (json_extract(private, '$.posts_at'))
    WHERE kind = 'charge' AND json_extract(private, '$.posts_at') IS NOT NULL;
"""

_LIST_RULES: dict[str, Rule] = {
    **LISTING,
    "created": Span(),
    "currency": Currency(),
    "payout": Text(200),
    "source": Text(200),
    "type": Text(200),
}
_DUE = (
    "kind = 'charge' AND json_extract(private, '$.posts_at') IS NOT NULL"
    " AND json_extract(private, '$.posts_at') <= ?"
)


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What money costs, and when it is the shop's.

    `after_s` after its capture a charge is posted, and only then its fee is known; after
    `available_after_s` more it is no longer pending. With `currency` all money is settled in that
    one, at `rate_ppm` millionths of its smallest unit for one of the other.
    """

    per_mille: int = 29
    fixed_minor: int = 30
    dispute_minor: int = 1500
    after_s: int = 0
    available_after_s: int = 0
    currency: str | None = None
    rate_ppm: int = RATE_UNIT


_AGREED = Agreed("stripe_terms", Terms())
terms = _AGREED.now
set_terms = _AGREED.change


def retrieve(bench: Workbench, call: Call) -> JsonObject:
    check_all(call.form, {"expand": EXPAND})
    return presented(bench, bench.need(call.account, KIND, call.id, "id"))


def listing(bench: Workbench, call: Call) -> JsonObject:
    params = check_all(call.form, _LIST_RULES)
    if "payout" in params:
        raise not_simulated("payouts", "payout")
    return listed_page(bench, call, KIND, params, equal=("currency", "source", "type"))


def retrieve_balance(bench: Workbench, call: Call) -> JsonObject:
    available: dict[str, int] = {}
    pending: dict[str, int] = {}
    for transaction in bench.books.select("account = ? AND kind = ?", (call.account, KIND)):
        body = transaction.body
        funds = available if body["available_on"] <= bench.now() else pending
        funds[body["currency"]] = funds.get(body["currency"], 0) + body["net"]
    return objects.balance(available, pending)


def post(
    bench: Workbench,
    subject: Record,
    amount: int,
    *,
    type: str,
    category: str | None = None,
    description: str | None = None,
    fee: int | None = None,
    fee_name: str = "Stripe processing fees",
) -> Record:
    """Book a movement of `amount` in the subject's currency; the caller commits.

    Without `fee` it costs what a charge costs; a fee that is given is in the settled currency.
    """
    agreed, currency = terms(bench), subject.body["currency"]
    is_converted = agreed.currency not in (None, currency)
    settled = share(amount, agreed.rate_ppm, RATE_UNIT) if is_converted else amount
    body = objects.balance_transaction(
        id=bench.new_id(KIND, "txn_3", 23),
        created=bench.now(),
        available_on=bench.now() + agreed.available_after_s,
        amount=settled,
        fee=_fee(settled, agreed) if fee is None else fee,
        currency=agreed.currency or currency,
        rate_ppm=agreed.rate_ppm if is_converted else None,
        source=subject.id,
        type=type,
        category=category or type,
        description=description,
        fee_name=fee_name,
    )
    return bench.add(subject.account, KIND, body)


def post_charge(bench: Workbench, charge: Record) -> None:
    """Post a captured charge now, or see to it that it is posted later; the caller saves it."""
    if after_s := terms(bench).after_s:
        charge.private["posts_at"] = bench.now() + after_s
    else:
        _post(bench, charge)


def post_due(bench: Workbench) -> bool:
    """Post the charges whose time has come, in a transaction of its own."""
    due = bench.books.select(_DUE, (bench.now(),), index="stripe_charges_to_post")
    if not due:
        return False
    with bench.books.transaction():
        for charge in due:
            del charge.private["posts_at"]
            _post(bench, charge)
            bench.books.save(charge)
            events.record(bench, "charge.updated", charge, Cause())
    return True


def _post(bench: Workbench, charge: Record) -> None:
    transaction = post(bench, charge, charge.body["amount_captured"], type="charge")
    charge.body["balance_transaction"] = transaction.id


def _fee(amount: int, agreed: Terms) -> int:
    return min(amount, share(amount, agreed.per_mille, 1000) + agreed.fixed_minor)
