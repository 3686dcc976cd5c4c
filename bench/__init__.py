"""Benchmarks: each prints figures that were measured side by side in one run."""
