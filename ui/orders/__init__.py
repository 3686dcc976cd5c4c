"""The screen of past orders."""
