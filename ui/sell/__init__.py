"""The screen on which a cart is rung up."""
