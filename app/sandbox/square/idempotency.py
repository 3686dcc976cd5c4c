"""What Square says about idempotency keys: they are in the body, and for how long is not said."""

from app.sandbox.square import BASE
from app.sandbox.square.errors import SquareRefusal, key_in_use, key_reused

KEPT_S = 24 * 3600


class SquareKeyRules:
    """A key belongs to one path and one body; how long one may be, each path says itself."""

    provider = "square"
    kept_s = KEPT_S
    page_paths = (f"{BASE}/",)

    def too_long(self, key: str) -> SquareRefusal | None:
        return None

    def in_use(self, key: str) -> SquareRefusal:
        return key_in_use()

    def other_path(self, key: str, path: str, first_path: str) -> SquareRefusal:
        return key_reused()

    def other_parameters(self, key: str) -> SquareRefusal:
        return key_reused()
