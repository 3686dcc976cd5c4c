"""What a run measured: named rows of values, as one readable table and as JSON."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured quantity. `wanted` is what the project aims at, in words, or empty."""

    name: str
    unit: str
    count: int
    least: float
    median: float
    p95: float
    p99: float
    most: float
    wanted: str = ""
    beside: str = ""
    """The name of the figure that this one is to be compared with."""
    times: float | None = None
    """How many times that figure's median this one's median is."""


def figure(
    name: str,
    unit: str,
    values: Sequence[float],
    *,
    wanted: str = "",
    beside: Figure | None = None,
) -> Figure:
    """Sum up values, of which there must be at least one."""
    ordered = sorted(values)
    median = quantile(ordered, 50)
    return Figure(
        name=name,
        unit=unit,
        count=len(ordered),
        least=ordered[0],
        median=median,
        p95=quantile(ordered, 95),
        p99=quantile(ordered, 99),
        most=ordered[-1],
        wanted=wanted,
        beside="" if beside is None else beside.name,
        times=None if beside is None or not beside.median else median / beside.median,
    )


def quantile(ordered: Sequence[float], per_cent: int) -> float:
    """Give the smallest value that so many per cent of the ordered values do not exceed."""
    return ordered[max(0, -(-len(ordered) * per_cent // 100) - 1)]


_HEADS = ("", "n", "min", "median", "p95", "p99", "max", "unit", "ratio", "wanted")


def table(figures: Sequence[Figure]) -> str:
    """Lay figures out in columns."""
    rows = [_HEADS, *(_row(one) for one in figures)]
    widths = [max(len(row[place]) for row in rows) for place in range(len(_HEADS))]
    lines = []
    for row in rows:
        cells = [
            cell.ljust(width) if place in {0, 7, 8, 9} else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def as_json(figures: Sequence[Figure]) -> list[dict[str, Any]]:
    """Give figures as JSON has them, rounded to what they are worth."""
    return [
        {key: round(value, 3) if isinstance(value, float) else value for key, value in one.items()}
        for one in map(asdict, figures)
    ]


def _row(one: Figure) -> tuple[str, ...]:
    ratio = "" if one.times is None else f"{one.times:.1f} x {one.beside.split(':')[0]}"
    if one.count == 1:
        numbers = ("", _short(one.median), "", "", "")
    else:
        numbers = (
            _short(one.least),
            _short(one.median),
            _short(one.p95),
            _short(one.p99),
            _short(one.most),
        )
    return (one.name, str(one.count), *numbers, one.unit, ratio, one.wanted)


def _short(value: float) -> str:
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
