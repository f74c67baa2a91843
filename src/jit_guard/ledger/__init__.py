"""The ledger, which keeps every generated text, so that none is paid for twice."""
