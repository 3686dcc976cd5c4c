"""A lint of the money code: no float, no true division, no rounding to decimals."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MONEY_CODE = (
    *sorted((ROOT / "app/domain").glob("*.py")),
    *(ROOT / f"app/settle{part}.py" for part in ("", "_parts", "_failures", "_refunds")),
    *sorted((ROOT / "app").glob("checkout*.py")),
    *(ROOT / f"app/{name}.py" for name in ("account_rules", "charging", "routing", "ways")),
    ROOT / "app/providers/stripe/sessions.py",
    ROOT / "app/providers/stripe/amounts.py",
    *(ROOT / f"app/providers/razorpay/{part}.py" for part in ("amounts", "links", "codes", "upi")),
)
FRACTIONS = {"pricing.py": {"base * tax.rate / (1 + tax.rate)"}}
"""Divisions that stay exact, since one side is a Fraction; by file and by their very text."""


def faults_in(source: str, name: str = "") -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        text = ast.unparse(node) if isinstance(node, ast.expr | ast.AugAssign) else ""
        match node:
            case ast.Constant(value=float() | complex()):
                yield f"{name}:{node.lineno}: the literal {text}"
            case ast.Name(id="float" | "complex"):
                yield f"{name}:{node.lineno}: {text}"
            case ast.Attribute(attr="float" | "fsum" | "total_seconds" | "timestamp"):
                yield f"{name}:{node.lineno}: {text}"
            case ast.BinOp(op=ast.Div()) if text not in FRACTIONS.get(name, ()):
                yield f"{name}:{node.lineno}: the division {text}"
            case ast.AugAssign(op=ast.Div()):
                yield f"{name}:{node.lineno}: the division {text}"
            case ast.Call(func=ast.Name(id="round"), args=[_, _, *_]):
                yield f"{name}:{node.lineno}: {text}"
            case ast.Call(func=ast.Name(id="round"), keywords=[_, *_]):
                yield f"{name}:{node.lineno}: {text}"


@pytest.mark.parametrize("path", MONEY_CODE, ids=lambda path: path.name)
def test_no_float_gets_near_money(path: Path) -> None:
    assert list(faults_in(path.read_text("utf-8"), path.name)) == []


@pytest.mark.parametrize(
    "planted",
    [
        "x = 19.99",
        "x = 1e2",
        "x = float(y)",
        "def f(x: float) -> int: ...",
        "x = minor / 100",
        "x /= 2",
        "x = round(minor, 2)",
        "x = round(minor, ndigits=2)",
        "x = math.fsum(parts)",
        "x = int(base * tax.rate / (1 + tax.rate))",
        "x = 1j",
    ],
)
def test_the_lint_finds_what_is_planted(planted: str) -> None:
    assert list(faults_in(planted, "elsewhere.py"))


def test_the_lint_lets_exact_arithmetic_pass() -> None:
    exact = "x = round(amount)\ny = total * weight // whole\nz = base * tax.rate / (1 + tax.rate)"
    assert list(faults_in(exact, "pricing.py")) == []


def test_only_one_module_of_the_domain_rounds() -> None:
    rounding = {
        path.name
        for path in MONEY_CODE
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "round"
    }
    assert rounding == {"money.py"}
