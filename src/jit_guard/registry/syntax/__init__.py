"""The syntaxes of registry files: JSON, JSON with comments, YAML and TOML, behind one interface."""
