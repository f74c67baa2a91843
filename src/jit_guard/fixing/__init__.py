"""The fix: plan, then apply. Missing components are generated and committed atomically."""
