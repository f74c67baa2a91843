"""Where registry and tree disagree, as facts: the rules put them into words."""
