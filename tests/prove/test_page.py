"""docs/trust.md says what is so: each numbered line has tests, and each test named there is."""

from tests.prove.guard import REPOSITORY
from tests.prove.page import PAGE, lines, with_table

WANTED = (
    {f"M{number}" for number in range(1, 14)}
    | {f"D{number}" for number in range(1, 11)}
    | {f"N{number}" for number in range(1, 11)}
)


def test_every_line_of_what_is_promised_names_tests_that_exist() -> None:
    found = lines(PAGE.read_text("utf-8"))
    assert found.keys() == WANTED
    for number, tests in found.items():
        assert tests, f"{number} names no test"
        for file, name in tests:
            source = (REPOSITORY / file).read_text("utf-8")
            assert f"def {name}(" in source, f"{number}: {file}::{name}"


def test_the_table_of_guards_is_the_one_that_is_proven() -> None:
    text = PAGE.read_text("utf-8")
    assert with_table(text) == text, "write it anew: python -m tests.prove --table"
