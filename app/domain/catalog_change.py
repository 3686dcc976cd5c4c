"""What a newer catalog means: for the shop, for a sale that was begun, and for what is in a cart.

A line of a cart keeps the product as it was rung up, because that price was told to the customer;
an order is a frozen snapshot and is not touched at all.
"""

from dataclasses import dataclass

from app.domain.cart import CartContent
from app.domain.catalog import Catalog, Product


@dataclass(frozen=True, slots=True)
class CatalogChange:
    """How many products on sale are different, new, or no longer there; `shop` is anything else."""

    changed: int = 0
    new: int = 0
    gone: int = 0
    shop: bool = False

    @property
    def is_none(self) -> bool:
        """Say whether everything is as it was."""
        return self == CatalogChange()

    def and_then(self, later: "CatalogChange") -> "CatalogChange":
        """Add up two changes; a product in both counts twice."""
        return CatalogChange(
            self.changed + later.changed,
            self.new + later.new,
            self.gone + later.gone,
            self.shop or later.shop,
        )


def change_between(before: Catalog, after: Catalog) -> CatalogChange:
    """Compare two catalogs by what is on sale; the order of the products counts for nothing."""
    old = {product.id: product for product in before.on_sale()}
    new = {product.id: product for product in after.on_sale()}
    both = old.keys() & new.keys()
    return CatalogChange(
        changed=sum(old[product_id] != new[product_id] for product_id in both),
        new=len(new) - len(both),
        gone=len(old) - len(both),
        shop=(before.shop, before.taxes) != (after.shop, after.taxes),
    )


def have_same_terms(one: Catalog, other: Catalog) -> bool:
    """Say whether lines of both catalogs can stand in one cart and be totalled as one sale.

    They cannot where the shop's currency, whether prices include tax, or a tax's rate differs.
    """
    if one.shop.prices_include_tax is not other.shop.prices_include_tax:
        return False
    if one.shop.currency != other.shop.currency:
        return False
    rates = {tax.id: tax.rate for tax in one.taxes}
    return all(rates.get(tax.id, tax.rate) == tax.rate for tax in other.taxes)


@dataclass(frozen=True, slots=True)
class KeptLine:
    """A product in a cart that the catalog has otherwise by now.

    `now` is how it is sold from now on, or None where it is not on sale any more.
    """

    product: Product
    now: Product | None


def kept_lines(content: CartContent, catalog: Catalog) -> list[KeptLine]:
    """Find what a cart keeps as it was rung up, though its price, tax or interval has changed."""
    kept: dict[str, KeptLine] = {}
    for line in content.lines:
        rung_up = line.product
        now = catalog.product(rung_up.id)
        if now is None or not now.active:
            kept.setdefault(rung_up.id, KeptLine(rung_up, None))
        elif not _costs_the_same(rung_up, now):
            kept.setdefault(rung_up.id, KeptLine(rung_up, now))
    return list(kept.values())


def _costs_the_same(one: Product, other: Product) -> bool:
    return (one.price, one.tax.rate, one.billing_interval) == (
        other.price,
        other.tax.rate,
        other.billing_interval,
    )
