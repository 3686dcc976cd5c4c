"""The scenes of the place where the till is set up."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Final

from app.account_desk import KeyStanding
from app.errors import ConfigError, Message
from app.provider_check import Finding
from app.settings import Mode
from app.status import AccountHealth
from tests.ui.fake_account_desk import SECRET, WEBHOOK, WORKS, account
from tests.ui.gallery.stage import Stage
from tests.ui.helpers import button
from ui.settings.account_panel import AccountPanel
from ui.theme import Tone

KEPT = Message("in {store}", store="Secret Service")
IN_FILE = Message(
    "{variable} in {place}",
    variable="STRIPE_CHECKOUT_STRIPE_SECRET_KEY",
    place=Path("/home/shop/.local/share/scantill/.env"),
)
IN_ENVIRONMENT = Message(
    "{variable} in {place}", variable="STRIPE_SECRET_KEY", place=Message("the environment")
)
SET = replace(SECRET, place=KEPT, kept=KEPT, hint="sk_test_\u20264242")
LIVE = replace(SET, hint="sk_live_\u20269f3Q")
LACKS = Message("It lacks a key: {key}.", key=Message("Key secret"))
RAZORPAY = (
    KeyStanding(
        "key_id", Message("Key ID"), True, place=KEPT, kept=KEPT, hint="rzp_test_\u2026xW2k"
    ),
    KeyStanding("key_secret", Message("Key secret"), True),
    KeyStanding("webhook_secret", Message("Webhook secret"), False, may_be_two=True),
    KeyStanding("account_id", Message("Merchant ID"), False),
)
ALL = (
    account("stripe_checkout", "Stripe Checkout", SET, WEBHOOK),
    account("stripe_links", "Stripe Payment Links", SET, WEBHOOK),
    account("razorpay", "Razorpay", *RAZORPAY, problem=LACKS),
    account("paypal", "PayPal", is_enabled=False),
    account("cash", "Cash", is_by_hand=True),
)
LONG = account(
    "the market stand in the old town behind the town hall, stall 14",
    "Stripe Payment Links",
    replace(SET, label=Message("Webhook signature key")),
    replace(WEBHOOK, place=IN_FILE, hint="whsec_\u20261111, whsec_\u20262222"),
    problem=Message(
        "The API address {base} is not https. Mend {variable} or leave it out.",
        base="http://api.the-market-stand-in-the-old-town.example/v1",
        variable="STRIPE_API_BASE",
    ),
    is_changed=True,
)


async def opened(stage: Stage, *accounts: object, store: str = "Secret Service") -> AccountPanel:
    desk = stage.till.account_desk
    if accounts:
        desk.set_accounts(*accounts, store=store)  # type: ignore[arg-type]
    stage.window.rail.settings.click()
    await stage.settled()
    return stage.window.places.settings.accounts.panel


async def typed(stage: Stage, text: str) -> AccountPanel:
    panel = await opened(stage)
    panel.entries["secret_key"].field.edit.setText(text)
    return panel


async def training(stage: Stage) -> None:
    await opened(stage)


async def missing(stage: Stage) -> None:
    await opened(stage)


async def several(stage: Stage) -> None:
    await opened(stage, *ALL)


async def unready(stage: Stage) -> None:
    await opened(stage, *ALL)
    stage.window.places.settings.accounts.list.choose("razorpay")


async def by_hand(stage: Stage) -> None:
    await opened(stage, *ALL)
    stage.window.places.settings.accounts.list.choose("cash")


async def being_typed(stage: Stage) -> None:
    await typed(stage, "sk_test_51AbCdEfGhIjKlMnOpQrStUvWxYz4242")


async def saving(stage: Stage) -> None:
    panel = await typed(stage, "sk_test_51AbCdEfGhIjKlMnOpQrStUvWxYz4242")
    stage.gates.append(gate := asyncio.Event())
    stage.till.account_desk.gate = gate
    panel.entries["secret_key"].save.click()


async def saved(stage: Stage) -> None:
    panel = await typed(stage, "sk_test_51AbCdEfGhIjKlMnOpQrStUvWxYz4242")
    panel.entries["secret_key"].save.click()
    await stage.settled()


async def refused(stage: Stage) -> None:
    """A live key in a test directory."""
    stage.till.account_desk.error = ConfigError(
        Message(
            "{variable} of the account {name} is a {other} key, and this till is in {mode} mode",
            variable="STRIPE_SECRET_KEY",
            name="stripe_checkout",
            other="live",
            mode="test",
        ),
        action=Message(
            "Use a key that begins with {wanted}, or start with another --mode.", wanted="sk_test_"
        ),
    )
    panel = await typed(stage, "sk_live_51AbCdEfGhIjKlMnOpQrStUvWxYz4242")
    panel.entries["secret_key"].save.click()
    await stage.settled()


async def removal_asked(stage: Stage) -> None:
    await opened(stage, *ALL)
    button(stage.window, "remove_secret_key").click()


async def no_store(stage: Stage) -> None:
    in_file = replace(SET, place=IN_FILE, kept=IN_FILE)
    await opened(stage, account("stripe_checkout", "Stripe Checkout", in_file, WEBHOOK), store="")


async def shadowed(stage: Stage) -> None:
    other = replace(SET, place=IN_ENVIRONMENT, hint="sk_test_\u20269999")
    await opened(
        stage, account("stripe_checkout", "Stripe Checkout", other, WEBHOOK, is_changed=True)
    )


async def works(stage: Stage) -> None:
    panel = await opened(stage, *ALL)
    panel.test.click()
    await stage.settled()


async def works_not(stage: Stage) -> None:
    stage.till.account_desk.findings = (
        *WORKS[:3],
        Finding("currency", Message("It takes no {currency}.", currency="EUR"), is_good=False),
        Finding(
            "clock", Message("This computer's is {seconds} s slow; set it.", seconds=431), False
        ),
        *WORKS[5:],
    )
    await works(stage)


async def asking(stage: Stage) -> None:
    panel = await opened(stage, *ALL)
    stage.gates.append(gate := asyncio.Event())
    stage.till.account_desk.gate = gate
    panel.test.click()
    for _ in range(8):
        await asyncio.sleep(0)


async def long_names(stage: Stage) -> None:
    panel = await opened(stage, LONG, *ALL)
    panel.entries["secret_key"].tell(
        "What is given as Secret key of the market stand in the old town is none.", Tone.DANGER
    )


async def hebrew_name(stage: Stage) -> None:
    name = "\u05e9\u05d5\u05e7 \u05d4\u05e2\u05d9\u05e8"
    await opened(stage, account(name, "Stripe Checkout", SET, WEBHOOK, is_changed=True))


async def only_by_hand(stage: Stage) -> None:
    """No provider is there that could answer; the strip says so."""
    hands = [AccountHealth(name, is_by_hand=True) for name in ("cash", "terminal")]
    stage.till.answers = replace(stage.till.answers, accounts=tuple(hands))
    stage.window.strip.show_status(stage.till.status(), stage.clock.now())
    await opened(
        stage,
        account("cash", "Cash", is_by_hand=True),
        account("terminal", "Card machine", is_by_hand=True),
    )


async def live(stage: Stage) -> None:
    await opened(stage, account("stripe_checkout", "Stripe Checkout", LIVE, WEBHOOK))


SCENES: Final = (
    ("training", Mode.TRAINING, training),
    ("missing", Mode.TEST, missing),
    ("several", Mode.TEST, several),
    ("unready", Mode.TEST, unready),
    ("by-hand", Mode.TEST, by_hand),
    ("typed", Mode.TEST, being_typed),
    ("saving", Mode.TEST, saving),
    ("saved", Mode.TEST, saved),
    ("refused", Mode.TEST, refused),
    ("removal-asked", Mode.TEST, removal_asked),
    ("no-store", Mode.TEST, no_store),
    ("shadowed", Mode.TEST, shadowed),
    ("asking", Mode.TEST, asking),
    ("works", Mode.TEST, works),
    ("works-not", Mode.TEST, works_not),
    ("long", Mode.TEST, long_names),
    ("hebrew-name", Mode.TEST, hebrew_name),
    ("only-by-hand", Mode.LIVE, only_by_hand),
    ("live", Mode.LIVE, live),
)
"""The scenes by name, each with the mode that it is in."""
