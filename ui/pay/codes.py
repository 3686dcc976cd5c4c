"""The codes of one payment, encoded beside the GUI's thread before they are wanted on a screen."""

import asyncio

from app.errors import ScantillError
from ui.pay.qr import modules_of
from ui.tasks import as_ours


class Codes:
    """Knows which addresses are encoded; the views find these without waiting."""

    def __init__(self) -> None:
        self._encoded: set[str] = set()

    def has(self, url: str | None) -> bool:
        """Say whether the code of an address can be painted at once."""
        return url in self._encoded

    async def encode(self, url: str | None) -> ScantillError | None:
        """Encode an address; give what keeps it from being a code, if anything does."""
        try:
            await asyncio.to_thread(modules_of, url or "")
        except Exception as error:  # noqa: BLE001 - it is shown, whatever it is
            return as_ours(error)
        self._encoded.add(url or "")
        return None
