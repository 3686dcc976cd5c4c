"""The page docs/trust.md: every line that is proven, its tests, and the guards that are taken out.

`python -m tests.prove --table` writes the guards' part anew between its two marks.
"""

import re
from pathlib import Path
from typing import Final

from tests.prove.guard import REPOSITORY
from tests.prove.guards import GUARDS

PAGE: Final = REPOSITORY / "docs" / "trust.md"
BEGIN: Final = "<!-- guards: written by `python -m tests.prove --table` -->"
END: Final = "<!-- end of guards -->"
_TEST: Final = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
_LINE: Final = re.compile(r"^\| (?P<number>[MDN]\d+) \| (?P<rest>.*) \|$", re.MULTILINE)


def table() -> str:
    """Write the guards as a Markdown table."""
    rows = [
        f"| {guard.name} | {guard.keeps} | {'<br>'.join(_short(test) for test in guard.tests)} |"
        for guard in GUARDS
    ]
    return "\n".join(("| guard | what it keeps | what fails without it |", "|---|---|---|", *rows))


def with_table(text: str) -> str:
    """Give the page's text with the guards as they are now."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{table()}\n\n{END}{after}"


def lines(text: str) -> dict[str, list[tuple[str, str]]]:
    """Give the numbered lines of the page with the tests that each of them names."""
    return {match["number"]: _TEST.findall(match["rest"]) for match in _LINE.finditer(text)}


def write(page: Path = PAGE) -> None:
    """Write the guards' table anew."""
    page.write_text(with_table(page.read_text("utf-8")), "utf-8")


def _short(test: str) -> str:
    file, _, name = test.partition("::")
    return f"`{file}::{name}`"
