"""Whatever a catalog file says, what comes of it is a catalog or a CatalogError."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.catalog_file import load_catalog, read_catalog
from app.domain.catalog import Catalog
from app.domain.money import EXPONENTS, MAX_MINOR
from app.errors import CatalogError, Message

PRODUCT: Final = {"id": "a", "name": "A", "price": {"amount": 100, "currency": "EUR"}}

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([-1, 0, 10**30, MAX_MINOR, MAX_MINOR + 1]),
    st.floats(),
    st.text(max_size=12),
    st.sampled_from(["a", "b", "EUR", "XXX", "0.19", "1e-99999999", "NaN", "monthly", "digital"]),
    st.dates(),
    st.times(),
)
junk = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)
KEYS = "id name price description category sku barcodes image product_type billing_interval".split()
KEYS += ["active", "tax", "stock", "site_id", "metadata", "rate", "int", "amount", "currency"]


def tables(values: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(st.sampled_from(KEYS), values, max_size=8)


prices = junk | st.fixed_dictionaries({"amount": scalars, "currency": scalars})
entries = junk | tables(junk | prices) | st.builds(lambda more: PRODUCT | more, tables(junk))
documents = st.dictionaries(
    st.sampled_from(["shop", "taxes", "products", "other", "int", "str"]),
    junk | st.lists(entries, max_size=4) | tables(junk),
)


@settings(max_examples=400)
@given(documents)
@example({"products": [], "taxes": [{"id": "t", "name": "T", "rate": "1e-99999999"}]})
@example({"products": [{"id": [], "price": {"amount": float("nan")}}, []]})
def test_a_document_is_a_catalog_or_a_catalog_error_and_nothing_else(
    document: dict[str, Any],
) -> None:
    assert_sound(outcome(lambda: read_catalog(document, "shop.toml")))


@given(st.text(alphabet='[]{}=".#\n abc019-_e', max_size=60))
def test_any_text_is_a_catalog_or_a_catalog_error_and_nothing_else(
    tmp_path: Path, text: str
) -> None:
    path = tmp_path / "fuzz.toml"
    path.write_text(text, "utf-8")
    assert_sound(outcome(lambda: load_catalog(path)))


def outcome(read: Callable[[], Catalog]) -> Catalog | CatalogError:
    try:
        return read()
    except CatalogError as error:
        return error


def assert_sound(catalog: Catalog | CatalogError) -> None:
    if isinstance(catalog, CatalogError):
        assert catalog.faults
        assert all(len(str(fault).splitlines()) == 1 for fault in catalog.faults)
        for fault in catalog.faults:
            assert isinstance(fault.problem, Message)
            assert fault.problem.template != "cannot be used: {reason}", fault.problem
        return
    ids = [product.id for product in catalog.products]
    assert len(set(ids)) == len(ids)
    for product in catalog.products:
        assert type(product.price.minor) is int
        assert 0 <= product.price.minor <= MAX_MINOR
        assert product.price.currency in EXPONENTS
        assert 0 <= product.tax.rate <= 1
