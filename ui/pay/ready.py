"""What has to be there before an attempt is seen: its code encoded, or what is to be taken."""

from app.domain.attempt import Attempt
from app.errors import ScantillError
from ui.pay.codes import Codes
from ui.pay.word import OperatorsWord


class Ready:
    """Knows of which attempt the books have it that it is shown, and which codes can be painted."""

    def __init__(self, word: OperatorsWord) -> None:
        self._word = word
        self._codes = Codes()
        self._shown: int | None = None

    def has(self, attempt: Attempt | None) -> bool:
        """Say whether it may be seen at once."""
        if attempt is None or self._shown != attempt.id:
            return False
        return attempt.is_by_hand or self._codes.has(attempt.url)

    def lacks_step(self, attempt: Attempt) -> bool:
        """Say whether something is to be done before the books are told that it is shown."""
        return attempt.is_by_hand or not self._codes.has(attempt.url)

    async def step(self, attempt: Attempt) -> ScantillError | None:
        """Do it; give what keeps it from being done, if anything does."""
        if not attempt.is_by_hand:
            return await self._codes.encode(attempt.url)
        error = await self._word.learn_due(attempt)
        self._shown = attempt.id if error is None else None
        return error

    def show(self, attempt: Attempt) -> None:
        """Take note that the books know it is shown."""
        self._shown = attempt.id

    async def follow_move(self, attempt: Attempt) -> ScantillError | None:
        """Encode where a shown code leads from now on: it is replaced in one turn of the loop."""
        is_shown = attempt.id == self._shown and attempt.is_payable
        if not is_shown or self._codes.has(attempt.url):
            return None
        return await self._codes.encode(attempt.url)
