"""The scenes of saved cards: the list, a new one, its code, and how it ends."""

import asyncio
from datetime import timedelta
from typing import Final

from app.card_refusals import not_asked
from app.domain.card_setup import CardClosing, CardState, KeptCard
from app.errors import Message, Unavailable
from app.settings import Mode
from tests.ui.gallery.scene import Bring, Scene
from tests.ui.gallery.stage import Stage
from tests.ui.helpers import button
from ui.cards.screen import CardsScreen
from ui.cards.state import CardAction

LONG: Final = "Maria-Theresia von Hohenstein-Schwarzenberg, Stammtisch am Donnerstagabend im Hof"
NO_ANSWER: Final = Unavailable(Message("The provider did not answer"))


async def opened(stage: Stage) -> CardsScreen:
    stage.window.rail.cards.click()
    await stage.settled()
    return stage.window.places.cards


async def some(stage: Stage) -> None:
    """Have one of each in the books, the newest last."""
    cards, clock = stage.till.cards, stage.clock
    master = KeptCard("cus_RwAb0987654321", "pm_1RwAb", "mastercard", "4444", 7, 2031)
    for label, state, changes in (
        ("Office club", CardState.EXPIRED, {}),
        ("Mr Gruber", CardState.CANCELLED, {}),
        ("", CardState.SAVED, {"card": master}),
        ("Ada Lovelace", CardState.SAVED, {}),
        ("Studio 14", CardState.FAILED, {}),
        ("Nele", CardState.UNKNOWN, {"shown_at": clock.now()}),
        ("Book club", CardState.OPEN, {"close_reason": CardClosing.CANCELLED}),
        ("Jonas", CardState.PROCESSING, {"shown_at": clock.now()}),
        ("Mrs Keller", CardState.OPEN, {"shown_at": clock.now(), "decline": "expired_card"}),
        (LONG, CardState.OPEN, {"shown_at": clock.now()}),
    ):
        cards.add(label, state, **changes)
        clock.advance(minutes=3)


async def empty(stage: Stage) -> None:
    await opened(stage)


async def listed(stage: Stage) -> None:
    await some(stage)
    screen = await opened(stage)
    screen.list.choose(4)
    await stage.settled()


async def long_label(stage: Stage) -> None:
    await some(stage)
    await opened(stage)


async def declined_in_list(stage: Stage) -> None:
    await some(stage)
    screen = await opened(stage)
    screen.list.choose(9)
    await stage.settled()


async def many(stage: Stage) -> None:
    """More than a page, at two accounts, one begun long ago and by name."""
    stage.till.cards.accounts = ("stripe_checkout", "stripe_market_stand")
    for number in range(130):
        stage.till.cards.add(
            f"Customer {number}",
            CardState.SAVED,
            account=stage.till.cards.accounts[number % 2],
            asked_by="Bea",
            created_at=stage.clock.now() - timedelta(hours=130 - number),
        )
    stage.window.places.cards.set_accounts(stage.till.cards.accounts)
    await opened(stage)


async def hebrew(stage: Stage) -> None:
    stage.till.cards.add("\u05e0\u05e2\u05de\u05d9 \u05db\u05d4\u05df (VIP)", CardState.SAVED)
    await opened(stage)


async def form(stage: Stage) -> None:
    await some(stage)
    screen = await opened(stage)
    screen.new.click()


async def form_of_several(stage: Stage) -> None:
    stage.till.cards.accounts = ("stripe_checkout", "stripe_market_stand", "stripe_office")
    await form(stage)
    stage.window.places.cards.form.label.set_text(LONG)


async def form_refused(stage: Stage) -> None:
    await stage.charge()
    stage.window.rail.cards.click()
    await stage.settled()
    stage.window.places.cards.new.click()
    button(stage.window, "card_form_confirm").click()


async def begun(stage: Stage, label: str = "Ada Lovelace") -> CardsScreen:
    screen = await opened(stage)
    screen.new.click()
    screen.form.label.set_text(label)
    screen.form.confirm.click()
    return screen


