"""Where ids come from: chance in life, a seed in tests."""

import os
import random
import string
from typing import Protocol

_ALPHABET = string.ascii_letters + string.digits


class Ids(Protocol):
    """Gives the next id of a kind: `prefix` followed by `length` letters and digits."""

    def __call__(self, prefix: str, length: int) -> str: ...


class RandomIds:
    """Ids nobody can guess."""

    def __call__(self, prefix: str, length: int) -> str:
        return prefix + "".join(_ALPHABET[byte % len(_ALPHABET)] for byte in os.urandom(length))


class SeededIds:
    """The same ids for the same seed, whatever else was asked for in between.

    Each prefix draws from a stream of its own, so that one request more or less does not
    change the ids of everything after it.
    """

    def __init__(self, seed: int | str) -> None:
        self._seed = seed
        self._streams: dict[str, random.Random] = {}

    def __call__(self, prefix: str, length: int) -> str:
        stream = self._streams.get(prefix)
        if stream is None:
            stream = self._streams[prefix] = random.Random(f"{self._seed}/{prefix}")
        return prefix + "".join(stream.choices(_ALPHABET, k=length))
