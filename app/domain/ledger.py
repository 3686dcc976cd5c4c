"""Double entry: which accounts a payment and a sale move. Debits are positive, credits negative.

Accounts: `clearing:NAME` (what the provider of account NAME owes the shop), `orders` (what was
paid on orders not yet complete), `held` (money that waits for a person), `sales`, `tax:ID`,
`tips`, `rounding`, `refunds`.
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


def refund_entries(account: str, amount_minor: int, *, was_held: bool) -> dict[str, int]:
    """Post money that a provider gave back, of a sale or of what was held.

    A negative amount is a refund that failed after it had succeeded.
    """
    return {"held" if was_held else "refunds": amount_minor, f"clearing:{account}": -amount_minor}
