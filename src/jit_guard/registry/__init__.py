"""A registry file as bytes: parsed, located, checked against its schema, edited and compared."""
