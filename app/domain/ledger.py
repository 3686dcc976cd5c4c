"""Double entry: which accounts a payment and a sale move. Debits are positive, credits negative.

Accounts: `clearing:NAME` (what the provider of account NAME owes the shop), `cash` (what came into
the drawer by sales, less what went out of it by refunds), `orders` (what was paid on orders not yet
complete), `held` (money that waits for a person), `sales`, `tax:ID`, `tips`, `rounding`, `refunds`,
`write_offs` (what a person gave up of an order), `surplus` (what a person kept above an order or
without one).
"""

from app.domain.confirmation import CASH
from app.domain.order import Snapshot
from app.domain.renewal import Agreed


def money_account(provider: str, account: str) -> str:
    """Name the ledger's account for the money of an account at a provider."""
    return CASH if provider == CASH else f"clearing:{account}"


def payment_entries(money: str, amount_minor: int, *, is_held: bool) -> dict[str, int]:
    """Post money that a provider took into the account `money`: towards its order, or held."""
    return {money: amount_minor, "held" if is_held else "orders": -amount_minor}


def rounding_entries(rounding_minor: int) -> dict[str, int]:
    """Post what was taken in cash above an amount; negative is what was taken below it."""
    return {CASH: rounding_minor, "rounding": -rounding_minor}


def sale_entries(snapshot: Snapshot) -> dict[str, int]:
    """Post a complete order: what was paid on it becomes sales, taxes, tips and rounding."""
    on_top = snapshot.tip_minor + snapshot.rounding_minor
    entries = {
        "orders": snapshot.total_minor,
        "sales": -(snapshot.total_minor - snapshot.tax_minor - on_top),
        "tips": -snapshot.tip_minor,
        "rounding": -snapshot.rounding_minor,
    }
    for tax in snapshot.taxes:
        # A rate that the catalog changed while the cart was rung up stands there twice.
        name = f"tax:{tax.tax_id}"
        entries[name] = entries.get(name, 0) - tax.tax_minor
    return entries


def renewal_entries(money: str, agreed: Agreed) -> dict[str, int]:
    """Post a renewal as the sale that it is: no order waits for it, so nothing lies on `orders`."""
    entries = {
        money: agreed.amount.minor,
        "sales": -(agreed.amount.minor - sum(agreed.taxes.values())),
    }
    for tax_id, minor in agreed.taxes.items():
        entries[f"tax:{tax_id}"] = -minor
    return entries


def of_surplus(kept_minor: int, given_back_minor: int) -> int:
    """Say how much of what was given back was kept before: that goes back first, then the sale."""
    return min(kept_minor, given_back_minor)


def refund_entries(
    money: str, amount_minor: int, *, out_of: str, of_surplus_minor: int = 0
) -> dict[str, int]:
    """Post money given back from the account `money`, out of `refunds` or `held`, and `surplus`.

    A negative amount is a refund that failed after it had succeeded.
    """
    return {
        out_of: amount_minor - of_surplus_minor,
        "surplus": of_surplus_minor,
        money: -amount_minor,
    }


def acceptance_entries(
    amount_minor: int, given_back_minor: int, *, above_minor: int = 0
) -> dict[str, int]:
    """Post held money that a person lets count for an order.

    The whole payment counts. What was given back of it meanwhile was first what is `above_minor`,
    more than the order takes; the rest becomes a refund of that sale.
    """
    surplus_minor = of_surplus(above_minor, given_back_minor)
    return {
        "held": amount_minor - given_back_minor,
        "surplus": surplus_minor,
        "refunds": given_back_minor - surplus_minor,
        "orders": -amount_minor,
    }


def holding_entries(amount_minor: int, given_back_minor: int) -> dict[str, int]:
    """Post money as held again that counted for an order which is cancelled: what is left of it."""
    counted = acceptance_entries(amount_minor, given_back_minor)
    return {account: -minor for account, minor in counted.items()}


def keeping_entries(left_minor: int) -> dict[str, int]:
    """Post held money that a person keeps without an order for it: what is left of it."""
    return {"held": left_minor, "surplus": -left_minor}


def write_off_entries(amount_minor: int) -> dict[str, int]:
    """Post what a person gives up of an order's total; negative is what was taken above it."""
    account = "write_offs" if amount_minor > 0 else "surplus"
    return {account: amount_minor, "orders": -amount_minor}
