"""The commands, one file each: `configure(parser)` adds options, `run` returns the exit code."""
