"""The forms in which a person decides about money, and what came of it in words."""
