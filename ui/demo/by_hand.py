"""The journey of a sale by hand: cash by the keypad with change, or a machine's slip typed in."""

import asyncio

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from ui.counter import Stage
from ui.demo.journey import TICK_DRAWN_S, Journey
from ui.demo.steps import StepFailed
from ui.display.model import Face
from ui.pay.state import Phase
from ui.pay.taking import Taking

_SLIP = "0815 4711"


class ByHand(Journey):
    """Plays the operator who takes the money; there is no phone in it."""

    async def play(self, _end: str = "") -> None:
        """Go from the open window to PAID, and look at the order."""
        await self._until(self._window.isVisible, "the window is open")
        self.timeline.note("the window is open")
        await self._picture("sell-empty")
        await self._ring_up()
        taking = await self._charge_by_hand()
        if taking.is_cash:
            await self._take_cash(taking)
        else:
            await self._take_card()
        await self._see_paid(taking)
        await self._next_sale()
        await self._see_orders()

    async def _charge_by_hand(self) -> Taking:
        self.timeline.note("Charge is pressed")
        await self._press("charge")
        await self._until(lambda: self._phase() is Phase.TAKING, "the money can be taken")
        payment = self._window.counter.payment
        if payment is None or payment.taking is None:
            raise StepFailed("the till does not say what is to be taken")
        self.timeline.note(f"to be taken: {payment.taking.due}")
        face = Face.CASH if payment.taking.is_cash else Face.MACHINE
        await self._picture("pay-by-hand")
        await self._display_picture(face, "display-to-pay")
        if self._window.pay.hand.is_complete:
            raise StepFailed("the money can be confirmed before anything is typed")
        return payment.taking

    async def _take_cash(self, taking: Taking) -> None:
        """Tap too little on the keypad, take it back, and tap the note that suffices."""
        await self._press("key_1")
        self._expect("Still missing" in self._window.pay.handed.said, "1 minor unit is too little")
        await self._press("back")
        note = taking.notes[-1]
        for figure in str(note.minor):
            await self._press(f"key_{figure}")
        change = note - taking.due
        shown = self._window.look.formats.money(change)
        self._expect(shown in self._window.pay.handed.said, f"the change is {shown}")
        self.timeline.note(f"{note} received by keypad, the till says: change {change}")
        await self._picture("pay-change")
        await self._press("confirm")

    async def _take_card(self) -> None:
        """Type the slip's reference wherever the keyboard is, and press Enter."""
        QTest.keyClicks(self._window, _SLIP[0])
        QTest.keyClicks(self._window.pay.hand.entry.field.edit, _SLIP[1:])
        await self._until(
            lambda: self._window.pay.hand.reference == _SLIP, "the reference stands in its field"
        )
        self.timeline.note(f"the reference {_SLIP} is typed in")
        await self._picture("pay-slip")
        QTest.keyClick(self._window.pay.hand.entry.field.edit, Qt.Key.Key_Return)

    async def _see_paid(self, taking: Taking) -> None:
        await self._until(
            lambda: self._window.counter.stage is Stage.PAID and self._display.paid.isVisible(),
            "the till and the customer's display say PAID",
        )
        await asyncio.sleep(TICK_DRAWN_S)
        await self._picture("paid")
        await self._display_picture(Face.PAID, "display-paid")
        page = await self._till.orders.page(limit=1)
        detail = await self._till.orders.detail(page[0].id)
        if detail is None or len(detail.confirmations) != 1:
            raise StepFailed("the books do not say who took the money")
        word = detail.confirmations[0]
        self._expect(word.due == taking.due, "the books have what was due")
        self.timeline.note(
            f"the books say: received {word.received}, change {word.change}"
            + (f", reference {word.reference}" if word.reference else "")
        )

    @staticmethod
    def _expect(holds: bool, words: str) -> None:
        if not holds:
            raise StepFailed(f"it did not come to this: {words}")
