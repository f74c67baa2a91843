"""The atomic commit: maps and components change together or not at all, even after a crash."""
