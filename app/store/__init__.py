"""The books: one SQLite file, one writer, many readers. Rows in, values out; no rules of money."""

from app.store.store import Store
from app.store.transaction import Transaction

__all__ = ["Store", "Transaction"]
