"""The commands for subscriptions."""
