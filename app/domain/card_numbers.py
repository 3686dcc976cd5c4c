"""Card numbers where none belongs: the till never keeps one."""

import re
from typing import Final

_RUNS: Final = re.compile(r"(?<!\d)\d(?:[\s./-]?\d){12,18}(?!\d)")
_CHECK_BASE: Final = 10


def holds_card_number(text: str) -> bool:
    """Say whether 13 to 19 digits in a text, parted or not, are a card's number by their check."""
    return any(_passes_check(run.group()) for run in _RUNS.finditer(text))


def _passes_check(run: str) -> bool:
    """Compute the check digit as ISO/IEC 7812 does (Luhn's formula)."""
    digits = [int(sign) for sign in reversed(run) if sign.isdecimal()]
    doubled = (sum(divmod(2 * digit, _CHECK_BASE)) for digit in digits[1::2])
    return (sum(digits[::2]) + sum(doubled)) % _CHECK_BASE == 0
