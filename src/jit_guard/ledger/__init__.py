"""The ledger: every generated text, kept before it is checked, so that none is bought twice."""
