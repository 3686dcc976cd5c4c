"""From a cart to exact totals: discounts spread over the lines, tax once per rate.

total = lines - discounts + tax (where prices exclude it) + tip + cash rounding
"""

from dataclasses import dataclass

from app.domain.cart import CartContent, CartLine
from app.domain.catalog import Tax
from app.domain.money import rounded, spread


@dataclass(frozen=True, slots=True)
class PricedLine:
    """A cart line with what it costs: `total_minor` is after both discounts.

    `tax_minor` is the line's share of its rate's tax: contained in `total_minor` where prices
    include tax, on top of it where they do not.
    """

    line: CartLine
    discount_minor: int
    total_minor: int
    tax_minor: int


@dataclass(frozen=True, slots=True)
class TaxTotal:
    """One tax over the whole cart: what it was computed on and what it comes to."""

    tax: Tax
    net_minor: int
    tax_minor: int


@dataclass(frozen=True, slots=True)
class Totals:
    """The cart in figures, all in minor units of one currency."""

    lines: tuple[PricedLine, ...]
    taxes: tuple[TaxTotal, ...]
    subtotal_minor: int
    discount_minor: int
    tax_minor: int
    tip_minor: int
    rounding_minor: int
    total_minor: int


def price(content: CartContent, *, prices_include_tax: bool) -> Totals:
    """Compute every figure of a cart, exactly; a pure function of its arguments."""
    shares = _cart_discount_shares(content)
    after = [
        line.net_of_discount_minor - share
        for line, share in zip(content.lines, shares, strict=True)
    ]
    line_taxes = [0] * len(after)
    taxes: list[TaxTotal] = []
    for tax in dict.fromkeys(line.product.tax for line in content.lines):
        places = [i for i, line in enumerate(content.lines) if line.product.tax == tax]
        base = sum(after[i] for i in places)
        if prices_include_tax:
            amount = rounded(base * tax.rate / (1 + tax.rate))
        else:
            amount = rounded(base * tax.rate)
        for i, share in zip(places, spread(amount, [after[i] for i in places]), strict=True):
            line_taxes[i] = share
        if tax.rate:
            net = base - amount if prices_include_tax else base
            taxes.append(TaxTotal(tax, net, amount))
    subtotal = sum(line.gross_minor for line in content.lines)
    tax_total = sum(tax.tax_minor for tax in taxes)
    on_top = 0 if prices_include_tax else tax_total
    return Totals(
        lines=tuple(
            PricedLine(line, line.gross_minor - total, total, line_tax)
            for line, total, line_tax in zip(content.lines, after, line_taxes, strict=True)
        ),
        taxes=tuple(taxes),
        subtotal_minor=subtotal,
        discount_minor=subtotal - sum(after),
        tax_minor=tax_total,
        tip_minor=content.tip_minor,
        rounding_minor=0,
        total_minor=sum(after) + on_top + content.tip_minor,
    )


def _cart_discount_shares(content: CartContent) -> list[int]:
    """Spread the cart's discount over its one-time lines in proportion to their price."""
    weights = [
        0 if line.product.is_recurring else line.net_of_discount_minor for line in content.lines
    ]
    base = sum(weights)
    if content.discount is None or base == 0:
        return [0] * len(weights)
    return spread(content.discount.off(base), weights)
