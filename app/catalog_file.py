"""Reads `catalog.toml` into the domain's catalog, and names every fault it finds on the way."""

import re
import stat
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import PydanticCustomError

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
from app.errors import CatalogError, Fault, Message
from app.problems import problem_of, problem_of_toml

MAX_BYTES: Final = 64 * 1024 * 1024
"""A file above this is no catalog; 100,000 products take about 16 MB."""
_MAX_NAME: Final = 300
_RATE: Final = re.compile(r"[0-9]{1,3}(\.[0-9]{1,9})?", re.ASCII)

_Text = Annotated[str, Field(max_length=2000)]
_Id = Annotated[str, Field(min_length=1, max_length=100)]
_Name = Annotated[str, Field(min_length=1, max_length=_MAX_NAME)]


def _known_currency(code: str) -> str:
    if code and code not in EXPONENTS:
        raise PydanticCustomError("currency", "currency", {"code": repr(code)})
    return code


def _readable_rate(text: str) -> str:
    if not _RATE.fullmatch(text) or Decimal(text) > 1:
        raise PydanticCustomError("rate", "rate", {"text": repr(text)})
    return text


_Currency = Annotated[str, AfterValidator(_known_currency)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _ShopTable(_Table):
    name: _Name = "My shop"
    currency: _Currency = ""
    prices_include_tax: bool = True
    address: _Text = ""
    tax_number: _Text = ""
    receipt_footer: _Text = ""
    success_url: _Text = ""
    cancel_url: _Text = ""


class _TaxTable(_Table):
    id: _Id
    name: _Name
    rate: Annotated[str, AfterValidator(_readable_rate)]


class _PriceTable(_Table):
    amount: Annotated[int, Field(ge=0, le=MAX_MINOR)]
    currency: _Currency = ""


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
    products: list[Any]


def load_catalog(path: Path) -> Catalog:
    """Read a catalog file. Raises CatalogError with every fault: file, item and key."""
    return parse_catalog(read_file(path), str(path))


def read_file(path: Path) -> bytes:
    """Read a file's bytes. Raises CatalogError where there is no ordinary, readable file."""
    file = str(path)
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            raise _unreadable(file, Message("is not an ordinary file"))
        with path.open("rb") as opened:
            data = opened.read(MAX_BYTES + 1)
    except FileNotFoundError as error:
        raise _unreadable(file, Message("there is no such file")) from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise _unreadable(file, Message("cannot be read: {reason}", reason=reason)) from error
    if len(data) > MAX_BYTES:
        most = MAX_BYTES // 1024**2
        raise _unreadable(file, Message("is larger than {most} MB", most=most))
    return data


def parse_catalog(data: bytes, file: str) -> Catalog:
    """Build a catalog from a file's bytes; `file` is what faults are reported under."""
    try:
        document = tomllib.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise _unreadable(file, Message("is not text in UTF-8")) from error
    except RecursionError as error:
        raise _unreadable(file, Message("is nested too deeply")) from error
    except ValueError as error:
        raise _unreadable(file, problem_of_toml(error)) from error
    return read_catalog(document, file)


def read_catalog(document: Mapping[str, Any], file: str) -> Catalog:
    """Build a catalog from a parsed document; `file` is what faults are reported under."""
    errors: list[Any] = []
    tables = None
    try:
        tables = _Document.model_validate(document)
    except ValidationError as error:
        errors += error.errors(include_url=False)
    products = list(_product_tables(document, errors))
    faults = list(dict.fromkeys(_fault(document, file, error) for error in errors))
    # Also of a document that does not pass: all faults are named at once.
    faults += _cross_faults(document, file)
    if tables is None or faults:
        raise CatalogError(file, tuple(faults))
    return _catalog(tables, products)


def _unreadable(file: str, problem: Message) -> CatalogError:
    return CatalogError(file, (Fault(file, "", "", problem),))


def _product_tables(document: Mapping[str, Any], errors: list[Any]) -> Iterator[_ProductTable]:
    """Check the products one by one, so that other threads get their turn; collect what fails."""
    entries = document.get("products")
    for place, entry in enumerate(entries if isinstance(entries, list) else []):
        try:
            yield _ProductTable.model_validate(entry)
        except ValidationError as error:
            for part in error.errors(include_url=False):
                errors.append(part | {"loc": ("products", place, *part["loc"])})


def _cross_faults(document: Mapping[str, Any], file: str) -> Iterator[Fault]:
    """Find what single values cannot show: twins, missing currencies and unknown taxes."""
    taxes, products = _entries(document, "taxes"), _entries(document, "products")
    shop = document.get("shop")
    shop_has_currency = isinstance(shop, dict) and bool(shop.get("currency"))
    tax_ids = {_text(tax, "id") for _, tax in taxes}
    yield from _twins(file, "taxes", taxes)
    for place, product in products:
        price = product.get("price")
        if isinstance(price, dict) and not price.get("currency") and not shop_has_currency:
            problem = Message("is missing, and [shop] names none either")
            yield Fault(file, _label("products", product, place), "price.currency", problem)
        tax = _text(product, "tax")
        if tax and tax not in tax_ids:
            problem = Message("there is no tax {tax} in [[taxes]]", tax=repr(tax))
            yield Fault(file, _label("products", product, place), "tax", problem)
    yield from _twins(file, "products", products)
    yield from _code_twins(products, file)


def _code_twins(products: list[tuple[int, dict[str, Any]]], file: str) -> Iterator[Fault]:
    """Find codes that a scanner could not tell apart: barcodes and SKUs share one space."""
    owners: dict[str, tuple[int, dict[str, Any]]] = {}
    for place, product in products:
        barcodes = product.get("barcodes")
        codes = [("barcodes", code) for code in barcodes] if isinstance(barcodes, list) else []
        for key, code in (*codes, ("sku", product.get("sku"))):
            if not isinstance(code, str) or not code:
                continue
            owner = owners.setdefault(code, (place, product))
            if owner[0] != place:
                problem = Message(
                    "{code} belongs to {owner} already",
                    code=repr(code),
                    owner=_label("products", owner[1], owner[0]),
                )
                yield Fault(file, _label("products", product, place), key, problem)


def _entries(document: Mapping[str, Any], table: str) -> list[tuple[int, dict[str, Any]]]:
    """Give the entries of a list of tables with their places, whatever else is wrong."""
    entries = document.get(table)
    if not isinstance(entries, list):
        return []
    return [(place, entry) for place, entry in enumerate(entries) if isinstance(entry, dict)]


def _label(table: str, entry: Any, place: int) -> Message:
    """Call an entry by its id, or by its place where it has none."""
    id = _text(entry, "id") if isinstance(entry, dict) else ""
    if table == "taxes":
        return Message("tax {id}", id=id) if id else Message("tax number {place}", place=place + 1)
    if id:
        return Message("product {id}", id=id)
    return Message("product number {place}", place=place + 1)


def _text(table: Mapping[str, Any], key: str) -> str:
    value = table.get(key)
    return value if isinstance(value, str) else ""


def _twins(file: str, table: str, entries: Iterable[tuple[int, dict[str, Any]]]) -> Iterator[Fault]:
    for id, count in Counter(_text(entry, "id") for _, entry in entries).items():
        if id and count > 1:
            item = _label(table, {"id": id}, 0)
            yield Fault(file, item, "id", Message("is given {count} times", count=count))


def _fault(document: Mapping[str, Any], file: str, error: Any) -> Fault:
    problem = problem_of(error)
    match list(error["loc"]):
        case ["products", int(place), "metadata", key, *_]:
            problem = Message("must be a text, a whole number, true or false")
            item = _label("products", document["products"][place], place)
            return Fault(file, item, f"metadata.{key}", problem)
        case [("products" | "taxes") as table, int(place), *rest]:
            item = _label(table, document[table][place], place)
            return Fault(file, item, ".".join(map(str, rest)), problem)
        case [section, *rest] if rest:
            return Fault(file, str(section), ".".join(map(str, rest)), problem)
        case location:
            return Fault(file, "", ".".join(map(str, location)), problem)


def _catalog(tables: _Document, products: Iterable[_ProductTable]) -> Catalog:
    first = next((table.price.currency for table in products if table.price.currency), "")
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
    sold = tuple(_product(table, shop, taxes) for table in products)
    return Catalog(shop, sold, tuple(taxes.values()))


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
