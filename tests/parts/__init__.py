"""What tests are built from: a virtual clock, a provider with books of its own, a till on both."""
