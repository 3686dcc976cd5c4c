"""What the judge is given, and what it holds back."""

from typing import Any

from app.domain.exceptions import ExceptionKind
from app.domain.judgement import Books, Verdict
from tests.parts.values import TILL, attempt, order


def books(**changes: Any) -> Books:
    values: dict[str, Any] = {"till_id": TILL, "attempt": attempt(), "order": order()}
    return Books(**values | changes)


def held(verdict: Verdict) -> list[ExceptionKind | None]:
    return [judged.held_as for judged in verdict.payments]
