"""The display that faces the customer: a view of one small model, on a monitor of its own."""
