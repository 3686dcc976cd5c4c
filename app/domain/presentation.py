"""How an amount is put before a customer at a provider: lines that sum to it exactly.

Each line has quantity 1 and its discounted amount ("3 x Coffee"); there is never a negative or
free line; an order with more lines than the provider takes, or a part of an order, is one line.
Where it has subscriptions, it is one line for each interval at which they are charged.
"""

from collections import Counter
from dataclasses import dataclass
from typing import Final

from app.domain.catalog import BillingInterval
from app.domain.money import Money
from app.domain.order import Order, OrderLine
from app.errors import Message

MAX_NAME: Final = 120
_ONETIME: Final = BillingInterval.ONETIME.value


@dataclass(frozen=True, slots=True)
class PresentedLine:
    """One line on the provider's page: what it is, what it costs, how often.

    A name of the till's own making is a `Message`.
    """

    name: str
    amount_minor: int
    billing_interval: str = _ONETIME

    @property
    def is_recurring(self) -> bool:
        """Say whether the provider is to charge the line again every interval."""
        return self.billing_interval != _ONETIME


def present(
    order: Order, amount: Money, *, max_lines: int, step: int = 1
) -> tuple[PresentedLine, ...]:
    """Put `amount` of an order into at most `max_lines` lines that sum to it.

    A provider that takes only multiples of `step` minor units gets one line where several would
    break that.
    Only an order with subscriptions of more intervals than that takes more.
    Raises ValueError where the amount is nothing, more than the order, or a part of an order
    with a subscription (which cannot be started in parts).
    """
    snapshot = order.snapshot
    if not 0 < amount.minor <= snapshot.total_minor or amount.currency != snapshot.currency:
        raise ValueError(f"{amount} cannot be asked for an order of {snapshot.total}")
    recurring = any(line.is_recurring for line in snapshot.lines)
    if amount != snapshot.total:
        if recurring:
            raise ValueError("an order with a subscription is paid in one piece")
        name = Message("Order {number}, part payment", number=order.number)
        return (PresentedLine(name, amount.minor),)
    lines = [*map(_presented, snapshot.lines), *_on_top(order)]
    lines = [line for line in lines if line.amount_minor > 0]
    fits = len(lines) <= max_lines and all(line.amount_minor % step == 0 for line in lines)
    return tuple(lines if fits else _folded(order, lines))


def _folded(order: Order, lines: list[PresentedLine]) -> list[PresentedLine]:
    """Make one line for each interval; what stands alone in its interval keeps its name."""
    by_interval: dict[str, list[PresentedLine]] = {}
    for line in lines:
        by_interval.setdefault(line.billing_interval, []).append(line)
    counts: Counter[str] = Counter()
    for sold in order.snapshot.lines:
        counts[sold.billing_interval] += sold.quantity
    return [
        alike[0]
        if len(alike) == 1
        else PresentedLine(
            Message("Order {number}, {count} items", number=order.number, count=counts[interval]),
            sum(line.amount_minor for line in alike),
            interval,
        )
        for interval, alike in by_interval.items()
    ]


def _presented(line: OrderLine) -> PresentedLine:
    return PresentedLine(shortened(named(line)), line.total_minor, line.billing_interval)


def named(line: OrderLine) -> str:
    """Say what a line is, and how many of it."""
    return line.name if line.quantity == 1 else f"{line.quantity} x {line.name}"


def shortened(name: str) -> str:
    """Give a name that every provider takes: 120 characters at most."""
    return name if len(name) <= MAX_NAME else name[: MAX_NAME - 1].rstrip() + "…"


def _on_top(order: Order) -> list[PresentedLine]:
    """Give the lines for what comes on top of the goods: taxes, tip, cash rounding upwards.

    The tax on a subscription recurs with it, so each interval has a tax line of its own.
    """
    snapshot = order.snapshot
    lines: list[PresentedLine] = []
    if not snapshot.prices_include_tax:
        names = {tax.tax_id: tax.name for tax in snapshot.taxes}
        sums: Counter[tuple[str, str]] = Counter()
        for line in snapshot.lines:
            sums[names.get(line.tax_id, ""), line.billing_interval] += line.tax_minor
        lines += [
            PresentedLine(shortened(name), minor, interval)
            for (name, interval), minor in sums.items()
        ]
    extra = snapshot.tip_minor + snapshot.rounding_minor
    return [*lines, PresentedLine(Message("Tip"), extra)]
