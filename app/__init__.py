"""Scantill without its window: domain, store, providers, use cases and doors."""
