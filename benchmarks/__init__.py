"""Costs as ratios to what a user would run instead, measured alternately in one run."""
