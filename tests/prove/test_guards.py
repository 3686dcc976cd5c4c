"""The list of guards is sound, and taking one out really takes it out."""

import dataclasses
from pathlib import Path

import pytest

from tests.prove.guard import REPOSITORY, Guard
from tests.prove.guards import GUARDS
from tests.prove.run import copy_of_the_project, prove


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.name)
def test_every_guard_stands_where_the_list_says_and_can_be_taken_out(guard: Guard) -> None:
    assert guard.taken_out_of(REPOSITORY) != (REPOSITORY / guard.file).read_text("utf-8")


def test_every_guard_has_a_name_of_its_own_and_tests_that_are_there() -> None:
    assert len({guard.name for guard in GUARDS}) == len(GUARDS)
    for guard in GUARDS:
        assert guard.tests, guard.name
        for test in guard.tests:
            file, _, name = test.partition("::")
            assert f"def {name}(" in (REPOSITORY / file).read_text("utf-8"), test


def test_a_guard_that_is_gone_is_missed_and_a_change_of_nothing_survives(tmp_path: Path) -> None:
    copy = copy_of_the_project(tmp_path / "copy")
    guard = next(guard for guard in GUARDS if guard.name == "an underpaid amount")
    killed = prove(guard, copy)
    assert killed.is_killed and str(killed).startswith("killed")
    nothing = dataclasses.replace(guard, without=guard.code + "    # the same\n")
    survived = prove(nothing, copy)
    assert not survived.is_killed and survived.survivors == guard.tests
    assert (copy / guard.file).read_text() == (REPOSITORY / guard.file).read_text()


def test_a_guard_whose_tests_cannot_run_is_not_called_killed(tmp_path: Path) -> None:
    copy = copy_of_the_project(tmp_path / "copy")
    guard = dataclasses.replace(GUARDS[0], tests=("tests/unit/settle/test_nowhere.py::test_it",))
    assert "pytest ended with 4" in prove(guard, copy).broken
