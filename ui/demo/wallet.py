"""What the demo's customer has in the pocket, besides a number."""

from typing import Final

CARD_NAME: Final = "Ada Sample"
CVC: Final = "123"
EXPIRY: Final = "12/34"
