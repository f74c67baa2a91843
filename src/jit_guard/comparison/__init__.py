"""The comparison of registry and tree, as facts that the rules turn into findings."""
