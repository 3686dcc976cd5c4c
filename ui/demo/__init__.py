"""The demo: one sale from the first tap to PAID, driven through the real window."""
