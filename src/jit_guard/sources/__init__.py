"""Snapshots of a project: the worktree, a git tree, or memory."""
