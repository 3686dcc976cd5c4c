"""Stripe, as far as a till needs it: Checkout, refunds, events, webhook endpoints."""

API_VERSION = "2026-10-28.endive"
