"""The scenes of what happens outside the till: its catalog's file, the network, the provider."""

from dataclasses import replace

from app.domain.catalog import Catalog
from app.domain.money import Money
from app.errors import Message
from app.status import AccountHealth, PhonesState
from tests.ui.fakes import START
from tests.ui.gallery.stage import Stage
from ui.pay.state import Action

_FAULTS = (
    ("product 3", "price.amount", "must be a whole number of cents, not 3.9"),
    ("product 7", "tax", "names no tax of this file: reduced"),
    ("product 12", "barcodes", "4006381333931 is the barcode of another product too"),
)


def _dearer(stage: Stage, **shop: object) -> None:
    """Save the catalog with a higher price for what is rung up first."""
    catalog = stage.till.catalog
    first, *others = catalog.products
    price = Money(first.price.minor + 50, first.price.currency)
    new_shop = replace(catalog.shop, **shop)  # type: ignore[arg-type]
    products = (replace(first, price=price), *others)
    stage.till.catalog_watch.save(Catalog(new_shop, products, catalog.taxes))


async def changed_catalog(stage: Stage) -> None:
    _dearer(stage)


async def price_kept(stage: Stage) -> None:
    stage.add(stage.till.catalog.products[0].id)
    _dearer(stage)


async def catalog_waiting(stage: Stage) -> None:
    stage.add_first(3)
    shop = stage.till.catalog.shop
    _dearer(stage, prices_include_tax=not shop.prices_include_tax)


async def catalog_with_faults(stage: Stage) -> None:
    stage.add_first(2)
    stage.till.catalog_watch.spoil(*_FAULTS)


async def all_faults_shown(stage: Stage) -> None:
    await catalog_with_faults(stage)
    stage.window.sell.notes.file.button.click()


async def keys_refused(stage: Stage) -> None:
    stage.add_first(2)
    account = AccountHealth("stripe_checkout", is_reachable=False, since=START, is_refused=True)
    stage.till.answers = replace(stage.till.answers, accounts=(account,))
    stage.window.strip.show_status(stage.till.status(), stage.clock.now())


async def phones_allowed(stage: Stage) -> None:
    await stage.charge()
    stage.window.counter.act(Action.ALLOW_PHONES)
    await stage.settled()


async def phones_without_network(stage: Stage) -> None:
    await stage.charge()
    assert stage.till.phones is not None
    problem = Message("This computer is on no network that a phone in the shop could share.")
    stage.till.phones.set(PhonesState(is_allowed=True, problem=problem))
