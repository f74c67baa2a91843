"""Crash tests: a traced run of a command, and every disk that a crash may leave."""
