"""Double entry: which accounts a payment and a sale move. Debits are positive, credits negative.

Accounts: `clearing:NAME` (what the provider of account NAME owes the shop), `orders` (what was
paid on orders not yet complete), `held` (money that waits for a person), `sales`, `tax:ID`,
`tips`, `rounding`, `refunds`, `write_offs` (what a person gave up, less what was kept).
"""

from app.domain.order import Snapshot


def payment_entries(account: str, amount_minor: int, *, is_held: bool) -> dict[str, int]:
    """Post money that a provider took: towards its order, or held."""
    return {f"clearing:{account}": amount_minor, "held" if is_held else "orders": -amount_minor}


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


def refund_entries(account: str, amount_minor: int, *, out_of: str) -> dict[str, int]:
    """Post money that a provider gave back, out of `refunds`, `held` or `write_offs`.

    A negative amount is a refund that failed after it had succeeded.
    """
    return {out_of: amount_minor, f"clearing:{account}": -amount_minor}


def acceptance_entries(amount_minor: int, given_back_minor: int) -> dict[str, int]:
    """Post held money that a person lets count for an order.

    The whole payment counts; what was given back of it meanwhile becomes a refund of that sale.
    """
    return {
        "held": amount_minor - given_back_minor,
        "refunds": given_back_minor,
        "orders": -amount_minor,
    }


def holding_entries(amount_minor: int, given_back_minor: int) -> dict[str, int]:
    """Post money as held again that counted for an order which is cancelled: what is left of it."""
    counted = acceptance_entries(amount_minor, given_back_minor)
    return {account: -minor for account, minor in counted.items()}


def keeping_entries(left_minor: int) -> dict[str, int]:
    """Post held money that a person keeps without an order for it: what is left of it."""
    return {"held": left_minor, "write_offs": -left_minor}


def write_off_entries(amount_minor: int) -> dict[str, int]:
    """Post what a person gives up of an order's total; negative is what was taken above it."""
    return {"write_offs": amount_minor, "orders": -amount_minor}
