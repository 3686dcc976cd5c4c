"""Identifiers: short, random, safe in a URL and in every provider's reference field."""

from typing import Final, Protocol

ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's base 32 in lower case: no i, l, o or u to be misread."""

TILL_ID_LENGTH: Final = 6
ORDER_ID_LENGTH: Final = 12


class Choice(Protocol):
    """A source of randomness: `random.Random`, seeded or the system's."""

    def choice(self, seq: str, /) -> str:
        """Draw one character of `seq`."""
        ...


class Ids:
    """A source of identifiers over an injected source of randomness."""

    def __init__(self, source: Choice) -> None:
        self._source = source

    def new(self, length: int) -> str:
        """Draw an id of `length` characters, five random bits each."""
        return "".join(self._source.choice(ALPHABET) for _ in range(length))
