"""The randomness of a till, handed in so that a whole day can be lived again from one seed."""

import random
from dataclasses import dataclass

from app.domain.ids import Ids
from app.providers.retry import Jitter


@dataclass(frozen=True, slots=True)
class Chance:
    """The randomness of a till: ids must be hard to guess, jitter need not be."""

    ids: Ids
    jitter: Jitter

    @classmethod
    def of_the_system(cls) -> "Chance":
        """Give the system's randomness."""
        return cls(Ids(random.SystemRandom()), random.Random())
