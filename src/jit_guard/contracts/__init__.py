"""Contracts: what a component must be, beyond being there."""
