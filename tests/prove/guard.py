"""A guard of money, and how it is taken out of the source."""

import ast
import hashlib
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Guard:
    """What stands between a fault and the money, and the tests that must miss it.

    `code` is the guard's own text in `file`, there exactly once; `without` is what is left when it
    is taken out. Each of `tests` is a pytest id; all of them must fail then.
    """

    name: str
    keeps: str
    file: str
    code: str
    without: str
    tests: tuple[str, ...]

    def taken_out_of(self, root: Path) -> str:
        """Give the file's text without the guard. Raises LookupError where it is not as named."""
        text = (root / self.file).read_text("utf-8")
        if text.count(self.code) != 1:
            raise LookupError(f"{self.name}: its code is in {self.file} {text.count(self.code)} x")
        changed = text.replace(self.code, self.without)
        if self.file.endswith(".py"):
            ast.parse(changed)
        return changed

    @property
    def mark(self) -> str:
        """Tell guards apart in file names."""
        return hashlib.sha256(self.name.encode()).hexdigest()[:8]
