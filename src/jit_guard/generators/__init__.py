"""The generators, which write the texts of missing components."""
