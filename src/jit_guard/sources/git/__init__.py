"""Git as a source: the index, any tree, and what git knows of the worktree."""
