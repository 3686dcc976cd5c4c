"""The screen on which a customer pays."""
