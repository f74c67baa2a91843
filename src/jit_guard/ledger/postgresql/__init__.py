"""The ledger of several machines, on a PostgreSQL server; imported only if one is named."""
