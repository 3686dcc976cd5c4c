"""Reads `catalog.toml` into the domain's catalog, and names every fault it finds on the way."""

import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app.domain.catalog import (
    UNTAXED,
    BillingInterval,
    Catalog,
    Product,
    ProductType,
    Shop,
    Tax,
)
from app.domain.money import EXPONENTS, MAX_MINOR, Money
from app.errors import CatalogError, Fault

_MAX_NAME: Final = 300

_Text = Annotated[str, Field(max_length=2000)]
_Id = Annotated[str, Field(min_length=1, max_length=100)]
_Name = Annotated[str, Field(min_length=1, max_length=_MAX_NAME)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _ShopTable(_Table):
    name: _Name = "My shop"
    currency: str = ""
    prices_include_tax: bool = True
    address: _Text = ""
    tax_number: _Text = ""
    receipt_footer: _Text = ""
    success_url: _Text = ""
    cancel_url: _Text = ""


class _TaxTable(_Table):
    id: _Id
    name: _Name
    rate: str


class _PriceTable(_Table):
    amount: Annotated[int, Field(ge=0, le=MAX_MINOR)]
    currency: str = ""


class _ProductTable(_Table):
    id: _Id
    name: _Name
    price: _PriceTable
    description: _Text = ""
    category: _Text = ""
    sku: _Text = ""
    barcodes: list[_Id] = Field(default_factory=list)
    image: _Text = ""
    product_type: ProductType = Field(default=ProductType.PHYSICAL, strict=False)
    billing_interval: BillingInterval = Field(default=BillingInterval.ONETIME, strict=False)
    active: bool = True
    tax: str = ""
    stock: int | None = None
    site_id: _Text = ""
    metadata: dict[str, str | int | bool] = Field(default_factory=dict)


class _Document(_Table):
    shop: _ShopTable = Field(default_factory=_ShopTable)
    taxes: list[_TaxTable] = Field(default_factory=list)
    products: list[_ProductTable]


def load_catalog(path: Path) -> Catalog:
    """Read a catalog file. Raises CatalogError with every fault: file, item and key."""
    file = str(path)
    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise CatalogError(file, (Fault(file, "", "", "there is no such file"),)) from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        problem = f"cannot be read: {error}"
        raise CatalogError(file, (Fault(file, "", "", problem),)) from error
    return read_catalog(document, file)


def read_catalog(document: Mapping[str, Any], file: str) -> Catalog:
    """Build a catalog from a parsed document; `file` is what faults are reported under."""
    try:
        tables = _Document.model_validate(document)
    except ValidationError as error:
        faults = [_fault(document, file, part) for part in error.errors(include_url=False)]
        faults += _untyped_twins(document, file)
        raise CatalogError(file, tuple(faults)) from error
    faults = list(_faults(tables, file))
    if faults:
        raise CatalogError(file, tuple(faults))
    return _catalog(tables)


def _faults(tables: _Document, file: str) -> Iterator[Fault]:
    """Find what single values cannot show: twins, unknown currencies, taxes and rates."""
    if tables.shop.currency and tables.shop.currency not in EXPONENTS:
        yield Fault(file, "shop", "currency", _unknown_currency(tables.shop.currency))
    for tax in tables.taxes:
        if _rate(tax.rate) is None:
            problem = f'{tax.rate!r} is not a rate; write 19 % as "0.19"'
            yield Fault(file, f"tax {tax.id}", "rate", problem)
    yield from _twins(file, "tax", "id", (tax.id for tax in tables.taxes))
    taxes = {tax.id for tax in tables.taxes}
    for product in tables.products:
        item = f"product {product.id}"
        currency = product.price.currency
        if currency and currency not in EXPONENTS:
            yield Fault(file, item, "price.currency", _unknown_currency(currency))
        if not currency and not tables.shop.currency:
            yield Fault(file, item, "price.currency", "is missing, and [shop] names none either")
        if product.tax and product.tax not in taxes:
            yield Fault(file, item, "tax", f"there is no tax {product.tax!r} in [[taxes]]")
    yield from _twins(file, "product", "id", (product.id for product in tables.products))
    yield from _code_twins(tables.products, file)


def _code_twins(products: list[_ProductTable], file: str) -> Iterator[Fault]:
    """Find codes that a scanner could not tell apart: barcodes and SKUs share one space."""
    owners: dict[str, str] = {}
    for product in products:
        codes = [("barcodes", code) for code in product.barcodes]
        codes += [("sku", product.sku)] if product.sku else []
        for key, code in codes:
            owner = owners.setdefault(code, product.id)
            if owner != product.id:
                problem = f"{code!r} belongs to product {owner} already"
                yield Fault(file, f"product {product.id}", key, problem)


def _twins(file: str, kind: str, key: str, values: Iterable[str]) -> Iterator[Fault]:
    for value, count in Counter(values).items():
        if count > 1:
            yield Fault(file, f"{kind} {value}", key, f"is given {count} times")


def _untyped_twins(document: Mapping[str, Any], file: str) -> list[Fault]:
    """Find duplicate ids in a document that does not pass as a whole."""
    products = document.get("products")
    if not isinstance(products, list):
        return []
    ids = [p.get("id") for p in products if isinstance(p, dict)]
    return list(_twins(file, "product", "id", (i for i in ids if isinstance(i, str) and i)))


_PROBLEMS: Final = {
    "missing": "is missing",
    "extra_forbidden": "is not a key that the till knows",
    "int_type": "must be a whole number of minor units (cents), without a decimal point",
    "greater_than_equal": "must not be negative",
    "string_type": "must be a text in quotes",
    "string_too_short": "must not be empty",
    "bool_type": "must be true or false",
    "list_type": "must be a list",
}


def _fault(document: Mapping[str, Any], file: str, error: Any) -> Fault:
    location = [part for part in error["loc"] if part not in ("str", "int", "bool")]
    problem = _PROBLEMS.get(error["type"]) or str(error["msg"])[:1].lower() + error["msg"][1:]
    match location:
        case [("products" | "taxes") as table, int(place), *rest]:
            kind = {"products": "product", "taxes": "tax"}[table]
            entry = document[table][place]
            name = entry.get("id") if isinstance(entry, dict) else None
            label = name if isinstance(name, str) and name else f"number {place + 1}"
            return Fault(file, f"{kind} {label}", ".".join(map(str, rest)), problem)
        case [section, *rest] if rest:
            return Fault(file, str(section), ".".join(map(str, rest)), problem)
        case _:
            return Fault(file, "", ".".join(map(str, location)), problem)


def _unknown_currency(code: str) -> str:
    return f"{code!r} is not a currency in use (ISO 4217, three capital letters)"


def _rate(text: str) -> Fraction | None:
    try:
        rate = Decimal(text)
    except InvalidOperation:
        return None
    return Fraction(rate) if rate.is_finite() and 0 <= rate <= 1 else None


def _catalog(tables: _Document) -> Catalog:
    first = next((table.price.currency for table in tables.products if table.price.currency), "")
    shop = Shop(
        name=tables.shop.name,
        currency=tables.shop.currency or first or Shop().currency,
        prices_include_tax=tables.shop.prices_include_tax,
        address=tables.shop.address.strip(),
        tax_number=tables.shop.tax_number,
        receipt_footer=tables.shop.receipt_footer,
        success_url=tables.shop.success_url,
        cancel_url=tables.shop.cancel_url,
    )
    taxes = {tax.id: Tax(tax.id, tax.name, Fraction(Decimal(tax.rate))) for tax in tables.taxes}
    products = tuple(_product(table, shop, taxes) for table in tables.products)
    return Catalog(shop, products, tuple(taxes.values()))


def _product(table: _ProductTable, shop: Shop, taxes: Mapping[str, Tax]) -> Product:
    metadata = {key: str(value) for key, value in table.metadata.items()}
    return Product(
        id=table.id,
        name=table.name,
        price=Money(table.price.amount, table.price.currency or shop.currency),
        description=table.description,
        category=table.category,
        sku=table.sku,
        barcodes=tuple(table.barcodes),
        image=table.image,
        product_type=table.product_type,
        billing_interval=table.billing_interval,
        active=table.active,
        tax=taxes[table.tax] if table.tax else UNTAXED,
        stock=table.stock,
        site_id=table.site_id,
        metadata=MappingProxyType(metadata),
    )
