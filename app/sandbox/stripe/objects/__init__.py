"""Stripe's objects as its API shows them: builders of plain mappings, without books or clock."""
