"""Failpoints: every one is declared and reached, and nothing but a test can switch them on."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from app import failpoints
from app.failpoints import FAILPOINTS, only_at, reach, switched_on

REPOSITORY = Path(__file__).parents[2]
SOURCES = [
    path
    for folder in ("app", "ui")
    for path in sorted((REPOSITORY / folder).rglob("*.py"))
    if path != REPOSITORY / "app" / "failpoints.py"
]


def calls_of_reach() -> Iterator[tuple[str, ast.Call]]:
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            called = node.func
            name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
            if name == "reach":
                yield f"{path.relative_to(REPOSITORY)}:{node.lineno}", node


@cache
def reached() -> dict[str, str]:
    """Give each name that is reached, with a place; it must stand there as a plain text."""
    found = {}
    for place, call in calls_of_reach():
        (name,) = call.args
        assert isinstance(name, ast.Constant) and not call.keywords, place
        found[str(name.value)] = place
    return found


def test_every_name_that_is_reached_is_declared() -> None:
    assert {name: place for name, place in reached().items() if name not in FAILPOINTS} == {}


def test_every_declared_name_is_reached() -> None:
    assert [name for name in FAILPOINTS if name not in reached()] == []


def test_the_program_itself_knows_only_how_to_pass_one() -> None:
    """No setting, no argument and no environment can lead to a switch that nobody imports."""
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module == "app.failpoints":
                assert [alias.name for alias in node.names] == ["reach"], path
            elif isinstance(node, ast.ImportFrom) and node.module == "app":
                assert "failpoints" not in [alias.name for alias in node.names], path
            elif isinstance(node, ast.Import):
                assert "app.failpoints" not in [alias.name for alias in node.names], path
    own = (REPOSITORY / "app" / "failpoints.py").read_text("utf-8")
    imported = {
        node.module for node in ast.walk(ast.parse(own)) if isinstance(node, ast.ImportFrom)
    }
    assert imported == {"collections.abc", "contextlib", "typing"}
    assert not any(isinstance(node, ast.Import) for node in ast.walk(ast.parse(own)))


def test_switched_off_passing_one_does_nothing() -> None:
    assert failpoints._switch.action is None
    reach("create.called")


def test_switched_on_every_one_is_heard_until_it_is_over() -> None:
    heard: list[str] = []
    with switched_on(heard.append):
        reach("create.called")
        reach("close.called")
        with pytest.raises(ValueError, match="switched on already"), switched_on(heard.append):
            pass
    reach("create.saved")
    assert heard == ["create.called", "close.called"]


def test_they_are_off_again_after_an_error() -> None:
    with pytest.raises(RuntimeError), switched_on(lambda name: None):
        raise RuntimeError
    assert failpoints._switch.action is None


def test_an_action_can_wait_for_one_and_for_its_hit() -> None:
    acted: list[str] = []
    act = only_at("create.called", lambda: acted.append("died"), hit=2)
    with switched_on(act):
        reach("create.called")
        reach("create.saved")
        assert acted == []
        reach("create.called")
        reach("create.called")
    assert acted == ["died"]


def test_a_name_that_is_not_declared_cannot_be_waited_for() -> None:
    with pytest.raises(ValueError, match=r"no failpoint is called 'create\.exploded'"):
        only_at("create.exploded", lambda: None)
