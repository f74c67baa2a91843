"""The version of this package, for modules below the public names in `jit_guard`."""

__version__ = "0.1.0"
