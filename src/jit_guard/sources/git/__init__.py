"""Git as a source: the index, any tree, and the git state of the worktree."""
