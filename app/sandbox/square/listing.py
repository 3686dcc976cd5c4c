"""Lists in pages: by a time, upwards or downwards, with a cursor that belongs to its list."""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from app.sandbox.books import JsonObject, Record
from app.sandbox.square.errors import invalid
from app.sandbox.square.parameters import Choice, Moment, Rule, Text, Whole
from app.sandbox.square.workbench import Workbench

Condition = tuple[str, Sequence[str | int]]

PAGE: Mapping[str, Rule] = {
    "cursor": Text(1024),
    "limit": Whole(1, 100, in_query=True),
    "sort_order": Choice(["ASC", "DESC"]),
}
SPANS: Mapping[str, Rule] = {
    "begin_time": Moment(),
    "end_time": Moment(),
    "updated_at_begin_time": Moment(),
    "updated_at_end_time": Moment(),
}


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which objects, and how many at most; `by` is the field of the body that orders them."""

    account: str
    kind: str
    conditions: Sequence[Condition] = ()
    by: str = "created_at"
    downwards: bool = True
    limit: int = 100
    cursor: str | None = None
    shape: Sequence[object] = field(default_factory=tuple)
    """What a cursor must have been given for."""


def page(bench: Workbench, wanted: Wanted) -> tuple[list[Record], str | None]:
    """One page, and the cursor of the next one where there is more."""
    key = f"json_extract(body, '$.{wanted.by}')"
    clauses = ["account = ?", "kind = ?"]
    bound: list[str | int] = [wanted.account, wanted.kind]
    for clause, its_values in wanted.conditions:
        clauses.append(clause)
        bound.extend(its_values)
    if wanted.cursor:
        at, seq = _opened(wanted)
        clauses.append(f"({key}, seq) {'<' if wanted.downwards else '>'} (?, ?)")
        bound.extend((at, seq))
    way = "DESC" if wanted.downwards else "ASC"
    order = f"ORDER BY {key} {way}, seq {way} LIMIT ?"
    statement = " ".join(
        [f"SELECT id, {key}, seq FROM objects WHERE", " AND ".join(clauses), order]  # noqa: S608 - our own words
    )
    rows = bench.books.connection.execute(statement, (*bound, wanted.limit + 1)).fetchall()
    shown = rows[: wanted.limit]
    records = [bench.known(wanted.kind, row[0]) for row in shown]
    more = len(rows) > wanted.limit
    return records, _sealed(wanted, shown[-1][1], shown[-1][2]) if more else None


def spans(params: JsonObject) -> list[Condition]:
    """The conditions of the times that a list was asked for; the later end is not in it."""
    found: list[Condition] = []
    for name, field_name, comparison in (
        ("begin_time", "created_at", ">="),
        ("end_time", "created_at", "<"),
        ("updated_at_begin_time", "updated_at", ">="),
        ("updated_at_end_time", "updated_at", "<"),
    ):
        if name in params:
            found.append((f"json_extract(body, '$.{field_name}') {comparison} ?", [params[name]]))
    return found


def in_page(name: str, bodies: list[JsonObject], cursor: str | None) -> JsonObject:
    """An answer: Square leaves out a list that is empty, and a cursor after the last page."""
    return {**({name: bodies} if bodies else {}), **({"cursor": cursor} if cursor else {})}


def _shape(wanted: Wanted) -> list[object]:
    return [wanted.kind, wanted.by, wanted.downwards, *map(str, wanted.shape)]


def _sealed(wanted: Wanted, at: str, seq: int) -> str:
    return base64.urlsafe_b64encode(json.dumps([at, seq, _shape(wanted)]).encode()).decode()


def _opened(wanted: Wanted) -> tuple[str, int]:
    try:
        at, seq, shape = json.loads(base64.urlsafe_b64decode(wanted.cursor or ""))
    except (ValueError, TypeError):
        shape = at = seq = None
    if shape != _shape(wanted) or not isinstance(at, str) or not isinstance(seq, int):
        raise invalid("INVALID_CURSOR", "The pagination cursor is not valid.", "cursor")
    return at, seq
