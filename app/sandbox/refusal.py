"""How a provider says no."""


class Refusal(Exception):
    """A request is answered with an error.

    `stored` says whether an idempotency key replays it.
    """

    def __init__(self, status: int, message: str, *, stored: bool = False) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.stored = stored
