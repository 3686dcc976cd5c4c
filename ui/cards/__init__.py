"""Saved cards: the list, a new one with its code, and what came of each."""
