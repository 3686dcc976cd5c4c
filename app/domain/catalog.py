"""What the shop sells: products, taxes and the shop itself, as values that never change.

A catalog is read from its file by `app.catalog_file`; here are only its types and look-ups.
"""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from types import MappingProxyType

from app.domain.money import Money


class ProductType(StrEnum):
    """What kind of thing is sold."""

    PHYSICAL = "physical"
    DIGITAL = "digital"
    SERVICE = "service"
    SUBSCRIPTION = "subscription"
    API_ACCESS = "api_access"


class BillingInterval(StrEnum):
    """How often the price is charged; anything but `onetime` is recurring."""

    ONETIME = "onetime"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    YEARLY = "yearly"


@dataclass(frozen=True, slots=True)
class Tax:
    """A tax with its rate as an exact fraction of the net price (0.19 for 19 %)."""

    id: str
    name: str
    rate: Fraction


UNTAXED = Tax(id="", name="", rate=Fraction(0))


@dataclass(frozen=True, slots=True)
class Shop:
    """Who sells: what stands on receipts and on the customer's screen."""

    name: str = "My shop"
    currency: str = "EUR"
    prices_include_tax: bool = True
    address: str = ""
    tax_number: str = ""
    receipt_footer: str = ""
    success_url: str = ""
    cancel_url: str = ""


def _no_metadata() -> Mapping[str, str]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Product:
    """One thing in the catalog. `price` is for one unit; `stock` is the opening count, if kept."""

    id: str
    name: str
    price: Money
    description: str = ""
    category: str = ""
    sku: str = ""
    barcodes: tuple[str, ...] = ()
    image: str = ""
    product_type: ProductType = ProductType.PHYSICAL
    billing_interval: BillingInterval = BillingInterval.ONETIME
    active: bool = True
    tax: Tax = UNTAXED
    stock: int | None = None
    site_id: str = ""
    metadata: Mapping[str, str] = field(default_factory=_no_metadata, hash=False)

    @property
    def is_recurring(self) -> bool:
        """Say whether the price is charged again every interval."""
        return self.billing_interval is not BillingInterval.ONETIME

    @property
    def as_sold(self) -> tuple[object, ...]:
        """Give all that an order takes over; picture, category, stock and the like are not."""
        return (self.id, self.name, self.sku, self.price, self.tax, self.billing_interval)


class Catalog:
    """The products in the file's order, with look-ups by id and by scanned code."""

    def __init__(
        self, shop: Shop, products: tuple[Product, ...], taxes: tuple[Tax, ...] = ()
    ) -> None:
        self.shop = shop
        self.products = products
        self.taxes = taxes
        self._by_id = {product.id: product for product in products}
        self._by_code = {
            code: product
            for product in products
            for code in (*product.barcodes, product.sku)
            if code
        }
        self._haystacks: dict[str, str] = {}

    def product(self, product_id: str) -> Product | None:
        """Find a product by its id, active or not."""
        return self._by_id.get(product_id)

    def scanned(self, code: str) -> Product | None:
        """Find the active product with this barcode or SKU."""
        product = self._by_code.get(code.strip())
        return product if product is not None and product.active else None

    def on_sale(self) -> tuple[Product, ...]:
        """Give the active products in the file's order."""
        return tuple(product for product in self.products if product.active)

    def categories(self) -> tuple[str, ...]:
        """Give the categories of active products, in order of first appearance."""
        return tuple(dict.fromkeys(p.category for p in self.on_sale() if p.category))

    def search(self, text: str, category: str = "") -> list[Product]:
        """Find active products whose name, SKU or barcode has every word of `text`.

        Case and accents are ignored. An exact code comes first, then names that begin with the
        text, then the rest in the file's order.
        """
        wanted = fold(text)
        words = wanted.split()
        found = [
            product
            for product in self.on_sale()
            if (not category or product.category == category)
            and all(word in self._haystack(product) for word in words)
        ]
        if not words:
            return found
        code = text.strip()
        return sorted(
            found,
            key=lambda p: (
                code not in (*p.barcodes, p.sku),
                not fold(p.name).startswith(wanted),
            ),
        )

    def _haystack(self, product: Product) -> str:
        haystack = self._haystacks.get(product.id)
        if haystack is None:
            words = (fold(product.name), product.sku.casefold(), *product.barcodes)
            haystack = self._haystacks[product.id] = " ".join(words)
        return haystack


def fold(text: str) -> str:
    """Bring text to the form in which it is compared: no case, no accents, single spaces."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(char for char in decomposed if not unicodedata.combining(char))
    return " ".join(bare.split())
