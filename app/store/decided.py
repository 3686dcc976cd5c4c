"""Why each attempt went to its account, as JSON beside it; nothing where it is older than that."""

import sqlite3
from typing import Any, Final

from app.domain.decision import Decision, Said
from app.store.words import from_json, to_json

ROUTING: Final = "ALTER TABLE attempts ADD COLUMN routing TEXT"


def routing_of(decision: Decision) -> str:
    """Write a decision as its column has it."""
    return to_json(
        {
            "account": decision.account,
            "reason": decision.reason,
            "by": "operator" if decision.is_operators else "router",
            "tried": _written(decision.tried),
            "others": _written(decision.others),
            "left_out": _written(decision.left_out),
        }
    )


def decisions_of(connection: sqlite3.Connection, order_id: str) -> dict[int, Decision]:
    """Give what was decided for the attempts of an order, by the attempt's id."""
    rows = connection.execute(
        "SELECT id, routing FROM attempts WHERE order_id = ? AND routing IS NOT NULL", (order_id,)
    )
    return {row["id"]: _read(from_json(row["routing"])) for row in rows}


def _written(said: tuple[Said, ...]) -> list[dict[str, str]]:
    return [{"account": each.account, "reason": each.reason} for each in said]


def _read(kept: dict[str, Any]) -> Decision:
    tried, others, left_out = (
        tuple(Said(each["account"], each["reason"]) for each in kept[name])
        for name in ("tried", "others", "left_out")
    )
    return Decision(
        kept["account"], kept["reason"], kept["by"] == "operator", tried, others, left_out
    )
