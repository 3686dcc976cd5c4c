"""The check of cards that were kept for later: what was told of them, and who wanted them."""

import sqlite3

from app.store.checks import Check, checked, count


def saved_cards(db: sqlite3.Connection) -> Check:
    """See that each change of state has one journal row, and that no money came of any."""
    rows = db.execute(
        "SELECT id, version, coalesce(rows, 0) AS rows FROM card_setups LEFT JOIN ("
        "SELECT json_extract(data, '$.row') AS told, count(*) AS rows, "
        "count(DISTINCT version) AS versions, max(version) AS last FROM journal "
        "WHERE version IS NOT NULL AND name LIKE 'card.%' GROUP BY 1) ON told = id "
        "WHERE (version, version, version) IS NOT (rows, versions, last)"
    )
    faults = [f"card {row[0]}: {row[1]} changes, {row[2]} rows" for row in rows]
    faults += [
        f"card {row[0]} was wanted by nobody"
        for row in db.execute(
            "SELECT id FROM card_setups WHERE trim(asked_by) = '' OR (reference, asked_by) NOT IN "
            "(SELECT subject, actor FROM audit WHERE action = 'card.wanted')"
        )
    ]
    faults += [
        f"money was taken by the card's set-up {row[0]}"
        for row in db.execute(
            "SELECT payments.payment_id FROM payments JOIN attempts ON attempts.id = attempt_id "
            "JOIN card_setups ON card_setups.provider = attempts.provider "
            "AND card_setups.setup_id = attempts.session_id"
        )
    ]
    total = count(db, "SELECT count(*) FROM card_setups")
    saved = count(db, "SELECT count(*) FROM card_setups WHERE state = 'saved'")
    return checked("saved cards are as they were told", faults, f"{total} set-ups, {saved} saved")
