"""Razorpay: how its API is spoken, whichever kind of payment is asked for."""
