"""The version and the address of this package, for modules below the public names."""

__version__ = "0.1.0"
HOME = "https://github.com/OWNER/jit-guard"  # as in pyproject.toml