async def opening(stage: Stage) -> None:
    gate = stage.till.cards.gates["begin"] = asyncio.Event()
    stage.gates.append(gate)
    await begun(stage)
    await stage.till.cards.called("begin")


async def code(stage: Stage) -> None:
    await begun(stage)
    await stage.settled()


async def code_of_long_label(stage: Stage) -> None:
    await begun(stage, LONG)
    await stage.settled()


async def declined(stage: Stage) -> None:
    await code(stage)
    stage.till.cards.change(1, decline="insufficient_funds")
    stage.till.cards.tell(1, "declined", code="insufficient_funds")
    await stage.settled()


async def not_checked(stage: Stage) -> None:
    """Check now, and nobody answers."""
    await code(stage)
    stage.till.cards.errors["look"] = NO_ANSWER
    stage.window.counter.cards.act(CardAction.CHECK_NOW)
    await stage.settled()


async def processing(stage: Stage) -> None:
    await code(stage)
    stage.till.cards.turn(1, CardState.PROCESSING)
    await stage.settled()


async def closing(stage: Stage) -> None:
    await code(stage)
    stage.till.cards.closes_as = CardState.UNKNOWN
    stage.window.counter.cards.act(CardAction.CANCEL)
    await stage.settled()


async def unknown(stage: Stage) -> None:
    await code(stage)
    stage.till.cards.turn(1, CardState.UNKNOWN)
    await stage.settled()


async def no_answer(stage: Stage) -> None:
    stage.till.cards.opens_as = CardState.UNKNOWN
    await code(stage)


async def refused(stage: Stage) -> None:
    stage.till.cards.errors["begin"] = not_asked(NO_ANSWER)
    await code(stage)


async def saved(stage: Stage) -> None:
    await code(stage)
    stage.till.cards.turn(1, CardState.SAVED)
    await stage.settled()


async def expired(stage: Stage) -> None:
    await code(stage)
    stage.till.cards.turn(1, CardState.EXPIRED, close_reason=CardClosing.EXPIRED)
    await stage.settled()


async def cancelled(stage: Stage) -> None:
    await code(stage)
    stage.window.counter.cards.act(CardAction.CANCEL)
    await stage.settled()


async def failed(stage: Stage) -> None:
    await code(stage)
    stage.till.cards.turn(1, CardState.FAILED)
    await stage.settled()


async def charge_refused(stage: Stage) -> None:
    """The card's code stands, and somebody presses Charge."""
    await code(stage)
    stage.add_first(2)
    stage.window.rail.sell.click()
    stage.window.counter.charge()


_TILL: Final[dict[str, Bring]] = {
    "empty": empty,
    "list": listed,
    "long": long_label,
    "list-declined": declined_in_list,
    "many": many,
    "hebrew": hebrew,
    "form": form,
    "form-several": form_of_several,
    "form-refused": form_refused,
    "opening": opening,
    "code": code,
    "code-long": code_of_long_label,
    "declined": declined,
    "not-checked": not_checked,
    "processing": processing,
    "closing": closing,
    "unknown": unknown,
    "no-answer": no_answer,
    "refused": refused,
    "saved": saved,
    "expired": expired,
    "cancelled": cancelled,
    "failed": failed,
    "charge-refused": charge_refused,
}
_DISPLAY: Final[dict[str, Bring]] = {
    "code": code,
    "declined": declined,
    "checking": closing,
    "saved": saved,
    "expired": expired,
    "cancelled": cancelled,
    "failed": failed,
}


def card_scenes() -> tuple[Scene, ...]:
    """Give the scenes of saved cards, the operator's and the customer's."""
    return (
        *(Scene(f"cards-{name}", bring) for name, bring in _TILL.items()),
        Scene("cards-code-live", code, mode=Mode.LIVE),
        *(Scene(f"display-card-{name}", bring, "display") for name, bring in _DISPLAY.items()),
    )
